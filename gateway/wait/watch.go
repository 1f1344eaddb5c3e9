package wait

import (
	"math"
	"time"
)

// rest is how long the backend has borne nobody, and how much is added to every latest wait for it, in seconds.
type rest struct {
	since     time.Time
	allowance float64
}

// A rest is told of once it lasts, and is expected to last as long again.
const (
	restAfter = 3 * time.Second
	firstRest = 60.0
)

// danger says since when ranges have been about to fail because the line is slower than it was.
type danger struct {
	since    time.Time
	lastAt   time.Time // when ranges were last moved up for it
	lookedAt time.Time
}

// Ranges move up because the line has become slower only when that has lasted, and not again soon.
const (
	dangerFor    = 20 * time.Second
	dangerPause  = 90 * time.Second
	dangerStops  = 0.4  // of the stops
	dangerPeople = 0.25 // of the people waiting
	afterMisses  = 10 * time.Minute
)

// watch finds what explains longer waits and tells whether ranges may move up in this round.
func (e *Estimator) watch(l Look) (worse bool) {
	for _, why := range [...]string{e.stopped(l), e.capped(l), e.resting(l), e.slowed(l), e.missing(l)} {
		if why != "" {
			e.event = Event{Number: e.event.Number + 1, Code: why, At: l.Now}
			e.danger.since = time.Time{}
			e.score.forgive() // what was told before could not know of it
			return true
		}
	}
	return false
}

// stopped says why calling stopped, once it goes on: while it rests nobody is told a range.
func (e *Estimator) stopped(l Look) (why string) {
	moved := !e.memory.OpensAt.IsZero() && l.OpensAt.After(e.memory.OpensAt)
	e.memory.OpensAt = l.OpensAt
	told := len(e.stops) > 0
	switch {
	case moved && told:
		e.pausing = Postponed
	case !l.Calling && told && e.pausing == "":
		e.pausing = Paused
	case l.Calling && e.pausing != "":
		why, e.pausing = e.pausing, ""
	}
	return why
}

func (e *Estimator) capped(l Look) (why string) {
	before := e.memory.Cap
	e.memory.Cap = l.Cap
	if l.Cap <= 0 || before > 0 && l.Cap >= before {
		return ""
	}
	slower := l.Cap < e.memory.Speeds.Middle.value()
	e.memory.Speeds.atMost(l.Cap)
	if !slower {
		return ""
	}
	return CapLowered
}

func (e *Estimator) resting(l Look) (why string) {
	switch {
	case !l.Resting || !l.Calling:
		e.rest = rest{}
	case e.rest.since.IsZero():
		e.rest.since = l.Now
	case l.Now.Sub(e.rest.since) < restAfter:
	case l.Now.Sub(e.rest.since).Seconds() >= e.rest.allowance/2:
		e.rest.allowance = max(firstRest, 2*e.rest.allowance)
		return Rests
	}
	return ""
}

// slowed watches for ranges whose latest wait is sooner than the turn is expected.
func (e *Estimator) slowed(l Look) (why string) {
	if l.Now.Sub(e.danger.lookedAt) < time.Second {
		return ""
	}
	e.danger.lookedAt = l.Now
	if !e.calling || !e.memory.Known || !e.endangered(l) {
		e.danger.since = time.Time{}
		return ""
	}
	if e.danger.since.IsZero() {
		e.danger.since = l.Now
	}
	if l.Now.Sub(e.danger.since) < dangerFor || l.Now.Sub(e.danger.lastAt) < dangerPause {
		return ""
	}
	e.danger.lastAt = l.Now
	return Slowed
}

// spare is the share of a range's width that must be left above what is expected. What is near is close to being settled.
func spare(wait float64) float64 { return headroom * wait / (wait + horizons[2]) }

const headroom = 0.5

func (e *Estimator) endangered(l Look) bool {
	stops, late, people := 0, 0, uint64(0)
	before := e.from
	for _, s := range e.stops {
		if s.at > l.Total {
			break
		}
		stops++
		if middle, up, _ := e.expected(l, float64(s.at-e.from)); middle*math.Exp(spare(middle)*up) > s.high {
			late++
			people += s.at - before
		}
		before = s.at
	}
	return late >= 2 && (float64(late) > dangerStops*float64(stops) || float64(people) > dangerPeople*float64(l.Total-e.from))
}

// missing lets ranges up when too many notes of late were missed on the late side.
func (e *Estimator) missing(l Look) (why string) {
	if !e.score.missesMuch() || l.Now.Sub(e.danger.lastAt) < afterMisses || !e.calling {
		return ""
	}
	e.danger.lastAt = l.Now
	return Calibration
}
