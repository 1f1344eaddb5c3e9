package shed

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

type scene struct {
	name    string
	best    float64 // answers a second that the backend can give
	backend func() server
	fixed   int // a limit set by hand by somebody who knows the backend
	least   float64
	stalls  bool
}

func always(n int) func(int64) int { return func(int64) int { return n } }

var scenes = []scene{
	{"16 x 20 ms", 800, func() server { return &places{n: always(16), service: fixedTime(20 * time.Millisecond)} }, 24, 0.97, false},
	{"16 x 20 ms, stalls", 800, func() server { return &places{n: always(16), service: fixedTime(20 * time.Millisecond)} }, 24, 0.97, true},
	{"noisy machine", 800, func() server { return &places{n: always(16), service: noisy(fixedTime(20 * time.Millisecond))} }, 24, 0.97, false},
	{"log-normal 0.5", 800, func() server { return &places{n: always(16), service: logNormal(20*time.Millisecond, 0.5)} }, 24, 0.97, false},
	{"log-normal 1", 800, func() server { return &places{n: always(16), service: logNormal(20*time.Millisecond, 1)} }, 24, 0.94, false},
	{"log-normal 1.5", 800, func() server { return &places{n: always(16), service: logNormal(20*time.Millisecond, 1.5)} }, 24, 0.9, false},
	{"reads and 1/2 commits", 1000, func() server { return &places{n: always(16), service: readsAndCommits(0.5)} }, 26, 0.97, false},
	{"reads and 1/10 commits", 3333, func() server { return &places{n: always(16), service: readsAndCommits(0.1)} }, 40, 0.97, false},
	{"batches of 16", 800, func() server { return &batches{n: 16, took: 20 * time.Millisecond} }, 40, 0.95, false},
	{"batches of 64 x 5 ms", 12800, func() server { return &batches{n: 64, took: 5 * time.Millisecond} }, 192, 0.95, false},
	{"300 x 1 ms", 20000, func() server { return &shared{cores: 20, service: fixedTime(time.Millisecond)} }, 100, 0.95, false},
	{"shared cores", 800, func() server { return &shared{cores: 4, service: logNormal(5*time.Millisecond, 1)} }, 16, 0.97, false},
	{"thrashing", 800, func() server { return &shared{cores: 16, service: fixedTime(20 * time.Millisecond), knee: 24} }, 22, 0.9, false},
	{"16 x 200 ms", 80, func() server { return &places{n: always(16), service: fixedTime(200 * time.Millisecond)} }, 20, 0.85, false},
	{"refuses over 20", 800, func() server { return &places{n: always(16), service: fixedTime(20 * time.Millisecond), refuse: 20} }, 19, 0.95, false},
	{"2 x 20 ms", 100, func() server { return &places{n: always(2), service: fixedTime(20 * time.Millisecond)} }, 4, 0.95, false},
}

func constant(rate float64) func(int64) float64 { return func(int64) float64 { return rate } }

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func ours(start int) limiter {
	cfg := Default().Limit
	cfg.Start = start
	l := NewLimit(cfg)
	return &l
}

func (c scene) play(seed uint64, l limiter, factor float64, length time.Duration) *simulation {
	s := newSimulation(seed, l, c.backend(), constant(factor*c.best), c.best/2)
	s.stalls = c.stalls
	s.run(length)
	return s
}

// TestTheLimitIsFound plays every backend at several times of what it can do and compares goodput with that under a limit set
// by somebody who knows the backend, two well-known schemes beside it.
func TestTheLimitIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute of simulation")
	}
	for i, c := range scenes {
		for _, factor := range []float64{2, 10, 33} {
			if factor > 10 && i > 1 || factor*c.best > 40_000 {
				continue
			}
			t.Run(fmt.Sprintf("%s/%gx", c.name, factor), func(t *testing.T) { c.compare(t, factor) })
		}
	}
}

const (
	warm = 4 * time.Second
	end  = 10 * time.Second
)

func (c scene) compare(t *testing.T, factor float64) {
	var hand float64
	for _, x := range []struct {
		name string
		ours bool
		make func() limiter
	}{
		{"hand", false, func() limiter { return fixedLimit(c.fixed) }},
		{"from 64", true, func() limiter { return ours(64) }},
		{"from 4", true, func() limiter { return ours(4) }},
		{"gradient2", false, func() limiter { return &gradient2{limit: 20} }},
		{"aimd", false, func() limiter { return &aimd{limit: 20, ceiling: 250 * time.Millisecond} }},
	} {
		var good, took, permits []float64
		for seed := range uint64(2) {
			s := c.play(seed, x.make(), factor, end)
			good = append(good, s.goodput(warm, end)/c.best)
			permits = append(permits, s.mean(warm, end))
			took = append(took, s.latency/s.answered*1000)
		}
		m := median(good)
		t.Logf("%-10s goodput %.3f  limit %4.0f  %4.0f ms at the backend", x.name, m, median(permits), median(took))
		if x.name == "hand" {
			hand = m
		}
		if x.ours && m < c.least*min(hand, 1) {
			t.Errorf("%s: goodput %.3f, %.3f with a limit set by hand", x.name, m, hand)
		}
	}
}
