package cohort

import (
	"slices"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// axis lays the days of a schedule side by side. Days in a row on which nothing begins or ends share one narrow column,
// so that an evening can be seen beside a window of weeks.
type axis struct {
	columns []column
}

// column is one day, or a run of days that are told together.
type column struct {
	from, to subject.Date // both included
	x, width float64
}

const (
	restRun   = 3    // quiet days from which on a run is narrowed
	restWidth = 0.75 // of a day's column
)

func (c column) rest() bool { return c.from != c.to }

// newAxis spreads the days on which anything happens from the first lobby to the last closing over a width.
func newAxis(s *Schedule, x, width float64) *axis {
	a := &axis{}
	first, last, busy := days(s)
	for d := first; !last.Before(d); d = d.AddDays(1) {
		until := d
		for !busy[until] && !busy[until.AddDays(1)] && until.Before(last) {
			until = until.AddDays(1)
		}
		if !busy[d] && !until.Before(d.AddDays(restRun-1)) {
			a.columns = append(a.columns, column{from: d, to: until})
			d = until
		} else {
			a.columns = append(a.columns, column{from: d, to: d})
		}
	}
	units := 0.0
	for _, c := range a.columns {
		units += c.units()
	}
	for i := range a.columns {
		c := &a.columns[i]
		c.x, c.width = x, width*c.units()/units
		x += c.width
	}
	return a
}

func (c column) units() float64 {
	if c.rest() {
		return restWidth
	}
	return 1
}

// days are the first and the last day of a schedule in Korea, and those on which something begins or ends.
func days(s *Schedule) (first, last subject.Date, busy map[subject.Date]bool) {
	busy = map[subject.Date]bool{}
	for i := range s.Openings {
		o := &s.Openings[i]
		for _, t := range []time.Time{o.LobbyAt, o.OpensAt, o.ClosesAt} {
			busy[subject.DateOf(t)] = true
		}
	}
	for d := range busy {
		if first.IsZero() || d.Before(first) {
			first = d
		}
		if last.Before(d) {
			last = d
		}
	}
	return first, last, busy
}

// at is where an instant lies.
func (a *axis) at(t time.Time) float64 {
	d := subject.DateOf(t)
	i := slices.IndexFunc(a.columns, func(c column) bool { return !c.to.Before(d) })
	c := a.columns[i]
	begins, ends := c.from.At(0, 0), c.to.AddDays(1).At(0, 0)
	return c.x + c.width*float64(t.Sub(begins))/float64(ends.Sub(begins))
}
