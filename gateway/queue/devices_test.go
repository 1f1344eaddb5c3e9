package queue

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// evening is an opening at which many people join, at three gateways, and what the leader made of it.
type evening struct {
	joins [][]Ticket // by person, oldest first
	line  *Line
}

// joinsOf draws up one person's tickets: half of all come in the lobby, the others in the twenty minutes after. Who
// tries five times does so within ten minutes, at any gateway.
func joinsOf(l *Line, i int, r *rand.Rand) []Ticket {
	at := opensAt.Add(-time.Duration(r.IntN(600)) * time.Second)
	if r.IntN(2) == 0 {
		at = opensAt.Add(time.Duration(r.IntN(1200)) * time.Second)
	}
	n := 1
	if i%2 == 1 {
		n = 5
	}
	joins := make([]Ticket, n)
	for k := range joins {
		joins[k] = Ticket{Opening: l.Number, Cohort: 9, Epoch: l.EpochAt(at), Subject: person(i), IssuedAt: at}
		at = at.Add(time.Duration(r.IntN(150)) * time.Second)
	}
	return joins
}

func newEvening(t *testing.T, seed byte) *evening {
	t.Helper()
	l := testLine()
	l.Seals, l.Cursor = Seals{}, Cursor{}
	e := &evening{joins: make([][]Ticket, drawPeople), line: l}
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	sketches := map[uint32]map[string]*Sketch{}
	last := uint32(0)
	for i := range e.joins {
		e.joins[i] = joinsOf(l, i, r)
		for _, ticket := range e.joins[i] {
			byGateway := sketches[ticket.Epoch]
			if byGateway == nil {
				byGateway = map[string]*Sketch{"a": {}, "b": {}, "c": {}}
				sketches[ticket.Epoch] = byGateway
			}
			byGateway[gateways[r.IntN(len(gateways))]].Add(ticket.Subject)
			last = max(last, ticket.Epoch)
		}
	}
	chain := NewChain([32]byte{seed})
	for epoch := range last + 1 {
		if !l.Seals.Append(sealOf(t, chain, epoch, sketches[epoch])) {
			t.Fatalf("seal of epoch %d is not the next one", epoch)
		}
	}
	return e
}

// Five tickets are worth exactly as much as one: the first is the best of them, and over everybody the best places of
// those who tried five times are spread like the places of those who tried once.
func TestMoreDevicesGainNothing(t *testing.T) {
	seeds := drawSeeds[:2]
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			e := newEvening(t, seed)
			now := opensAt.Add(time.Hour)
			var once, fiveTimes []float64
			early := [2]int{}
			for i, joins := range e.joins {
				best := int64(math.MaxInt64)
				first := e.line.Place(&joins[0], now)
				for k := range joins {
					p := e.line.Place(&joins[k], now)
					if earlier(&p, &first) {
						t.Fatalf("person %d: join %d gave the place %+v, better than the first %+v", i, k+1, p, first)
					}
					best = min(best, p.Ahead)
				}
				if best < drawPeople/10 {
					early[i%2]++
				}
				if i%2 == 0 {
					once = append(once, float64(best))
				} else {
					fiveTimes = append(fiveTimes, float64(best))
				}
			}
			p := ksSame(once, fiveTimes)
			t.Logf("best places: p = %.3f that one and five tickets are worth the same; among the first tenth of the line are %d with one and %d with five", p, early[0], early[1])
			if p <= significance/float64(len(seeds)) {
				t.Errorf("who joined five times stands elsewhere than who joined once: p = %.5f", p)
			}
			if difference, sigma := float64(early[0]-early[1]), math.Sqrt(float64(early[0]+early[1])); math.Abs(difference) > 4*sigma {
				t.Errorf("of the first tenth %d joined once and %d five times", early[0], early[1])
			}
		})
	}
}

func earlier(a, b *Place) bool {
	return a.Epoch < b.Epoch || a.Epoch == b.Epoch && a.Rank < b.Rank
}
