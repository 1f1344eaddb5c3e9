// Package sim is a simulated day: millions of people in virtual time in front of the very code that calls them in and
// tells them how long they wait. One goroutine, no clock; the same seed gives the same day.
package sim

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"time"
)

// Scenario is a day to simulate.
type Scenario struct {
	People int
	Seed   uint64
	// Hours is how long the opening lasts; the lobby opens an hour before it.
	Hours float64
	// Busy is the share of the day that the backend needs for everybody who comes, on average.
	Busy float64
	// NoShow is the share of people who never come to their turn, Late of those who come long after it.
	NoShow, Late float64
	// Lobby is the share of people who are there at the opening.
	Lobby float64
	// Doses for each person; from 1 on they do not run out.
	Doses float64
	// Trouble scales how long pause, postponement, cap and loss of capacity last; 1 for a pause of 20 minutes and a
	// postponement of an hour. 0 takes Hours ÷ 22: a shorter opening has shorter troubles.
	Trouble float64
	// PostponedLate has the opening postponed some minutes after it has begun, not ten minutes before: whatever was told in those
	// minutes cannot hold.
	PostponedLate bool
	// Calm leaves out what operators and failures do to the day.
	Calm bool
}

// Default is the day of a large cohort.
func Default() Scenario {
	return Scenario{People: 3_000_000, Seed: 20210719, Hours: 22, Busy: 0.55, NoShow: 0.3, Late: 0.08, Lobby: 0.5, Doses: 1}
}

// Check says what is wrong with a scenario.
func (s Scenario) Check() error {
	share := func(v float64) bool { return v >= 0 && v <= 1 }
	switch {
	case s.People < 10_000 || s.People > 20_000_000:
		return fmt.Errorf("--people %d: want 10,000 to 20,000,000", s.People)
	case s.Hours < 4 || s.Hours > 48:
		return fmt.Errorf("--hours %g: want 4 to 48", s.Hours)
	case s.Busy < 0.2 || s.Busy > 1:
		return fmt.Errorf("--busy %g: want 0.2 to 1", s.Busy)
	case !share(s.NoShow) || !share(s.Late) || !share(s.Lobby) || s.NoShow > 0.7:
		return errors.New("--no-show must be between 0 and 0.7, --late and --lobby between 0 and 1")
	case s.Trouble < 0 || s.Trouble > 3:
		return fmt.Errorf("--trouble %g: want 0 to 3", s.Trouble)
	case s.Doses <= 0:
		return fmt.Errorf("--doses %g: want doses for each person, more than 0", s.Doses)
	}
	return nil
}

const (
	tick     = 100 * time.Millisecond
	second   = 10 // ticks
	minute   = 60 * second
	hour     = 60 * minute
	lobbyFor = hour
)

// Kinds of what happens to a day.
const (
	capacity = "capacity" // the backend bears Value of its usual work from now on
	pause    = "pause"
	resume   = "resume"
	postpone = "postpone" // by Value ticks
	capTo    = "cap"      // to Value of the speed measured now; 0 lifts it
	down     = "failure"
	up       = "recovery"
)

// Happening is something that befalls the day at a tick.
type Happening struct {
	At    int     `json:"at"`
	Kind  string  `json:"kind"`
	Value float64 `json:"value"`
}

// announced tells whether people are told of it: ranges that were given before cannot have known.
func (h Happening) announced() bool {
	switch h.Kind {
	case pause, postpone, down:
		return true
	case capTo:
		return h.Value > 0
	}
	return false
}

// happenings draws what befalls the day.
func (s Scenario) happenings() []Happening {
	if s.Calm {
		return nil
	}
	r := rand.New(rand.NewPCG(s.Seed, 1))
	length := s.Hours * hour
	at := func(from, to float64) int { return lobbyFor + int((from+r.Float64()*(to-from))*length) }
	lasts := func(minutes int) int {
		trouble := s.Trouble
		if trouble == 0 {
			trouble = s.Hours / Default().Hours
		}
		return int(float64(minutes*minute) * trouble)
	}
	moved := lobbyFor - 10*minute
	if after := 2 + r.IntN(10); s.PostponedLate {
		moved = lobbyFor + after*minute
	}
	all := []Happening{{moved, postpone, float64(lasts(60))}}
	// The capacity wanders in steps around its usual value; once half of it is lost and comes back.
	level := 1.0
	changes := max(int(math.Round(6*s.Hours/Default().Hours)), 2)
	for i := range changes {
		level = min(max(math.Pow(level, 0.6)*math.Exp(0.18*r.NormFloat64()), 0.6), 1.5)
		all = append(all, Happening{at((float64(i)+0.3)/float64(changes+1), float64(i+1)/float64(changes+1)), capacity, level})
	}
	lost := at(0.15, 0.7)
	all = append(all, Happening{lost, capacity, level / 2}, Happening{lost + lasts(15+r.IntN(30)), capacity, level})
	stop := at(0.1, 0.75)
	all = append(all, Happening{stop, pause, 0}, Happening{stop + lasts(20), resume, 0})
	limit := at(0.1, 0.7)
	all = append(all, Happening{limit, capTo, 0.7}, Happening{limit + lasts(40+r.IntN(60)), capTo, 0})
	fail := at(0.1, 0.8)
	all = append(all, Happening{fail, down, 0}, Happening{fail + minute, up, 0})
	sort.SliceStable(all, func(i, j int) bool { return all[i].At < all[j].At })
	return all
}
