package model

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

func TestWhoMayOrderWhat(t *testing.T) {
	for _, row := range []struct {
		role, state string
		allowed     []Verb
	}{
		{"viewer", api.OpeningOpen, nil},
		{"", api.OpeningOpen, nil},
		{"operator", api.OpeningScheduled, []Verb{Open, Postpone, Rate, Notice}},
		{"operator", api.OpeningLobby, []Verb{Open, Pause, Postpone, Rate, Notice}},
		{"operator", api.OpeningOpen, []Verb{Pause, Postpone, Rate, Notice}},
		{"supervisor", api.OpeningPaused, []Verb{Resume, Postpone, Close, Rate, Notice}},
		{"supervisor", api.OpeningClosed, []Verb{Notice}},
	} {
		o := first(snapshotAt(0))
		o.State = row.state
		var allowed []Verb
		for _, v := range Verbs {
			if Refusal(v, row.role, Target{Opening: o}) == nil {
				allowed = append(allowed, v)
			}
		}
		if !equal(allowed, row.allowed) {
			t.Errorf("%s, %s: %v, want %v", row.role, row.state, allowed, row.allowed)
		}
	}
}

func TestCohortsTakePauseAndResumeOnly(t *testing.T) {
	o := first(snapshotAt(0))
	target := Target{Opening: o, Cohort: &o.CohortStatus[0]}
	for _, v := range Verbs {
		want := v == Pause || v == Notice
		if got := Refusal(v, "operator", target) == nil; got != want {
			t.Errorf("%s of a running cohort allowed: %v, want %v", v, got, want)
		}
	}
	target.Cohort.Paused = true
	if Refusal(Resume, "operator", target) != nil || Refusal(Pause, "operator", target) == nil {
		t.Error("a paused cohort can be resumed and not paused")
	}
}

func TestMissing(t *testing.T) {
	now := start
	for _, row := range []struct {
		name  string
		order Order
		want  string
	}{
		{"reason", Order{Verb: Pause, Reason: " \n"}, "missing.reason"},
		{"too long", Order{Verb: Pause, Reason: strings.Repeat("가", 301)}, "missing.shorter"},
		{"just short enough", Order{Verb: Pause, Reason: strings.Repeat("가", 300)}, ""},
		{"complete", Order{Verb: Pause, Reason: "점검"}, ""},
		{"time", Order{Verb: Postpone, Reason: "점검"}, "missing.time"},
		{"past time", Order{Verb: Postpone, Reason: "점검", OpensAt: now}, "missing.future"},
		{"postpone", Order{Verb: Postpone, Reason: "점검", OpensAt: now.Add(time.Hour)}, ""},
		{"bad rate", Order{Verb: Rate, Reason: "점검", PerS: -1}, "missing.rate"},
		{"rate", Order{Verb: Rate, Reason: "점검", PerS: 0}, ""},
		{"notice in one language", Order{Verb: Notice, Text: "점검"}, "missing.text"},
		{"notice", Order{Verb: Notice, Text: "점검", TextEn: "check"}, ""},
	} {
		got := ""
		if m := row.order.Missing(now); m != nil {
			got = m.Key
		}
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

func TestImpactNamesPeople(t *testing.T) {
	b := words.Load(words.En)
	for _, row := range []struct {
		verb   Verb
		cohort bool
		people int64
		says   string
	}{
		{Open, false, 700, "order of the 700 people who wait is drawn"},
		{Pause, false, 700, "300 people who have entered can go on"},
		{Resume, false, 700, "Calls 700 people"},
		{Postpone, false, 700, "It now opens at 07-19 20:00"},
		{Close, false, 700, "700 people who wait can no longer enter"},
		{Rate, false, 700, "Pace now: 50 people/s; cap now: none"},
		{Notice, false, 700, "All 700 people"},
		{Pause, true, 400, "400 people who have not entered yet"},
		{Resume, true, 400, "enter again"},
	} {
		s := snapshotAt(0)
		target := Target{Opening: first(s)}
		if row.cohort {
			target.Cohort = &first(s).CohortStatus[0]
		}
		impact := ImpactOf(row.verb, target, s, start)
		var said []string
		for _, m := range impact.Sentences {
			said = append(said, b.Say(m))
		}
		if all := strings.Join(said, " "); impact.People != row.people || !strings.Contains(all, row.says) {
			t.Errorf("%s: %d people, %q; want %d and %q", row.verb, impact.People, all, row.people, row.says)
		}
	}
}

func TestEarlyOpeningIsPointedOut(t *testing.T) {
	s := snapshotAt(0)
	i := ImpactOf(Open, Target{Opening: first(s)}, s, start.Add(-10*time.Minute))
	if last := i.Sentences[len(i.Sentences)-1]; last.Key != "impact.open.early" {
		t.Errorf("opening 10 min early says %s", last.Key)
	}
}

func TestDrainTime(t *testing.T) {
	o := first(snapshotAt(0))
	if d, ok := DrainTime(o, 10); !ok || d != time.Minute {
		t.Errorf("600 people at 10 a second: %v %v", d, ok)
	}
	if _, ok := DrainTime(o, 0); ok {
		t.Error("no pace has no end")
	}
}

func TestParseTime(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2021-07-19 22:00": start.Add(2 * time.Hour),
		"22:00":            start.Add(2 * time.Hour),
		"":                 {},
		"25:00":            {},
		"2021-02-30 10:00": {},
		"내일":               {},
	} {
		if got := ParseTime(text, start); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// recorder takes orders down.
type recorder struct {
	verb, opening, cohort string
	command               api.Command
	rate                  api.RateCommand
	notice                api.NoticeCommand
	brownout              api.BrownoutCommand
	backend               api.BackendCommand
	err                   error
}

func (r *recorder) Brownout(_ context.Context, c api.BrownoutCommand) error {
	r.verb, r.brownout = "brownout", c
	return r.err
}

func (r *recorder) AddBackend(_ context.Context, c api.BackendCommand) error {
	r.verb, r.backend = "add", c
	return r.err
}

func (r *recorder) DrainBackend(_ context.Context, c api.BackendCommand) error {
	r.verb, r.backend = "drain", c
	return r.err
}

func (r *recorder) Command(_ context.Context, verb, opening, cohort string, c api.Command) (Outcome, error) {
	r.verb, r.opening, r.cohort, r.command = verb, opening, cohort, c
	return Outcome{}, r.err
}

func (r *recorder) Rate(_ context.Context, opening string, c api.RateCommand) (Outcome, error) {
	r.verb, r.opening, r.rate = "rate", opening, c
	return Outcome{}, r.err
}

func (r *recorder) Notice(_ context.Context, c api.NoticeCommand) error {
	r.verb, r.notice = "notice", c
	return r.err
}

func TestCarry(t *testing.T) {
	ctx := context.Background()
	var r recorder
	if _, err := (Order{Verb: Pause, Opening: "o1", Cohort: "c1", Reason: " 점검 "}).Carry(ctx, &r); err != nil {
		t.Fatal(err)
	}
	if r.verb != "pause" || r.opening != "o1" || r.cohort != "c1" || r.command.Reason != "점검" || r.command.OpensAt != nil {
		t.Errorf("pause went out as %+v", r)
	}
	r = recorder{}
	if _, err := (Order{Verb: Postpone, Opening: "o1", Reason: "점검", OpensAt: start}).Carry(ctx, &r); err != nil {
		t.Fatal(err)
	}
	if r.verb != "postpone" || r.command.OpensAt == nil || !r.command.OpensAt.Equal(start) {
		t.Errorf("postpone went out as %+v", r)
	}
	r = recorder{}
	if _, err := (Order{Verb: Rate, Opening: "o1", Reason: "부하", PerS: 120}).Carry(ctx, &r); err != nil {
		t.Fatal(err)
	}
	if r.verb != "rate" || r.rate != (api.RateCommand{Reason: "부하", PerS: 120}) {
		t.Errorf("rate went out as %+v", r)
	}
	r = recorder{err: errors.New("refused")}
	if _, err := (Order{Verb: Notice, Text: "점검", TextEn: "check"}).Carry(ctx, &r); err == nil {
		t.Error("the error of a notice is lost")
	}
	if r.notice != (api.NoticeCommand{Text: "점검", TextEn: "check"}) {
		t.Errorf("notice went out as %+v", r)
	}
}

func equal(a, b []Verb) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
