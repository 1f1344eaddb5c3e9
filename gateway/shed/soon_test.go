package shed

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// rush offers classes at rates a second, at random times, to a backend of 16 places at 20 ms.
type rush struct {
	rate    [public]float64
	during  time.Duration
	from    time.Duration // what is sent earlier does not count
	mu      sync.Mutex
	good    [public]int
	atOnce  int                   // refused within a millisecond
	late    int                   // refused after a wait
	longest [public]time.Duration // wait of somebody refused
}

func (r *rush) run(t *testing.T, g *Gate) {
	begun := time.Now()
	var wg sync.WaitGroup
	for c := range r.rate {
		if r.rate[c] == 0 {
			continue
		}
		rnd := rand.New(rand.NewPCG(1, uint64(c)))
		wg.Go(func() {
			for time.Since(begun) < r.during {
				time.Sleep(time.Duration(rnd.ExpFloat64() * float64(time.Second) / r.rate[c]))
				took := time.Duration((0.75 + 0.5*rnd.Float64()) * float64(20*time.Millisecond))
				at := At(Class(c))
				wg.Go(func() {
					sent := time.Now()
					p, err := g.Acquire(tc, at)
					if err == nil {
						time.Sleep(took)
						p.Release(Outcome{})
					}
					if sent.Sub(begun) < r.from {
						return
					}
					r.mu.Lock()
					defer r.mu.Unlock()
					switch waited := time.Since(sent); {
					case err == nil:
						r.good[c]++
					case errors.Is(err, ErrShed) && waited < time.Millisecond:
						r.atOnce++
					default:
						r.late++
						r.longest[c] = max(r.longest[c], waited)
					}
				})
			}
		})
	}
	wg.Wait()
}

// TestRefusalsComeAtOnce: a refusal after a wait is worth less than one at once, and the more people come the fewer of them can
// be kept waiting. Nothing is left idle for it.
func TestRefusalsComeAtOnce(t *testing.T) {
	for _, c := range []struct{ times, mostWaited float64 }{{2, 0.06}, {10, 0.01}, {33, 0.005}} {
		synctest.Test(t, func(t *testing.T) {
			cfg := small(16, 512)
			cfg.Share = Default().Share
			g := open(cfg, time.Now)
			rest := (c.times - 0.5) * 800
			r := &rush{rate: [public]float64{240, 160, rest * 0.43, rest * 0.57}, during: 5 * time.Second, from: time.Second}
			r.run(t, g)
			sum := 0
			for _, n := range r.good {
				sum += n
			}
			waited := float64(r.late) / float64(r.late+r.atOnce)
			t.Logf("%2.0f ×: %.3f C, good %v, refused at once %d, late %d: %.2f %%", c.times, float64(sum)/4/800, r.good, r.atOnce, r.late, 100*waited)
			if waited > c.mostWaited {
				t.Errorf("%2.0f ×: %.2f %% of those refused had to wait for it", c.times, 100*waited)
			}
			if r.good[P0]+r.good[P1] < sum/2-sum/10 || float64(sum) < 0.98*4*800 {
				t.Errorf("%2.0f ×: served %v", c.times, r.good)
			}
		})
	}
}

// TestALastingCrowdIsNotKeptWaiting: once a class has a threshold nobody in it waits the whole of what the class may, and
// after the crowd it may again. P0 and P1 wait as ever.
func TestALastingCrowdIsNotKeptWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := small(16, 512)
		cfg.Share = Default().Share
		g := open(cfg, time.Now)
		r := &rush{rate: [public]float64{240, 160, 600, 600}, during: 5 * time.Second, from: 2 * time.Second}
		r.run(t, g)
		if r.late == 0 {
			t.Fatal("nobody was refused after a wait")
		}
		for c := P2; c < public; c++ {
			if most := 200 * time.Millisecond; r.longest[c] > most {
				t.Errorf("%v: somebody waited %v for a refusal, at most %v wanted", c, r.longest[c], most)
			}
		}
		if r.good[P0]+r.good[P1] < 3*390 {
			t.Errorf("served %v", r.good)
		}

		calm := &rush{rate: [public]float64{240, 160, 100, 0}, during: 10 * time.Second}
		calm.run(t, g)
		held := make([]Permit, 0, 16)
		for range 16 {
			p, err := g.Acquire(tc, At(P0))
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, p)
		}
		sent := time.Now()
		if _, err := g.Acquire(tc, At(P2)); !errors.Is(err, ErrTimeout) || time.Since(sent) != cfg.Wait[P2] {
			t.Errorf("after the crowd: %v after %v", err, time.Since(sent))
		}
		for _, p := range held {
			p.Release(Outcome{})
		}
	})
}
