package shed

import (
	"math"
	"time"
)

const (
	quiet       = 0.65 // of the requests that the backend works on at once: see few
	uncertainty = 0.2  // how far, as a share, a baseline may have moved since it was measured
	little      = 1.25 // how far the throughput of a probe may be off
	wide        = 1    // a spread over which long answers begun in a probe end well after it, in the crowd
	moved       = 0.9  // a baseline that fell to less than this share has not settled
	same        = 0.05 // a measurement that moved it by less than this share says that it stands
)

// baseline is how long an answer takes where nothing queues. It learns only from requests that began while few were out.
// Few means a share of the throughput times the baseline itself: were that too long by a queue, then the next measurement
// would be shorter by the same share, so an error dies out within a few probes and cannot grow.
type baseline struct {
	mean    float64 // nanoseconds, 0 while unknown
	spread  float64 // variance of answers over the square of the mean, from windows in full use
	doubt   float64 // variance of mean over its square
	falling bool    // the last measurement was clearly shorter
	stands  int     // measurements in a row that found it where it was

	from, to time.Duration // when few were out, last
	open     bool
	n        float64
	sum      float64
	most     float64 // that the last probe's throughput allows, by Little's law; 0 without
}

// sample takes an answer; it counts by when it began, whenever it ends, or only short ones would count.
func (b *baseline) sample(t, took time.Duration, inFlight, low int) {
	switch few := inFlight <= low; {
	case !few:
		b.open = false // what began after the last answer with few out, began in the crowd
	case !b.open:
		b.open, b.from, b.to = true, t, t
	default:
		b.to = t
	}
	if began := t - took; began < b.from || began >= b.to {
		return
	}
	b.n++
	b.sum += float64(took)
}

// fold takes what was gathered into the mean, by how sure it is: answers that scatter count less (a Kalman filter's gain).
func (b *baseline) fold() {
	if b.n < minSamples {
		return
	}
	was := b.mean
	mean := b.sum / b.n
	if b.most > 0 && b.spread > wide {
		mean = min(mean, b.most)
	}
	b.take(b.n, mean)
	b.falling = was > 0 && b.mean < moved*was
	if b.stands++; math.Abs(b.mean-was) > same*was {
		b.stands = 0
	}
	b.n, b.sum, b.most = 0, 0, 0
}

func (b *baseline) take(n, mean float64) {
	if b.mean == 0 {
		b.mean, b.doubt = mean, 1
		return
	}
	gain := b.doubt / (b.doubt + b.spread/n)
	b.mean += gain * (mean - b.mean)
	b.doubt = b.doubt*(1-gain) + uncertainty*uncertainty
}

// learn takes a mean for true and forgets what was known before.
func (b *baseline) learn(mean float64) {
	b.mean, b.doubt, b.stands = mean, uncertainty*uncertainty, 0
	b.n, b.sum, b.most = 0, 0, 0
}

// window learns from a window in full use how far answers scatter, and that they take no longer than this without a queue.
// The scatter is smoothed: were it each measurement's own, those with a long answer in them would always count least.
func (b *baseline) window(w window) {
	n := float64(w.n)
	mean := w.took / n
	if b.mean == 0 {
		b.take(n, mean)
	}
	of := max(b.mean, mean/2) // of other requests a baseline may be far too short, and everything would seem to scatter
	spread := max(w.took2/n-mean*mean, 0) / (of * of)
	b.spread += (spread - b.spread) / 4
	if mean*(1+2*math.Sqrt(b.spread/n)) < b.mean {
		b.take(n, mean)
	}
}

// patience is how long a measurement will do: not long where it has not settled or the limit grew on it, and twice as long each
// time that the next one found the same, while the throughput stays what it was. A probe costs a little throughput.
func (l *Limit) patience() time.Duration {
	switch rate := l.rate(); {
	case l.base.falling || doubt*l.permits > l.probe.found:
		return soon
	case rate < doubt*l.probe.rate || l.probe.rate < doubt*rate:
		return lasting
	}
	return lasting << min(l.base.stands, doublings)
}

const (
	soon      = 300 * time.Millisecond
	lasting   = 3 * time.Second
	doublings = 2
)

// probe lets fewer requests out for some milliseconds. The queue inside the backend that the limit allows pays for most of
// it: the backend goes on working while that empties.
type probe struct {
	on      bool
	permits float64
	found   float64 // the limit when a probe was last due
	rate    float64 // the throughput then
	begun   time.Duration
	ended   time.Duration
	since   time.Duration // when few were out
	quiet   int           // answers since few were out; -1 before
}

func (p *probe) due(t, after time.Duration) bool { return t-p.ended >= after }

// low is how few have to be out for nothing to queue. In a probe they are what it lets out: the least limit may be more than few,
// and there is nothing better to learn from.
func (l *Limit) low() int {
	if l.probe.on {
		return int(l.probe.permits)
	}
	if rate := l.rate(); rate > 0 && l.base.mean > 0 {
		return few(rate * l.base.mean / float64(time.Second))
	}
	return max(1, int(l.permits/2))
}

// few is how many cannot queue where a backend works on so many at once: always less than those, except of one, for were all
// let out, a baseline that is too long would be found again.
func few(at float64) int { return max(1, min(int(math.Ceil(quiet*at)), int(math.Ceil(at))-1)) }

// beginProbe lets few out for a while. Where the limit cannot go lower, the window that w was is the measurement: at its
// least it has nothing to lose by trying more.
func (l *Limit) beginProbe(t time.Duration, w window) {
	low := l.within(float64(l.low()))
	l.probe.ended, l.probe.found, l.probe.rate = t, l.permits, l.rate()
	if low < l.permits-0.5 {
		l.probe = probe{on: true, permits: low, found: l.permits, rate: l.probe.rate, begun: t, ended: t, quiet: -1}
		return
	}
	l.base.learn(w.mean())
}

// probing ends a probe once as many came back as were let out, or if that takes too long.
func (l *Limit) probing(t time.Duration, inFlight int) {
	p := &l.probe
	switch {
	case p.quiet >= 0:
		p.quiet++
	case inFlight <= int(p.permits):
		p.quiet, p.since = 0, t
	}
	if float64(p.quiet) >= max(minSamples, p.permits) || t-p.begun > max(5*l.cfg.Window, 4*time.Duration(l.base.mean)) {
		p.on, p.ended = false, t
		if p.quiet > 0 {
			l.base.most = little * p.permits * float64(t-p.since) / float64(p.quiet)
		}
		l.window = window{}
	}
}
