package versus

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const clients = 64

// outcome is what one round of load saw.
type outcome struct {
	done  int
	took  time.Duration
	waits []time.Duration // of each that was done
	err   error
}

func (o *outcome) rate() float64 { return float64(o.done) / o.took.Seconds() }

// percentile is of the waits, in milliseconds.
func (o *outcome) percentile(p float64) float64 {
	if len(o.waits) == 0 {
		return 0
	}
	slices.Sort(o.waits)
	return float64(o.waits[min(len(o.waits)-1, int(p*float64(len(o.waits))))]) / float64(time.Millisecond)
}

// work is what a round of load does: do, once for each number from first up to before last, for no longer than limit.
type work struct {
	first, last int
	limit       time.Duration
	do          func(ctx context.Context, n int) error
}

// closedLoop has that many clients work at once, each on the next number when the last is done.
func (w work) closedLoop(ctx context.Context, clients int) outcome {
	return w.run(ctx, clients, func(int) time.Time { return time.Now() })
}

// paced has 64 clients work, too, on each number when it is due at a fixed rate, or later where all clients are busy. The
// waits count from when each was due.
func (w work) paced(ctx context.Context, rate float64) outcome {
	started := time.Now()
	return w.run(ctx, clients, func(n int) time.Time {
		due := started.Add(time.Duration(float64(n-w.first) / rate * float64(time.Second)))
		time.Sleep(time.Until(due))
		return due
	})
}

// run has clients work until time or numbers are used up. due returns from when a number's wait counts, once it is time.
func (w work) run(ctx context.Context, clients int, due func(n int) time.Time) outcome {
	var o outcome
	var mu sync.Mutex
	var wg sync.WaitGroup
	var next atomic.Int64
	next.Store(int64(w.first))
	started := time.Now()
	for range clients {
		wg.Go(func() {
			var waits []time.Duration
			var err error
			for err == nil && time.Since(started) < w.limit {
				n := int(next.Add(1)) - 1
				if n >= w.last {
					break
				}
				from := due(n)
				if err = w.do(ctx, n); err == nil {
					waits = append(waits, time.Since(from))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			o.done += len(waits)
			o.waits = append(o.waits, waits...)
			if o.err == nil {
				o.err = err
			}
		})
	}
	wg.Wait()
	o.took = time.Since(started)
	return o
}
