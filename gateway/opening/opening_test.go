package opening

import (
	"errors"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
)

var usual = Times{LobbyAt: day.Add(-time.Hour), OpensAt: day, ClosesAt: day.Add(2 * time.Hour), Order: cohort.OrderDraw}

// story is an opening to which things happen, each of which must be accepted.
type story struct {
	*testing.T
	at  Opening
	log []string
}

func (s *story) see(stock int64, now time.Time) *story {
	s.Helper()
	after, changes := s.at.Notice(usual, stock, now)
	s.keep(after, changes)
	return s
}

func (s *story) do(c Command, stock int64, now time.Time) *story {
	s.Helper()
	c.Reason = "사유"
	after, changes, err := s.at.Do(c, usual, stock, now)
	if err != nil {
		s.Fatal(err)
	}
	s.keep(after, changes)
	return s
}

func (s *story) keep(after Opening, changes []Change) {
	s.at = after
	for _, c := range changes {
		s.log = append(s.log, c.Action+" by "+c.By+" at "+c.At.Sub(day).String())
	}
}

func (s *story) is(want string, stock int64, now time.Time) *story {
	s.Helper()
	if got := s.at.Phase(usual, stock, now); got != want {
		s.Fatalf("at %s with %d doses: %s, want %s", now.Sub(day), stock, got, want)
	}
	return s
}

func (s *story) tells(want ...string) {
	s.Helper()
	if len(s.log) != len(want) {
		s.Fatalf("events %q, want %q", s.log, want)
	}
	for i := range want {
		if s.log[i] != want[i] {
			s.Errorf("event %d: %q, want %q", i, s.log[i], want[i])
		}
	}
}

func TestADayInEvents(t *testing.T) {
	s := &story{T: t}
	later := day.Add(time.Hour)
	s.see(9, day.Add(-59*time.Minute)).see(9, day.Add(-58*time.Minute))
	s.do(Command{Action: ActionPostpone, By: "kim", OpensAt: &later}, 9, day.Add(-time.Minute)).is(api.PhasePostponed, 9, day)
	s.see(9, later.Add(50*time.Millisecond)).is(api.OpeningOpen, 9, later)
	s.see(0, later.Add(time.Minute)).is(api.PhaseExhausted, 0, later.Add(time.Minute))
	s.is(api.PhaseExhausted, -1, later.Add(time.Minute)) // a gateway that has just started and heard nothing of the stock
	s.see(1, later.Add(2*time.Minute)).is(api.OpeningOpen, 1, later.Add(2*time.Minute))
	s.see(1, day.Add(3*time.Hour)).is(api.OpeningClosed, 1, day) // closed, however the clock is set
	s.tells("lobby by clock at -1h0m0s", "postpone by kim at -1m0s", "open by clock at 1h0m0s",
		"exhausted by stock at 1h1m0s", "restocked by stock at 1h2m0s", "closed by clock at 2h0m0s")
}

// Whoever acts in the moment between an instant and the leader's notice of it leaves both events.
func TestACommandAfterAnUnnoticedInstant(t *testing.T) {
	s := &story{T: t}
	s.see(9, day.Add(-time.Minute)).do(Command{Action: ActionPause, By: "kim"}, 9, day.Add(time.Millisecond))
	s.tells("lobby by clock at -1h0m0s", "open by clock at 0s", "pause by kim at 1ms")
}

func TestPlacesStayWhereAPostponementMovesTurns(t *testing.T) {
	s := &story{T: t}
	to := day.Add(time.Hour)
	s.see(9, day).do(Command{Action: ActionPostpone, By: "kim", OpensAt: &to}, 9, day.Add(time.Minute))
	if start := s.at.Start(s.at.Times(usual)); !start.Equal(day) {
		t.Errorf("epoch 1 begins at %s", start)
	}
	standing := s.at.Standing(usual, 9)
	if shown := standing.Shown(day.Add(2 * time.Minute)); shown != api.OpeningLobby {
		t.Errorf("shown as %s", shown)
	}
	if p := s.at.Postponed; p == nil || !p.From.Equal(day) || p.Reason != "사유" {
		t.Errorf("%+v", p)
	}
}

func TestAPostponementThatMovesTheClose(t *testing.T) {
	s := &story{T: t}
	tomorrow, close := day.Add(24*time.Hour), day.Add(26*time.Hour)
	_, err := s.at.Apply(Command{Action: ActionPostpone, OpensAt: &tomorrow}, usual, day.Add(-time.Minute))
	if refusal := (*Error)(nil); !errors.As(err, &refusal) || refusal.Kind != BadTime {
		t.Fatalf("postponed past the close: %v", err)
	}
	s.do(Command{Action: ActionPostpone, By: "kim", OpensAt: &tomorrow, ClosesAt: &close}, 9, day.Add(-time.Minute))
	s.is(api.PhasePostponed, 9, day.Add(3*time.Hour)).is(api.OpeningOpen, 9, tomorrow).is(api.OpeningClosed, 9, close)
}

func TestTwoPeopleOpenEarly(t *testing.T) {
	at := day.Add(-2 * time.Hour)
	s := &story{T: t}
	s.do(Command{Action: ActionOpen, By: "kim"}, 9, at).do(Command{Action: ActionOpen, By: "kim"}, 9, at).is(api.OpeningScheduled, 9, at)
	s.do(Command{Action: ActionOpen, By: "lee"}, 9, at.Add(time.Minute)).is(api.OpeningOpen, 9, at.Add(time.Minute))
	s.see(9, day).tells("ask to open by kim at -2h0m0s", "ask to open by kim at -2h0m0s", "open by lee at -1h59m0s")

	s = &story{T: t}
	s.do(Command{Action: ActionOpen, By: "kim"}, 9, at).do(Command{Action: ActionOpen, By: "lee"}, 9, at.Add(ConfirmWithin))
	s.is(api.OpeningScheduled, 9, at.Add(ConfirmWithin)) // too late to confirm: asked anew
}

func TestWhatIsSaidInAPhase(t *testing.T) {
	for _, row := range []struct{ phase, want string }{
		{api.OpeningPaused, "said"}, {api.OpeningClosed, "said"}, {api.PhasePostponed, "moved"}, {api.PhaseExhausted, reasonExhausted},
	} {
		if got := ReasonIn(row.phase, "said", "moved"); got != row.want {
			t.Errorf("%s: %q", row.phase, got)
		}
	}
}
