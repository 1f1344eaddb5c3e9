package wait

import (
	"math"
	"time"
)

// Look is what the leader sees of a line in one round, after it has moved the cursor.
type Look struct {
	Now    time.Time
	Served uint64 // position of the cursor
	Total  uint64 // people in sealed epochs
	// Calling says that people may be called in: the line is open.
	Calling bool
	// Resting says that the backend bears nobody now.
	Resting bool
	// Rate is how many people a second are being called in; before anything is measured it stands for the speed.
	Rate float64
	// Found says that the admission controller has met the backend's limit, or the operators' cap.
	Found   bool
	Cap     float64   // operators' cap on the speed; 0: none
	OpensAt time.Time // as it stands now
}

// Memory is what an Estimator goes on with when another gateway takes the lead.
type Memory struct {
	Speeds  speeds    `json:"speeds"`
	Width   Width     `json:"width"`
	Known   bool      `json:"known"` // the speed has been measured
	Cap     float64   `json:"cap,omitempty"`
	OpensAt time.Time `json:"opens_at"`
	Quality Quality   `json:"quality"`
	ShowUp  float64   `json:"show_up,omitempty"` // share of called people who enter; 0: unknown
}

// Published goes out with the cursor. It is never changed once published.
type Published struct {
	Timetable Timetable `json:"timetable"`
	Doses     Doses     `json:"doses"`
	Memory    Memory    `json:"memory"`
}

// Before the speed is measured the rate stands for it, with this logarithm to both sides; it counts as measured once so
// many seconds of calling have passed after the controller has found its limit, or without that.
const (
	guessWidth    = 1.0986 // a factor of three
	leastMeasured = 30.0
	foundAnyway   = 30.0
)

// drawEvery is how often the stops follow what is measured, in seconds. In between they stand, and the cursor comes closer.
const drawEvery = 0.5

// Estimator draws a line's timetables. It belongs to the leader and is used by one goroutine.
type Estimator struct {
	memory  Memory
	stops   []stop
	from    uint64
	total   uint64 // people who may have been told a range
	last    time.Time
	event   Event
	rest    rest
	danger  danger
	score   score
	calling bool
	undrawn float64 // seconds since the stops were drawn
	pausing string  // why calling has stopped, to be said when it goes on
}

// stop is a point of the timetable, in seconds.
type stop struct {
	at        uint64
	low, high float64
	free      bool // nobody can have been told a range that depends on it
}

// New returns an Estimator that goes on from what an earlier leader published; nil where there is nothing.
func New(earlier *Published) *Estimator {
	e := &Estimator{memory: Memory{Width: startWidth}}
	if earlier == nil {
		return e
	}
	t := &earlier.Timetable
	e.memory, e.event, e.from = earlier.Memory, t.Event, t.From
	for i := range t.At {
		e.stops = append(e.stops, stop{at: t.At[i], low: float64(t.Low[i]) / 10, high: float64(t.High[i]) / 10})
		e.total = t.At[i] // nobody knows how far people have been told
	}
	return e
}

// Step takes one look and returns what is to be published with the cursor.
func (e *Estimator) Step(l Look) *Published {
	elapsed := 0.0
	if !e.last.IsZero() {
		elapsed = min(max(l.Now.Sub(e.last).Seconds(), 0), 1)
	}
	e.last = l.Now
	e.measure(l, elapsed)
	worse := e.watch(l)
	e.from = max(e.from, l.Served)
	if e.undrawn += elapsed; e.lay(l) || worse || e.undrawn >= drawEvery {
		e.draw(l, e.undrawn, worse)
		e.undrawn = 0
	}
	e.total = max(e.total, l.Total)
	e.score.step(e, l)
	return e.publish()
}

// measure follows the speed while people are there to be called and may be.
func (e *Estimator) measure(l Look, elapsed float64) {
	s := &e.memory.Speeds
	if l.Calling && !l.Resting && e.calling && l.Total > l.Served && l.Served >= e.from && elapsed > 0 {
		s.add(float64(l.Served-e.from), elapsed)
	}
	e.calling = l.Calling && !l.Resting
	if l.Found && s.Active >= leastMeasured || s.Active >= foundAnyway {
		e.memory.Known = e.memory.Known || s.Middle.value() > 0
	}
}

// expected is the wait behind so many people, in seconds, and how far the range reaches from it.
func (e *Estimator) expected(l Look, ahead float64) (middle, up, down float64) {
	if !e.memory.Known {
		return ahead / max(l.Rate, 1e-3), guessWidth, guessWidth
	}
	middle = e.memory.Speeds.middle(ahead)
	up, down = e.memory.Width.at(middle)
	return middle, up, down
}

// lay puts stops where they are needed: close together near the cursor, further apart behind, and beyond the last person.
// What lies between two stops is a straight line, so a stop put between them changes nothing. It tells whether there are
// new ones behind, which have to be drawn.
func (e *Estimator) lay(l Look) (added bool) {
	for len(e.stops) > 0 && e.stops[0].at <= e.from {
		e.stops = append(e.stops[:0], e.stops[1:]...)
	}
	for i := range e.stops {
		before := e.from
		if i > 0 {
			before = e.stops[i-1].at
		}
		e.stops[i].free = e.stops[i].free && e.total <= before
	}
	gap := max(3*e.memory.Speeds.Middle.value(), 3*l.Rate, 8)
	e.split(gap)
	if !e.memory.Known && l.Rate <= 0 {
		return false
	}
	end := l.Total + max(l.Total-min(l.Total, e.from), uint64(60*gap))/2
	for n := 0; n < 64; n++ {
		at := e.from
		if len(e.stops) > 0 {
			at = e.stops[len(e.stops)-1].at
		}
		if at >= end || !e.memory.Known && !e.short(l, at) {
			return added
		}
		added = true
		e.stops = append(e.stops, stop{at: at + uint64(max(gap, 0.5*float64(at-e.from))), free: true})
	}
	return added
}

// short tells whether a guess at a position would keep the bound on ranges.
func (e *Estimator) short(l Look, at uint64) bool {
	middle, up, down := e.expected(l, 1.5*float64(at-e.from))
	return middle*math.Exp(up) <= MostRatio*middle*math.Exp(-down)+extra
}

func (e *Estimator) split(gap float64) {
	before := stop{at: e.from, high: leastHigh}
	for i := 0; i < len(e.stops); i++ {
		s := e.stops[i]
		far := math.Floor(max(gap, 0.5*float64(before.at-e.from)))
		if float64(s.at-before.at) > 1.7*far {
			between := stop{at: before.at + uint64(far), free: s.free && e.total <= before.at}
			share := far / float64(s.at-before.at)
			between.low, between.high = tenth(before.low+share*(s.low-before.low)), tenth(before.high+share*(s.high-before.high))
			e.stops = append(e.stops, stop{})
			copy(e.stops[i+1:], e.stops[i:])
			e.stops[i], s = between, between
		}
		before = s
	}
}

// How fast a range may get better: seconds a second, and the share of the distance a second.
const (
	bestFall  = 2.0
	fallShare = 1.0 / 40
)

// draw brings the stops to what is expected now: down at a bounded rate, up only where nobody has been told a range or
// an event explains it.
func (e *Estimator) draw(l Look, elapsed float64, worse bool) {
	low, high := 0.0, float64(leastHigh)
	allowance := e.rest.allowance
	for i := range e.stops {
		s := &e.stops[i]
		middle, up, down := e.expected(l, float64(s.at-e.from))
		late, soon := middle*math.Exp(up)+leastHigh+allowance, max(middle*math.Exp(-down)-2, 0)
		if !s.free && !worse {
			late = min(late, s.high)
			late = max(late, s.high-elapsed*(bestFall+fallShare*(s.high-late)))
			soon = min(soon, s.low)
			soon = max(soon, s.low-elapsed*(bestFall+fallShare*(s.low-soon)))
		}
		high = max(late, high)
		if low = max(soon, low, (high-extra)/MostRatio); !s.free && !worse {
			low = min(low, s.low) // a tenth that a split has cut off is not put back
		}
		s.low, s.high = tenth(low), tenth(high)
	}
}

// tenth cuts to what the timetable can hold, so that the next round starts from what people were told. It never rounds
// up: that would be a rise.
func tenth(seconds float64) float64 {
	const most, hair = 1 << 31 / 10, 1e-6
	return math.Floor(min(seconds, most)*10+hair) / 10
}

func (e *Estimator) publish() *Published {
	n := len(e.stops)
	t := Timetable{From: e.from, At: make([]uint64, n), Low: make([]uint32, n), High: make([]uint32, n), Event: e.event}
	for i, s := range e.stops {
		t.At[i], t.Low[i], t.High[i] = s.at, uint32(math.Round(s.low*10)), uint32(math.Round(s.high*10))
	}
	return &Published{Timetable: t, Memory: e.memory}
}
