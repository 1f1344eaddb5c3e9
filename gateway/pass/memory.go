package pass

import (
	"crypto/subtle"
	"hash/maphash"
	"sync/atomic"
	"unsafe"
)

// memorySlots bounds the memory of checked passes: one slot holds one pass, the newest one that hashes to it.
const memorySlots = 1 << 16

// memory remembers passes whose signature held, so that Ed25519 runs once a pass and not once a request. Slots are
// overwritten without ceremony: forgetting costs one more check and nothing else. No lock.
type memory struct {
	slots [memorySlots]atomic.Pointer[checked]
}

type checked struct {
	text [TextLen]byte
	pass Pass
}

var memorySeed = maphash.MakeSeed()

func (m *memory) slot(text string) *atomic.Pointer[checked] {
	return &m.slots[maphash.String(memorySeed, text)%memorySlots]
}

func (m *memory) recall(text string) (Pass, bool) {
	c := m.slot(text).Load()
	if c == nil || subtle.ConstantTimeCompare(c.text[:], unsafe.Slice(unsafe.StringData(text), len(text))) != 1 {
		return Pass{}, false
	}
	return c.pass, true
}

func (m *memory) remember(text string, p Pass) {
	c := &checked{pass: p}
	copy(c.text[:], text)
	m.slot(text).Store(c)
}
