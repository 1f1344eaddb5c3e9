// Package load offers requests of four classes to a server in an open loop and counts what became of them. Vegeta keeps the
// loop; a table made before says when each request is due, and a reader of its own awaits each connection's answer, so that
// an answer that takes long holds up neither the requests due after it nor the reading of quick refusals.
//
// It differs from the lab's attack in what it is for: there a crowd decides what it asks and answers from memory are awaited
// in bursts, which costs less; here the mix is fixed, most requests are refused, and how soon is one of the figures.
package load

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// Classes is the number of classes, P0 to P3.
const Classes = 4

// Rates are requests a second by class.
type Rates [Classes]float64

// Sum is the rate of all classes together.
func (r Rates) Sum() float64 { return r[0] + r[1] + r[2] + r[3] }

// The mix of the experiments, as shares of the capacity: people who were admitted are bounded by admission, so their
// commits and holds are offered at a fixed rate; the rest is reads.
const (
	ShareP0 = 0.3
	ShareP1 = 0.2
	readsP2 = 3.0 / 7 // of the reads, those of admitted people
)

// Mix is what is offered at a multiple of capacity c: P0 and P1 fixed, P2 and P3 sharing the rest 3 to 4. Below half of the
// capacity there are no reads and the others shrink alike.
func Mix(c, multiple float64) Rates {
	fixed := ShareP0 + ShareP1
	if multiple < fixed {
		return Rates{c * multiple * ShareP0 / fixed, c * multiple * ShareP1 / fixed, 0, 0}
	}
	reads := c * (multiple - fixed)
	return Rates{c * ShareP0, c * ShareP1, reads * readsP2, reads * (1 - readsP2)}
}

// Phase is a time of steady rates.
type Phase struct {
	For   time.Duration
	Rates Rates
}

// Due is when a request of a class is due, from the start.
type Due struct {
	At    time.Duration
	Class uint8
}

// Table draws when requests are due: each class arrives by itself and independently of the others (a Poisson process), at the
// rates of the phases one after the other. The same seed gives the same table.
func Table(phases []Phase, seed uint64) []Due {
	lot := rand.New(rand.NewPCG(seed, 0x0da3))
	var table []Due
	begin := time.Duration(0)
	for _, p := range phases {
		for class, rate := range p.Rates {
			if rate <= 0 {
				continue
			}
			for at := gap(lot, rate); at < p.For; at += gap(lot, rate) {
				table = append(table, Due{begin + at, uint8(class)})
			}
		}
		begin += p.For
	}
	slices.SortStableFunc(table, func(a, b Due) int { return cmp.Compare(a.At, b.At) })
	return table
}

func gap(lot *rand.Rand, rate float64) time.Duration {
	return time.Duration(lot.ExpFloat64() / rate * float64(time.Second))
}

// Length is how long phases last together.
func Length(phases []Phase) time.Duration {
	d := time.Duration(0)
	for _, p := range phases {
		d += p.For
	}
	return d
}

// Clients is the table of n clients who all ask at the start, of all classes in turn.
func Clients(n int) []Due {
	table := make([]Due, n)
	for i := range table {
		table[i].Class = uint8(i % Classes)
	}
	return table
}
