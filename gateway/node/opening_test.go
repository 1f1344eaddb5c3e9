package node_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
	machine "github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/state"
)

// order carries out an operator's command at a gateway.
func (g *gateway) order(cmd machine.Command) {
	g.site.t.Helper()
	if cmd.By, cmd.Role = "kim", "operator"; cmd.Reason == "" {
		cmd.Reason = cmd.Action + ": 사유"
	}
	_, _, err := g.shared.ChangeOpening(context.Background(), opening, g.Now(), func(o machine.Opening) (machine.Opening, []machine.Change, error) {
		return o.Do(cmd, g.Snapshot().Scheduled(opening), -1, g.Now())
	})
	if err != nil {
		g.site.t.Fatal(err)
	}
}

// reached is how far the shared state remembers the opening to be.
func (g *gateway) reached() (reached string) {
	g.shared.Read(func(m *state.Model) { reached = m.Openings[opening].Reached })
	return reached
}

func TestAPostponementIsInTheNextAnswer(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	a, b := s.gateway("a"), s.gateway("b")
	ticket := a.join(1, nil)
	s.at(2 * time.Second)
	before := b.untilState(ticket, api.PlaceTurn)
	to := s.opens.Add(2 * time.Hour)
	a.order(machine.Command{Action: machine.ActionPostpone, OpensAt: &to})
	if p := a.place(ticket); p.State != api.PlaceLobby || p.Reason != "postpone: 사유" {
		t.Errorf("where it was ordered: %+v", p)
	}
	if p := b.untilState(ticket, api.PlaceLobby); p.Reason != "postpone: 사유" {
		t.Errorf("at the other gateway: %+v", p)
	}
	o := b.Snapshot().Openings[0]
	if o.State != api.OpeningLobby || o.Phase != api.PhasePostponed || !o.OpensAt.Equal(to) {
		t.Errorf("published: %+v", o)
	}
	s.at(2*time.Hour + time.Second)
	after := b.untilState(ticket, api.PlaceTurn)
	if after.Epoch != before.Epoch || after.Rank != before.Rank || after.Reason != "" {
		t.Errorf("the place was %+v and is %+v", before, after)
	}
}

func TestACohortPausedWhileItsTurnComes(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	a := s.gateway("a")
	even, odd := a.join(0, nil), a.join(1, nil)
	a.order(machine.Command{Action: machine.ActionPause, Cohort: "odd"})
	s.at(2 * time.Second)
	a.untilState(even, api.PlaceTurn)
	if p := a.untilState(odd, api.PlacePaused); p.Reason != "pause: 사유" {
		t.Errorf("%+v", p)
	}
	if _, err := a.Enter(t.Context(), odd, a.Now()); err == nil {
		t.Error("somebody of a paused cohort entered")
	}
	a.order(machine.Command{Action: machine.ActionResume, Cohort: "odd"})
	a.untilState(odd, api.PlaceTurn)
	if _, err := a.Enter(t.Context(), odd, a.Now()); err != nil {
		t.Errorf("the turn was not kept: %v", err)
	}
}

// A gateway that starts again on a clock that was set back goes on where it was: nothing closes, nobody is thrown back, and
// whoever joins cannot slip in before people who are drawn already.
func TestARestartOnAClockThatWasSetBack(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	a := s.gateway("a")
	ticket := a.join(1, nil)
	s.at(5 * time.Second)
	before := a.untilState(ticket, api.PlaceTurn)
	until(t, "the opening is remembered", func() bool { return a.reached() == api.OpeningOpen })
	a.sealedTo(2)
	a.stop()
	s.ahead.Add(-int64(30 * time.Minute))

	a = s.gateway("a")
	if state := a.Snapshot().LineByID(opening).StateAt(a.Now()); state != api.OpeningOpen || !a.Now().Before(s.opens) {
		t.Fatalf("at %s it is %s", a.Now().Sub(s.opens), state)
	}
	if p := a.place(ticket); p.State != api.PlaceTurn || p.Epoch != before.Epoch || p.Rank != before.Rank {
		t.Errorf("the place was %+v and is %+v", before, p)
	}
	if _, err := a.Enter(t.Context(), ticket, a.Now()); err != nil {
		t.Errorf("entering: %v", err)
	}
	late := a.place(a.join(2, nil))
	if late.State != api.PlaceWaiting || late.Epoch <= before.Epoch {
		t.Errorf("who joined after the restart stands at %+v", late)
	}
	if d := a.Decide(number(t, 3).Birth(), nil, a.Now()); d.Code != cohort.CodeOpenNow || strings.Contains(d.Reason("ko"), "대기실") {
		t.Errorf("told %s: %s", d.Code, d.Reason("ko"))
	}
}

func TestStockComesAndGoes(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	a := s.gateway("a")
	ticket := a.join(1, nil)
	s.at(2 * time.Second)
	a.untilState(ticket, api.PlaceTurn)
	s.stock.Store(0)
	a.untilState(ticket, api.PlaceClosed)
	if o := a.Snapshot().Openings[0]; o.Phase != api.PhaseExhausted || o.State != api.OpeningClosed || o.Reason == "" {
		t.Errorf("%+v", o)
	}
	s.stock.Store(1)
	a.untilState(ticket, api.PlaceTurn)
	if status := a.OpeningStatus(opening, a.Now()); status.Phase != api.OpeningOpen {
		t.Errorf("%+v", status)
	}
}

// A gateway whose clock is wrong must not bind the others to it.
func TestAGatewayWhoseClockDisagreesRemembersNothing(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	right, wrong := time.Now, s.now
	s.reports.Store(&right)
	s.at(time.Minute)
	a := s.gateway("a")
	a.sealedTo(0) // it leads, and has opened by its own clock
	if got := a.reached(); got != "" {
		t.Errorf("remembered as %q", got)
	}
	s.reports.Store(&wrong)
	until(t, "the opening is remembered once they agree", func() bool { return a.reached() == api.OpeningOpen })
}
