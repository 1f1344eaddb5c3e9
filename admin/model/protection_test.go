package model

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

func guarded() *api.Snapshot {
	s := snapshotAt(0)
	s.Overload = api.Overload{
		Brownout:  api.Brownout{Name: "full", Mode: api.ModeEnforce},
		Rules:     []api.RuleStatus{{Name: "limit", Mode: api.ModeEnforce}, {Name: "queue", Mode: api.ModeEnforce}},
		Instances: []api.InstanceStatus{{URL: "http://a:1", State: api.InstanceReady}, {URL: "http://b:1", State: api.InstanceReady}},
	}
	return s
}

func TestWhoMayChangeTheProtection(t *testing.T) {
	s := guarded()
	may := func(role string, chosen *api.InstanceStatus) string {
		var list []string
		for _, v := range ProtectionVerbs {
			if ProtectionRefusal(v, role, s, chosen) == nil {
				list = append(list, string(v))
			}
		}
		return strings.Join(list, " ")
	}
	a := &s.Overload.Instances[0]
	for _, row := range []struct {
		role   string
		chosen *api.InstanceStatus
		change func()
		want   string
	}{
		{"viewer", a, nil, ""},
		{"operator", nil, nil, "hold"},
		{"operator", a, nil, "hold drain"},
		{"supervisor", a, nil, "hold add drain"},
		{"operator", a, func() { s.Overload.Brownout.Held = &api.HeldStep{} }, "hold release drain"},
		{"operator", a, func() { a.State = api.InstanceDraining }, "hold release"},
		{"operator", a, func() { a.State = api.InstanceReady; s.Overload.Instances = s.Overload.Instances[:1] }, "hold release"},
		{"supervisor", a, func() { s.Overload = api.Overload{} }, ""},
	} {
		if row.change != nil {
			row.change()
		}
		if got := may(row.role, row.chosen); got != row.want {
			t.Errorf("%s may %q, want %q", row.role, got, row.want)
		}
	}
	if ProtectionRefusal(Hold, "supervisor", nil, nil) == nil {
		t.Error("something can be ordered before anything is known")
	}
}

func TestOrdersAboutProtection(t *testing.T) {
	for _, row := range []struct {
		order   Order
		missing string
		sent    string
	}{
		{Order{Verb: Hold, Step: 2, Reason: " r "}, "", "brownout"},
		{Order{Verb: Hold, Step: -1, Reason: "r"}, "missing.step", ""},
		{Order{Verb: Hold, Step: 2}, "missing.reason", ""},
		{Order{Verb: Release, Reason: "r"}, "", "brownout"},
		{Order{Verb: Add, Reason: "r", URL: "10.0.0.1:9090"}, "missing.url", ""},
		{Order{Verb: Add, Reason: "r", URL: " http://10.0.0.1:9090 "}, "", "add"},
		{Order{Verb: Drain, Reason: "r", URL: "http://10.0.0.1:9090"}, "", "drain"},
	} {
		if m := row.order.Missing(start); m == nil != (row.missing == "") || m != nil && m.Key != row.missing {
			t.Errorf("%+v misses %v", row.order, m)
		}
		var r recorder
		if row.sent == "" {
			continue
		}
		if _, err := row.order.Carry(context.Background(), &r); err != nil || r.verb != row.sent {
			t.Errorf("%+v was sent as %q: %v", row.order, r.verb, err)
		}
		if held := r.brownout.Step != nil && *r.brownout.Step == 2; held != (row.order.Verb == Hold) {
			t.Errorf("%+v holds %v", row.order, r.brownout)
		}
		if reason := r.brownout.Reason + r.backend.Reason; reason != "r" || strings.Contains(r.backend.URL, " ") {
			t.Errorf("%+v sent %+v %+v", row.order, r.brownout, r.backend)
		}
	}
}

func TestLessProtectionIsAnAlarm(t *testing.T) {
	for name, row := range map[string]struct {
		change   func(*api.Overload)
		key      string
		severity Severity
	}{
		"held":     {func(o *api.Overload) { o.Brownout.Held = &api.HeldStep{Step: 0, By: "김관제", Reason: "점검"} }, "brownout.held", Critical},
		"lean":     {func(o *api.Overload) { o.Brownout.Step, o.Brownout.Name = 2, "lean" }, "brownout:lean", Warning},
		"last":     {func(o *api.Overload) { o.Brownout.Step, o.Brownout.Name = 4, "essential" }, "brownout:essential", Critical},
		"dry step": {func(o *api.Overload) { o.Brownout.Step, o.Brownout.Mode = 2, api.ModeDryRun }, "brownout.dry", Warning},
		"dry rule": {func(o *api.Overload) { o.Rules[0].Mode = api.ModeDryRun }, "dry:limit", Critical},
		"raised": {func(o *api.Overload) {
			o.Changed = []api.OverloadSetting{{Name: "limit.max", Value: 2048, Default: 1024}}
		}, "limit.max", Warning},
		"down":    {func(o *api.Overload) { o.Instances[1].State = api.InstanceDown }, "instance:http://b:1", Warning},
		"pending": {func(o *api.Overload) { o.Pending = &api.PendingAction{Action: "limit dry-run"} }, "protection.pending", Warning},
	} {
		s := guarded()
		row.change(&s.Overload)
		alarms := alarmsOf(s)
		a := findAlarm(alarms, row.key)
		if a == nil || a.Severity != row.severity {
			t.Errorf("%s: %+v", name, alarms)
			continue
		}
		for _, l := range []words.Lang{words.Ko, words.En} {
			if text := words.Load(l).Say(a.Message); strings.Contains(text, "{") || strings.Contains(text, "alarm.") {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
	calm := guarded()
	calm.Overload.Changed = []api.OverloadSetting{{Name: "limit.max", Value: 512, Default: 1024}}
	if list := overloadAlarms(&calm.Overload); len(list) != 0 {
		t.Errorf("without a cause: %+v", list)
	}
}

func TestTheLogTellsOfStepsAndInstances(t *testing.T) {
	c := New()
	s := guarded()
	c.Apply(s, start)
	next := guarded()
	next.At = s.At.Add(time.Second)
	next.Overload.Brownout = api.Brownout{Step: 2, Name: "lean", Ko: "지연"}
	next.Overload.Instances[0].State = api.InstanceDraining
	next.Overload.Instances = append(next.Overload.Instances, api.InstanceStatus{URL: "http://c:1", State: api.InstanceSlowStart})
	c.Apply(next, start.Add(time.Second))
	said, ko := "", words.Load(words.Ko)
	for _, e := range c.Look(start.Add(time.Second)).Log {
		said += ko.Say(e.Message) + "\n"
	}
	for _, want := range []string{"0 모두 제공 → 2 간단한 화면: 지연", "http://a:1: 정상 → 비우는 중", "http://c:1 추가"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in\n%s", want, said)
		}
	}
}
