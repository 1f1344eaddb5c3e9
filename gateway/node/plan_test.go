package node

import (
	"testing"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/keyring"
)

func anOpening(id string, cohorts ...string) cohort.Opening {
	o := cohort.Opening{ID: id}
	for _, c := range cohorts {
		o.Cohorts = append(o.Cohorts, cohort.Cohort{ID: c})
	}
	return o
}

// People who joined under one schedule are counted under the next one too, and a chain goes on from the same anchor.
func TestThePlanAfterKeepsWhatPeopleLeft(t *testing.T) {
	ring, err := keyring.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	first := newPlan(&cohort.Schedule{Openings: []cohort.Opening{anOpening("a", "young", "old"), anOpening("gone", "old")}}, nil, ring, nil)
	old := cohort.Cohort{ID: "old"}.Number()
	first.rolls["a"].add(0, old, subject.ID{7: 1})
	next := newPlan(&cohort.Schedule{Openings: []cohort.Opening{anOpening("new", "young"), anOpening("a", "old", "added")}}, nil, ring, first)

	next.rolls["a"].add(0, old, subject.ID{7: 2})
	for name, p := range map[string]*plan{"first": first, "next": next} {
		if n := p.rolls["a"].byID["old"].joined.Load(); n != 2 {
			t.Errorf("%s plan: %d people joined, want 2", name, n)
		}
	}
	if first.rolls["a"].sketch(0) != next.rolls["a"].sketch(0) {
		t.Error("people of one epoch are counted apart")
	}
	if first.chains["a"].Anchor() != next.chains["a"].Anchor() || next.chains["new"] == nil || next.rolls["gone"] != nil {
		t.Error("chains do not follow the openings")
	}
	next.rolls["a"].entered(cohort.Cohort{ID: "young"}.Number()) // somebody whose cohort is gone
}
