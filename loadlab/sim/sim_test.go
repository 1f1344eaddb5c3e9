package sim

import (
	"testing"
	"unsafe"
)

func TestAPersonIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(person{}); size != personBytes || size > 64 {
		t.Fatalf("%d bytes, said to be %d", size, personBytes)
	}
}

func days() map[string]Scenario {
	with := func(seed uint64, change func(*Scenario)) Scenario {
		s := Default()
		s.People, s.Seed, s.Hours = 100_000, seed, 6
		change(&s)
		return s
	}
	return map[string]Scenario{
		"the usual one":  with(1, func(*Scenario) {}),
		"doses run out":  with(2, func(s *Scenario) { s.Doses = 0.35 }),
		"short and full": with(3, func(s *Scenario) { s.Hours, s.Busy, s.Lobby, s.NoShow = 5, 0.9, 0.3, 0.1 }),
	}
}

// TestDays holds days to what is promised over all people. That it holds in every hour too is the larger day's to show: a line
// that takes in one person a second or two has hours with few people in them.
func TestDays(t *testing.T) {
	for name, s := range days() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := Run(s)
			if err != nil {
				t.Fatal(err)
			}
			if a := r.All; a.HeldShare() < leastHeld || a.WideBy > 0 || r.Jumps > 0 || r.Lost > 0 || r.Back > 0 {
				t.Error(r.Broken)
			}
			if r.Entered == 0 || r.Booked > int64(s.Doses*float64(s.People)) || len(r.Moved) == 0 {
				t.Errorf("not a day: %d entered, %d booked, %d events", r.Entered, r.Booked, len(r.Moved))
			}
		})
	}
}
