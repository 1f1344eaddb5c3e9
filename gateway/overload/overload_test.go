package overload

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/shed"
)

var now = time.Date(2021, 7, 19, 20, 0, 0, 0, time.UTC)

func by(name string, at time.Time) Said {
	return Said{By: name, Role: "operator", Reason: "점검", At: at}
}

func kindOf(t *testing.T, err error) Kind {
	t.Helper()
	var refused *Error
	if !errors.As(err, &refused) || refused.Ko == "" || refused.En == "" {
		t.Fatalf("refused with %v", err)
	}
	return refused.Kind
}

func TestTheTableHoldsTogether(t *testing.T) {
	base := Default()
	if err := base.check(); err != nil {
		t.Error(err)
	}
	seen := map[string]bool{}
	for i := range Parameters {
		p := &Parameters[i]
		if seen[p.Name] || p.Ko == "" || p.En == "" || p.Min > p.Max {
			t.Errorf("%+v", p)
		}
		seen[p.Name] = true
		if v := p.Value(&base); !p.fits(v) {
			t.Errorf("the default of %s is %g, not within %g and %g", p.Name, v, p.Min, p.Max)
		}
		for _, v := range []float64{p.Min, p.Max} {
			c := base
			if p.set(&c, v); p.Value(&c) != v {
				t.Errorf("%s set to %g is %g", p.Name, v, p.Value(&c))
			}
			p.set(&c, p.Value(&base))
			if !reflect.DeepEqual(c, base) {
				t.Errorf("%s moves more than itself", p.Name)
			}
		}
		for _, v := range []float64{p.Min - 1, p.Max + 1} {
			if p.fits(v) {
				t.Errorf("%s fits %g", p.Name, v)
			}
		}
	}
}

func TestTheGatesRulesCanBeTried(t *testing.T) {
	for r := range shed.Rule(shed.Rules) {
		if RuleOf(r.String()) == nil {
			t.Errorf("nobody can try the rule %v", r)
		}
	}
}

func TestAllOrNothing(t *testing.T) {
	for name, row := range map[string]struct {
		tuning Tuning
		kind   Kind
		says   string
	}{
		"unknown":     {Tuning{Set: map[string]float64{"limit.max": 100, "limit.most": 3}}, Unknown, `"limit.most"`},
		"bounds":      {Tuning{Set: map[string]float64{"limit.max": 1e9, "queue.length": 7}}, OutOfBounds, "4 to 16384"},
		"fraction":    {Tuning{Set: map[string]float64{"queue.length": 7.5}}, OutOfBounds, "whole number"},
		"together":    {Tuning{Set: map[string]float64{"limit.min": 200}}, OutOfBounds, "limit.min ≤ limit.start"},
		"rule":        {Tuning{Set: map[string]float64{"queue.length": 7}, Modes: map[string]string{"gravity": api.ModeDryRun}}, Unknown, `"gravity"`},
		"mode":        {Tuning{Modes: map[string]string{"deadline": "off"}}, Unknown, api.ModeDryRun},
		"reset":       {Tuning{Reset: []string{"gravity"}}, Unknown, `"gravity"`},
		"both":        {Tuning{Set: map[string]float64{"queue.length": 7}, Reset: []string{"queue.length"}}, Unknown, "at once"},
		"nothing":     {Tuning{}, NothingToDo, "nothing to change"},
		"every bound": {Tuning{Set: map[string]float64{"lag_ms": 1, "slow_start_ms": -1}}, OutOfBounds, "slow_start_ms must be"},
	} {
		before := Standing{Values: map[string]Value{"lag_ms": {Value: 300}}}
		next, asked, err := before.Tune(row.tuning, Default(), by("a", now))
		if kind := kindOf(t, err); kind != row.kind || !strings.Contains(err.Error(), row.says) || asked {
			t.Errorf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(next, before) {
			t.Errorf("%s changed something: %+v", name, next)
		}
	}
}

func TestTuningHoldsAndIsTakenBack(t *testing.T) {
	var s Standing
	s, _, err := s.Tune(Tuning{Set: map[string]float64{"limit.max": 2048, "brownout.down_s": 60}, Modes: map[string]string{"deadline": api.ModeDryRun}}, Default(), by("a", now))
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Config(Default())
	if !c.Gate.Trial[shed.RuleDeadline] || c.Gate.Trial[shed.RuleLimit] {
		t.Errorf("the gate is told %v", c.Gate.Trial)
	}
	if err != nil || c.Gate.Limit.Max != 2048 || c.Brownout.Down != time.Minute || c.Enforced("deadline") || !c.Enforced("limit") {
		t.Fatalf("%+v %v", c, err)
	}
	s, _, err = s.Tune(Tuning{Reset: []string{"limit.max", "brownout.down_s"}, Modes: map[string]string{"deadline": api.ModeEnforce}}, Default(), by("b", now))
	c, _ = s.Config(Default())
	if c.DryRun = nil; err != nil || !reflect.DeepEqual(c, Default()) {
		t.Errorf("%+v %v", c, err)
	}
}

func TestLiftingWhatProtectsTakesTwo(t *testing.T) {
	lift := Tuning{Modes: map[string]string{"limit": api.ModeDryRun}, Set: map[string]float64{"queue.length": 600}}
	ask := func(s Standing, tuning Tuning, who string, after time.Duration) (Standing, bool) {
		t.Helper()
		next, asked, err := s.Tune(tuning, Default(), by(who, now.Add(after)))
		if err != nil {
			t.Fatal(err)
		}
		return next, asked
	}
	s, asked := ask(Standing{}, lift, "a", 0)
	if !asked || len(s.Values) > 0 || s.Waiting(now) == nil || s.Waiting(now).Tuning.String() != "limit dry-run, queue.length=600" {
		t.Fatalf("one person lifted it: %+v", s)
	}
	for name, row := range map[string]struct {
		tuning Tuning
		who    string
		after  time.Duration
		asked  bool
	}{
		"the same person again":   {lift, "a", time.Minute, true},
		"another one":             {lift, "b", time.Minute, false},
		"another one, too late":   {lift, "b", ConfirmWithin, true},
		"another one, other size": {Tuning{Modes: lift.Modes, Set: map[string]float64{"queue.length": 601}}, "b", time.Minute, true},
		"something harmless":      {Tuning{Set: map[string]float64{"queue.length": 600}}, "a", time.Minute, false},
	} {
		next, asked := ask(s, row.tuning, row.who, row.after)
		cfg, _ := next.Config(Default())
		if lifted := !cfg.Enforced("limit"); asked != row.asked || lifted != (name == "another one") {
			t.Errorf("%s: asked %v, lifted %v", name, asked, lifted)
		}
		if confirmed := name == "another one"; confirmed && next.Pending != nil {
			t.Errorf("%s: still pending", name)
		}
	}
	s, _ = ask(s, lift, "b", time.Minute)
	if s, asked = ask(s, Tuning{Modes: map[string]string{"limit": api.ModeEnforce}}, "c", time.Minute); asked || s.Modes["limit"].DryRun {
		t.Error("to protect again takes one")
	}
}

func TestHoldingAStep(t *testing.T) {
	step := func(n int) *int { return &n }
	for _, bad := range []int{-1, 5, 1 << 40} {
		if _, err := (Standing{}).HoldStep(step(bad), by("a", now)); kindOf(t, err) != OutOfBounds {
			t.Error(err)
		}
	}
	if _, err := (Standing{}).HoldStep(nil, by("a", now)); kindOf(t, err) != NothingToDo {
		t.Error(err)
	}
	s, err := Standing{}.HoldStep(step(0), by("a", now))
	if err != nil || s.Hold == nil || s.Hold.Step != 0 || s.Hold.By != "a" {
		t.Fatalf("%+v %v", s, err)
	}
	if s, err = s.HoldStep(nil, by("b", now)); err != nil || s.Hold != nil {
		t.Errorf("%+v %v", s, err)
	}
}

func urls(list []Instance) (out []string) {
	for _, i := range list {
		u := strings.TrimPrefix(i.URL, "http://")
		if i.Draining {
			u += " draining"
		}
		out = append(out, u)
	}
	return out
}

func TestBackendsComeAndGo(t *testing.T) {
	flags := []string{"http://a:1"}
	var s Standing
	want := func(when time.Time, want ...string) {
		t.Helper()
		if got := urls(s.Instances(flags, when)); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	do := func(change func(string, []string, Said) (Standing, error), url string, at time.Time, kind Kind) {
		t.Helper()
		next, err := change(url, flags, by("o", at))
		if err == nil != (kind == "") || err != nil && kindOf(t, err) != kind {
			t.Fatalf("%s: %v, want %q", url, err, kind)
		}
		s = next
	}
	want(now, "a:1")
	do(s.DrainBackend, "http://a:1", now, LastBackend)
	do(s.AddBackend, "http://B:2/", now, "")
	want(now, "a:1", "b:2")
	do(s.AddBackend, "http://b:2", now, NothingToDo)
	do(s.DrainBackend, "http://a:1", now, "")
	want(now, "a:1 draining", "b:2")
	do(s.DrainBackend, "http://a:1", now, NothingToDo)
	do(s.DrainBackend, "http://b:2", now, LastBackend)
	want(now.Add(DrainFor), "b:2")
	do(s.DrainBackend, "http://a:1", now.Add(DrainFor), UnknownBackend)
	do(s.AddBackend, "http://a:1", now.Add(2*DrainFor), "")
	want(now.Add(2*DrainFor), "a:1", "b:2")
	for _, bad := range []string{"", "a:1", "ftp://a:1", "http://a", "http://a:0", "http://a:99999", "http://u:p@a:1", "http://a:1/x", "http://a:1?x", "http://a_b:1", "http://a b:1", "http://a:1#x"} {
		do(s.AddBackend, bad, now, Unknown)
	}
	do(s.AddBackend, "http://[::1]:9090", now.Add(2*DrainFor), "")
	for i := range mostBackends {
		next, err := s.AddBackend("http://many:"+string(rune('1'+i%9))+strings.Repeat("0", i/9%4)+"1", flags, by("o", now.Add(2*DrainFor)))
		if err == nil {
			s = next
		}
	}
	if n := len(s.Instances(flags, now.Add(2*DrainFor))); n > mostBackends {
		t.Errorf("%d instances", n)
	}
}

// Whatever orders come, what was said goes through JSON unharmed, makes a configuration that goes together, and leaves a backend.
func TestAnyOrders(t *testing.T) {
	flags := []string{"http://a:1", "http://b:1"}
	rapid.Check(t, func(t *rapid.T) {
		var s Standing
		at := now
		for range rapid.IntRange(0, 30).Draw(t, "orders") {
			at = at.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "passed")) * time.Second)
			said := by(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "who"), at)
			url := rapid.SampledFrom([]string{"http://a:1", "http://b:1", "http://c:1"}).Draw(t, "url")
			var next Standing
			var err error
			switch rapid.IntRange(0, 3).Draw(t, "order") {
			case 0:
				p := rapid.SampledFrom(Parameters).Draw(t, "parameter")
				next, _, err = s.Tune(Tuning{Set: map[string]float64{p.Name: rapid.Float64Range(p.Min, p.Max).Draw(t, "value")}}, Default(), said)
			case 1:
				mode := rapid.SampledFrom([]string{api.ModeDryRun, api.ModeEnforce}).Draw(t, "mode")
				next, _, err = s.Tune(Tuning{Modes: map[string]string{rapid.SampledFrom(Rules).Draw(t, "rule").Name: mode}}, Default(), said)
			case 2:
				next, err = s.AddBackend(url, flags, said)
			case 3:
				next, err = s.DrainBackend(url, flags, said)
			}
			if err == nil {
				s = next
			}
			if _, err := s.Config(Default()); err != nil {
				t.Fatalf("%+v: %v", s, err)
			}
			if left := s.Instances(flags, at); !slices.ContainsFunc(left, func(i Instance) bool { return !i.Draining }) {
				t.Fatalf("no backend is left: %+v", left)
			}
		}
		encoded, err := json.Marshal(s)
		var back Standing
		if err != nil || json.Unmarshal(encoded, &back) != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		if again, _ := json.Marshal(back); string(again) != string(encoded) {
			t.Fatalf("%s became %s", encoded, again)
		}
	})
}

// What another version of the program wrote does not stop this one.
func TestValuesOfAnotherVersionAreLeftOut(t *testing.T) {
	s := Standing{Values: map[string]Value{"gravity": {Value: 3}, "queue.length": {Value: -1}}, Modes: map[string]Mode{"gravity": {DryRun: true}}}
	c, err := s.Config(Default())
	if c.DryRun = nil; err != nil || !reflect.DeepEqual(c, Default()) {
		t.Errorf("%+v %v", c, err)
	}
	s = Standing{Values: map[string]Value{"limit.min": {Value: 256}}, Modes: map[string]Mode{"breaker": {DryRun: true}}}
	c, err = s.Config(Default())
	if err == nil || c.Gate.Limit.Min != Default().Gate.Limit.Min || c.Enforced("breaker") {
		t.Errorf("%+v %v", c, err)
	}
}
