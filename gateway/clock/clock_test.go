package clock

import (
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// host is a machine whose clocks a test moves.
type host struct {
	wall      time.Time
	monotonic time.Duration
	steps     []time.Duration
}

func (h *host) pass(d time.Duration, drift float64) {
	h.monotonic += d
	h.wall = h.wall.Add(d + time.Duration(float64(d)*drift))
}

func (h *host) clock() *Clock {
	return New(Sources{
		Wall: func() time.Time { return h.wall }, Monotonic: func() time.Duration { return h.monotonic },
		Step: func(off time.Duration) { h.steps = append(h.steps, off) },
	})
}

func newHost() *host { return &host{wall: time.Date(2021, 7, 19, 19, 59, 0, 0, time.UTC)} }

func TestTimeNeverGoesBackAndNeverRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHost()
		c := h.clock()
		begin, last := h.monotonic, c.Now()
		t.Repeat(map[string]func(*rapid.T){
			"time passes": func(t *rapid.T) {
				h.pass(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "for")), rapid.Float64Range(-0.001, 0.001).Draw(t, "drift"))
			},
			"clock set": func(t *rapid.T) {
				h.wall = h.wall.Add(time.Duration(rapid.Int64Range(-int64(48*time.Hour), int64(48*time.Hour)).Draw(t, "by")))
			},
			"": func(t *rapid.T) {
				before := h.monotonic
				now := c.Now()
				if now.Before(last) {
					t.Fatalf("back from %s to %s", last, now)
				}
				gone := before - begin
				if d := now.Sub(last) - gone; d > time.Duration(float64(gone)*Slew)+time.Microsecond || d < -time.Duration(float64(gone)*Slew)-time.Microsecond {
					t.Fatalf("%s told for %s", now.Sub(last), gone)
				}
				begin, last = before, now
			},
		})
	})
}

func TestADriftingHostIsFollowed(t *testing.T) {
	h := newHost()
	c := h.clock()
	for range 3600 {
		h.pass(time.Second, 0.0003)
		c.Now()
	}
	if off := h.wall.Sub(c.Now()); off > time.Millisecond || off < -time.Millisecond {
		t.Errorf("after an hour %s apart", off)
	}
	if len(h.steps) != 0 || c.Off() != 0 {
		t.Errorf("taken for steps: %v, %s", h.steps, c.Off())
	}
}

func TestASmallCorrectionIsSlewed(t *testing.T) {
	h := newHost()
	c := h.clock()
	h.wall = h.wall.Add(-900 * time.Millisecond)
	for range 1900 {
		h.pass(time.Second, 0)
		c.Now()
	}
	if off := h.wall.Sub(c.Now()); off > time.Millisecond || off < -time.Millisecond {
		t.Errorf("after half an hour %s apart", off)
	}
}

func TestAStepIsToldOnceAndIgnored(t *testing.T) {
	for _, by := range []time.Duration{-time.Hour, 2 * time.Second, 9 * time.Hour} {
		h := newHost()
		c := h.clock()
		start := c.Now()
		h.wall = h.wall.Add(by)
		for range 100 {
			h.pass(time.Second, 0)
			c.Now()
		}
		if passed := c.Now().Sub(start); passed != 100*time.Second {
			t.Errorf("set by %s: %s passed in 100 s", by, passed)
		}
		if len(h.steps) != 1 || h.steps[0] != by || c.Off() != by {
			t.Errorf("set by %s: told %v, off %s", by, h.steps, c.Off())
		}
		h.wall = h.wall.Add(-by)
		h.pass(2*time.Second, 0)
		c.Now()
		if len(h.steps) != 2 || h.steps[1] != 0 || c.Off() != 0 {
			t.Errorf("set back: told %v, off %s", h.steps, c.Off())
		}
	}
}

// The zone that the host stands in, or changes to, is no part of an instant.
func TestTimeZonesDoNotMatter(t *testing.T) {
	h := newHost()
	c := h.clock()
	want := h.wall
	h.wall = h.wall.In(time.FixedZone("summer", 10*3600))
	h.pass(5*time.Second, 0)
	if now := c.Now(); !now.Equal(want.Add(5*time.Second)) || now.Location() != time.UTC {
		t.Errorf("%s", now)
	}
}

func TestManyReadersAgree(t *testing.T) {
	c := New(System(func(time.Duration) {}))
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			last := c.Now()
			for range 20_000 {
				now := c.Now()
				if now.Before(last) {
					t.Errorf("back from %s to %s", last, now)
					return
				}
				last = now
			}
		})
	}
	readers.Wait()
}

func BenchmarkNow(b *testing.B) {
	c := New(System(func(time.Duration) {}))
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			c.Now()
		}
	})
}
