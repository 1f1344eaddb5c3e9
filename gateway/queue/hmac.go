package queue

import "crypto/sha256"

const (
	blockLen = sha256.BlockSize
	// maxMessage keeps a keyed hash within one fixed buffer; everything that the queue hashes is shorter.
	maxMessage = 64
)

// keyed is HMAC-SHA256 (RFC 2104) of a message of at most maxMessage bytes under a key of 32 bytes. It differs from
// crypto/hmac only in that it stays on the stack: a place is checked tens of thousands of times a second.
func keyed(key *[32]byte, message []byte) [32]byte {
	var inner [blockLen + maxMessage]byte
	var outer [blockLen + sha256.Size]byte
	for i := range blockLen {
		k := byte(0)
		if i < len(key) {
			k = key[i]
		}
		inner[i], outer[i] = k^0x36, k^0x5c
	}
	n := copy(inner[blockLen:], message)
	if n < len(message) {
		panic("queue: message too long for a keyed hash")
	}
	sum := sha256.Sum256(inner[:blockLen+n])
	copy(outer[blockLen:], sum[:])
	return sha256.Sum256(outer[:])
}
