package shed

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func small(permits, queue int) Config {
	cfg := Default()
	cfg.Limit.Start, cfg.Limit.Min, cfg.Limit.Max = permits, permits, permits
	cfg.Queue = queue
	cfg.Share = [Classes]int{}
	return cfg
}

// open makes a gate with one site that may use its whole limit.
func open(cfg Config, clock func() time.Time) *Gate {
	g := NewGate(cfg, clock)
	g.Open().SetShare(1)
	return g
}

// order lets classes queue up behind one held permit and returns in which order they are served.
func order(t *testing.T, cfg Config, arrivals []Class) (served []int, refused []int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := open(cfg, time.Now)
		held, err := g.Acquire(t.Context(), At(P0))
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		for i, class := range arrivals {
			go func() {
				p, err := g.Acquire(t.Context(), At(class))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					refused = append(refused, i)
					return
				}
				served = append(served, i)
				p.Release(Outcome{})
			}()
			synctest.Wait()
		}
		held.Release(Outcome{})
		synctest.Wait()
	})
	return served, refused
}

func TestHigherClassesGoFirst(t *testing.T) {
	served, _ := order(t, small(1, 10), []Class{P3, P2, P1, P0, P3, P0})
	want := []int{3, 5, 2, 1, 4, 0} // P3: the newest first
	if len(served) != len(want) {
		t.Fatalf("served %v", served)
	}
	for i := range want {
		if served[i] != want[i] {
			t.Fatalf("served %v, want %v", served, want)
		}
	}
}

func TestFullQueueEvictsTheLowestClass(t *testing.T) {
	served, refused := order(t, small(1, 2), []Class{P3, P2, P0, P3})
	if len(refused) != 2 || refused[0] != 0 && refused[0] != 3 {
		t.Fatalf("refused %v", refused)
	}
	if len(served) != 2 || served[0] != 2 || served[1] != 1 {
		t.Fatalf("served %v", served)
	}
}

func TestShareKeepsTheLowestClassAlive(t *testing.T) {
	cfg := small(1, 100)
	cfg.Share[P3] = 4
	arrivals := []Class{P3}
	for range 12 {
		arrivals = append(arrivals, P0)
	}
	served, _ := order(t, cfg, arrivals)
	for at, i := range served {
		if i == 0 {
			if at > 4 {
				t.Fatalf("P3 served as number %d", at)
			}
			return
		}
	}
	t.Fatal("P3 starved")
}

func TestDeadlineOfAClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := open(small(1, 10), time.Now)
		held, _ := g.Acquire(t.Context(), At(P0))
		start := time.Now()
		if _, err := g.Acquire(t.Context(), At(P3)); !errors.Is(err, ErrTimeout) {
			t.Fatal(err)
		}
		if took := time.Since(start); took != Default().Wait[P3] {
			t.Errorf("waited %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := g.Acquire(ctx, At(P0)); !errors.Is(err, ErrTimeout) {
			t.Fatal(err)
		}
		held.Release(Outcome{})
		if s := g.Status(); s.InFlight != 0 || s.Waiting != 0 {
			t.Fatalf("left behind: %+v", s)
		}
		p, err := g.Acquire(t.Context(), At(P3))
		if err != nil {
			t.Fatalf("a free gate refused: %v", err)
		}
		p.Release(Outcome{})
	})
}

func TestNeverMoreOutThanPermits(t *testing.T) {
	g := open(small(3, 50), time.Now)
	var mu sync.Mutex
	out, most := 0, 0
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			p, err := g.Acquire(t.Context(), At(Class(i%Classes)))
			if err != nil {
				return
			}
			mu.Lock()
			out++
			most = max(most, out)
			mu.Unlock()
			mu.Lock()
			out--
			mu.Unlock()
			p.Release(Outcome{})
		})
	}
	wg.Wait()
	if most > 3 {
		t.Fatalf("%d out at once", most)
	}
	if s := g.Status(); s.InFlight != 0 || s.Waiting != 0 {
		t.Fatalf("left behind: %+v", s)
	}
}

// backend is a simulated server: so many places, each request takes base; beyond the places, requests queue.
func TestLimitFindsTheBackendsPlaces(t *testing.T) {
	cfg := Default().Limit
	cfg.Start = 4
	cfg.QueueTarget = 20 * time.Millisecond
	l := NewLimit(cfg)
	now := time.Unix(0, 0)
	const places, base = 40, 20 * time.Millisecond
	for range 4000 {
		n := l.Permits()
		took := base * time.Duration((n+places-1)/places)
		for range n {
			l.Sample(now.Add(took), took, n, Outcome{})
		}
		if wait := took - base; wait > 0 {
			l.ReportQueueWait(now, wait*2)
		}
		now = now.Add(took)
	}
	if n := l.Permits(); n < places*7/10 || n > places*3/2 {
		t.Fatalf("limit %d for %d places", n, places)
	}
}

func TestLimitHoldsWithoutUse(t *testing.T) {
	l := NewLimit(Default().Limit)
	now := time.Unix(0, 0)
	for range 10_000 {
		now = now.Add(10 * time.Millisecond)
		l.Sample(now, time.Millisecond, 1, Outcome{})
	}
	if l.Permits() != Default().Limit.Start {
		t.Fatalf("limit moved to %d though one permit was used", l.Permits())
	}
}

func TestOverloadCutsAtOnce(t *testing.T) {
	l := NewLimit(Default().Limit)
	now := time.Unix(0, 0)
	for range 100 {
		now = now.Add(10 * time.Millisecond)
		l.Sample(now, time.Millisecond, 64, Outcome{Overloaded: true})
	}
	if l.Permits() > Default().Limit.Start/2 {
		t.Fatalf("limit still %d", l.Permits())
	}
}

func BenchmarkAcquireRelease(b *testing.B) {
	g := open(Default(), time.Now)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p, err := g.Acquire(context.Background(), At(P2))
			if err == nil {
				p.Release(Outcome{})
			}
		}
	})
}
