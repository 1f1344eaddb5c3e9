package leak

import "math/bits"

// set holds numbers other than 0, open-addressed and at most half full: three and a half million of them take 64 MiB.
type set struct {
	slots []uint64
	shift int
	n     int
}

const spread = 0x9e3779b97f4a7c15

func newSet(expect int) *set {
	size := 1 << max(4, bits.Len(uint(2*max(1, expect))))
	return &set{slots: make([]uint64, size), shift: 64 - bits.TrailingZeros(uint(size))}
}

func (s *set) add(v uint64) {
	if 2*(s.n+1) > len(s.slots) {
		s.grow()
	}
	mask := len(s.slots) - 1
	for i := int(v * spread >> s.shift); ; i = (i + 1) & mask {
		switch s.slots[i] {
		case v:
			return
		case 0:
			s.slots[i] = v
			s.n++
			return
		}
	}
}

func (s *set) grow() {
	bigger := newSet(len(s.slots))
	for _, v := range s.slots {
		if v != 0 {
			bigger.add(v)
		}
	}
	*s = *bigger
}

func (s *set) has(v uint64) bool {
	mask := len(s.slots) - 1
	for i := int(v * spread >> s.shift); ; i = (i + 1) & mask {
		switch s.slots[i] {
		case v:
			return v != 0
		case 0:
			return false
		}
	}
}
