package audit

import (
	"crypto/sha256"

	"github.com/daemun/daemun/gateway/queue"
)

// chain follows the seeds from the anchor on: hashing the seed of an epoch gives the one of the epoch before.
type chain struct {
	value   [32]byte // the newest that is known to be right
	epoch   int64    // its epoch; −1: the anchor
	foreign int      // seals in a row that are not on the chain
}

func newChain(anchor [32]byte) *chain { return &chain{value: anchor, epoch: -1} }

// How a seal stands to the chain.
type linkage int

const (
	inLine    linkage = iota
	misplaced         // its seed is that of another epoch
	early             // it belongs before the ones that came already
	foreign           // its seed is not on the chain
)

// farthest bounds how many hashes a seal may cost, and how many that are not on the chain are told apart.
const farthest = 1 << 10

// link looks where a seal's seed stands, and takes it for known where it is on the chain. epoch is the one that the
// seed is of, as far as that can be told.
func (c *chain) link(s *queue.Seal) (epoch uint32, l linkage) {
	steps := int64(s.Epoch) - c.epoch
	most := int64(farthest)
	if c.foreign > 64 { // the anchor itself is not the right one: not worth a hash for each seal and step
		most = 1
	}
	if steps > 0 && steps <= queue.ChainLength && c.foreign <= 64 && c.steps(s.Seed, steps, steps) == steps {
		c.value, c.epoch, c.foreign = s.Seed, int64(s.Epoch), 0
		return s.Epoch, inLine
	}
	if n := c.steps(s.Seed, 1, most); n > 0 {
		epoch := uint32(c.epoch + n)
		c.value, c.epoch, c.foreign = s.Seed, c.epoch+n, 0
		return epoch, misplaced
	}
	if steps <= 0 && hashesTo(c.value, s.Seed, -steps) {
		return s.Epoch, early
	}
	c.foreign++
	return s.Epoch, foreign
}

// steps returns after how many hashes, from least to most, a seed becomes the value known; 0: never.
func (c *chain) steps(seed [32]byte, least, most int64) int64 {
	for n := int64(1); n <= most; n++ {
		seed = sha256.Sum256(seed[:])
		if n >= least && seed == c.value {
			return n
		}
	}
	return 0
}

// hashesTo tells whether value becomes seed after n hashes.
func hashesTo(value, seed [32]byte, n int64) bool {
	for ; n > 0; n-- {
		value = sha256.Sum256(value[:])
	}
	return value == seed
}
