package admission

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const tick = 100 * time.Millisecond

// backend is a simulated backend: it takes in capacity people a second and lets the rest wait.
type backend struct{ capacity, backlog float64 }

func (b *backend) admit(rate float64) (wait time.Duration) {
	b.backlog = max(0, b.backlog+(rate-b.capacity)*tick.Seconds())
	return time.Duration(b.backlog / b.capacity * float64(time.Second))
}

func TestRateSettlesAtWhatTheBackendBears(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &backend{capacity: rapid.Float64Range(50, 1500).Draw(t, "capacity")}
		c := New(Default())
		now, wait, admitted := time.Unix(0, 0), time.Duration(0), 0.0
		const ticks, warm = 3000, 1500
		for i := range ticks {
			now = now.Add(tick)
			rate := c.Step(Signal{Now: now, BackendOpen: true, QueueWait: wait, Waiting: true})
			wait = b.admit(rate)
			if i >= warm {
				admitted += rate * tick.Seconds()
			}
			if wait > 3*time.Second {
				t.Fatalf("a wait of %v at capacity %v", wait, b.capacity)
			}
		}
		if mean := admitted / (float64(ticks-warm) * tick.Seconds()); mean < 0.75*b.capacity || mean > 1.05*b.capacity {
			t.Fatalf("called in %.0f a second, capacity %.0f", mean, b.capacity)
		}
	})
}

func TestNobodyIsCalledInWhileTheBackendRests(t *testing.T) {
	c := New(Default())
	now := time.Unix(0, 0)
	if rate := c.Step(Signal{Now: now, Waiting: true}); rate != 0 {
		t.Fatalf("called in %v", rate)
	}
	if rate := c.Step(Signal{Now: now.Add(tick), Waiting: true, BackendOpen: true}); rate < Default().Start {
		t.Fatalf("after the rest only %v", rate)
	}
}

func TestCapIsNeverExceeded(t *testing.T) {
	c := New(Default())
	now := time.Unix(0, 0)
	for range 1000 {
		now = now.Add(tick)
		if rate := c.Step(Signal{Now: now, Waiting: true, BackendOpen: true, Cap: 30}); rate > 30 {
			t.Fatalf("called in %v over a cap of 30", rate)
		}
	}
}

func TestRateHoldsWhileNobodyWaits(t *testing.T) {
	c := New(Default())
	now := time.Unix(0, 0)
	for range 1000 {
		now = now.Add(tick)
		c.Step(Signal{Now: now, BackendOpen: true})
	}
	if c.Rate() != Default().Start {
		t.Fatalf("rate grew to %v without anybody to call in", c.Rate())
	}
}

func TestShedsCut(t *testing.T) {
	c := New(Default())
	now := time.Unix(0, 0)
	for i := range 50 {
		now = now.Add(tick)
		c.Step(Signal{Now: now, BackendOpen: true, Waiting: true, Shed: uint64(i)})
	}
	if c.Rate() > Default().Start/4 {
		t.Fatalf("rate %v though people who were let in are being shed", c.Rate())
	}
}
