package wait

import (
	"math"
	"slices"
	"sort"
)

// Timetable gives the range of the wait at positions of a line, for a cursor that stands at From. At is ascending, all
// beyond From; Low and High go with it, in tenths of a second. It is never changed once published.
type Timetable struct {
	From uint64   `json:"from"`
	At   []uint64 `json:"at,omitempty"`
	Low  []uint32 `json:"low,omitempty"`
	High []uint32 `json:"high,omitempty"`
	// Event is the last thing that moved ranges up.
	Event Event `json:"event"`
}

// Limits that every timetable keeps.
const (
	// leastHigh is the latest wait of the very next person, seconds: a call may come a few rounds late.
	leastHigh = 5
	// MostRatio and MostExtra bound a range: high ≤ MostRatio × low + MostExtra seconds.
	MostRatio = 4
	MostExtra = 120
	// extra leaves room for rounding to seconds.
	extra = MostExtra - 10
)

// Range returns the range of the wait, in whole seconds, for somebody with so many people of the line before them; ok is
// false where nothing can be said.
func (t *Timetable) Range(position uint64) (low, high int64, ok bool) {
	if t == nil || len(t.At) == 0 {
		return 0, 0, false
	}
	l, h, ok := t.at(position)
	const hair = 1e-6 // of rounding in the interpolation, so that it cannot move a whole number
	return int64(l/10 + hair), int64(math.Ceil(h/10 - hair)), ok
}

// Differs tells whether somebody would read anything else in t than in the timetable before.
func (t *Timetable) Differs(before *Timetable) bool {
	return before == nil || t.From != before.From || t.Event.Number != before.Event.Number ||
		!slices.Equal(t.At, before.At) || !slices.Equal(t.Low, before.Low) || !slices.Equal(t.High, before.High)
}

// at interpolates, in tenths of a second.
func (t *Timetable) at(position uint64) (low, high float64, ok bool) {
	if position <= t.From {
		return 0, leastHigh * 10, true
	}
	i := sort.Search(len(t.At), func(i int) bool { return t.At[i] >= position })
	if i == len(t.At) {
		return 0, 0, false
	}
	x0, l0, h0 := t.From, 0.0, leastHigh*10.0
	if i > 0 {
		x0, l0, h0 = t.At[i-1], float64(t.Low[i-1]), float64(t.High[i-1])
	}
	share := float64(position-x0) / float64(t.At[i]-x0)
	return l0 + share*(float64(t.Low[i])-l0), h0 + share*(float64(t.High[i])-h0), true
}
