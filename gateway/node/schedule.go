package node

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/state"
)

// LoadLists reads the lists of people that a schedule names.
type LoadLists func(*cohort.Schedule) (roster.Lists, error)

// followed are the schedules that this gateway has made ready for, by their SHA-256. A schedule that cannot be used here
// stands with the reason.
type followed struct {
	mu       sync.Mutex
	ready    map[string]prepared
	answered string // proposal
}

type prepared struct {
	plan *plan
	err  error
}

// follow gets ready for the schedules that the shared state speaks of, answers a proposal, and sees to it that the next
// schedule comes into force at its instant and not at the next tick.
func (n *Node) follow(ctx context.Context, now time.Time) {
	var schedules state.Schedules
	var proposal state.Proposal
	n.shared.Read(func(m *state.Model) { schedules, proposal = m.Schedules, m.Proposal })
	wanted := map[string]bool{}
	for _, s := range []*state.Schedule{&schedules.InForce, schedules.Next, &proposal.Schedule} {
		if s != nil && s.SHA256 != "" {
			wanted[s.SHA256] = true
			n.prepare(s)
		}
	}
	n.followed.keep(wanted)
	if proposal.ID != "" && proposal.ID != n.followed.answered {
		n.answer(ctx, &proposal)
	}
	if next := schedules.Next; next != nil {
		if wait := next.From.Sub(now); wait > 0 && wait <= tick {
			time.AfterFunc(wait, n.Renew)
		}
	}
	if n.leads.Load() && schedules.Next != nil && schedules.At(now) == schedules.Next {
		if err := n.shared.Settle(ctx, now); err != nil {
			n.log.Warn("could not settle the schedule", zap.Error(err))
		}
	}
}

func (f *followed) get(sum string) (prepared, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.ready[sum]
	return p, ok
}

func (f *followed) keep(wanted map[string]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for sum := range f.ready {
		if !wanted[sum] {
			delete(f.ready, sum)
		}
	}
}

// prepare makes a plan of a schedule, once.
func (n *Node) prepare(s *state.Schedule) {
	current := n.Snapshot().plan
	if _, known := n.followed.get(s.SHA256); known || current.status.SHA256 == s.SHA256 {
		return
	}
	var p prepared
	p.plan, p.err = n.planOf(s, current)
	if p.err != nil {
		n.log.Error("a schedule cannot be used here", zap.Uint32("version", s.Version), zap.String("sha256", s.SHA256), zap.Error(p.err))
	}
	n.followed.mu.Lock()
	defer n.followed.mu.Unlock()
	n.followed.ready[s.SHA256] = p
}

func (n *Node) planOf(s *state.Schedule, current *plan) (*plan, error) {
	if sum := state.Sum(s.Text); sum != s.SHA256 {
		return nil, fmt.Errorf("its text has the SHA-256 %s", sum)
	}
	schedule, err := cohort.Parse([]byte(s.Text))
	if err != nil {
		return nil, err
	}
	lists, err := n.loadLists(schedule)
	if err != nil {
		return nil, err
	}
	return newPlan(schedule, lists, n.ring, current), nil
}

// StatusOf is a schedule as the control room sees it.
func StatusOf(s *state.Schedule) api.ScheduleStatus {
	return api.ScheduleStatus{Version: s.Version, Name: s.Name, SHA256: s.SHA256, ActivatedAt: s.From, ActivatedBy: s.By}
}

func (n *Node) answer(ctx context.Context, proposal *state.Proposal) {
	r := state.Readiness{Proposal: proposal.ID}
	if p, ok := n.followed.get(proposal.Schedule.SHA256); ok && p.err != nil {
		r.Refusal = p.err.Error()
	}
	if err := n.shared.Answer(ctx, r); err != nil {
		n.log.Warn("could not say whether this gateway is ready for a schedule", zap.Error(err))
		return
	}
	n.followed.answered = proposal.ID
}

// adopt makes the plan the one of the schedule in force, if this gateway is ready for it. Under renewing.
func (n *Node) adopt(now time.Time) {
	s := n.InForce(now)
	if s.SHA256 == "" || s.SHA256 == n.plan.status.SHA256 {
		return
	}
	p, ok := n.followed.get(s.SHA256)
	if !ok || p.err != nil { // goes on with what it has
		return
	}
	next := *p.plan
	if next.follows != n.plan {
		next = *newPlan(next.schedule, next.lists, n.ring, n.plan)
	}
	next.status, next.follows = StatusOf(&s), nil
	n.plan = &next
	n.log.Info("schedule in force", zap.Uint32("version", s.Version), zap.String("sha256", s.SHA256), zap.String("by", s.By))
}
