package cohort

import (
	"fmt"
	"slices"
	"strings"

	"github.com/daemun/daemun/backend/subject"
)

// span is a run of birth dates, both ends included, in which no cohort of a list begins or ends.
type span struct{ from, to subject.Date }

// The birth dates that exist for us, in place of a missing bound.
var (
	earliest = subject.Date{Year: 1, Month: 1, Day: 1}
	latest   = subject.Date{Year: 9999, Month: 12, Day: 31}
)

func (c *Cohort) span() span {
	s := span{c.BornFrom, c.BornTo}
	if s.from.IsZero() {
		s.from = earliest
	}
	if s.to.IsZero() {
		s.to = latest
	}
	return s
}

// spans cuts the birth dates from the first to the last that any of the cohorts names.
func spans(cohorts []*Cohort) []span {
	var cuts []subject.Date
	for _, c := range cohorts {
		s := c.span()
		cuts = append(cuts, s.from, s.to.AddDays(1))
	}
	slices.SortFunc(cuts, subject.Date.Compare)
	cuts = slices.Compact(cuts)
	var out []span
	for i := 1; i < len(cuts); i++ {
		out = append(out, span{cuts[i-1], cuts[i].AddDays(-1)})
	}
	return out
}

// digits is a set of last digits of the day of birth.
type digits uint16

const allDigits digits = 1<<10 - 1

func (c *Cohort) digits() digits {
	if len(c.BirthDayDigits) == 0 {
		return allDigits
	}
	var set digits
	for _, d := range c.BirthDayDigits {
		set |= 1 << d
	}
	return set
}

// covers says for which last digits people born in the span belong to the cohort.
func (c *Cohort) covers(s span) digits {
	own := c.span()
	if s.to.Before(own.from) || own.to.Before(s.from) {
		return 0
	}
	return c.digits()
}

// digits says which last digits occur in the span: all of them in any two months.
func (s span) digits() digits {
	var set digits
	for d, n := s.from, 0; !s.to.Before(d) && n < 62 && set != allDigits; d, n = d.AddDays(1), n+1 {
		set |= 1 << (d.Day % 10)
	}
	return set
}

func (s span) ko() string {
	switch {
	case s.from == earliest:
		return fmt.Sprintf("%s까지 출생", s.to)
	case s.to == latest:
		return fmt.Sprintf("%s부터 출생", s.from)
	}
	return fmt.Sprintf("%s~%s 출생", s.from, s.to)
}

func (s span) en() string {
	switch {
	case s.from == earliest:
		return fmt.Sprintf("born up to %s", s.to)
	case s.to == latest:
		return fmt.Sprintf("born from %s", s.from)
	}
	return fmt.Sprintf("born %s to %s", s.from, s.to)
}

func (d digits) String() string {
	var out []string
	for i := range 10 {
		if d&(1<<i) != 0 {
			out = append(out, fmt.Sprint(i))
		}
	}
	return strings.Join(out, "·")
}

func (d digits) ko() string {
	if d == allDigits {
		return ""
	}
	return fmt.Sprintf(", 출생일 끝자리 %s", d)
}

func (d digits) en() string {
	if d == allDigits {
		return ""
	}
	return fmt.Sprintf(", birth day ending in %s", d)
}
