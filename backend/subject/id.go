package subject

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// ID is a person's pseudonym: the same number gives the same ID under the same Key, and without the key nobody can go
// from one to the other.
type ID [16]byte

// String is 32 hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads 32 hex digits.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != hex.EncodedLen(len(id)) {
		return ID{}, errors.New("subject: an ID has 32 hex digits")
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, errors.New("subject: an ID consists of hex digits only")
	}
	return id, nil
}

// MarshalText writes 32 hex digits.
func (id ID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, id[:]), nil }

// UnmarshalText reads what MarshalText writes.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// Key is the secret that separates numbers from pseudonyms. There are few enough registration numbers to try them all,
// so whoever holds the key can undo every ID: it is as sensitive as the numbers.
type Key [32]byte

// Subject returns the first 16 bytes of HMAC-SHA256 over the 13 canonical digits. The zero Number has no subject: a
// Number comes from ParseNumber.
//
// The HMAC is written out because every join and every eligibility question passes here: with a fixed key length it is
// two hashes over arrays on the stack, where crypto/hmac allocates two digests and their states for each call.
func (k *Key) Subject(n Number) ID {
	var inner [sha256.BlockSize + numberDigits]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	for i := range sha256.BlockSize {
		var b byte
		if i < len(k) {
			b = k[i]
		}
		inner[i], outer[i] = b^0x36, b^0x5c
	}
	digits := n.digits()
	copy(inner[sha256.BlockSize:], digits[:])
	sum := sha256.Sum256(inner[:])
	copy(outer[sha256.BlockSize:], sum[:])
	sum = sha256.Sum256(outer[:])
	return ID(sum[:len(ID{})])
}

// String hides the key.
func (k Key) String() string { return "subject.Key(hidden)" }

// Format hides the key from every verb.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, k.String()) }
