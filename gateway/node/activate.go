package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/state"
)

const (
	// switchAhead is how far ahead the instant lies at which all gateways switch: time enough for every one to hear of it.
	switchAhead = time.Second
	// readyWithin is how long gateways have to get ready.
	readyWithin = 3 * time.Second
	readyPoll   = 20 * time.Millisecond
)

// Review is what stands in the way of a schedule, and what it would change.
type Review struct {
	Text     string
	Schedule *cohort.Schedule
	Findings []cohort.Finding
	Impacts  []cohort.Impact
}

// Usable tells whether nothing serious was found.
func (r *Review) Usable() bool {
	return !slices.ContainsFunc(r.Findings, func(f cohort.Finding) bool { return f.Serious })
}

// Review looks at a schedule as if it came into force at once. The error is a *cohort.ScheduleError.
func (n *Node) Review(text string, now time.Time) (*Review, error) {
	after, err := cohort.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	before := n.Current()
	from := now.Add(switchAhead)
	return &Review{
		Text: text, Schedule: after,
		Findings: append(opening.Keeps(before, after, n.said(), from), cohort.Lint(after)...),
		Impacts:  cohort.Impacts(before, after, from),
	}, nil
}

// Codes of an ActivationError.
const (
	NotAllReady    = "gateway_not_ready"
	AnotherOne     = "another_activation"
	Overtaken      = "schedule_not_usable"
	NothingInForce = "no_schedule_in_force"
)

// ActivationError says why a schedule did not come into force. Nothing has changed then.
type ActivationError struct {
	Code   string
	Ko, En string
}

func (e *ActivationError) Error() string { return "activate: " + e.Code + ": " + e.En }

// Activate brings a schedule that was reviewed into force at every gateway at one instant, which it returns, or changes
// nothing. The error is an *ActivationError, or the shared state's.
func (n *Node) Activate(ctx context.Context, r *Review, by, role, reason string) (state.Schedule, error) {
	base := n.Snapshot().plan.status.SHA256
	next := state.Schedule{
		Text: r.Text, SHA256: state.Sum(r.Text), Version: r.Schedule.Version, Name: r.Schedule.Name, By: by, Role: role, Reason: reason,
	}
	if base == "" {
		return next, &ActivationError{NothingInForce, "시행 중인 일정이 공유 상태에 없습니다. 게이트웨이를 다시 시작해 주세요.", "The shared state holds no schedule in force; start the gateway again."}
	}
	now := n.clock()
	p := state.Proposal{ID: fmt.Sprintf("%s-%d-%s", n.name, now.UnixNano(), next.SHA256[:8]), Schedule: next, At: now}
	if err := n.shared.Propose(ctx, p); err != nil {
		return next, another(err)
	}
	defer n.withdraw(ctx, p.ID)
	if err := n.awaitReady(ctx, p.ID); err != nil {
		return next, err
	}
	now = n.clock()
	if err := n.stillKeeps(r.Schedule, now.Add(switchAhead)); err != nil {
		return next, err
	}
	next.From = now.Add(switchAhead).UTC()
	if err := n.shared.Commit(ctx, now, base, next); err != nil {
		return next, another(err)
	}
	return next, nil
}

// stillKeeps looks again at what a schedule takes from people who wait: a lobby may have begun meanwhile.
func (n *Node) stillKeeps(after *cohort.Schedule, from time.Time) error {
	found := opening.Keeps(n.Current(), after, n.said(), from)
	if len(found) == 0 {
		return nil
	}
	return &ActivationError{Overtaken, "확인하는 사이에 상황이 바뀌었습니다. " + found[0].Ko, "Things changed meanwhile: " + found[0].En}
}

// said is what has been said and noticed of the openings.
func (n *Node) said() map[string]opening.Opening {
	said := map[string]opening.Opening{}
	n.shared.Read(func(m *state.Model) { maps.Copy(said, m.Openings) })
	return said
}

func another(err error) error {
	if errors.Is(err, state.ErrConflict) {
		return &ActivationError{AnotherOne, "다른 운영자가 일정을 시행하고 있습니다. 잠시 후 현재 일정을 확인하고 다시 하세요.",
			"Somebody else is activating a schedule. Look at the schedule in force in a moment, then repeat."}
	}
	return err
}

func (n *Node) withdraw(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaderTerm)
	defer cancel()
	if err := n.shared.Withdraw(ctx, id); err != nil {
		n.log.Warn("a proposal stays behind", zap.Error(err))
	}
}

// awaitReady waits until every gateway is ready that was there when it was asked, or came since. One that falls silent
// meanwhile is waited for all the same; one that goes in good order is not.
func (n *Node) awaitReady(ctx context.Context, proposal string) error {
	deadline := time.Now().Add(readyWithin)
	there := map[string]bool{n.name: true}
	for {
		missing, refused := n.unready(proposal, there)
		switch {
		case len(refused) > 0:
			return &ActivationError{NotAllReady, "이 일정을 쓸 수 없는 게이트웨이가 있어 시행하지 않았습니다: " + strings.Join(refused, "; "),
				"Not activated: a gateway cannot use the schedule: " + strings.Join(refused, "; ")}
		case len(missing) == 0:
			return nil
		case time.Now().After(deadline):
			names := strings.Join(missing, ", ")
			return &ActivationError{NotAllReady, fmt.Sprintf("응답하지 않는 게이트웨이가 있어 시행하지 않았습니다: %s. 연결을 확인하거나, 멈춘 뒤 %d초 지나서 다시 하세요.", names, goneAfter/time.Second),
				fmt.Sprintf("Not activated: no answer from %s. Check its connection, or stop it and repeat %d seconds later.", names, goneAfter/time.Second)}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(readyPoll):
		}
	}
}

// unready lists the gateways that have not said that they are ready, and those that said they cannot be. there are the
// gateways that have been there since the question was asked.
func (n *Node) unready(proposal string, there map[string]bool) (missing, refused []string) {
	now := n.clock()
	n.shared.Read(func(m *state.Model) {
		for name, at := range m.Nodes {
			there[name] = there[name] || now.Sub(at) < goneAfter
		}
		for name, asked := range there {
			_, present := m.Nodes[name]
			switch r := m.Ready[name]; {
			case !asked || !present && name != n.name:
			case r.Proposal != proposal:
				missing = append(missing, name)
			case r.Refusal != "":
				refused = append(refused, name+": "+r.Refusal)
			}
		}
	})
	slices.Sort(missing)
	slices.Sort(refused)
	return missing, refused
}

// InForce is the schedule in force with its text; zero where the shared state holds none.
func (n *Node) InForce(now time.Time) (s state.Schedule) {
	n.shared.Read(func(m *state.Model) {
		if current := m.Schedules.At(now); current != nil {
			s = *current
		}
	})
	return s
}

// Current is the schedule that answers are made by now.
func (n *Node) Current() *cohort.Schedule { return n.Snapshot().plan.schedule }
