// Package pass makes and checks passes: signed proofs that a person's turn came and that they were let in.
//
// A pass is 119 bytes, written as 159 characters of unpadded base64url:
//
//	version 1 | key id 1 | flags 1 | opening 4 | subject 16 | epoch 4 | rank 8 | schedule version 4 |
//	issued at 8 | expires at 8 | Ed25519 signature 64
//
// Integers are big-endian, times are Unix milliseconds. The signature covers everything before it, preceded by a
// constant label so that no other signed thing of ours can be taken for a pass. The gateway signs; the backend holds
// only the public keys and checks every pass again by itself.
package pass

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

const (
	version   = 1
	bodyLen   = 55
	binaryLen = bodyLen + ed25519.SignatureSize
	label     = "daemun pass v1\x00"

	flagRehearsal = 1 << 0
	knownFlags    = flagRehearsal
)

// TextLen is the length of a pass as text.
const TextLen = 159

// Reasons to refuse a pass. They are values of their own so that callers can count them apart; a person is told the
// same for all of them but ErrExpired.
var (
	ErrMalformed  = errors.New("pass: malformed")
	ErrUnknownKey = errors.New("pass: signed with an unknown key")
	ErrSignature  = errors.New("pass: signature does not match")
	ErrExpired    = errors.New("pass: expired")
)

// encoding is strict: of the texts that decode to the same bytes only one is accepted.
var encoding = base64.RawURLEncoding.Strict()

// Pass is what a pass says. Opening is the opening's number; (Epoch, Rank) is the place that was served.
type Pass struct {
	KeyID           byte
	Rehearsal       bool
	Opening         uint32
	Subject         subject.ID
	Epoch           uint32
	Rank            uint64
	ScheduleVersion uint32
	IssuedAt        time.Time
	ExpiresAt       time.Time
}

// Sign writes p as text, signed with key, which must be the one that p.KeyID names.
func Sign(p Pass, key ed25519.PrivateKey) string {
	var buf [len(label) + binaryLen]byte
	copy(buf[:], label)
	body := buf[len(label) : len(label)+bodyLen]
	p.put(body)
	copy(buf[len(label)+bodyLen:], ed25519.Sign(key, buf[:len(label)+bodyLen]))
	return encoding.EncodeToString(buf[len(label):])
}

func (p *Pass) put(b []byte) {
	b[0], b[1] = version, p.KeyID
	if p.Rehearsal {
		b[2] |= flagRehearsal
	}
	binary.BigEndian.PutUint32(b[3:], p.Opening)
	copy(b[7:23], p.Subject[:])
	binary.BigEndian.PutUint32(b[23:], p.Epoch)
	binary.BigEndian.PutUint64(b[27:], p.Rank)
	binary.BigEndian.PutUint32(b[35:], p.ScheduleVersion)
	binary.BigEndian.PutUint64(b[39:], uint64(p.IssuedAt.UnixMilli()))
	binary.BigEndian.PutUint64(b[47:], uint64(p.ExpiresAt.UnixMilli()))
}

func (p *Pass) get(b []byte) bool {
	if b[0] != version || b[2]&^knownFlags != 0 {
		return false
	}
	p.KeyID, p.Rehearsal = b[1], b[2]&flagRehearsal != 0
	p.Opening = binary.BigEndian.Uint32(b[3:])
	copy(p.Subject[:], b[7:23])
	p.Epoch = binary.BigEndian.Uint32(b[23:])
	p.Rank = binary.BigEndian.Uint64(b[27:])
	p.ScheduleVersion = binary.BigEndian.Uint32(b[35:])
	p.IssuedAt = time.UnixMilli(int64(binary.BigEndian.Uint64(b[39:])))
	p.ExpiresAt = time.UnixMilli(int64(binary.BigEndian.Uint64(b[47:])))
	return true
}

// Verifier checks passes against a set of public keys. It is safe for use by many goroutines and keeps nothing per
// person beyond a bounded memory of passes whose signature it has already checked.
type Verifier struct {
	keys map[byte]ed25519.PublicKey
	seen memory
}

// NewVerifier returns a Verifier for the given keys by key id.
func NewVerifier(keys map[byte]ed25519.PublicKey) *Verifier {
	return &Verifier{keys: keys}
}

// Verify checks text at the time now and returns what it says. Expiry is checked every time, the signature only
// the first time that a text is seen.
func (v *Verifier) Verify(text string, now time.Time) (Pass, error) {
	if len(text) != TextLen {
		return Pass{}, ErrMalformed
	}
	p, ok := v.seen.recall(text)
	if !ok {
		var err error
		if p, err = v.check(text); err != nil {
			return Pass{}, err
		}
		v.seen.remember(text, p)
	}
	if !now.Before(p.ExpiresAt) {
		return Pass{}, ErrExpired
	}
	return p, nil
}

func (v *Verifier) check(text string) (Pass, error) {
	var buf [len(label) + binaryLen]byte
	copy(buf[:], label)
	if n, err := encoding.Decode(buf[len(label):], []byte(text)); err != nil || n != binaryLen {
		return Pass{}, ErrMalformed
	}
	var p Pass
	if !p.get(buf[len(label):]) {
		return Pass{}, ErrMalformed
	}
	key, ok := v.keys[p.KeyID]
	if !ok {
		return Pass{}, ErrUnknownKey
	}
	signed := len(label) + bodyLen
	if !ed25519.Verify(key, buf[:signed], buf[signed:]) {
		return Pass{}, ErrSignature
	}
	return p, nil
}
