package node_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/state"
)

// started puts the site's schedule in force, as the first gateway's start does.
func (s *site) started(shared *state.Store) state.Schedule {
	s.t.Helper()
	text := s.text(s.schedule)
	first := state.Schedule{Text: text, SHA256: state.Sum(text), Version: s.schedule.Version, From: s.now()}
	all, err := shared.FirstSchedule(context.Background(), first)
	if err != nil {
		s.t.Fatal(err)
	}
	return *all.At(s.now())
}

func (s *site) text(schedule *cohort.Schedule) string {
	s.t.Helper()
	text, err := schedule.Marshal()
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// next is the site's schedule with another opening, a version higher.
func (s *site) next() *cohort.Schedule {
	next := *s.schedule
	next.Version++
	o := s.schedule.Openings[0]
	o.ID, o.Name = "second", "둘째"
	o.LobbyAt, o.OpensAt, o.ClosesAt = s.opens.Add(4*time.Hour), s.opens.Add(5*time.Hour), s.opens.Add(6*time.Hour)
	next.Openings = append([]cohort.Opening{s.schedule.Openings[0]}, o)
	return &next
}

func (g *gateway) review(schedule *cohort.Schedule) *node.Review {
	g.site.t.Helper()
	r, err := g.Review(g.site.text(schedule), g.Now())
	if err != nil {
		g.site.t.Fatal(err)
	}
	return r
}

func (g *gateway) version() uint32 { return g.Current().Version }

// present waits until a gateway knows that others are there.
func (g *gateway) present(names ...string) {
	until(g.site.t, "the gateways know each other", func() bool {
		n := 0
		g.shared.Read(func(m *state.Model) {
			for _, name := range names {
				if _, ok := m.Nodes[name]; ok {
					n++
				}
			}
		})
		return n == len(names)
	})
}

func wholeSeconds(s *site) { s.opens = s.opens.Truncate(time.Second) }

func scheduledSite(t *testing.T) *site {
	s := newSite(t, cohort.OrderDraw)
	wholeSeconds(s)
	o := &s.schedule.Openings[0]
	o.NameEn, s.schedule.Name = "Trial", "시험"
	o.LobbyAt, o.OpensAt, o.ClosesAt = s.opens.Add(-2*time.Hour), s.opens, s.opens.Add(3*time.Hour)
	return s
}

func TestAScheduleComesIntoForceEverywhereAtOneInstant(t *testing.T) {
	s := scheduledSite(t)
	a, b := s.gateway("a"), s.gateway("b")
	s.started(a.shared)
	a.present("a", "b")
	until(t, "the first schedule is known", func() bool { a.Renew(); b.Renew(); return known(a) && known(b) })
	ticket := a.join(1, nil)
	before := a.place(ticket)

	var early atomic.Int64
	next, err := a.Activate(t.Context(), a.review(s.next()), "kim", "supervisor", "둘째 개통")
	if err != nil {
		t.Fatal(err)
	}
	until(t, "both have switched", func() bool {
		now := s.now() // before the looks: a look after From may be late, one before it never early
		for _, g := range []*gateway{a, b} {
			if v := g.version(); v == s.schedule.Version+1 && s.now().Before(next.From) {
				early.Add(1)
			}
		}
		return now.After(next.From) && a.version() == 4 && b.version() == 4
	})
	if early.Load() > 0 {
		t.Error("a gateway switched before the instant")
	}
	for name, g := range map[string]*gateway{"a": a, "b": b} {
		g.Renew()
		status := g.Status(g.Now()).Schedule
		if status.Version != 4 || status.ActivatedBy != "kim" || !status.ActivatedAt.Equal(next.From) || status.SHA256 != next.SHA256 {
			t.Errorf("%s shows %+v", name, status)
		}
		if g.Snapshot().LineByID("second") == nil || g.Snapshot().Openings[1].Anchor == "" {
			t.Errorf("%s does not know the new opening", name)
		}
		if p := g.place(ticket); p.State != before.State || p.Epoch != before.Epoch {
			t.Errorf("%s: the place was %+v and is %+v", name, before, p)
		}
	}
	late := s.gateway("c") // starts on the old file; the shared state says better
	until(t, "the late one takes what is in force", func() bool { late.Renew(); return late.version() == 4 })
}

func known(g *gateway) bool {
	return g.InForce(g.Now()).SHA256 != "" && g.Status(g.Now()).Schedule.SHA256 != ""
}

func TestAGatewayThatIsCutOffStopsAnActivation(t *testing.T) {
	s := scheduledSite(t)
	a, b := s.gateway("a"), s.gateway("b")
	s.started(a.shared)
	a.present("a", "b")
	until(t, "the first schedule is known", func() bool { a.Renew(); b.Renew(); return known(a) && known(b) })
	b.kill() // hears nothing more, a moment after it was there
	_, err := a.Activate(t.Context(), a.review(s.next()), "kim", "supervisor", "둘째 개통")
	var refused *node.ActivationError
	if !errors.As(err, &refused) || refused.Code != node.NotAllReady || !strings.Contains(refused.Ko, "b") || !strings.Contains(refused.En, "b") {
		t.Fatalf("activated without b: %v", err)
	}
	a.Renew()
	a.shared.Read(func(m *state.Model) {
		if m.Schedules.Next != nil || m.Schedules.InForce.Version != 3 || a.version() != 3 {
			t.Errorf("something changed: %+v", m.Schedules)
		}
	})
	until(t, "b is not there any more", func() bool {
		_, err = a.Activate(t.Context(), a.review(s.next()), "kim", "supervisor", "둘째 개통")
		return err == nil
	})
}

// Who dies between asking and committing leaves a question that nobody acts upon.
func TestAnActivationThatIsCutShortChangesNothing(t *testing.T) {
	s := scheduledSite(t)
	a, b := s.gateway("a"), s.gateway("b")
	s.started(a.shared)
	until(t, "the first schedule is known", func() bool { a.Renew(); b.Renew(); return known(a) && known(b) })
	text := s.text(s.next())
	proposal := state.Proposal{ID: "a-1", At: s.now(), Schedule: state.Schedule{Text: text, SHA256: state.Sum(text), Version: 4}}
	if err := a.shared.Propose(t.Context(), proposal); err != nil {
		t.Fatal(err)
	}
	until(t, "b is ready", func() bool {
		ready := false
		b.shared.Read(func(m *state.Model) { ready = m.Ready["b"].Proposal == "a-1" })
		return ready
	})
	a.kill()
	if _, err := b.Activate(t.Context(), b.review(s.next()), "kim", "supervisor", "둘째 개통"); err == nil {
		t.Fatal("two activations at once")
	}
	s.ahead.Add(int64(state.ProposalLasts + time.Second))
	b.Renew()
	if b.version() != 3 {
		t.Fatal("half done")
	}
	a = s.gateway("a")
	until(t, "a new activation", func() bool {
		_, err := a.Activate(t.Context(), a.review(s.next()), "kim", "supervisor", "둘째 개통")
		return err == nil
	})
	until(t, "both have switched", func() bool { a.Renew(); b.Renew(); return a.version() == 4 && b.version() == 4 })
}

func TestASchedulerCannotTakeAnOpeningFromThoseWhoWait(t *testing.T) {
	s := scheduledSite(t)
	a := s.gateway("a")
	s.started(a.shared)
	until(t, "the first schedule is known", func() bool { a.Renew(); return known(a) })
	moved := s.next()
	moved.Openings[0].OpensAt = moved.Openings[0].OpensAt.Add(time.Minute)
	if r := a.review(moved); r.Usable() {
		t.Error("moved under people who wait")
	}
	r := a.review(s.next())
	if !r.Usable() {
		t.Fatalf("%+v", r.Findings)
	}
	r.Schedule.Openings = r.Schedule.Openings[1:] // what was good when it was looked at
	var refused *node.ActivationError
	if _, err := a.Activate(t.Context(), r, "kim", "supervisor", "사유"); !errors.As(err, &refused) || refused.Code != node.Overtaken {
		t.Fatalf("%v", err)
	}
}
