// Package burglar tries the doors: it sends every variant of every known attack as often as it was told, and sees to it
// that each try gets a verdict. What was shed has none, and is tried again.
package burglar

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/daemun/daemun/gateway/breach"
	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/wire"
)

// Door is where the tries go.
type Door struct {
	Name  string // gateway, backend or backend_with_token
	Host  string // host:port
	Token string // shown to the backend; empty: none
}

// Count is how often one attack was tried at one door and how often it got somebody in.
type Count struct {
	Attack   breach.Attack
	Tried    int64 // with a verdict
	Admitted int64
}

// Burglar is the actor, the recorder and the schedule of an attack: everything is due at once, and what is under way is
// bounded by the workers. Times, as everywhere in the lab, are offsets from the start.
type Burglar struct {
	door     Door
	victims  Victims
	variants []breach.Variant
	places   [][]int32 // of an attack's variants, by attack

	mu      sync.Mutex
	rng     *rand.Rand
	todo    []int32 // variants still to be tried, the next one last
	again   []int32 // those that got no verdict
	flights []flight
	free    []int32

	counts  [len(breach.Attacks)]Count
	answers int64
	sheds   int64
	lost    int64
	broken  int64
	through []string
	trouble []string
}

type flight struct {
	variant int32
	has     string
}

// New prepares tries of every attack at a door, evenly over its variants; what is sent follows from the seed.
func New(d Door, v Victims, tries int, seed uint64) *Burglar {
	b := &Burglar{door: d, victims: v, rng: rand.New(rand.NewPCG(seed, 0xb4ea))}
	for i, a := range breach.Attacks {
		b.counts[i].Attack = a
		var own []int32
		for _, variant := range breach.Of(a) {
			own = append(own, int32(len(b.variants)))
			b.variants = append(b.variants, variant)
		}
		b.places = append(b.places, own)
	}
	b.todo = make([]int32, 0, tries*len(b.places))
	for n := tries - 1; n >= 0; n-- {
		for _, own := range b.places {
			b.todo = append(b.todo, own[n%len(own)])
		}
	}
	return b
}

// Round takes over what got no verdict so far and tells how many tries there are to make.
func (b *Burglar) Round() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.todo, b.again = append(b.todo, b.again...), b.again[:0]
	return len(b.todo)
}

// Next is the next try.
func (b *Burglar) Next(_ time.Duration, out []byte) (citizen.Action, []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	last := len(b.todo) - 1
	f := flight{variant: b.todo[last]}
	b.todo = b.todo[:last]
	l := b.victims.loot(b.rng)
	l.Host, l.Token = b.door.Host, b.door.Token
	out, f.has = b.variants[f.variant].Append(out, l)
	at := int32(len(b.flights))
	if n := len(b.free); n > 0 {
		at = b.free[n-1]
		b.free = b.free[:n-1]
		b.flights[at] = f
	} else {
		b.flights = append(b.flights, f)
	}
	return citizen.Action{Kind: citizen.Trick, Who: at}, out
}

// Apply judges the answer to a try.
func (b *Burglar) Apply(a citizen.Action, _, _ time.Duration, res *wire.Response, err error) citizen.Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.flights[a.Who]
	b.free = append(b.free, a.Who)
	v := &b.variants[f.variant]
	if err != nil {
		b.lost++
		b.again = append(b.again, f.variant)
		b.note(&b.trouble, "%s, %s: no answer: %v", v.Attack, v.Name, err)
		return citizen.Lost
	}
	b.answers++
	count := &b.counts[v.Attack-1]
	switch {
	case breach.Shed(res.Status) && res.RetryAfter >= 0:
		b.sheds++
		b.again = append(b.again, f.variant)
		return citizen.Shed
	case res.Status >= 500 || breach.Shed(res.Status):
		b.broken++
		count.Tried++
		b.note(&b.trouble, "%s, %s: answered %d: %.160s", v.Attack, v.Name, res.Status, res.Body)
		return citizen.Broken
	case v.Admitted(res.Status, string(res.Location), res.Body, f.has):
		count.Tried++
		count.Admitted++
		b.note(&b.through, "%s, %s, at %s: answered %d: %.160s", v.Attack, v.Name, b.door.Name, res.Status, res.Body)
		return citizen.Good
	}
	count.Tried++
	return citizen.Refused
}

// examples is how many of each trouble are kept in words.
const examples = 5

func (b *Burglar) note(list *[]string, format string, args ...any) {
	if len(*list) < examples {
		*list = append(*list, fmt.Sprintf(format, args...))
	}
}

// FailedTry is a connection that could not be opened: whoever is refused at the socket has had no answer.
func (b *Burglar) FailedTry(_, _ time.Duration, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lost++
	b.note(&b.trouble, "not connected: %v", err)
}

// Record is not needed: Apply has seen everything.
func (b *Burglar) Record(citizen.Kind, citizen.Outcome, time.Duration, time.Duration, time.Duration) {
}

// Summary is what came of the tries at a door.
type Summary struct {
	Door                         Door
	Counts                       []Count
	Answers, Sheds, Lost, Broken int64
	Undecided                    int // tries without a verdict
	Through, Trouble             []string
}

// Summary hands over what was seen.
func (b *Burglar) Summary() Summary {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Summary{Door: b.door, Counts: append([]Count(nil), b.counts[:]...), Answers: b.answers, Sheds: b.sheds, Lost: b.lost, Broken: b.broken,
		Undecided: len(b.todo) + len(b.again), Through: b.through, Trouble: b.trouble}
}

// AtOnce is a schedule on which everything is due.
type AtOnce uint64

// Due implements attack.Schedule.
func (AtOnce) Due(uint64) time.Duration { return 0 }

// Rate implements attack.Schedule.
func (AtOnce) Rate(time.Duration) float64 { return 0 }

// Total implements attack.Schedule.
func (n AtOnce) Total() uint64 { return uint64(n) }
