package invariant

import (
	"encoding/json"
	"testing"
	"time"
)

// both gives the n-th person of a good run a second dose, as a server books it: behind the first, by the same pass and key.
func (w *world) both(n int) {
	seen := 0
	for _, r := range w.records {
		if r.Kind != "booking" {
			continue
		}
		if seen++; seen <= n {
			continue
		}
		var data map[string]any
		if err := json.Unmarshal(r.Data, &data); err != nil {
			panic(err)
		}
		data["no"], data["dose"], data["slot"] = data["no"].(string)+"-2", 2, "second"
		w.add(time.Minute, "booking", data)
		w.seal()
		return
	}
	panic("no such booking")
}

func TestSecondDosesAreUnderstood(t *testing.T) {
	fresh := func() *world {
		w := good(200) // as many as there is stock
		w.add(0, "clinic", map[string]any{"clinic": "c0", "opening": opening, "slots": []map[string]any{{"slot": "second", "capacity": 2, "dose": 2}}})
		w.both(3)
		w.both(4)
		return w
	}
	for name, r := range fresh().check(t) {
		if !r.OK {
			t.Errorf("%s with second doses: %v", name, r.Notes)
		}
	}
	for name, c := range map[string]struct {
		broke func(*world)
		want  string
	}{
		"one too many":        {func(w *world) { w.both(5) }, "no_oversell"},
		"the same twice":      {func(w *world) { w.both(3) }, "one_booking"},
		"without a first":     {func(w *world) { w.edit("booking", 201, set("subject", subjectOf(777))) }, "one_booking"},
		"by another key":      {func(w *world) { w.edit("booking", 201, set("key_sha256", digest("other"))) }, "one_booking"},
		"by another's pass":   {func(w *world) { w.edit("booking", 201, set("pass_sha256", digest("pass-9"))) }, "lawful"},
		"one dose too little": {func(w *world) { w.edit("stock", 0, set("doses", 199)) }, "no_oversell"},
	} {
		w := fresh()
		c.broke(w)
		if r := w.check(t)[c.want]; r.OK {
			t.Errorf("%s: %s does not see it", name, c.want)
		}
	}
	w, a := attacked()
	w.add(0, "clinic", map[string]any{"clinic": "c0", "opening": opening, "slots": []map[string]any{{"slot": "second", "capacity": 9, "dose": 2}}})
	w.both(3)
	for name, r := range w.judge(t, a) {
		if !r.OK {
			t.Errorf("%s in a house that stood: %v", name, r.Notes)
		}
	}
	w.edit("booking", 40, set("key_sha256", digest("nobody's")))
	if r := w.judge(t, a)["honest_only"]; r.OK {
		t.Error("a second dose of nobody is not noticed")
	}
}
