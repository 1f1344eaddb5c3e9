package shed

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// count holds how many requests each site has, by what permits say.
func count(permits []Permit) map[*Site]int {
	out := map[*Site]int{}
	for _, p := range permits {
		out[p.Site()]++
	}
	return out
}

func take(t *testing.T, g *Gate, n int) []Permit {
	t.Helper()
	var out []Permit
	for range n {
		p, err := g.Acquire(t.Context(), At(P0))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func TestTheSiteWithTheLeastToDoGoesFirst(t *testing.T) {
	g := NewGate(small(10, 10), time.Now)
	whole, half, none := g.Open(), g.Open(), g.Open()
	whole.SetShare(1)
	half.SetShare(0.5)
	out := take(t, g, 15)
	if n := count(out); n[whole] != 10 || n[half] != 5 || n[none] != 0 {
		t.Fatalf("%d, %d and %d of 15", n[whole], n[half], n[none])
	}
	if s := g.Status(); s.Permits != 15 || s.InFlight != 15 {
		t.Fatalf("%+v", s)
	}
	none.SetShare(0.01) // warms up: one at least
	if p := take(t, g, 1)[0]; p.Site() != none {
		t.Error("a site that was added is not used")
	}
}

func TestASiteThatClosesLosesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(small(2, 100), time.Now)
		a, b := g.Open(), g.Open()
		a.SetShare(1)
		b.SetShare(1)
		out := take(t, g, 4)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				p, err := g.Acquire(t.Context(), At(P0))
				if err != nil {
					t.Error(err)
					return
				}
				if p.Site() != b {
					t.Error("given to a site that was closed")
				}
				time.Sleep(10 * time.Millisecond)
				p.Release(Outcome{})
			})
		}
		synctest.Wait()
		a.SetShare(0)
		a.Close()
		for _, p := range out {
			p.Release(Outcome{})
		}
		wg.Wait()
		if s := g.Status(); s.InFlight != 0 || s.Waiting != 0 || s.Permits != 2 {
			t.Fatalf("left behind: %+v", s)
		}
	})
}

func TestNobodyWaitsWhereThereIsNowhereToGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(small(1, 10), time.Now)
		if _, err := g.Acquire(t.Context(), At(P0)); !errors.Is(err, ErrNoSite) {
			t.Fatalf("without a site: %v", err)
		}
		s := g.Open()
		s.SetShare(1)
		held := take(t, g, 1)[0]
		begun := time.Now()
		var wg sync.WaitGroup
		for class := range Class(Classes) {
			wg.Go(func() {
				if _, err := g.Acquire(t.Context(), At(class)); !errors.Is(err, ErrNoSite) {
					t.Errorf("%v: %v", class, err)
				}
			})
		}
		synctest.Wait()
		s.SetShare(0)
		wg.Wait()
		if time.Since(begun) != 0 {
			t.Error("they waited")
		}
		held.Release(Outcome{})
		if s := g.Status(); s.InFlight != 0 || s.Waiting != 0 || s.Lane != 0 {
			t.Fatalf("left behind: %+v", s)
		}
	})
}

func TestMorePermitsAreHandedOutAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := small(1, 10)
		g := open(cfg, time.Now)
		held := take(t, g, 1)
		var wg sync.WaitGroup
		wg.Go(func() {
			p, err := g.Acquire(t.Context(), At(P1))
			if err != nil {
				t.Error(err)
				return
			}
			p.Release(Outcome{})
		})
		synctest.Wait()
		cfg.Limit.Min, cfg.Limit.Max = 2, 2
		g.Configure(cfg)
		wg.Wait()
		held[0].Release(Outcome{})
	})
}
