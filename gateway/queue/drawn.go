package queue

import (
	"math/bits"
	"time"
)

// Drawn is what a ticket's place was computed from, so that its holder can compute it again.
type Drawn struct {
	Seal   Seal
	Rank   uint64
	Before uint64 // people in earlier epochs, estimated
	Within uint64 // people of the same epoch who stand before the ticket, estimated: rank × count / 2^64
}

// Drawn tells how a ticket of this line was drawn; false while its epoch is not sealed.
func (l *Line) Drawn(t *Ticket) (Drawn, bool) {
	e := l.Seals.find(t.Epoch)
	if e == nil {
		return Drawn{}, false
	}
	d := Drawn{Seal: e.seal, Rank: e.ranker.Rank(t.Subject), Before: e.before}
	d.Within, _ = bits.Mul64(d.Rank, e.seal.Count)
	return d, true
}

// EpochEndsAt is when an epoch of this line ends. Its seal follows within about a second.
func (l *Line) EpochEndsAt(epoch uint32) time.Time { return l.Start().Add(EpochEnd(epoch)) }
