package sim

import (
	"errors"
	"fmt"
)

// Hour is what was told within an hour of the day.
type Hour struct {
	Clock string `json:"clock"` // at its start
	Ranges
	Median float64 `json:"median_ratio"` // of high ÷ low beyond ten minutes
}

// Result is what came of a day.
type Result struct {
	Scenario Scenario    `json:"scenario"`
	OK       bool        `json:"ok"`
	Broken   []string    `json:"broken"` // what was promised and did not come true
	All      Ranges      `json:"all"`
	Median   float64     `json:"median_ratio"`
	Hours    []Hour      `json:"hours"`
	Jumps    int64       `json:"jumps"` // ranges that moved up without an event
	Moved    []Moved     `json:"events"`
	Befell   []Happening `json:"happenings"`
	Joined   int64       `json:"joined"`
	Came     int64       `json:"came"` // people who were there for their turn, or later, before the close
	Entered  int64       `json:"entered"`
	Booked   int64       `json:"booked"`
	Lost     int64       `json:"lost"`      // came in time, there were doses, and did not get in
	Back     int64       `json:"backwards"` // rounds in which the cursor went back
	LineSays float64     `json:"line_says"` // share that held by the line's own count of its sampled places
	Bytes    int         `json:"bytes_per_person"`
	samples  []Sample
}

// What a day promises.
const (
	leastHeld   = 0.90 // of all ranges, whatever happened to the day
	leastCalm   = 0.85 // of those with nothing announced in between: mostly short waits, in which a loss of capacity weighs most
	leastHour   = 0.90 // of all ranges told in any hour
	mostUnknown = 0.03
	leastTold   = 100 // ranges in an hour that are too few to judge it by
)

// Run lives through a day twice: the second time it is known when each turn comes, so that every range can be judged
// as it is told, and nothing about it has to be kept.
func Run(s Scenario) (*Result, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	first := newDay(s)
	first.run()
	second := newDay(s)
	second.known, second.turns = true, first.turns
	second.run()
	if first.sum != second.sum {
		return nil, errors.New("the same seed gave two different days: the simulation is broken")
	}
	return second.result(), nil
}

func (d *day) result() *Result {
	t := d.tally
	r := &Result{
		Scenario: d.s, Broken: []string{}, All: t.All, Median: t.All.median(), Jumps: t.Jumps, Moved: t.Moved, Befell: d.s.happenings(),
		Joined: t.Joined, Came: t.Came, Entered: t.Entered, Booked: t.Booked, Lost: t.Lost, Back: t.Backwards,
		LineSays: share(t.line.Held, t.line.Settled), Bytes: personBytes, samples: t.samples,
	}
	for i := range (d.last + hour - 1) / hour {
		h := t.Hours[i]
		r.Hours = append(r.Hours, Hour{Clock: at(i * hour).Format("15:04"), Ranges: h, Median: h.median()})
	}
	for i := range d.people {
		if d.people[i].state == coming && d.stock > d.booked {
			if int(d.people[i].came) < d.last-10*minute {
				r.Lost++
			}
		}
	}
	r.judge()
	return r
}

func share(part, whole int64) float64 { return float64(part) / float64(max(whole, 1)) }

// HeldShare is the share of ranges that held.
func (r *Ranges) HeldShare() float64 { return share(r.Held, r.Told) }

// CalmShare is the same of those with no announced event between telling and turn.
func (r *Ranges) CalmShare() float64 { return share(r.Held-r.ApartHeld, r.Told-r.Apart) }

// UnknownShare is how often no range could be given, of all answers while the line moved that could have had one.
func (r *Ranges) UnknownShare() float64 { return share(r.Unknown, r.Told+r.Unknown) }

func (r *Result) judge() {
	broken := func(is bool, format string, values ...any) {
		if is {
			r.Broken = append(r.Broken, fmt.Sprintf(format, values...))
		}
	}
	broken(r.All.Told == 0, "no range was told at all")
	broken(r.All.HeldShare() < leastHeld, "%.1f %% of all ranges held, want %.0f %%", 100*r.All.HeldShare(), 100*leastHeld)
	broken(r.All.CalmShare() < leastCalm, "%.1f %% of the ranges with nothing announced in between held, want %.0f %%", 100*r.All.CalmShare(), 100*leastCalm)
	for _, h := range r.Hours {
		broken(h.Told >= leastTold && h.HeldShare() < leastHour, "%s: %.1f %% of the ranges held, want %.0f %%", h.Clock, 100*h.HeldShare(), 100*leastHour)
	}
	broken(r.All.UnknownShare() > mostUnknown, "no range in %.1f %% of the answers, want %.0f %%", 100*r.All.UnknownShare(), 100*mostUnknown)
	broken(r.Jumps > 0, "%d ranges moved up without an event", r.Jumps)
	broken(r.All.WideBy > 0, "%d ranges are wider than %d × low + %d s", r.All.WideBy, wideRatio, wideExtra)
	broken(r.Lost > 0, "%d people came to their turn and did not get in", r.Lost)
	broken(r.Back > 0, "the cursor went back %d times", r.Back)
	r.OK = len(r.Broken) == 0
}
