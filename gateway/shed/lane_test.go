package shed

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// load offers requests of a class at a rate for a while and counts what comes of them.
type load struct {
	class    Class
	every    time.Duration
	mu       sync.Mutex
	offered  int
	answered int
}

func (l *load) offer(t *testing.T, g *Gate, took, lasts time.Duration, wg *sync.WaitGroup) {
	ticker := time.NewTicker(l.every)
	defer ticker.Stop()
	for end := time.Now().Add(lasts); time.Now().Before(end); <-ticker.C {
		l.offered++
		wg.Go(func() {
			p, err := g.Acquire(t.Context(), At(l.class))
			if err != nil {
				return
			}
			time.Sleep(took)
			p.Release(Outcome{})
			l.mu.Lock()
			l.answered++
			l.mu.Unlock()
		})
	}
}

// play runs loads against a backend with 50 places that needs 20 ms for a request: 2,500 a second.
func play(t *testing.T, share float64, loads ...*load) {
	synctest.Test(t, func(t *testing.T) {
		cfg := small(50, 512)
		cfg.Share, cfg.LaneShare = Default().Share, share
		g := open(cfg, time.Now)
		var offering, answering sync.WaitGroup
		for _, l := range loads {
			offering.Go(func() { l.offer(t, g, 20*time.Millisecond, 2*time.Second, &answering) })
		}
		offering.Wait()
		answering.Wait()
		if s := g.Status(); s.InFlight != 0 || s.Waiting != 0 || s.Lane != 0 {
			t.Errorf("left behind: %+v", s)
		}
	})
}

// crowd is ten times as much as the backend bears, of every class.
func crowd() []*load {
	var out []*load
	for c := range public {
		out = append(out, &load{class: c, every: 160 * time.Microsecond})
	}
	return out
}

func TestACrowdDoesNotKeepTheLaneOut(t *testing.T) {
	lane := &load{class: Lane, every: 25 * time.Millisecond} // 40 a second of the 50 that its share bears
	all := crowd()
	play(t, 0.02, append(all, lane)...)
	offered, answered := 0, 0
	for _, l := range all {
		offered, answered = offered+l.offered, answered+l.answered
	}
	if answered*8 > offered {
		t.Fatalf("%d of %d of the public were answered: that is no crowd", answered, offered)
	}
	if lane.offered < 70 || lane.answered*100 < lane.offered*99 {
		t.Errorf("%d of %d of the lane were answered", lane.answered, lane.offered)
	}
	t.Logf("public: %d of %d answered; lane: %d of %d", answered, offered, lane.answered, lane.offered)
}

func TestTheLaneDoesNotKeepTheCrowdOut(t *testing.T) {
	for _, share := range []float64{0, 0.02, 0.1, 0.5} {
		alone, beside := crowd(), crowd()
		play(t, share, alone...)
		lane := &load{class: Lane, every: 40 * time.Microsecond} // as much as the whole crowd
		play(t, share, append(beside, lane)...)
		sum := func(all []*load) (n int) {
			for _, l := range all {
				n += l.answered
			}
			return n
		}
		was, is := sum(alone), sum(beside)
		if float64(is) < (1-share)*float64(was)-float64(was)/100 {
			t.Errorf("share %g: %d of the public answered, %d without the lane", share, is, was)
		}
		if share > 0 && float64(lane.answered) < 0.9*share*float64(was) {
			t.Errorf("share %g: %d of the lane answered, of %d in all", share, lane.answered, was)
		}
		if share == 0 && lane.answered > lane.offered/20 {
			t.Errorf("no share: %d of the lane answered while the public waited", lane.answered)
		}
	}
}

// TestAnIdleSideLeavesItsShareToTheOther holds that permits do not lie idle for anybody.
func TestAnIdleSideLeavesItsShareToTheOther(t *testing.T) {
	for _, class := range []Class{P1, Lane} {
		one := &load{class: class, every: 40 * time.Microsecond}
		play(t, 0.1, one)
		if one.answered < 4900 {
			t.Errorf("%v alone: %d answered of the 5,000 that the backend bears", class, one.answered)
		}
	}
}

// TestTheLaneNeverHoldsMoreThanItsShareWhileOthersWait plays arrivals and releases in any order.
func TestTheLaneNeverHoldsMoreThanItsShareWhileOthersWait(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := small(rapid.IntRange(1, 30).Draw(t, "permits"), 40)
		cfg.LaneShare = rapid.SampledFrom([]float64{0, 0.02, 0.1, 0.3}).Draw(t, "share")
		now := time.Unix(0, 0)
		g := open(cfg, func() time.Time { return now })
		var out []Permit
		var waiting []*waiter
		share := max(1, int(cfg.LaneShare*float64(cfg.Limit.Max)))
		if cfg.LaneShare == 0 {
			share = 0
		}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			lane, crowded := g.inLane, g.waiting > 0
			if len(out) > 0 && rapid.Bool().Draw(t, "release") {
				i := rapid.IntRange(0, len(out)-1).Draw(t, "which")
				out[i].Release(Outcome{})
				out = append(out[:i], out[i+1:]...)
			} else if c := Class(rapid.IntRange(0, Classes-1).Draw(t, "class")); g.site(c) != nil {
				g.take(c, g.sites[0])
				out = append(out, Permit{g.sites[0], now, c})
			} else if w, err := g.enqueue(Priority{Class: c}, now); err == nil {
				waiting = append(waiting, w)
			}
			for i := 0; i < len(waiting); i++ {
				if w := waiting[i]; w.state != 0 { // never given back: nobody else uses it meanwhile
					waiting = append(waiting[:i], waiting[i+1:]...)
					i--
					if w.state == granted {
						out = append(out, Permit{w.site, now, w.class})
					}
				}
			}
			if crowded && g.waiting > 0 && g.inLane > max(lane, share) {
				t.Fatalf("the lane holds %d of %d with the public waiting, its share is %d", g.inLane, cfg.Limit.Max, share)
			}
			if g.inFlight != len(out) || g.inFlight > cfg.Limit.Max || g.inFlight < cfg.Limit.Max && (g.waiting > 0 || g.queues[Lane].live > 0) {
				t.Fatalf("%d out, counted %d of %d, with %d and %d waiting", len(out), g.inFlight, cfg.Limit.Max, g.waiting, g.queues[Lane].live)
			}
		}
	})
}
