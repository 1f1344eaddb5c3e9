package queue

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
)

// Seal closes an epoch for good. Count is the estimated number of distinct subjects in it.
type Seal struct {
	Epoch uint32
	Count uint64
	Tally [32]byte
	Seed  [32]byte
}

// Ranker computes ranks of one sealed epoch.
type Ranker struct{ key [32]byte }

// Ranker derives the key of the epoch's draw: HMAC-SHA256(seed, tally).
func (s *Seal) Ranker() Ranker { return Ranker{keyed(&s.Seed, s.Tally[:])} }

// Rank is the subject's place within the epoch, uniform over 64 bits.
func (r *Ranker) Rank(id subject.ID) uint64 {
	sum := keyed(&r.key, id[:])
	return binary.BigEndian.Uint64(sum[:8])
}

// Wire gives the seal as it is published.
func (s *Seal) Wire() api.Seal {
	return api.Seal{Epoch: s.Epoch, Count: s.Count, Tally: hex.EncodeToString(s.Tally[:]), Seed: hex.EncodeToString(s.Seed[:])}
}

// SealFromWire reads a published seal.
func SealFromWire(w api.Seal) (Seal, error) {
	s := Seal{Epoch: w.Epoch, Count: w.Count}
	if err := readHex(s.Tally[:], w.Tally); err != nil {
		return Seal{}, fmt.Errorf("seal %d: tally: %w", w.Epoch, err)
	}
	if err := readHex(s.Seed[:], w.Seed); err != nil {
		return Seal{}, fmt.Errorf("seal %d: seed: %w", w.Epoch, err)
	}
	return s, nil
}

func readHex(into []byte, text string) error {
	b, err := hex.DecodeString(text)
	if err != nil {
		return err
	}
	if len(b) != len(into) {
		return errors.New("wrong length")
	}
	copy(into, b)
	return nil
}

// ChainLength is how many seeds a chain holds: more epochs than a week-long opening has.
const ChainLength = 1 << 15

// Chain is an opening's hash chain: value i+1 hashes to value i, value 0 is the anchor, and epoch e is sealed with
// value e+1. Knowing the seeds used so far tells nothing about the next.
type Chain struct{ values [][32]byte }

// NewChain computes the chain down from its secret root.
func NewChain(root [32]byte) *Chain {
	values := make([][32]byte, ChainLength+1)
	values[ChainLength] = root
	for i := ChainLength; i > 0; i-- {
		values[i-1] = sha256.Sum256(values[i][:])
	}
	return &Chain{values}
}

// Anchor is published before the opening.
func (c *Chain) Anchor() [32]byte { return c.values[0] }

// Seed is the value that seals an epoch.
func (c *Chain) Seed(epoch uint32) ([32]byte, error) {
	if int64(epoch)+1 >= int64(len(c.values)) {
		return [32]byte{}, fmt.Errorf("epoch %d is past the end of the hash chain", epoch)
	}
	return c.values[epoch+1], nil
}

// CheckSeed tells whether seed is the value for epoch of the chain that ends in anchor.
func CheckSeed(anchor, seed [32]byte, epoch uint32) bool {
	if epoch >= ChainLength {
		return false
	}
	for range epoch + 1 {
		seed = sha256.Sum256(seed[:])
	}
	return seed == anchor
}
