package sim

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/daemun/daemun/backend/subject"
)

// person is all that is kept of one.
type person struct {
	next   int32 // who looks in the same tick
	beside int32 // who stands at the same place; once called, who acts in the same tick
	joined int32 // tick
	epoch  uint32
	low    int32 // range told last, seconds; high 0: none yet
	high   int32
	event  uint32 // number of the event that had moved ranges last, then
	came   int32  // tick at which the person came to their turn
	state  byte
	kind   byte
	looks  uint16
}

// personBytes is the size of a person.
const personBytes = 36

// States of a person.
const (
	away    byte = iota
	waiting      // for the epoch to be over
	placed       // in the line, with a known place
	coming       // the turn has come and the person is there: tries to enter
	inside       // books next
	booked       // or left with nothing to find
	gone         // gave up, or never came
	refused      // closed before the person came
)

// Kinds of people.
const (
	prompt byte = iota
	late
	noShow
)

// mix is splitmix64: chance that belongs to one person, whatever happens to the others.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// chance is a number in [0, 1) for a person and a purpose.
func (d *day) chance(i int32, purpose uint64) float64 {
	return float64(mix(d.s.Seed^mix(uint64(i)<<20|purpose))>>11) / (1 << 53)
}

func (d *day) subject(i int32) (id subject.ID) {
	binary.BigEndian.PutUint64(id[:8], mix(d.s.Seed*3+uint64(i)))
	binary.BigEndian.PutUint64(id[8:], mix(d.s.Seed*5+uint64(i)+1<<40))
	return id
}

// arrivals draws when people join: the lobby fills towards the opening; after it a power law, announcements that bring
// people in spikes, and the hours of the day.
type arrivals struct {
	s      Scenario
	r      *rand.Rand
	spikes [3]float64 // ticks after the opening
	hours  []float64  // cumulative weight by hour after the opening
}

func newArrivals(s Scenario) *arrivals {
	a := &arrivals{s: s, r: rand.New(rand.NewPCG(s.Seed, 2))}
	for i := range a.spikes {
		a.spikes[i] = a.r.Float64() * 0.8 * s.Hours * hour
	}
	sum := 0.0
	for h := range int(s.Hours) {
		sum += weightOfHour((20 + h) % 24)
		a.hours = append(a.hours, sum)
	}
	return a
}

// weightOfHour is how busy people are with such things over a day: evenings, then late mornings, hardly at night.
func weightOfHour(h int) float64 {
	switch {
	case h >= 20 || h < 1:
		return 2
	case h < 7:
		return 0.15
	case h < 9:
		return 0.7
	}
	return 1
}

func (a *arrivals) next() int {
	u, length := a.r.Float64(), a.s.Hours*hour
	rest := 1 - a.s.Lobby
	switch {
	case u < a.s.Lobby: // e^(t/20 min) towards the opening
		const tau, span = 20.0 * minute, float64(lobbyFor)
		low := math.Exp(-span / tau)
		return int(span + tau*math.Log(low+a.r.Float64()*(1-low)))
	case u < a.s.Lobby+0.4*rest:
		for {
			if x := 10 * minute * (math.Pow(1-a.r.Float64(), -1/1.3) - 1); x < 0.9*length {
				return lobbyFor + int(x)
			}
		}
	case u < a.s.Lobby+0.6*rest:
		at := a.spikes[a.r.IntN(len(a.spikes))] + 4*minute*math.Exp(0.8*a.r.NormFloat64())
		return lobbyFor + int(min(at, 0.97*length))
	}
	x := a.r.Float64() * a.hours[len(a.hours)-1]
	for h, sum := range a.hours {
		if x < sum {
			return lobbyFor + int(min((float64(h)+a.r.Float64())*hour, 0.98*length))
		}
	}
	return lobbyFor
}
