package shed

import (
	"math"
	"time"
)

// How a limit moves.
const (
	used        = 0.9  // the share of a limit that has to be out, on average, for it to count as used
	steepest    = 1.5  // the most a raise multiplies by, a window
	doubt       = 0.8  // a move down to less than this waits for a fresh baseline
	far         = 0.65 // a way down of which it is asked whether it cost throughput
	leastQueue  = 2    // permits beyond what a backend works on, however slow it is
	atOnce      = 1.05 // of the baseline: answers that took no longer did not queue
	rose        = 1.1  // of the throughput two windows ago
	raise       = 1.25 // where nothing queues and throughput rose
	cut         = 0.9  // on the backend's word or over the ceiling
	cutAgain    = 0.7  // where a cut for overload did not help
	slowShare   = 0.1  // this share of answers over the ceiling is too much
	minSamples  = 8    // fewer say nothing
	minAnswers  = 16   // a window with fewer lasts on
	longest     = 5    // windows that one lasts at most for the sake of slow answers
	mostWindows = 10   // windows that too few answers are gathered for
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

func (w *window) mean() float64 { return w.took / float64(w.n) }

// full tells whether a window is long enough: what was out at its begin has come back.
func (w *window) full(t, length time.Duration, baseline float64) bool {
	past := t - w.begun
	return past >= max(length, min(2*time.Duration(baseline), longest*length)) && (w.n >= minAnswers || past >= mostWindows*length)
}

// decide moves the limit at the end of a window.
func (l *Limit) decide(t time.Duration) {
	w := l.window
	l.window = window{begun: t, peak: 0, going: true}
	l.base.fold()
	if w.n >= minSamples && w.out >= used*math.Floor(l.permits)*float64(w.n) {
		l.crowded(t, w)
	}
	switch {
	case w.n < minSamples || w.out < used*math.Floor(l.permits)*float64(w.n):
		l.unused(t, w)
	case float64(w.slow) > slowShare*float64(w.n) && l.base.mean < float64(l.cfg.Ceiling):
		l.set(l.permits*cut, ReasonCeiling)
		l.measured(t, w)
		l.beginProbe(t, w)
	default:
		l.measured(t, w)
		l.lid.rise()
		l.follow(t, w)
	}
}

// calm is after how long without full use a baseline is no longer believed.
const calm = 2 * time.Second

// crowded tells the limit that it is used in full. A baseline of a calm time may be that of other requests, and one that is too
// short would cost throughput: then the time that answers take now is taken for it, which is too long at most, and probes
// bring it down.
func (l *Limit) crowded(t time.Duration, w window) {
	if t-l.fullAt > calm {
		l.rates = [3]float64{} // of that time, too
		if l.base.mean > 0 && w.mean() > l.base.mean {
			l.base.learn(w.mean())
			l.base.falling = true
		}
	}
	l.fullAt = t
}

// unused brings a limit down that has long not been used in full and is more than twice what was out, as far as its start: a
// limit from a time when a backend was slow, or had more places, would let everything in at once when a crowd comes.
func (l *Limit) unused(t time.Duration, w window) {
	l.hold()
	if least := max(float64(l.cfg.Start), 2*float64(w.peak)); t-l.fullAt > calm && l.permits > least {
		l.set(max(l.permits*cut, least), ReasonHold)
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
	l.base.window(w)
}

// rate is the throughput in answers a second: the best of the last windows, so that one in which the machine stood still
// is no reason to cut.
func (l *Limit) rate() float64 { return max(l.rates[0], l.rates[1], l.rates[2]) }

// follow moves the limit to what throughput carries.
func (l *Limit) follow(t time.Duration, w window) {
	want := l.want(w)
	switch {
	case want > l.permits+0.5:
		l.set(min(want, l.permits*steepest+1, max(l.lid.at, l.permits)), ReasonRaise)
		l.descent = descent{}
	case want < doubt*l.permits && l.probe.due(t, soon):
		l.descent = descent{}
		l.beginProbe(t, w)
		return
	case want < l.permits-0.5:
		if l.inVain(t, w) {
			return
		}
		l.set((l.permits+want)/2, ReasonPlateau)
	default:
		l.hold()
		l.descent = descent{}
	}
	if l.probe.due(t, l.patience()) {
		l.beginProbe(t, w)
	}
}

// descent is where the limit came down from.
type descent struct {
	permits, rate float64
	begun         time.Duration
}

// forgotten is after how long a way down is compared with a newer one.
const forgotten = time.Second

// inVain tells whether coming down far has cost throughput, more than half of what a limit without a queue would cost. Then
// answers did not wait for each other: the time they take is the baseline, whatever was known before (other requests may have
// come then), and the limit comes down no further.
func (l *Limit) inVain(t time.Duration, w window) bool {
	from := l.descent
	if from.permits == 0 {
		l.descent = descent{l.permits, (l.rates[0] + l.rates[1] + l.rates[2]) / 3, t}
		return false
	}
	left, rate := l.permits/from.permits, (l.rates[1]+l.rates[2])/2
	switch {
	case left > far:
		return false
	case rate > (1+left)/2*from.rate:
		if t-from.begun > forgotten {
			l.descent = descent{l.permits, rate, t}
		}
		return false
	}
	l.base.learn(w.mean())
	l.base.falling = true // a backend that lost places just then looks the same: the next probe tells
	l.descent = descent{}
	return true
}

// want is how many throughput carries: those that the backend works on and those that may wait there. Where
// nothing waits yet and the last raise brought throughput, it is only known to be more.
func (l *Limit) want(w window) float64 {
	places := l.rate() * l.base.mean / float64(time.Second)
	want := places + max(leastQueue, l.rate()*l.slack().Seconds())
	if w.mean() < atOnce*l.base.mean && l.rates[2] > rose*l.rates[0] {
		want = max(want, raise*l.permits)
	}
	return l.within(want)
}

// slack is the wait inside the backend that the limit aims at: half of the target, a quarter of the baseline where that is
// longer and keeps away from the ceiling.
func (l *Limit) slack() time.Duration {
	base := time.Duration(l.base.mean)
	return max(l.cfg.QueueTarget/2, min(base/4, (l.cfg.Ceiling-base)/2))
}

// cut lowers the limit on somebody's word and remembers where that was.
func (l *Limit) cut(by float64, reason string) {
	l.set(l.permits*by, reason)
	l.lid.close(l.permits)
}

// overloaded cuts once a window, deeper where the last cut did not help.
func (l *Limit) overloaded(t time.Duration) {
	since := t - l.lid.overload
	if since < l.cfg.Window/2 {
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
