package shed

import (
	"math"
	"time"
)

// How a limit moves.
const (
	used        = 0.9 // the share of a limit that has to be out, on average, for it to count as used
	steepest    = 1.5 // the most a raise multiplies by, a window
	doubt       = 0.8 // a move down to less than this waits for a fresh baseline
	cut         = 0.9 // on the backend's word or over the ceiling
	cutAgain    = 0.7 // where a cut for overload did not help
	slowShare   = 0.1 // this share of answers over the ceiling is too much
	minSamples  = 8   // fewer say nothing
	mostWindows = 10  // windows that too few answers are gathered for
	never       = -1 << 62 * time.Nanosecond
)

// window gathers answers for one decision.
type window struct {
	begun time.Duration
	n     int
	slow  int
	peak  int
	out   float64 // sum of requests out
	took  float64 // sums of nanoseconds and their squares
	took2 float64
	going bool
}

func (w *window) sample(t, took time.Duration, inFlight int, slow bool) {
	if !w.going {
		*w = window{begun: t, going: true}
		return // the clock of a window starts with an answer: n more came in what follows
	}
	w.n++
	w.peak = max(w.peak, inFlight)
	w.out += float64(inFlight)
	w.took += float64(took)
	w.took2 += float64(took) * float64(took)
	if slow {
		w.slow++
	}
}

// full tells whether a window is long enough: all permits should have come back once.
func (w *window) full(t, length time.Duration, permits float64) bool {
	past := t - w.begun
	return past >= length && (float64(w.n) >= max(minSamples, permits) || past >= mostWindows*length)
}

// decide moves the limit at the end of a window.
func (l *Limit) decide(t time.Duration) {
	w := l.window
	l.window = window{begun: t, peak: 0, going: true}
	l.base.fold()
	switch {
	case w.n < minSamples:
	case w.out < used*math.Floor(l.permits)*float64(w.n):
		l.hold()
	case float64(w.slow) > slowShare*float64(w.n) && l.base.mean < float64(l.cfg.Ceiling):
		l.cut(cut, ReasonCeiling)
		l.measured(t, w)
		l.beginProbe(t)
	default:
		l.measured(t, w)
		l.lid.rise()
		l.follow(t)
	}
}

func (l *Limit) hold() {
	if l.reason == ReasonRaise || l.reason == ReasonPlateau {
		l.reason = ReasonHold
	}
}

// measured takes a window in full use for the throughput.
func (l *Limit) measured(t time.Duration, w window) {
	copy(l.rates[:], l.rates[1:])
	l.rates[len(l.rates)-1] = float64(w.n) / (t - w.begun).Seconds()
	l.base.atMost(w)
}

// rate is the throughput in answers a second: the best of the last windows, so that one in which the machine stood still
// is no reason to cut.
func (l *Limit) rate() float64 { return max(l.rates[0], l.rates[1], l.rates[2]) }

// follow moves the limit to what throughput carries.
func (l *Limit) follow(t time.Duration) {
	want := l.within(l.rate() * (l.base.mean + float64(l.slack())) / float64(time.Second))
	switch {
	case want > l.permits+0.5:
		l.set(min(want, l.permits*steepest+1, max(l.lid.at, l.permits)), ReasonRaise)
	case want < doubt*l.permits && l.probe.due(t, soon):
		l.beginProbe(t)
		return
	case want < l.permits-0.5:
		l.set((l.permits+want)/2, ReasonPlateau)
	default:
		l.hold()
	}
	if l.probe.due(t, l.base.patience()) {
		l.beginProbe(t)
	}
}

// slack is the wait inside the backend that the limit aims at.
func (l *Limit) slack() time.Duration {
	return max(l.cfg.QueueTarget/2, time.Duration(l.base.mean)/8)
}

// cut lowers the limit on somebody's word and remembers where that was.
func (l *Limit) cut(by float64, reason string) {
	l.set(l.permits*by, reason)
	l.lid.close(l.permits)
}

// overloaded cuts once a window, deeper where the last cut did not help.
func (l *Limit) overloaded(t time.Duration) {
	since := t - l.lid.overload
	if since < l.cfg.Window {
		return
	}
	by := cut
	if since < 2*l.cfg.Window {
		by = cutAgain
	}
	l.lid.overload = t
	l.cut(by, ReasonOverload)
}

// lid holds raises down where a backend objected, and rises from there slowly at first.
type lid struct {
	at, step float64
	overload time.Duration // when the backend last objected
}

const (
	lidStep   = 0.1  // permits a window
	lidGrowth = 1.05 // of the step, a window
	lidOpen   = 1 << 30
)

func openLid() lid { return lid{at: lidOpen, overload: never} }

func (d *lid) close(at float64) { d.at, d.step = at, lidStep }

func (d *lid) rise() {
	d.at, d.step = min(d.at+d.step, lidOpen), d.step*lidGrowth
}
