package shed

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// LimitConfig is what an operator can set of a Limit.
type LimitConfig struct {
	// Start is the limit before anything is known; Min and Max, in requests at once, are never left, for whatever reason.
	Start, Min, Max int
	// QueueTarget is the wait inside the backend that is still healthy. The limit aims at half of it: a short queue there
	// keeps its places busy between an answer and the next request. A backend that reports more than all of it is cut.
	QueueTarget time.Duration
	// Ceiling is the latency that no answer should reach, whatever the throughput.
	Ceiling time.Duration
	// Window is how long answers are gathered before a decision, longer where it holds fewer answers than there are permits.
	Window time.Duration
}

// LimitBounds are the least and the most that a LimitConfig may hold.
func LimitBounds() (least, most LimitConfig) {
	least = LimitConfig{Start: 1, Min: 1, Max: 1, QueueTarget: time.Millisecond, Ceiling: 10 * time.Millisecond, Window: 20 * time.Millisecond}
	most = LimitConfig{Start: 1 << 16, Min: 1 << 16, Max: 1 << 16, QueueTarget: time.Second, Ceiling: time.Minute, Window: 2 * time.Second}
	return least, most
}

// ErrLimitConfig is what Check returns, wrapped with the value that is wrong.
var ErrLimitConfig = errors.New("shed: limit's configuration is out of bounds")

// Check tells whether a configuration is within LimitBounds and agrees with itself.
func (c LimitConfig) Check() error {
	least, most := LimitBounds()
	for _, v := range [...]struct {
		name              string
		value, least, top int64
	}{
		{"max", int64(c.Max), int64(least.Max), int64(most.Max)},
		{"min", int64(c.Min), int64(least.Min), int64(c.Max)},
		{"start", int64(c.Start), int64(c.Min), int64(c.Max)},
		{"queue target", int64(c.QueueTarget), int64(least.QueueTarget), int64(most.QueueTarget)},
		{"ceiling", int64(c.Ceiling), max(int64(least.Ceiling), int64(c.QueueTarget)), int64(most.Ceiling)},
		{"window", int64(c.Window), int64(least.Window), int64(most.Window)},
	} {
		if v.value < v.least || v.value > v.top {
			return fmt.Errorf("%w: %s is %d, not %d to %d", ErrLimitConfig, v.name, v.value, v.least, v.top)
		}
	}
	return nil
}

// Reasons for the last move of a limit, as LimitStatus names them.
const (
	ReasonStart    = "start"
	ReasonRaise    = "raise"    // used in full, and throughput carries more
	ReasonPlateau  = "plateau"  // throughput does not carry as much: the rest only waits inside the backend
	ReasonQueue    = "queue"    // the backend reported a wait over the target
	ReasonCeiling  = "ceiling"  // too many answers over the ceiling
	ReasonOverload = "overload" // the backend said that it has too much to do
	ReasonHold     = "hold"     // not used, or just right
	ReasonSet      = "set"      // an operator moved the bounds
)

// LimitStatus is what a Limit shows to operators.
type LimitStatus struct {
	Permits    int           // what was found, in requests at once
	Probing    bool          // fewer are out for some milliseconds, to see how long answers take without a queue
	Baseline   time.Duration // how long an answer takes without a queue inside the backend; 0 while unknown
	Throughput float64       // answers a second when the limit was last used in full
	Reason     string        // why the limit last stood where it does
}

// Limit finds how many requests one backend instance can work on at once, from its answers alone. By Little's law an
// instance that gives x answers a second, each b seconds after the request where nothing queues, works on x·b at once; the
// limit is that and what may wait for half of QueueTarget besides: x·(b + QueueTarget/2). It follows throughput: a raise that
// brings no more answers ends there. b is only believed from requests that began while so few were out that
// none can have queued (see baseline): under steady overload it cannot drift up.
//
// A Limit is not safe for concurrent use. Its methods take time from outside, and clocks that stand still or go back
// do no harm.
type Limit struct {
	cfg     LimitConfig
	permits float64
	lid     lid
	reason  string

	origin time.Time
	at     time.Duration // of the last sample, since origin

	window  window
	rates   [3]float64 // answers a second of the last windows in full use
	base    baseline
	probe   probe
	descent descent

	reported time.Duration // when a report last cut
	fullAt   time.Duration // when the limit was last used in full
}

// NewLimit returns a limit at its start.
func NewLimit(cfg LimitConfig) Limit { return Remembered(cfg, cfg.Start) }

// Remembered returns a limit that starts from one that was found earlier, within cfg's bounds.
func Remembered(cfg LimitConfig, permits int) Limit {
	l := Limit{cfg: cfg, lid: openLid(), reason: ReasonStart, reported: never}
	l.probe.ended = never
	l.set(float64(permits), ReasonStart)
	return l
}

// Set changes the parameters and keeps what was found, within the new bounds. cfg has passed Check.
func (l *Limit) Set(cfg LimitConfig) {
	l.cfg = cfg
	if was := l.permits; l.within(was) != was {
		l.set(was, ReasonSet)
	}
}

// Permits is the number of requests that may be out at once now.
func (l *Limit) Permits() int {
	if l.probe.on {
		return int(min(l.probe.permits, l.permits))
	}
	return int(l.permits)
}

// Status reports the limit's state.
func (l *Limit) Status() LimitStatus {
	return LimitStatus{
		Permits: int(l.permits), Probing: l.probe.on, Baseline: time.Duration(l.base.mean),
		Throughput: l.rate(), Reason: l.reason,
	}
}

// Sample takes one answer: how long it took, how many were out until then, what it was.
func (l *Limit) Sample(now time.Time, took time.Duration, inFlight int, o Outcome) {
	t := l.since(now)
	took = max(took, 0)
	switch {
	case o.Overloaded:
		l.overloaded(t)
		return
	case o.Failed && took <= l.cfg.Ceiling:
		return // refused at once: says nothing of how long work takes
	}
	l.base.sample(t, took, inFlight, l.low())
	if l.probe.on {
		l.probing(t, inFlight)
		return
	}
	l.window.sample(t, took, inFlight, took > l.cfg.Ceiling)
	if l.window.full(t, l.cfg.Window, l.base.mean) {
		l.decide(t)
	}
}

// ReportQueueWait takes the backend's own word on how long its writes wait.
func (l *Limit) ReportQueueWait(now time.Time, wait time.Duration) {
	t := l.since(now)
	if wait <= l.cfg.QueueTarget || t < l.reported+l.cfg.Window || float64(l.window.peak) < used*math.Floor(l.permits) {
		return
	}
	l.reported = t
	l.cut(cut, ReasonQueue)
}

// since turns a time into one that never goes back.
func (l *Limit) since(now time.Time) time.Duration {
	if l.origin.IsZero() {
		l.origin = now
	}
	l.at = max(l.at, now.Sub(l.origin))
	return l.at
}

func (l *Limit) set(permits float64, reason string) {
	l.permits, l.reason = l.within(permits), reason
}

func (l *Limit) within(permits float64) float64 {
	return min(max(permits, float64(l.cfg.Min), 1), float64(max(l.cfg.Max, 1)))
}
