package shed

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// change is one in what a backend can do, at a time, undone later.
func change(at, undone time.Duration, before, during int) func(int64) int {
	return func(now int64) int {
		if now >= int64(at) && now < int64(undone) {
			return during
		}
		return before
	}
}

func slowed(at, undone time.Duration, of service, by float64) service {
	return func(rng *rand.Rand, now int64) float64 {
		d := of(rng, now)
		if now >= int64(at) && now < int64(undone) {
			d *= by
		}
		return d
	}
}

// reaches tells how long after a time the limit stays between two bounds, for half a second; probes aside.
func (s *simulation) reaches(after, until time.Duration, least, most int) time.Duration {
	run := int64(0)
	for i := int64(after) / bucket; i < int64(until)/bucket; i++ {
		if n := s.permits[i]; n < least || n > most {
			run = 0
			continue
		}
		if run++; run == 10 {
			return time.Duration((i-9)*bucket) - after
		}
	}
	return until - after
}

// regains tells how long after a time goodput over 200 ms is back at a rate.
func (s *simulation) regains(after, until time.Duration, rate float64) time.Duration {
	for at := after; at < until; at += time.Duration(bucket) {
		if s.goodput(at, at+200*time.Millisecond) >= rate {
			return at - after
		}
	}
	return until - after
}

const sec = time.Second

func TestTheLimitFollowsTheBackend(t *testing.T) {
	ms20 := fixedTime(20 * time.Millisecond)
	for _, c := range []struct {
		name           string
		backend        func() server
		before, during float64 // answers a second
		low, high      int     // limits that are right during the change
		back           int     // the least that is right after
		within         time.Duration
	}{
		{"half the places", func() server { return &places{n: change(5*sec, 10*sec, 16, 8), service: ms20} }, 800, 400, 8, 16, 18, 2 * sec},
		{"half the places, log-normal", func() server {
			return &places{n: change(5*sec, 10*sec, 16, 8), service: logNormal(20*time.Millisecond, 0.7)}
		}, 800, 400, 8, 18, 17, 2 * sec},
		{"twice the time", func() server {
			return &places{n: always(16), service: slowed(5*sec, 10*sec, ms20, 2)}
		}, 800, 400, 17, 26, 18, 2 * sec},
		{"ten times the time", func() server {
			return &places{n: always(16), service: slowed(5*sec, 10*sec, ms20, 10)}
		}, 800, 80, 16, 26, 18, 4 * sec},
		{"an eighth of the places", func() server { return &places{n: change(5*sec, 10*sec, 16, 2), service: ms20} }, 800, 100, 2, 6, 18, 4 * sec},
		{"ten times the places", func() server { return &places{n: change(5*sec, 10*sec, 16, 160), service: ms20} }, 800, 8000, 160, 260, 16, 5 * sec},
	} {
		for _, factor := range []float64{1.4, 4} {
			var down, up, regainDown, regainUp, during []float64
			for seed := range uint64(3) {
				l := ours(24)
				s := newSimulation(seed, l, c.backend(), constant(factor*max(c.before, c.during)), min(c.before, c.during)/4)
				s.run(15 * sec)
				down = append(down, s.reaches(5*sec, 10*sec, c.low, c.high).Seconds())
				up = append(up, s.reaches(10*sec, 15*sec, c.back, 32).Seconds())
				regainDown = append(regainDown, s.regains(5*sec, 10*sec, 0.95*c.during).Seconds())
				regainUp = append(regainUp, s.regains(10*sec, 15*sec, 0.95*c.before).Seconds())
				during = append(during, s.goodput(7*sec, 10*sec)/c.during)
			}
			t.Logf("%-28s %g x: limit follows in %.2f s and %.2f s (worst %.2f, %.2f), goodput in %.2f s and %.2f s (worst %.2f, %.2f), during %.3f",
				c.name, factor, median(down), median(up), slices.Max(down), slices.Max(up), median(regainDown), median(regainUp), slices.Max(regainDown), slices.Max(regainUp), median(during))
			if worst := max(slices.Max(down), slices.Max(up)); worst > c.within.Seconds() {
				t.Errorf("%s: the limit follows after %v and %v", c.name, down, up)
			}
			if slices.Min(during) < 0.92 {
				t.Errorf("%s: goodput during the change is %v of what the backend can do", c.name, during)
			}
		}
	}
}

func TestGoodputAfterAStep(t *testing.T) {
	for seed := range uint64(5) {
		step := func(now int64) float64 {
			if now < int64(4*sec) {
				return 400
			}
			return 1.4 * 800
		}
		s := newSimulation(seed, ours(64), scenes[0].backend(), step, 240)
		s.run(10 * sec)
		if took := s.regains(4*sec, 8*sec, 0.95*s.goodput(7*sec, 10*sec)); took > 500*time.Millisecond {
			t.Errorf("seed %d: goodput is back after %v", seed, took)
		}
	}
}

// Limits that creep up while a backend is overloaded a little or a lot for long.
func TestTheLimitDoesNotDrift(t *testing.T) {
	for _, factor := range []float64{1.03, 1.5, 5} {
		s := scenes[0].play(1, ours(24), factor, 60*sec)
		if high, low := slices.Max(s.permits[:1200]), slices.Min(s.permits[:1200]); high > 32 || low < 18 {
			t.Errorf("%g x: the limit went from %d to %d", factor, low, high)
		}
	}
}

// A limit at its least has nothing to compare with, and must find up all the same.
func TestTheLeastLimitRecovers(t *testing.T) {
	for name, b := range map[string]func() server{
		"one place": func() server {
			return &places{n: change(3*sec, 6*sec, 16, 1), service: fixedTime(20 * time.Millisecond)}
		},
		"refused everything": func() server {
			return &refusing{until: int64(3 * sec), places: places{n: always(16), service: fixedTime(20 * time.Millisecond)}}
		},
		"warms up": func() server {
			return &places{n: always(16), service: func(_ *rand.Rand, now int64) float64 { return 20e6 * max(1, 10-float64(now)/1e9) }}
		},
	} {
		s := newSimulation(1, ours(4), b(), constant(1600), 100)
		s.run(14 * sec)
		if got := s.goodput(11*sec, 14*sec); got < 0.97*800 {
			t.Errorf("%s: goodput %.0f/s, limits %v", name, got, s.permits[120:280])
		}
	}
}

type refusing struct {
	places
	until int64
}

func (b *refusing) arrive(s *simulation, r *request) {
	if s.now < b.until {
		r.outcome.Overloaded = true
		s.answer(r)
		return
	}
	b.places.arrive(s, r)
}

// Probes must not be what sheds: little time is spent in them.
func TestProbesAreShortAndRare(t *testing.T) {
	l := ours(24).(*Limit)
	s := newSimulation(1, l, scenes[0].backend(), constant(1600), 100)
	var probing, all int
	var look func()
	look = func() {
		all++
		if l.Status().Probing {
			probing++
		}
		s.after(int64(time.Millisecond), look)
	}
	s.after(0, look)
	s.run(20 * sec)
	if probing == 0 || probing > all/20 {
		t.Errorf("%d of %d ms in probes", probing, all)
	}
}

// TestAProbeOfFewPlacesCostsLittle: where a backend works on few requests at once, each that a probe keeps back is a large share of them.
// Half a second with a probe in it still has 95 % of what the backend can do.
func TestAProbeOfFewPlacesCostsLittle(t *testing.T) {
	for seed := range uint64(10) {
		l := ours(24)
		s := newSimulation(seed, l, &places{n: change(5*sec, 20*sec, 16, 8), service: fixedTime(20 * time.Millisecond)}, constant(1120), 400)
		s.run(20 * sec)
		least, when := 1.0, time.Duration(0)
		for at := 6 * sec; at < 19*sec; at += time.Duration(bucket) {
			if got := s.goodput(at, at+500*time.Millisecond) / 400; got < least {
				least, when = got, at
			}
		}
		if least < 0.95 {
			t.Errorf("seed %d: %.3f of it in half a second from %v on", seed, least, when)
		}
	}
}

// TestAnErrorOfTheBaselineDiesOut: a backend that works on n at once is taken for one of more, because the baseline is too long by a
// queue. With few out what is measured is n, or few where those still queue; within some probes it is n.
func TestAnErrorOfTheBaselineDiesOut(t *testing.T) {
	for n := 1; n <= 200; n++ {
		for _, by := range []float64{1.01, 1.3, 2, 3.7, 5} {
			at := by * float64(n)
			for range 8 {
				at = float64(max(n, few(at)))
			}
			if at != float64(n) {
				t.Errorf("%d at once, taken for %g times as many, are still taken for %g", n, by, at)
			}
		}
	}
}
