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

func (o *outcome) add(other outcome) {
	o.done += other.done
	o.took += other.took
	o.waits = append(o.waits, other.waits...)
	if o.err == nil {
		o.err = other.err
	}
}

// percentile is of the waits, in milliseconds.
func (o *outcome) percentile(p float64) float64 {
	if len(o.waits) == 0 {
		return 0
	}
	slices.Sort(o.waits)
	return float64(o.waits[min(len(o.waits)-1, int(p*float64(len(o.waits))))]) / float64(time.Millisecond)
}

// closedLoop runs do with the numbers from first up to before last from 64 clients at once, each the next when the last
// is done, for as long as d.
func closedLoop(ctx context.Context, first, last int, d time.Duration, do func(ctx context.Context, n int) error) outcome {
	var o outcome
	var mu sync.Mutex
	var wg sync.WaitGroup
	var next atomic.Int64
	next.Store(int64(first))
	started := time.Now()
	for range clients {
		wg.Go(func() {
			var waits []time.Duration
			var err error
			for err == nil && time.Since(started) < d {
				n := int(next.Add(1)) - 1
				if n >= last {
					break
				}
				sent := time.Now()
				if err = do(ctx, n); err == nil {
					waits = append(waits, time.Since(sent))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			o.add(outcome{done: len(waits), waits: waits, err: err})
		})
	}
	wg.Wait()
	o.took = time.Since(started)
	return o
}

// openLoop runs do at a fixed rate, whether or not what came before is done, and counts the waits from when each was due.
func openLoop(ctx context.Context, first, last int, rate float64, d time.Duration, do func(ctx context.Context, n int) error) outcome {
	total := min(int(rate*d.Seconds()), last-first)
	waits := make([]time.Duration, total)
	errs := make([]error, total)
	var wg sync.WaitGroup
	started := time.Now()
	for i := 0; i < total; {
		now := time.Since(started)
		for ; i < total; i++ {
			due := time.Duration(float64(i) / rate * float64(time.Second))
			if due > now {
				break
			}
			n := i
			wg.Go(func() {
				errs[n] = do(ctx, first+n)
				waits[n] = time.Since(started) - due
			})
		}
		time.Sleep(time.Millisecond)
	}
	wg.Wait()
	o := outcome{done: total, took: time.Since(started), waits: waits}
	for _, err := range errs {
		if err != nil {
			o.err = err
			break
		}
	}
	return o
}
