// Package clock is the server's time, the only one that counts. It begins with the host's clock and goes on by itself: by
// the monotonic clock, drawn towards the host's so slowly that nobody notices, and never backwards.
//
// A host's clock that is set while the server runs, by hand or by a time service that had lost its source, moves nothing:
// a step of more than a second is told once, shown by Off, and ignored until the next start. The host's time zone and its
// daylight saving play no part, because all times here are instants. A machine that was suspended shows as a step too.
package clock

import (
	"sync/atomic"
	"time"
)

const (
	// Slew is how much faster or slower than the monotonic clock the server's time may run: half a millisecond a
	// second, as time services slew. A second is made good in 34 minutes.
	Slew = 500e-6
	// StepFrom is the difference to the host's clock from which on it is not followed any more.
	StepFrom = time.Second
	// lookEvery is how often the host's clock is looked at.
	lookEvery = time.Second
	// still is a difference that is not worth a correction.
	still = 100 * time.Microsecond
)

// Sources are where time comes from. Step is told when the host's clock is found to be set (by how much), and when it has
// come back (0).
type Sources struct {
	Wall      func() time.Time
	Monotonic func() time.Duration // since any fixed instant
	Step      func(off time.Duration)
}

// System are the host's clocks.
func System(step func(off time.Duration)) Sources {
	start := time.Now()
	return Sources{Wall: time.Now, Monotonic: func() time.Duration { return time.Since(start) }, Step: step}
}

// Clock is the server's time. It is safe for use by many goroutines; reading it takes no lock.
type Clock struct {
	from    Sources
	run     atomic.Pointer[stretch]
	looking atomic.Bool
	latest  atomic.Int64 // Unix ns: the latest time that was told
	off     atomic.Int64 // ns that the host's clock is ahead, where that is a step
}

// stretch is a time during which the clock runs at one speed.
type stretch struct {
	since time.Duration // monotonic
	at    int64         // Unix ns, then
	speed float64       // seconds a second, less one
}

func (s *stretch) now(monotonic time.Duration) int64 {
	passed := monotonic - s.since
	return s.at + int64(passed) + int64(float64(passed)*s.speed)
}

// New starts a clock with the host's.
func New(from Sources) *Clock {
	c := &Clock{from: from}
	c.run.Store(&stretch{since: from.Monotonic(), at: from.Wall().UnixNano()})
	return c
}

// Now is the server's time, in UTC.
func (c *Clock) Now() time.Time {
	monotonic := c.from.Monotonic()
	run := c.run.Load()
	if monotonic-run.since >= lookEvery && c.looking.CompareAndSwap(false, true) {
		c.look(monotonic)
		c.looking.Store(false)
		run = c.run.Load()
	}
	now := run.now(monotonic)
	for { // two goroutines may come from two stretches
		latest := c.latest.Load()
		if now <= latest {
			return time.Unix(0, latest).UTC()
		}
		if c.latest.CompareAndSwap(latest, now) {
			return time.Unix(0, now).UTC()
		}
	}
}

// Off is how far the host's clock is ahead of the server's time since it was set; 0 while it is followed.
func (c *Clock) Off() time.Duration { return time.Duration(c.off.Load()) }

// look compares with the host's clock and begins another stretch.
func (c *Clock) look(monotonic time.Duration) {
	run := c.run.Load()
	next := &stretch{since: monotonic, at: run.now(monotonic)}
	off := time.Duration(c.from.Wall().UnixNano() - next.at)
	stepped := off > StepFrom || off < -StepFrom
	switch {
	case stepped:
		if c.off.Swap(int64(off)) == 0 {
			c.from.Step(off)
		}
	case c.off.Swap(0) != 0:
		c.from.Step(0)
	}
	if !stepped {
		next.speed = speed(off)
	}
	c.run.Store(next)
}

// speed makes good a difference within the next look, or as much of it as may be.
func speed(off time.Duration) float64 {
	if off < still && off > -still {
		return 0
	}
	return min(max(off.Seconds()/lookEvery.Seconds(), -Slew), Slew)
}
