// Package scenario describes what is replayed: how many people, how the rate runs, which faults strike when, and what
// service is expected. A scenario is data; nothing here touches a server.
package scenario

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Scenario is one replay, before it is scaled to a number of requests.
type Scenario struct {
	Name, Title, TitleEn string

	Requests    uint64 // the full size
	Eligible    int    // people on the roster at full size
	NotEligible int    // people who ask in vain at full size
	Stock       int    // doses at full size
	MinBookings int    // bookings expected at full size

	CheatShare float64 // of all requests
	Faults     []Fault
	Levels     Levels
}

// Fault strikes a process when a share of the run has passed.
type Fault struct {
	Name    string  // as in the verdict
	Process string  // gateway or backend
	At      float64 // 0..1 of the run
}

// Levels are the service levels of a run; times are from the due time, outside fault windows.
type Levels struct {
	WaitingRoomP99 time.Duration // page, join, place, cursor
	BookingP99     time.Duration
	ShedShare      float64 // of the requests of admitted people, outside fault windows
	Recovery       time.Duration
}

// Surge is the opening of 19 July 2021, 20:00: ten million requests, people waiting at the clock, cheaters, and both
// processes killed on the way.
func Surge() Scenario {
	return Scenario{
		Name: "surge", Title: "2021년 7월 19일 20시 개통 재현", TitleEn: "replay of the 19 July 2021 opening",
		Requests: 10_000_000, Eligible: 150_000, NotEligible: 50_000, Stock: 140_000, MinBookings: 100_000,
		CheatShare: 0.008,
		Faults: []Fault{
			{Name: "kill_gateway", Process: "gateway", At: .40},
			{Name: "kill_backend", Process: "backend", At: .65},
		},
		Levels: Levels{WaitingRoomP99: 2 * time.Second, BookingP99: 3 * time.Second, ShedShare: .02, Recovery: 10 * time.Second},
	}
}

// Attacks tries every way in that is known, at the gateway and at the backend. It has no crowd and no faults.
func Attacks() Scenario {
	return Scenario{
		Name: "attacks", Title: "알려진 열두 가지 공격", TitleEn: "the twelve known attacks",
		Eligible: 900, NotEligible: 100, Stock: 5000,
	}
}

// Named finds a shipped scenario.
func Named(name string) (Scenario, error) {
	for _, s := range []Scenario{Surge(), Attacks()} {
		if strings.EqualFold(name, s.Name) {
			return s, nil
		}
	}
	return Scenario{}, fmt.Errorf("no scenario %q: there are surge and attacks", name)
}

// Plan is a scenario scaled to a number of requests and to this machine.
type Plan struct {
	Scenario
	Requests    uint64
	Eligible    int
	NotEligible int
	Stock       int
	MinBookings int
	Clinics     int
	Prepare     time.Duration // for seeding and starting, before the lobby
	Lobby       time.Duration // of the attack, before the opening
	Run         time.Duration // the attack, lobby included; zero until Paced
	Capacity    float64       // requests a second this machine answers at most, from calibration
}

// Scale fits the scenario to a number of requests; people shrink with it, down to a crowd that can still show an
// oversold slot.
func (s Scenario) Scale(requests uint64) Plan {
	f := math.Min(1, float64(requests)/float64(s.Requests))
	n := func(full, least int) int { return max(least, int(math.Round(float64(full)*f))) }
	p := Plan{Scenario: s, Requests: requests,
		Eligible: n(s.Eligible, 1500), NotEligible: n(s.NotEligible, 500), Clinics: n(1000, 40)}
	p.Stock = int(float64(p.Eligible) * float64(s.Stock) / float64(s.Eligible))
	p.MinBookings = int(float64(p.Eligible) * float64(s.MinBookings) / float64(s.Eligible))
	p.Prepare = 5*time.Second + time.Duration(f*7*float64(time.Second))
	p.Lobby = shortLobby
	if f > .2 {
		p.Lobby = lobby
	}
	return p
}

// A run of the full size is planned for full seconds: what two cores carry with both servers and the generator on them at
// about three quarters, so that some seconds in which others slow the machine down can be caught up. A faster machine gets
// no shorter run, because the pace of admission is set before the machine is measured, and people need time to come, wait
// and book. A smaller size keeps the bookings a second of the full one.
const (
	full     = 235 * time.Second
	enough   = 45_000 // requests a second; a machine that answers fewer gets more time, within longest
	shortest = 27 * time.Second
	longest  = 250 * time.Second
	// journey is how long the last people let in need until they have booked, with a fault on their way.
	journey = 12 * time.Second
	// lobby and shortLobby are the people's time before the opening in a large and a small run.
	lobby, shortLobby = 14 * time.Second, 4 * time.Second
)

// Paced sets the length of the run from the measured capacity (requests a second); wanted, when positive, decides
// instead.
func (p Plan) Paced(capacity float64, wanted time.Duration) Plan {
	p.Capacity = capacity
	p.Run = wanted
	if wanted <= 0 {
		size := float64(p.Requests) / float64(p.Scenario.Requests)
		run := p.Lobby + journey + time.Duration(size*float64(full-lobby-journey))
		run = max(time.Duration(float64(run)*max(1, enough/capacity)), shortest)
		p.Run = min(run, longest)
	}
	p.Run = p.Run.Round(time.Second)
	p.Lobby = min(p.Lobby, p.Run/5)
	return p
}

// Weight is the shape of the rate at offset t from the start: the lobby fills, the opening strikes a third above the
// average, the rest decays to a plateau. What the machine cannot send on the stroke goes out late and counts as such;
// a higher stroke would measure the generator's machine and not the service.
func (p Plan) Weight(t time.Duration) float64 {
	if t < p.Lobby {
		return .55 + .35*float64(t)/float64(p.Lobby)
	}
	after := (t - p.Lobby).Seconds()
	rest := (p.Run - p.Lobby).Seconds()
	return 1 + .25*math.Exp(-after/math.Max(rest*.02, .5)) - .1*after/rest
}

// StartRate is how many people a second an operator would call in to begin with, so that those who must book can: of those
// called about a quarter have given up. wanted is as for Paced, which cannot be asked yet: the machine is measured later.
func (p Plan) StartRate(wanted time.Duration) int {
	q := p.Paced(enough, wanted)
	return int(math.Ceil(1.4 * float64(p.MinBookings) / max(q.Run-q.Lobby-journey, time.Second).Seconds()))
}

// MaxRate is how many people a second an operator would call in at most.
func (p Plan) MaxRate(wanted time.Duration) int { return p.StartRate(wanted) * 6 / 5 }

// FaultAt is the instant of a fault as an offset from the start.
func (p Plan) FaultAt(f Fault) time.Duration { return time.Duration(f.At * float64(p.Run)) }
