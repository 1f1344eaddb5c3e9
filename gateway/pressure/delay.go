package pressure

import (
	"context"
	"math"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

const (
	beat = 20 * time.Millisecond // how often the clock of a Delay looks
	view = 5                     // beats over which goroutines' own waits are counted
	// fades is how long it takes until an old measure counts for a third only. One hiccup of less than twice the bound passes
	// unnoticed; refusing people for it would cost more than it did.
	fades = time.Second
	// patience is how long a Delay must stay below half its bound until it is no longer behind.
	patience = 300 * time.Millisecond
)

// Delay measures how late this process runs what is ready to run: by how late a timer wakes, and by how long nine in ten
// goroutines waited for a processor. Both are needed: a timer is one sample, and the runtime's own count falls silent when
// nothing is scheduled at all. Where not even the measuring runs, the time since it last did counts.
type Delay struct {
	bound atomic.Int64         // nanoseconds
	clock func() time.Duration // monotonic
	due   atomic.Int64         // when the next beat is to come
	late  atomic.Int64         // nanoseconds, smoothed
	over  atomic.Bool
	calm  time.Duration // since when it is below half the bound; below 0: it is not
}

// NewDelay returns a Delay that is behind above bound, until it has been below half of that for a moment.
func NewDelay(bound time.Duration) *Delay {
	start := time.Now()
	return newDelay(bound, func() time.Duration { return time.Since(start) })
}

func newDelay(bound time.Duration, clock func() time.Duration) *Delay {
	d := &Delay{clock: clock, calm: -1}
	d.SetBound(bound)
	d.due.Store(math.MaxInt64)
	return d
}

// SetBound changes the bound at once.
func (d *Delay) SetBound(bound time.Duration) { d.bound.Store(int64(bound)) }

// Run measures until ctx ends.
func (d *Delay) Run(ctx context.Context) {
	waits := newWaits()
	timer := time.NewTimer(beat)
	defer timer.Stop()
	defer d.due.Store(math.MaxInt64)
	for n := 0; ; n++ {
		d.due.Store(int64(d.clock() + beat))
		timer.Reset(beat)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		late := d.clock() - time.Duration(d.due.Load())
		if n%view == 0 {
			late = max(late, waits.most())
		}
		d.took(late)
	}
}

// took takes a measure into account.
func (d *Delay) took(late time.Duration) {
	// A long wait hides the beats that it swallowed.
	stays := math.Exp(-float64(beat+max(late, 0)) / float64(fades))
	now := time.Duration(float64(d.late.Load())*stays + float64(max(late, 0))*(1-stays))
	d.late.Store(int64(now))
	bound := time.Duration(d.bound.Load())
	switch {
	case now > bound:
		d.over.Store(true)
		d.calm = -1
	case now > bound/2:
		d.calm = -1
	case d.calm < 0:
		d.calm = d.clock()
	case d.clock()-d.calm >= patience:
		d.over.Store(false)
	}
}

// Late is how late things run.
func (d *Delay) Late() time.Duration {
	return max(time.Duration(d.late.Load()), d.clock()-time.Duration(d.due.Load()))
}

// Behind tells whether they run later than they may.
func (d *Delay) Behind() bool {
	return d.over.Load() || d.clock()-time.Duration(d.due.Load()) > 2*time.Duration(d.bound.Load())
}

// waits reads the runtime's count of how long goroutines waited to run.
type waits struct {
	sample []metrics.Sample
	before []uint64
}

func newWaits() *waits {
	w := &waits{sample: []metrics.Sample{{Name: "/sched/latencies:seconds"}}}
	w.most()
	return w
}

// most is how long nine in ten waited at most since it was last asked.
func (w *waits) most() time.Duration {
	metrics.Read(w.sample)
	if w.sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return 0
	}
	h := w.sample[0].Value.Float64Histogram()
	if w.before == nil {
		w.before = make([]uint64, len(h.Counts))
	}
	var total, so uint64
	for i, n := range h.Counts {
		total += n - w.before[i]
	}
	at := 0.0
	for i, n := range h.Counts {
		so += n - w.before[i]
		if at == 0 && total > 0 && so*10 >= total*9 {
			at = max(h.Buckets[i], 0) // the bucket's lower edge; the first is -Inf
		}
		w.before[i] = n
	}
	return time.Duration(min(at, 3600) * float64(time.Second))
}
