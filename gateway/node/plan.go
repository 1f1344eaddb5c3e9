package node

import (
	"errors"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/state"
)

// plan is what one schedule means at this gateway. It never changes; another one takes its place as a whole, with the
// snapshot that it travels in, so that no answer mixes two schedules. What people left behind lives on from plan to plan:
// the sheets of an opening and the counts of a cohort are the same ones in the next plan.
type plan struct {
	schedule *cohort.Schedule
	status   api.ScheduleStatus
	lists    roster.Lists
	follows  *plan                   // that it was prepared to follow, until it is in force
	chains   map[string]*queue.Chain // by opening ID
	rolls    map[string]*roll
}

// newPlan prepares a schedule. before is the plan that it follows, nil for the first.
func newPlan(s *cohort.Schedule, lists roster.Lists, ring *keyring.Ring, before *plan) *plan {
	p := &plan{schedule: s, lists: lists, follows: before, chains: map[string]*queue.Chain{}, rolls: map[string]*roll{}}
	for i := range s.Openings {
		o := &s.Openings[i]
		var earlier *roll
		if before != nil {
			p.chains[o.ID], earlier = before.chains[o.ID], before.rolls[o.ID]
		}
		if p.chains[o.ID] == nil {
			p.chains[o.ID] = queue.NewChain(ring.ChainRoot(o.ID))
		}
		p.rolls[o.ID] = newRoll(o, earlier)
	}
	return p
}

// restore counts again whom this gateway had counted in an earlier life.
func (p *plan) restore(m *state.Model, node string) error {
	var errs []error
	for id, epochs := range m.Sketches {
		r := p.rolls[id]
		if r == nil {
			continue
		}
		for epoch, byNode := range epochs {
			if b := byNode[node]; b != nil {
				errs = append(errs, r.sketch(epoch).Restore(b))
			}
		}
	}
	return errors.Join(errs...)
}

// Scheduled are the times that the schedule gives an opening; zero where there is none of that ID.
func (s *Snapshot) Scheduled(id string) opening.Times {
	o := s.plan.schedule.Opening(id)
	if o == nil {
		return opening.Times{}
	}
	return opening.Scheduled(o)
}
