package cohort

import (
	"slices"

	"github.com/daemun/daemun/backend/subject"
)

// RosterList is the list that `roster: true` asks for: the people eligible in the campaign.
const RosterList = "roster"

// Lists says whether the person in question is on a named list. The nil Lists stands for somebody of whom nothing is
// known but the birth date: on every list that a cohort asks for, on none that a cohort leaves out.
//
// Where a cohort leaves a list out (except), the answer must be exact: a false yes would tell somebody eligible that
// they are not. Where a cohort asks for a list, a rare false yes does no harm as long as the booking checks again.
type Lists func(list string) bool

// Wanted is the list that people of the cohort must be on, or "".
func (c *Cohort) Wanted() string {
	if c.Roster {
		return RosterList
	}
	return c.List
}

// refuses says why the lists keep somebody out of the cohort whose birth date fits, "" where they do not. That a person
// is covered elsewhere says more than that they are on no list, so it is looked at first.
func (c *Cohort) refuses(q *inquiry) string {
	for _, list := range c.Except {
		if q.has(list, false) {
			return CodeExcluded
		}
	}
	if list := c.Wanted(); list != "" && !q.has(list, true) {
		return CodeNotOnRoster
	}
	return ""
}

// Match finds the first cohort of the opening that a person belongs to, with the code "". Where none is left because
// of lists, it is the first cohort whose birth dates fit, with the code CodeExcluded or CodeNotOnRoster: the former
// where any cohort leaves the person out. Where no birth dates fit, the cohort is nil.
func (o *Opening) Match(birth subject.Date, lists Lists) (*Cohort, string) {
	q := inquiry{lists: lists}
	return o.match(birth, &q)
}

func (o *Opening) match(birth subject.Date, q *inquiry) (refused *Cohort, code string) {
	for i := range o.Cohorts {
		c := &o.Cohorts[i]
		if !c.Admits(birth) {
			continue
		}
		why := c.refuses(q)
		if why == "" {
			return c, ""
		}
		if refused == nil || why == CodeExcluded && code != CodeExcluded {
			refused, code = c, why
		}
	}
	return refused, code
}

// CohortOf returns the first cohort of the opening that a person belongs to, or nil.
func (o *Opening) CohortOf(birth subject.Date, lists Lists) *Cohort {
	if c, why := o.Match(birth, lists); why == "" {
		return c
	}
	return nil
}

// ListUse says what a schedule uses a list for.
type ListUse struct {
	Name     string
	Wanted   bool // some cohort takes only people on it
	Excluded bool // some cohort takes nobody on it, so that answers must be exact
}

// Lists names every list that the schedule asks for, in the order of the file.
func (s *Schedule) Lists() []ListUse {
	var uses []ListUse
	use := func(name string) *ListUse {
		i := slices.IndexFunc(uses, func(u ListUse) bool { return u.Name == name })
		if i < 0 {
			uses = append(uses, ListUse{Name: name})
			i = len(uses) - 1
		}
		return &uses[i]
	}
	for i := range s.Openings {
		for j := range s.Openings[i].Cohorts {
			c := &s.Openings[i].Cohorts[j]
			if list := c.Wanted(); list != "" {
				use(list).Wanted = true
			}
			for _, list := range c.Except {
				use(list).Excluded = true
			}
		}
	}
	return uses
}

// inquiry asks each list at most once, however many cohorts want to know: an answer may cost a look-up among millions.
// It holds as many answers as a schedule may name lists; of a schedule that was not read by Parse it may ask for more.
type inquiry struct {
	lists   Lists
	names   [maxLists]string
	answers [maxLists]bool
	known   int
}

func (q *inquiry) has(list string, unasked bool) bool {
	if q.lists == nil {
		return unasked
	}
	for i := range q.known {
		if q.names[i] == list {
			return q.answers[i]
		}
	}
	on := q.lists(list)
	if q.known < maxLists {
		q.names[q.known], q.answers[q.known] = list, on
		q.known++
	}
	return on
}
