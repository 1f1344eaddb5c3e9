package shed

import "time"

// LimitConfig bounds a Limit. QueueTarget is the wait inside the backend that is still healthy; Ceiling the latency
// that never is; Window how long samples are gathered before a decision.
type LimitConfig struct {
	Start, Min, Max int
	QueueTarget     time.Duration
	Ceiling         time.Duration
	Window          time.Duration
}

// How a limit moves: cuts are multiplicative, raises additive.
const (
	cut          = 0.9
	cutOverload  = 0.7
	used         = 0.9  // a limit that was not used to this share is not raised
	rose         = 1.02 // throughput must have risen this much over the best seen lately for a raise
	slowShare    = 0.1  // this share of answers over the ceiling means congestion
	decay        = 0.98 // how fast the best throughput is forgotten, a window
	minPerWindow = 8
)

// Limit finds how many requests a backend can work on at once: it raises only when the limit was used and throughput
// rose with it, cuts when the backend says that its writes queue or answers grow slow, and holds without samples.
type Limit struct {
	cfg     LimitConfig
	permits float64

	windowEnd time.Time
	samples   int
	slow      int
	overload  bool
	peak      int
	best      float64 // answers a second, the best seen lately
	stuck     int     // windows used in full without a raise
}

// NewLimit returns a limit at its start.
func NewLimit(cfg LimitConfig) Limit {
	return Limit{cfg: cfg, permits: float64(cfg.Start)}
}

// Permits is the number of requests that may be out at once.
func (l *Limit) Permits() int { return int(l.permits) }

// Sample takes one answer: how long it took, how many were out, what it was.
func (l *Limit) Sample(now time.Time, took time.Duration, inFlight int, o Outcome) {
	if l.windowEnd.IsZero() {
		l.windowEnd = now.Add(l.cfg.Window)
	}
	l.samples++
	l.peak = max(l.peak, inFlight)
	if took > l.cfg.Ceiling {
		l.slow++
	}
	l.overload = l.overload || o.Overloaded
	if !now.Before(l.windowEnd) && l.samples >= minPerWindow {
		l.decide(now)
	}
}

// ReportQueueWait takes the backend's own word on how long its writes wait.
func (l *Limit) ReportQueueWait(_ time.Time, wait time.Duration) {
	if wait > l.cfg.QueueTarget && float64(l.peak) >= used*l.permits {
		l.set(l.permits * cut)
	}
}

func (l *Limit) decide(now time.Time) {
	length := l.cfg.Window + now.Sub(l.windowEnd)
	rate := float64(l.samples) / length.Seconds()
	full := float64(l.peak) >= used*l.permits
	switch {
	case l.overload:
		l.set(l.permits * cutOverload)
	case float64(l.slow) > slowShare*float64(l.samples):
		l.set(l.permits * cut)
	case full && rate > l.best*rose:
		l.set(l.permits + max(1, l.permits/16))
		l.stuck = 0
	case full:
		// A plateau may be an old best; now and then try whether more helps after all.
		if l.stuck++; l.stuck%32 == 0 {
			l.set(l.permits + 1)
		}
	}
	l.best = max(l.best*decay, rate)
	l.samples, l.slow, l.peak, l.overload = 0, 0, 0, false
	l.windowEnd = now.Add(l.cfg.Window)
}

func (l *Limit) set(permits float64) {
	l.permits = min(max(permits, float64(l.cfg.Min)), float64(l.cfg.Max))
}

// Set changes the configuration; what was found stays, within the new bounds.
func (l *Limit) Set(cfg LimitConfig) {
	l.cfg = cfg
	l.set(l.permits)
}
