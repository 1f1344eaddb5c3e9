package invariant

import (
	"crypto/sha256"
	"testing"
)

// attacked is a house that stood: everything in the ledger is an honest citizen's.
func attacked() (*world, *Attacked) {
	w := good(40)
	w.seal()
	a := &Attacked{Passes: map[Digest]bool{}, Tried: 100, Answers: 120, Waiting: 10, Called: 10}
	for _, k := range w.h.Client.Acked {
		a.Passes[sha256.Sum256([]byte(k.Pass))] = true
		a.Bookings = append(a.Bookings, Kept{k.No, k.Slot})
	}
	return w, a
}

func (w *world) judge(t *testing.T, a *Attacked) map[string]Result {
	t.Helper()
	a.Ledger = NewJournal()
	for _, r := range w.records {
		if err := a.Ledger.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	out := map[string]Result{}
	for _, r := range a.Check() {
		out[r.Name] = r
	}
	return out
}

func TestWhatAttacksLeaveBehindIsSeen(t *testing.T) {
	w, a := attacked()
	for name, r := range w.judge(t, a) {
		if !r.OK || r.Checked == 0 {
			t.Errorf("%s in a house that stood: %+v", name, r)
		}
	}
	for name, change := range map[string]func(*world, *Attacked){
		"no_cheats":   func(_ *world, a *Attacked) { a.Admitted = 1 },
		"honest_only": func(_ *world, a *Attacked) { delete(a.Passes, sha256.Sum256([]byte(w.h.Client.Acked[0].Pass))) },
		"honest_kept": func(_ *world, a *Attacked) { a.Bookings[0].Slot = "elsewhere" },
		"answered":    func(_ *world, a *Attacked) { a.Lost = 1 },
		"not_blocked": func(_ *world, a *Attacked) { a.Called = 9 },
	} {
		w, a := attacked()
		change(w, a)
		if r := w.judge(t, a)[name]; r.OK {
			t.Errorf("%s is not noticed", name)
		}
	}
	w, a = attacked()
	a.Bookings = a.Bookings[1:]
	if r := w.judge(t, a)["honest_only"]; r.OK {
		t.Error("a booking of nobody is not noticed")
	}
}
