package ledger

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"time"
)

// Checkpoint is the backend's signature of how far the ledger went at a time. Whoever holds one can tell later whether
// anything up to Seq was changed, even if the whole chain was computed anew, and whether its end was cut off.
type Checkpoint struct {
	Head
	At        time.Time
	Key       byte // number of the key
	Signature []byte
}

const checkpointLabel = "daemun ledger checkpoint v1\x00"

// Why a checkpoint is not believed.
var (
	ErrCheckpointKey       = errors.New("ledger: checkpoint signed with an unknown key")
	ErrCheckpointSignature = errors.New("ledger: signature of the checkpoint does not match")
)

// SignCheckpoint signs how far the ledger goes, with the key of that number. The signature is Ed25519 over
//
//	"daemun ledger checkpoint v1" ‖ 0 ‖ seq as 8 bytes ‖ hash ‖ at in Unix nanoseconds as 8 bytes ‖ key as 1 byte
func SignCheckpoint(head Head, at time.Time, key byte, secret ed25519.PrivateKey) Checkpoint {
	c := Checkpoint{Head: head, At: at.UTC(), Key: key}
	c.Signature = ed25519.Sign(secret, c.signed())
	return c
}

// Check verifies the signature against the public keys by number.
func (c *Checkpoint) Check(keys map[byte]ed25519.PublicKey) error {
	public, ok := keys[c.Key]
	switch {
	case !ok:
		return ErrCheckpointKey
	case !ed25519.Verify(public, c.signed(), c.Signature):
		return ErrCheckpointSignature
	}
	return nil
}

func (c *Checkpoint) signed() []byte {
	b := append(make([]byte, 0, 96), checkpointLabel...)
	b = binary.BigEndian.AppendUint64(b, c.Seq)
	b = append(b, c.Hash[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.At.UnixNano()))
	return append(b, c.Key)
}
