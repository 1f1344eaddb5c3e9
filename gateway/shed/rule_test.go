package shed

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// noContext never ends.
type noContext struct{ context.Context }

func (noContext) Done() <-chan struct{} { return nil }
func (noContext) Err() error            { return nil }

func TestALimitThatIsTriedKeepsNobodyWaiting(t *testing.T) {
	cfg := small(2, 10)
	cfg.Trial[RuleLimit] = true
	g := open(cfg, time.Now)
	take(t, g, 20)
	s := g.Status()
	if s.InFlight != 20 || s.Rules[RuleLimit].Would != 18 || s.Rules[RuleLimit].Refused != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestAFullQueueThatIsTriedTurnsNobodyAway(t *testing.T) {
	for _, trial := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			cfg := small(1, 3)
			cfg.Trial[RuleQueue], cfg.Trial[RuleThreshold] = trial, true
			g := open(cfg, time.Now)
			held := take(t, g, 1)[0]
			var wg sync.WaitGroup
			refused := 0
			var mu sync.Mutex
			for range 10 {
				wg.Go(func() {
					p, err := g.Acquire(tc, At(P1))
					if errors.Is(err, ErrShed) {
						mu.Lock()
						refused++
						mu.Unlock()
						return
					}
					p.Release(Outcome{})
				})
			}
			synctest.Wait()
			held.Release(Outcome{})
			wg.Wait()
			n := g.Status().Rules[RuleQueue]
			if trial && (refused != 0 || n.Would != 7 || n.Refused != 0) || !trial && (refused != 7 || n.Refused != 7 || n.Would != 0) {
				t.Errorf("tried %v: %d refused, %+v", trial, refused, n)
			}
		})
	}
}

func TestADeadlineThatIsTriedLetsThemWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := small(1, 10)
		cfg.Trial[RuleDeadline] = true
		g := open(cfg, time.Now)
		held := take(t, g, 1)[0]
		var wg sync.WaitGroup
		wg.Go(func() {
			p, err := g.Acquire(tc, At(P3))
			if err != nil {
				t.Error(err)
				return
			}
			p.Release(Outcome{})
		})
		time.Sleep(3 * cfg.Wait[P3])
		if n := g.Status().Rules[RuleDeadline]; n.Would != 1 || n.Refused != 0 {
			t.Errorf("%+v", n)
		}
		held.Release(Outcome{})
		wg.Wait()
		held = take(t, g, 1)[0]
		begun := time.Now()
		if _, err := g.Acquire(tc, At(P3)); !errors.Is(err, ErrTimeout) || time.Since(begun) != longestWait {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		held.Release(Outcome{})
	})
}

func TestAThresholdThatIsTriedOnlyCounts(t *testing.T) {
	cfg := small(1, 10)
	cfg.Trial[RuleThreshold], cfg.Trial[RuleLimit] = true, true
	g := open(cfg, time.Now)
	g.levels.end = time.Now().Add(time.Hour)
	g.levels.upTo[P2] = 0
	beyond := func() error {
		p, err := g.Acquire(t.Context(), At(P2))
		if err == nil {
			t.Cleanup(func() { p.Release(Outcome{}) })
		}
		return err
	}
	if err := beyond(); err != nil { // a permit lies idle: the threshold counts for nothing
		t.Fatal(err)
	}
	if err := beyond(); err != nil {
		t.Fatal(err)
	}
	cfg.Trial[RuleThreshold] = false
	g.Configure(cfg)
	if err := beyond(); !errors.Is(err, ErrShed) {
		t.Fatalf("beyond the threshold: %v", err)
	}
	if n := g.Status().Rules[RuleThreshold]; n.Would != 1 || n.Refused != 1 {
		t.Fatalf("%+v", n)
	}
}

// BenchmarkShed is the decision to turn a request away, by the threshold and by a full queue.
func BenchmarkShed(b *testing.B) {
	for name, prepare := range map[string]func(*Gate){
		"threshold": func(g *Gate) { g.levels.end, g.levels.upTo[P3] = time.Now().Add(time.Hour), 0 },
		"full":      func(g *Gate) { g.levels.end, g.waiting = time.Now().Add(time.Hour), g.cfg.Queue },
	} {
		b.Run(name, func(b *testing.B) {
			g := open(small(1, 10), time.Now)
			held, _ := g.Acquire(tc, At(P0))
			prepare(g)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.Acquire(tc, At(P3)); err == nil {
					b.Fatal("let through")
				}
			}
			g.waiting = 0
			held.Release(Outcome{})
		})
	}
}

// TestATriedDeadlineTurnsNobodyAway, also where a class that may wait as long as anybody has a threshold, which cuts its wait.
func TestATriedDeadlineTurnsNobodyAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := small(1, 10)
		cfg.Wait[P2] = longestWait
		cfg.Trial[RuleDeadline] = true
		g := open(cfg, time.Now)
		held, err := g.Acquire(t.Context(), At(P0))
		if err != nil {
			t.Fatal(err)
		}
		g.levels.pressed = P2
		time.AfterFunc(time.Second, func() { held.Release(Outcome{}) })
		p, err := g.Acquire(t.Context(), Priority{Class: P2})
		if err != nil {
			t.Fatalf("turned away by a deadline that is only tried: %v", err)
		}
		p.Release(Outcome{})
		if n := g.Status().Rules[RuleDeadline].Would; n != 1 {
			t.Errorf("%d would have been turned away, 1 wanted", n)
		}
	})
}
