package wait

import (
	"math"
	"time"
)

// Quality counts the notes that were taken and settled since the opening.
type Quality struct {
	Settled int64 `json:"settled"`
	Held    int64 `json:"held"`
	Taken   int64 `json:"taken"`   // notes, with a range or without
	Unknown int64 `json:"unknown"` // of them, those without
	// Horizon counts the same by the wait that was expected.
	Horizon [horizonCount]Count `json:"horizon"`
	// Lately holds people-weighted sums by ten minutes, the newest at Slot%slots.
	Lately [slots]Weighed `json:"lately"`
	Slot   int64          `json:"slot"`
}

// Count is notes settled and held.
type Count struct {
	Settled int64 `json:"settled"`
	Held    int64 `json:"held"`
}

// Weighed is the same weighted by the people for whom a note stands.
type Weighed struct {
	Settled float64 `json:"settled"`
	Held    float64 `json:"held"`
}

// An hour is counted in slots.
const (
	slots      = 6
	slotLength = 10 * time.Minute
)

// LastHour is the share of ranges that held, weighted by people, of those settled in the last hour; ok is false where
// there was none.
func (q *Quality) LastHour() (share float64, ok bool) {
	var sum Weighed
	for _, s := range q.Lately {
		sum.Settled, sum.Held = sum.Settled+s.Settled, sum.Held+s.Held
	}
	return sum.Held / max(sum.Settled, 1e-9), sum.Settled > 0
}

func (q *Quality) settle(now time.Time, horizon int, people float64, held bool) {
	q.slot(now)
	s := &q.Lately[q.Slot%slots]
	q.Settled++
	q.Horizon[horizon].Settled++
	s.Settled += people
	if held {
		q.Held++
		q.Horizon[horizon].Held++
		s.Held += people
	}
}

func (q *Quality) slot(now time.Time) {
	slot := now.Unix() / int64(slotLength/time.Second)
	for i := max(q.Slot+1, slot-slots+1); i <= slot; i++ {
		q.Lately[i%slots] = Weighed{}
	}
	q.Slot = max(q.Slot, slot)
}

// Notes are taken at rungs: distances from the cursor that double, each every ten seconds or a twentieth of the expected
// wait, whichever is longer. So a rung has few notes open at a time, however long the line.
const (
	firstRung = 16
	rungs     = 24
	noteEvery = 10 * time.Second
	notesOpen = 20
)

// note is what somebody at a position was told.
type note struct {
	at        uint64
	told      time.Time
	low, high float64
	horizon   int
	people    float64
}

// score takes notes and settles them.
type score struct {
	open  [rungs][]note
	taken [rungs]time.Time
	// settledAt is when it was looked for notes whose latest time is over.
	settledAt time.Time
	// lateShare is a forgetting share of notes that were missed on the late side, and its weight.
	late, weight float64
}

func (s *score) step(e *Estimator, l Look) {
	overdue := l.Now.Sub(s.settledAt) >= time.Second
	if overdue {
		s.settledAt = l.Now
	}
	for r, open := range s.open {
		if len(open) > 0 && (overdue || open[0].at <= e.from) {
			s.settle(e, l, r)
		}
	}
	if !l.Calling {
		return
	}
	ahead := float64(l.Total) - float64(e.from)
	for r := range s.open {
		offset := float64(uint64(firstRung) << r)
		if offset >= ahead {
			return
		}
		if l.Now.Sub(s.taken[r]) < noteEvery {
			continue
		}
		middle, _, _ := e.expected(l, offset)
		every := max(noteEvery, time.Duration(min(middle, 1e6)/notesOpen*float64(time.Second)))
		if l.Now.Sub(s.taken[r]) >= every {
			s.taken[r] = l.Now
			s.take(e, l, r, middle, min(2*offset, ahead)-offset)
		}
	}
}

func (s *score) take(e *Estimator, l Look, rung int, middle, people float64) {
	q := &e.memory.Quality
	q.Taken++
	at := e.from + uint64(firstRung)<<rung
	low, high, ok := e.told(at)
	if !ok {
		q.Unknown++
		return
	}
	horizon, share := near(middle)
	if share > 0.5 {
		horizon++
	}
	s.open[rung] = append(s.open[rung], note{at: at, told: l.Now, low: low, high: high, horizon: horizon, people: people})
}

// told is the range that people read at a position, in seconds.
func (e *Estimator) told(at uint64) (low, high float64, ok bool) {
	x, low0, high0 := e.from, 0.0, float64(leastHigh)
	for _, s := range e.stops {
		if s.at >= at {
			share := float64(at-x) / float64(s.at-x)
			return math.Floor(low0 + share*(s.low-low0)), math.Ceil(high0 + share*(s.high-high0)), true
		}
		x, low0, high0 = s.at, s.low, s.high
	}
	return 0, 0, false
}

// settle closes the notes of a rung whose turn has come or whose latest time is over. A rung's notes are in order of both
// their time and their place.
func (s *score) settle(e *Estimator, l Look, rung int) {
	open := s.open[rung]
	n := 0
	for i := range open {
		o := open[i]
		waited := l.Now.Sub(o.told).Seconds()
		came := o.at <= e.from
		late := waited > o.high
		if !came && !late {
			open[n] = o
			n++
			continue
		}
		early := came && waited < o.low
		s.close(e, l, o, early, late)
	}
	s.open[rung] = open[:n]
}

func (s *score) close(e *Estimator, l Look, o note, early, late bool) {
	e.memory.Quality.settle(l.Now, o.horizon, o.people, !early && !late)
	e.memory.Width.learn(o.horizon, early, late, min(1, noteEvery.Seconds()*notesOpen/max(horizons[o.horizon], 200)*2))
	keep := 1 - 1.0/60
	s.late, s.weight = s.late*keep, s.weight*keep+1
	if late {
		s.late++
	}
}

// missesMuch tells whether more than a quarter of the last sixty notes or so were missed on the late side.
func (s *score) missesMuch() bool { return s.weight > 20 && s.late > 0.25*s.weight }

func (s *score) forgive() { s.late, s.weight = 0, 0 }
