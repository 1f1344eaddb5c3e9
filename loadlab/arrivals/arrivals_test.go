package arrivals

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestScheduleIsExactAndOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Uint64Range(1, 50_000).Draw(t, "total")
		d := time.Duration(rapid.IntRange(50, 60_000).Draw(t, "ms")) * time.Millisecond
		weights := rapid.SliceOfN(rapid.Float64Range(0, 10), 1, 20).Draw(t, "weights")
		weights[0] += .1
		s, err := NewSchedule(total, d, func(t time.Duration) float64 { return weights[int(t/Step)%len(weights)] })
		if err != nil {
			t.Fatal(err)
		}
		last := time.Duration(-1)
		for n := range total {
			due := s.Due(n)
			if due < last || due >= s.Duration() {
				t.Fatalf("request %d is due at %v after one at %v, the schedule ends at %v", n, due, last, s.Duration())
			}
			last = due
		}
		if s.Total() != total || s.DueBy(s.Duration()) != total || s.DueBy(0) != 0 {
			t.Fatalf("total %d, due by the end %d", s.Total(), s.DueBy(s.Duration()))
		}
	})
}

func TestScheduleFollowsTheWeight(t *testing.T) {
	s, err := NewSchedule(30_000, 3*time.Second, func(t time.Duration) float64 {
		if t >= time.Second && t < 2*time.Second {
			return 4
		}
		return 1
	})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]float64{0: 5000, 1500 * time.Millisecond: 20_000, 2900 * time.Millisecond: 5000} {
		if got := s.Rate(at); got < want*.98 || got > want*1.02 {
			t.Errorf("rate at %v is %.0f, want %.0f", at, got, want)
		}
	}
	if n := s.DueBy(2 * time.Second); n < 24_990 || n > 25_010 {
		t.Errorf("%d due by 2 s, want 25,000", n)
	}
}

func TestScheduleRefusesNothing(t *testing.T) {
	one := func(time.Duration) float64 { return 1 }
	for name, err := range map[string]error{
		"no requests": second(NewSchedule(0, time.Second, one)),
		"no time":     second(NewSchedule(1, time.Millisecond, one)),
		"no weight":   second(NewSchedule(1, time.Second, func(time.Duration) float64 { return 0 })),
		"negative":    second(NewSchedule(1, time.Second, func(time.Duration) float64 { return -1 })),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second(_ *Schedule, err error) error { return err }

// The crowd of July 2021: a few on the stroke, most within seconds after it, a ramp before, a tail behind.
func TestArrivalsHaveTheShapeOfAnOpening(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	o := Opening{Lobby: 20 * time.Second, End: 220 * time.Second}
	const n = 100_000
	var before, stroke, soon, late int
	for range n {
		switch at := o.Arrival(r); {
		case at < 0 || at > o.End:
			t.Fatalf("arrival at %v", at)
		case at < o.Lobby-40*time.Millisecond:
			before++
		case at < o.Lobby+40*time.Millisecond:
			stroke++
		case at < o.Lobby+5*time.Second:
			soon++
		default:
			late++
		}
	}
	for _, c := range []struct {
		name      string
		n         int
		low, high float64
	}{{"before", before, .15, .19}, {"stroke", stroke, .03, .05}, {"soon", soon, .50, .65}, {"late", late, .15, .30}} {
		if share := float64(c.n) / n; share < c.low || share > c.high {
			t.Errorf("%s: %.3f of all, want %.2f to %.2f", c.name, share, c.low, c.high)
		}
	}
}

func TestRefreshHasItsMedian(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	early := 0
	for range 20_000 {
		if Refresh(r) < 4*time.Second {
			early++
		}
	}
	if early < 9_700 || early > 10_300 {
		t.Errorf("%d of 20,000 refresh within 4 s", early)
	}
}

func TestPatienceGrowsWithTheShownWait(t *testing.T) {
	leave := func(shown time.Duration) int {
		r := rand.New(rand.NewPCG(5, 6))
		n := 0
		for range 20_000 {
			if Patience(r, shown) < 5*time.Minute {
				n++
			}
		}
		return n
	}
	short, long := leave(30*time.Second), leave(10*time.Minute)
	if short <= long || long == 0 || short == 20_000 {
		t.Errorf("%d leave within 5 minutes of a short wait, %d of a long one", short, long)
	}
}

func TestZipfPrefersTheFirst(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	z := NewZipf(100, 1)
	var seen [100]int
	for range 100_000 {
		seen[z.Rank(r, 100)]++
	}
	if seen[0] < 18_000 || seen[0] > 20_500 || seen[0] < seen[9] || seen[99] == 0 {
		t.Errorf("first %d, tenth %d, last %d", seen[0], seen[9], seen[99])
	}
	for n := range 5 {
		if k := z.Rank(r, n); k != 0 && k >= n {
			t.Errorf("rank %d of %d", k, n)
		}
	}
}
