package verdict

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/daemun/daemun/loadlab/invariant"
)

func passing() (*Verdict, Validity) {
	v := &Verdict{Requests: 1000, Offered: 1000, Bookings: 100, CheatsTried: 50, LatenessP99: 3,
		Faults:     []Fault{{Name: "kill_gateway", Hit: true}, {Name: "kill_backend", Hit: true}},
		Invariants: []invariant.Result{{Name: "no_loss", OK: true, Checked: 100}, {Name: "no_cheats", OK: true, Checked: 50}},
		Levels:     []Level{{Name: "bookings", Value: 100, Limit: 90, AtLeast: true}, {Name: "p99", Value: 10, Limit: 20}},
		Counters:   []Counter{{Name: "cpu", Value: 100}}}
	return v, Validity{InTime: 998, MaxLateness: 100, MinChecked: map[string]int64{"faults": 2, "no_loss": 50, "no_cheats": 10}}
}

func TestDecide(t *testing.T) {
	none := [][]Counter(nil)
	for _, c := range []struct {
		name    string
		change  func(*Verdict, *Validity)
		earlier [][]Counter
		want    Outcome
	}{
		{"all well", func(*Verdict, *Validity) {}, none, Pass},
		{"an invariant broke", func(v *Verdict, _ *Validity) { v.Invariants[0].OK = false }, none, Broken},
		{"a cheat admitted though its invariant says well", func(v *Verdict, _ *Validity) { v.CheatsAdmitted = 1 }, none, Broken},
		{"broken beats everything", func(v *Verdict, _ *Validity) {
			v.Invariants[0].OK, v.Faults[0].Hit, v.Levels[0].Value = false, false, 0
		}, none, Broken},
		{"a fault did not hit", func(v *Verdict, _ *Validity) { v.Faults[1].Hit = false }, none, Inconclusive},
		{"no fault at all", func(v *Verdict, _ *Validity) { v.Faults = nil }, none, Inconclusive},
		{"too slow to count", func(_ *Verdict, ok *Validity) { ok.InTime = 994 }, none, Inconclusive},
		{"not all went out", func(v *Verdict, _ *Validity) { v.Offered = 1010 }, none, Inconclusive},
		{"late", func(v *Verdict, _ *Validity) { v.LatenessP99 = 101 }, none, Inconclusive},
		{"too little checked", func(v *Verdict, _ *Validity) { v.Invariants[0].Checked = 49 }, none, Inconclusive},
		{"not checked", func(_ *Verdict, ok *Validity) { ok.MinChecked["order"] = 1 }, none, Inconclusive},
		{"inconclusive beats a missed level", func(v *Verdict, _ *Validity) { v.Faults[0].Hit, v.Levels[0].Value = false, 0 }, none, Inconclusive},
		{"too few bookings", func(v *Verdict, _ *Validity) { v.Levels[0].Value = 89 }, none, Missed},
		{"too slow", func(v *Verdict, _ *Validity) { v.Levels[1].Value = 21 }, none, Missed},
		{"as before", func(*Verdict, *Validity) {}, cpu(98, 100, 101), Pass},
		{"grown within the noise", func(*Verdict, *Validity) {}, cpu(80, 90, 100), Pass},
		{"grown beyond the noise", func(*Verdict, *Validity) {}, cpu(90, 90.5, 91), Regressed},
		{"grown against a single run", func(*Verdict, *Validity) {}, cpu(80), Regressed},
		{"a little against a single run", func(*Verdict, *Validity) {}, cpu(90), Pass},
		{"less work", func(*Verdict, *Validity) {}, cpu(200, 201), Pass},
		{"a missed level beats regression", func(v *Verdict, _ *Validity) { v.Levels[1].Value = 21 }, cpu(80), Missed},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, ok := passing()
			c.change(v, &ok)
			Decide(v, ok, c.earlier)
			if v.Verdict != c.want {
				t.Errorf("got %v %q, want %v", v.Verdict, v.Why, c.want)
			}
			if (v.Verdict == Pass) != (len(v.Why) == 0) {
				t.Errorf("%v with reasons %q", v.Verdict, v.Why)
			}
		})
	}
}

func cpu(values ...float64) [][]Counter {
	var out [][]Counter
	for _, x := range values {
		out = append(out, []Counter{{Name: "cpu", Value: x}, {Name: "other", Value: 1}})
	}
	return out
}

// Machines read these keys; they must never change.
func TestVerdictKeepsItsKeys(t *testing.T) {
	v, ok := passing()
	Decide(v, ok, nil)
	var b bytes.Buffer
	if err := Write(&b, v); err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Fields("verdict requests seconds per_second bookings sheds cheats_tried cheats_admitted faults invariants") {
		if _, ok := m[key]; !ok {
			t.Errorf("no key %s", key)
		}
	}
	if m["verdict"] != "pass" {
		t.Errorf("verdict is %v", m["verdict"])
	}
	for key, list := range map[string][]string{"faults": {"name", "at_s", "hit"}, "invariants": {"name", "ok", "checked"}} {
		for _, k := range list {
			if _, ok := m[key].([]any)[0].(map[string]any)[k]; !ok {
				t.Errorf("%s have no key %s", key, k)
			}
		}
	}
	var again Verdict
	if err := json.Unmarshal(b.Bytes(), &again); err != nil || again.Verdict != Pass {
		t.Errorf("read back: %v, %v", again.Verdict, err)
	}
	if err := json.Unmarshal([]byte(`{"verdict":"perhaps"}`), &again); err == nil {
		t.Error("an unknown verdict was read")
	}
}
