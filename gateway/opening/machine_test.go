package opening

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
)

var day = time.Date(2021, 7, 19, 20, 0, 0, 0, time.FixedZone("KST", 9*3600))

// model says in the plainest way what an opening is: what was done to it, one thing after the other.
type model struct {
	lobbyAt, opensAt, closesAt time.Time
	lobby, opened, closed      bool // has come, and was noticed or acted upon
	paused, postponed          bool
	cohort                     bool // paused
	drawn                      *time.Time
	stock                      int64
}

// see is what a leader's look at the clock does to the model.
func (m *model) see(now time.Time, order cohort.Order) {
	if m.closed {
		return
	}
	if !now.Before(m.lobbyAt) || !now.Before(m.opensAt) {
		m.lobby = true
	}
	if !now.Before(m.opensAt) {
		m.opened = true
	}
	if m.drawn == nil && (m.opened || m.lobby && order == cohort.OrderArrival) {
		at := m.opensAt
		if order == cohort.OrderArrival {
			at = m.lobbyAt
		}
		m.drawn = &at
	}
	if !now.Before(m.closesAt) {
		m.closed = true
	}
	if m.opened {
		m.postponed = false
	}
}

func (m *model) phase() string {
	switch {
	case m.closed:
		return api.OpeningClosed
	case m.opened && m.stock == 0:
		return api.PhaseExhausted
	case m.lobby && m.paused:
		return api.OpeningPaused
	case m.opened:
		return api.OpeningOpen
	case m.postponed:
		return api.PhasePostponed
	case m.lobby:
		return api.OpeningLobby
	}
	return api.OpeningScheduled
}

// site is one opening as the shared state holds it, with everything that the ledger was told.
type site struct {
	t      *rapid.T
	times  Times
	at     Opening
	now    time.Time
	ledger []Change
	want   model
}

func newMachine(t *rapid.T) *site {
	times := Times{
		LobbyAt: day.Add(-time.Hour), OpensAt: day, ClosesAt: day.Add(2 * time.Hour),
		Order: rapid.SampledFrom([]cohort.Order{cohort.OrderDraw, cohort.OrderArrival}).Draw(t, "order"),
	}
	s := &site{t: t, times: times, now: day.Add(-2 * time.Hour), want: model{stock: 5}}
	s.want.lobbyAt, s.want.opensAt, s.want.closesAt = times.LobbyAt, times.OpensAt, times.ClosesAt
	return s
}

func (s *site) record(after Opening, changes []Change) {
	for _, c := range changes {
		if c.Reason == "" || c.By == "" || c.At.IsZero() || c.At.After(s.now) {
			s.t.Fatalf("a change that says too little: %+v", c)
		}
	}
	if len(changes) > 0 {
		if !reflect.DeepEqual(changes[0].Before, s.at) || !reflect.DeepEqual(changes[len(changes)-1].After, after) {
			s.t.Fatalf("the events do not lead from %+v to %+v: %+v", s.at, after, changes)
		}
	} else if !reflect.DeepEqual(s.at, after) {
		s.t.Fatalf("changed without an event: %+v to %+v", s.at, after)
	}
	for i := 1; i < len(changes); i++ {
		if !reflect.DeepEqual(changes[i-1].After, changes[i].Before) {
			s.t.Fatalf("a gap between two events: %+v", changes)
		}
	}
	s.at, s.ledger = after, append(s.ledger, changes...)
}

func (s *site) notice() {
	s.want.see(s.now, s.times.Order)
	s.record(s.at.Notice(s.times, s.want.stock, s.now))
}

// do carries out a command and tells whether it was accepted.
func (s *site) do(c Command) bool {
	c.Reason, c.By, c.Role = "사유", rapid.SampledFrom([]string{"kim", "lee"}).Draw(s.t, "by"), "operator"
	s.want.see(s.now, s.times.Order)
	after, changes, err := s.at.Do(c, s.times, s.want.stock, s.now)
	if err != nil {
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Ko == "" || refusal.En == "" || len(changes) > 0 {
			s.t.Fatalf("%s: %v", c.Action, err)
		}
		s.record(s.at.Notice(s.times, s.want.stock, s.now)) // time has come, whatever was asked
		return false
	}
	asked := Asked(s.at, after)
	s.record(after, changes)
	return !asked
}

// Check holds after every step.
func (s *site) Check(t *rapid.T) {
	want := s.want
	want.see(s.now, s.times.Order)
	got := s.at.Phase(s.times, want.stock, s.now)
	if got != want.phase() {
		t.Fatalf("at %s: phase %s, want %s\n%+v", s.now, got, want.phase(), s.at)
	}
	s.anotherGatewayAgrees(t, got)
	if want.drawn != nil && !s.at.Start(s.at.Times(s.times)).Equal(*want.drawn) {
		t.Fatalf("epoch 1 moved from %s to %s", *want.drawn, s.at.Start(s.at.Times(s.times)))
	}
	if s.want.paused && got == api.OpeningOpen {
		t.Fatal("a paused opening admits")
	}
	if paused := s.at.Cohorts["c"].Paused; paused != s.want.cohort {
		t.Fatalf("cohort paused: %t, want %t", paused, s.want.cohort)
	}
	if s.at.Reached == api.OpeningOpen && s.at.Postponed != nil {
		t.Fatal("open, and still said to be postponed")
	}
	standing := s.at.Standing(s.times, want.stock)
	switch shown := standing.Shown(s.now); shown {
	case api.OpeningScheduled, api.OpeningLobby, api.OpeningOpen, api.OpeningPaused, api.OpeningClosed:
	default:
		t.Fatalf("shown as %q", shown)
	}
}

// anotherGatewayAgrees reads the same state as another gateway does: from its JSON.
func (s *site) anotherGatewayAgrees(t *rapid.T, phase string) {
	wire, err := json.Marshal(s.at)
	if err != nil {
		t.Fatal(err)
	}
	var other Opening
	if err := json.Unmarshal(wire, &other); err != nil {
		t.Fatal(err)
	}
	if got := other.Phase(s.times, s.want.stock, s.now); got != phase {
		t.Fatalf("two gateways say %s and %s of one state at one instant: %s", phase, got, wire)
	}
	if a, b := other.Start(other.Times(s.times)), s.at.Start(s.at.Times(s.times)); !a.Equal(b) {
		t.Fatalf("two gateways start epoch 1 at %s and %s", a, b)
	}
}

func TestAnOpeningAgainstANaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newMachine(t)
		t.Repeat(map[string]func(*rapid.T){
			"": s.Check,
			"forwards": func(t *rapid.T) {
				s.now = s.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "minutes")) * time.Minute)
				s.notice()
			},
			"backwards": func(t *rapid.T) { // a restart on a clock that was set back
				s.now = s.now.Add(-time.Duration(rapid.IntRange(1, 300).Draw(t, "minutes")) * time.Minute)
				s.notice()
			},
			"stock": func(t *rapid.T) {
				s.want.stock = rapid.Int64Range(0, 3).Draw(t, "doses")
				s.notice()
			},
			"pause": func(*rapid.T) {
				if s.do(Command{Action: ActionPause}) {
					s.want.paused = true
				}
			},
			"resume": func(*rapid.T) {
				if s.do(Command{Action: ActionResume}) {
					s.want.paused = false
				}
			},
			"pause cohort": func(*rapid.T) {
				if s.do(Command{Action: ActionPause, Cohort: "c"}) {
					s.want.cohort = true
				}
			},
			"resume cohort": func(*rapid.T) {
				if s.do(Command{Action: ActionResume, Cohort: "c"}) {
					s.want.cohort = false
				}
			},
			"open early": func(*rapid.T) {
				if s.do(Command{Action: ActionOpen}) {
					s.want.opensAt = s.now
					if s.now.Before(s.want.lobbyAt) {
						s.want.lobbyAt = s.now
					}
					s.want.see(s.now, s.times.Order)
				}
			},
			"postpone": s.postpone,
			"close": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "rarely") == 0 && s.do(Command{Action: ActionClose}) {
					s.want.closed = true
				}
			},
		})
	})
}

func (s *site) postpone(t *rapid.T) {
	c := Command{Action: ActionPostpone}
	to := s.now.Add(time.Duration(rapid.IntRange(-10, 200).Draw(t, "in")) * time.Minute)
	c.OpensAt = &to
	if rapid.Bool().Draw(t, "close too") {
		closes := to.Add(time.Duration(rapid.IntRange(-10, 100).Draw(t, "for")) * time.Minute)
		c.ClosesAt = &closes
	}
	before := s.want
	before.see(s.now, s.times.Order)
	if !s.do(c) {
		return
	}
	if !to.After(s.now) || !before.opened && to.Before(s.times.OpensAt) {
		t.Fatalf("postponed at %s to %s, which lets people in before the time that was announced", s.now, to)
	}
	s.want.opensAt = to
	if c.ClosesAt != nil {
		s.want.closesAt = *c.ClosesAt
	}
	if !s.want.closesAt.After(to) {
		t.Fatalf("postponed to %s, past the close at %s", to, s.want.closesAt)
	}
	s.want.opened, s.want.paused, s.want.postponed = false, false, true
}
