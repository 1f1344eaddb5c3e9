package roster

import (
	"maps"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
)

// List says whether a person is on it: a *Set exactly, a *Filter with rare false positives.
type List interface{ Contains(subject.ID) bool }

// Lists are lists by their name in the schedule.
type Lists map[string]List

// Of returns what a schedule's decision about one person asks. Nobody is on a list that is not there: who reads a
// schedule makes sure that all of its lists are.
func (l Lists) Of(id subject.ID) cohort.Lists {
	return func(list string) bool {
		known, there := l[list]
		return there && known.Contains(id)
	}
}

// WithRoster returns lists in which the filter answers for the roster, unless they have the roster already.
func (l Lists) WithRoster(f *Filter) Lists {
	if _, exact := l[cohort.RosterList]; exact || f == nil {
		return l
	}
	out := Lists{cohort.RosterList: f}
	maps.Copy(out, l)
	return out
}
