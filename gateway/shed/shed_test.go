package shed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
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
	var at []Priority
	for _, c := range arrivals {
		at = append(at, Priority{Class: c})
	}
	return orderOf(t, cfg, at)
}

// orderOf is order with sub-levels.
func orderOf(t *testing.T, cfg Config, arrivals []Priority) (served []int, refused []int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := open(cfg, time.Now)
		held, err := g.Acquire(t.Context(), At(P0))
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		for i, at := range arrivals {
			go func() {
				p, err := g.Acquire(t.Context(), at)
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

// TestWhoGoesFirstInAClass: of P2 and P3 the first sub-level, and of those alike the newest; of P0 and P1 the oldest.
func TestWhoGoesFirstInAClass(t *testing.T) {
	first, middle, last := uint16(0), uint16(Levels/2), uint16(Levels-1)
	for c, want := range map[Class][]int{P0: {0, 1, 2, 3, 4}, P1: {0, 1, 2, 3, 4}, P2: {4, 2, 1, 3, 0}, P3: {4, 2, 1, 3, 0}} {
		served, refused := orderOf(t, small(1, 10), []Priority{{c, last}, {c, middle}, {c, first}, {c, last - Levels/4}, {c, first + 1}})
		if len(refused) != 0 || !slices.Equal(served, want) {
			t.Errorf("%v: served %v, want %v; refused %v", c, served, want, refused)
		}
	}
}

// TestFullQueueEvictsTheLastSubLevel, be it the arrival; of P0 and P1 always the arrival.
func TestFullQueueEvictsTheLastSubLevel(t *testing.T) {
	first, middle, last := uint16(0), uint16(Levels/2), uint16(Levels-1)
	for c, want := range map[Class][]int{P0: {2, 3}, P1: {2, 3}, P2: {0, 3}, P3: {0, 3}} {
		_, refused := orderOf(t, small(1, 2), []Priority{{c, last}, {c, middle}, {c, first}, {c, last}})
		if !slices.Equal(refused, want) {
			t.Errorf("%v: refused %v, want %v", c, refused, want)
		}
	}
}

// TestQueueKeepsBothOrders holds a queue against lists that are sorted anew each time.
func TestQueueKeepsBothOrders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var in []*waiter // by arrival
		take := func(got *waiter, want int) {
			if len(in) == 0 {
				if got != nil {
					t.Fatal("somebody came out of an empty queue")
				}
				return
			}
			if got != in[want] {
				t.Fatalf("level %d came out, want %d", got.level, in[want].level)
			}
			in = slices.Delete(in, want, want+1)
		}
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				w := &waiter{level: rapid.Uint16Range(0, Levels-1).Draw(t, "level")}
				q.push(w)
				in = append(in, w)
			},
			"remove": func(t *rapid.T) {
				if len(in) > 0 {
					i := rapid.IntRange(0, len(in)-1).Draw(t, "who")
					q.remove(in[i])
					in = slices.Delete(in, i, i+1)
				}
			},
			"oldest": func(*rapid.T) { take(q.popOldest(), 0) },
			"first": func(*rapid.T) {
				want := 0
				for i, w := range in {
					if rankOf(w.level) <= rankOf(in[want].level) {
						want = i
					}
				}
				take(q.popFirst(), want)
			},
			"last": func(*rapid.T) {
				want := 0
				for i, w := range in {
					if rankOf(w.level) >= rankOf(in[want].level) {
						want = i
					}
				}
				take(q.popLast(), want)
			},
			"": func(t *rapid.T) {
				if q.live != len(in) || (q.oldest == nil) != (len(in) == 0) || (q.taken == 0) != (len(in) == 0) {
					t.Fatalf("%d in the queue, want %d", q.live, len(in))
				}
			},
		})
	})
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
