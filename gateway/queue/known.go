package queue

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/daemun/daemun/backend/subject"
)

// The size of Known: 4 MiB whoever comes, and four bits of it for each subject. Of 3.5 million people one in seventy is taken
// for known although they are not, of a million one in five thousand.
const (
	knownBits  = 1 << 25
	knownMarks = 4
)

// Known remembers, for one opening at one gateway, which subjects have been counted: a Bloom filter (Bloom 1970) whose bits are
// taken from the subject, which is uniform already. Without it somebody who drops the cookie and joins again in every
// epoch would be counted in each of them, and everybody behind would read a longer line than there is. It decides nothing
// about places. It may be used by many goroutines; the zero value is ready and takes no memory before its first use.
type Known struct {
	bits atomic.Pointer[[knownBits / 64]atomic.Uint64]
}

// Add remembers a subject and tells whether it was new.
func (k *Known) Add(id subject.ID) (added bool) {
	bits := k.bits.Load()
	if bits == nil {
		k.bits.CompareAndSwap(nil, new([knownBits / 64]atomic.Uint64))
		bits = k.bits.Load()
	}
	at, step := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])|1
	for range knownMarks {
		bit := at % knownBits
		mask := uint64(1) << (bit % 64)
		if word := &bits[bit/64]; word.Load()&mask == 0 && word.Or(mask)&mask == 0 {
			added = true
		}
		at += step
	}
	return added
}
