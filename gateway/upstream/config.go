package upstream

import (
	"fmt"
	"time"
)

// Config are the values by which a Pool works. All of them can be changed while it does.
type Config struct {
	Breaker  BreakerConfig
	Health   HealthConfig
	Fallback FallbackConfig
	// CallTimeout is how long a call may take in all, connecting included. 100 ms to 60 s.
	CallTimeout time.Duration
}

// BreakerConfig says when an instance's breaker opens and how it closes again.
type BreakerConfig struct {
	// Window is for how long calls count; it rolls on in tenths. 1 s to 5 min.
	Window time.Duration
	// MinCalls and Ratio: it opens when this part of at least so many calls of the window failed. 5 to 10000; 0.05 to 1.
	MinCalls int
	Ratio    float64
	// InARow failures without an answer between them open it too, so that an instance that fails at once, and so looks least
	// loaded, does not draw everybody until a whole window has turned bad. 3 to 1000.
	InARow int
	// SlowCall is the time from which on an answer counts as a failure. 50 ms to 60 s.
	SlowCall time.Duration
	// Rest is how long an open breaker stays open before it is tried. 100 ms to 5 min.
	Rest time.Duration
	// Probes is how many questions in a row must be answered well to close it. 1 to 100.
	Probes int
	// DryRun lets everything through and counts what would have been refused.
	DryRun bool
}

// HealthConfig says how instances are watched, come and go.
type HealthConfig struct {
	// ProbeEvery is how often an instance is asked how it is; ProbeTimeout how long it may take to say. 20 ms to 10 s; 50 ms
	// to 10 s.
	ProbeEvery, ProbeTimeout time.Duration
	// Silence is how long an instance may say nothing before it counts as down, as long as another one speaks: busy as it may
	// be, the last one that is left goes on. 100 ms to 60 s.
	Silence time.Duration
	// SlowStart is the time over which an instance that comes (back) is given more and more of its permits; 0 gives it all of
	// them at once. At most 5 min.
	SlowStart time.Duration
	// Drain is how long an instance that goes is waited for. 0 to 10 min.
	Drain time.Duration
}

// FallbackConfig bounds what is kept of answers that are the same for everybody.
type FallbackConfig struct {
	// SnapshotAge is the age up to which a kept answer is given without asking; 0: always ask. At most 60 s.
	SnapshotAge time.Duration
	// OldestAge is the age up to which a kept answer is given when there is no other. 1 s to 24 h.
	OldestAge time.Duration
	// Entries and Bytes bound what is kept; the oldest goes first. 1 to 100000; 64 KiB to 1 GiB.
	Entries, Bytes int
}

// Default are the values to begin with.
func Default() Config {
	return Config{
		Breaker: BreakerConfig{
			Window: 10 * time.Second, MinCalls: 20, Ratio: 0.5, InARow: 10, SlowCall: 2 * time.Second, Rest: 2 * time.Second, Probes: 3,
		},
		Health: HealthConfig{
			ProbeEvery: 100 * time.Millisecond, ProbeTimeout: time.Second, Silence: 500 * time.Millisecond,
			SlowStart: 2 * time.Second, Drain: 30 * time.Second,
		},
		Fallback:    FallbackConfig{OldestAge: time.Hour, Entries: 4096, Bytes: 32 << 20},
		CallTimeout: 10 * time.Second,
	}
}

// Check says which value is out of bounds, if one is.
func (c Config) Check() error {
	b, h, f := c.Breaker, c.Health, c.Fallback
	for _, row := range []struct {
		name     string
		v        time.Duration
		min, max time.Duration
	}{
		{"breaker window", b.Window, time.Second, 5 * time.Minute},
		{"breaker slow call", b.SlowCall, 50 * time.Millisecond, time.Minute},
		{"breaker rest", b.Rest, 100 * time.Millisecond, 5 * time.Minute},
		{"probe interval", h.ProbeEvery, 20 * time.Millisecond, 10 * time.Second},
		{"probe timeout", h.ProbeTimeout, 50 * time.Millisecond, 10 * time.Second},
		{"silence", h.Silence, 100 * time.Millisecond, time.Minute},
		{"slow start", h.SlowStart, 0, 5 * time.Minute},
		{"drain", h.Drain, 0, 10 * time.Minute},
		{"snapshot age", f.SnapshotAge, 0, time.Minute},
		{"oldest age", f.OldestAge, time.Second, 24 * time.Hour},
		{"call timeout", c.CallTimeout, 100 * time.Millisecond, time.Minute},
	} {
		if row.v < row.min || row.v > row.max {
			return fmt.Errorf("%s %s: want %s to %s", row.name, row.v, row.min, row.max)
		}
	}
	for _, row := range []struct {
		name        string
		v, min, max int
	}{
		{"breaker calls at least", b.MinCalls, 5, 10000},
		{"breaker failures in a row", b.InARow, 3, 1000},
		{"breaker probes", b.Probes, 1, 100},
		{"kept answers", f.Entries, 1, 100000},
		{"kept bytes", f.Bytes, 64 << 10, 1 << 30},
	} {
		if row.v < row.min || row.v > row.max {
			return fmt.Errorf("%s %d: want %d to %d", row.name, row.v, row.min, row.max)
		}
	}
	if !(b.Ratio >= 0.05 && b.Ratio <= 1) {
		return fmt.Errorf("breaker ratio %g: want 0.05 to 1", b.Ratio)
	}
	return nil
}
