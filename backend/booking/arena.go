package booking

import (
	"math"
	"time"
)

// The state of a country's opening is millions of rows, which a garbage collector would look through again and again while
// people wait. So rows hold no pointers: they stand in arenas, refer to each other by index, and hold texts by number.

// arena holds rows by index, from 1 up; 0 is none. T must be free of pointers.
type arena[T any] struct {
	chunks []*[arenaChunk]T
	used   uint32
	free   []uint32
}

const arenaChunk = 256

// add makes room for a row.
func (a *arena[T]) add(row T) uint32 {
	if n := len(a.free); n > 0 {
		i := a.free[n-1]
		a.free = a.free[:n-1]
		*a.at(i) = row
		return i
	}
	if int(a.used) == len(a.chunks)*arenaChunk {
		a.chunks = append(a.chunks, new([arenaChunk]T))
	}
	a.used++
	*a.at(a.used) = row
	return a.used
}

func (a *arena[T]) at(i uint32) *T { return &a.chunks[(i-1)/arenaChunk][(i-1)%arenaChunk] }

// remove gives a row's room to others.
func (a *arena[T]) remove(i uint32) { a.free = append(a.free, i) }

// words numbers texts of which there are few; each is kept for good. "" is 0.
type words struct {
	numbers map[string]uint32
	texts   []string
}

func newWords() words { return words{map[string]uint32{"": 0}, []string{""}} }

func (w *words) number(text string) uint32 {
	n, ok := w.numbers[text]
	if !ok {
		n = uint32(len(w.texts))
		w.numbers[text] = n
		w.texts = append(w.texts, text)
	}
	return n
}

func (w *words) text(n uint32) string { return w.texts[n] }

// texts holds texts of which there are many.
type texts struct{ chunks [][]byte }

const textChunk = 64 << 10 // bytes

// span is where a text is.
type span struct{ chunk, from, length uint32 }

// put keeps a text, in the room of an old one if it fits there.
func (t *texts) put(text string, old span) span {
	if text == "" {
		return span{}
	}
	if len(text) <= int(old.length) {
		copy(t.chunks[old.chunk][old.from:], text)
		old.length = uint32(len(text))
		return old
	}
	last := len(t.chunks) - 1
	if last < 0 || cap(t.chunks[last])-len(t.chunks[last]) < len(text) {
		t.chunks = append(t.chunks, make([]byte, 0, max(textChunk, len(text))))
		last++
	}
	from := len(t.chunks[last])
	t.chunks[last] = append(t.chunks[last], text...)
	return span{uint32(last), uint32(from), uint32(len(text))}
}

func (t *texts) at(s span) string {
	if s.length == 0 {
		return ""
	}
	return string(t.chunks[s.chunk][s.from : s.from+s.length])
}

// instant is a time without the pointer to its zone that a time.Time has: Unix ns, or never.
type instant int64

const never instant = math.MinInt64

func instantOf(t time.Time) instant {
	if t.IsZero() {
		return never
	}
	return instant(t.UnixNano())
}

func (i instant) time() time.Time {
	if i == never {
		return time.Time{}
	}
	return time.Unix(0, int64(i)).UTC()
}
