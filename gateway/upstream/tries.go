package upstream

import "sync/atomic"

// The budget of second tries: one for each ten requests, and a few in hand.
const (
	triesPer  = 10
	triesHand = 10 * triesPer
)

// tries counts requests and how often they went out, and keeps second tries within a tenth of the requests: what fails
// everywhere must not be asked twice as much.
type tries struct {
	originals, seconds atomic.Uint64
	credit             atomic.Int64 // a second try costs triesPer
}

func (t *tries) fill() { t.credit.Store(triesHand) }

func (t *tries) original() {
	t.originals.Add(1)
	if t.credit.Load() < triesHand {
		t.credit.Add(1)
	}
}

// second counts one that went out.
func (t *tries) second() { t.seconds.Add(1) }

// afford takes a second try out of the budget, if one is in it.
func (t *tries) afford() bool {
	if t.credit.Add(-triesPer) < 0 {
		t.credit.Add(triesPer)
		return false
	}
	return true
}
