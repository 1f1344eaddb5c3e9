package overload

import (
	"context"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/overload/result"
)

// journeyLoad is what all calls of all journeys would come to, if every journey were completed, as a multiple of C.
const (
	journeyLoad = 2.0
	thinks      = 200 * time.Millisecond // between an answer and the next call
)

// journeys offers journeys of one to four reads by the same person, each call a moment after the answer to the one before; a
// call turned away ends the journey. All that can be had is that the backend does nothing but calls of journeys that get to their end.
func journeys(ctx context.Context, l *Lab, e *result.Experiment) error {
	for repeat := range l.o.Repeats {
		for calls := 1; calls <= journey; calls++ {
			for _, s := range l.turns(e.Name, repeat) {
				if err := l.journey(ctx, e, s, repeat, calls); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (l *Lab) journey(ctx context.Context, e *result.Experiment, s *system, repeat, calls int) error {
	t := l.steady(load.Rates{2: journeyLoad * l.c / float64(calls)})
	walk := &walk{calls: calls, from: t.from, to: load.Length(t.phases) - journey*thinks}
	t.follow = walk.next
	f, _, err := l.try(ctx, s, t)
	if err != nil {
		return err
	}
	row := result.RowOf(result.Key{System: s.name, Variant: strconv.Itoa(calls), Point: journeyLoad}, repeat, f, l.c)
	row.Values["completed"] = walk.completed()
	row.Values["best"] = 1 / journeyLoad
	row.Values["by_lot"] = byLot(calls, journeyLoad)
	l.say("%d  %-9s %d calls: %.3f of the journeys completed; at best %.3f, by lot %.3f; %.0f calls/s good %s",
		repeat+1, s.name, calls, row.Values["completed"], row.Values["best"], row.Values["by_lot"], f.Goodput, row.Invalid)
	e.Rows = append(e.Rows, row)
	return nil
}

// walk leads through journeys and counts those that began in a time.
type walk struct {
	calls          int
	from, to       time.Duration
	begun, arrived atomic.Int64
	counted        [1 << 16]atomic.Bool // by number of the journey: whether it began in the time
}

func (w *walk) next(r load.Request, o load.Outcome, done time.Duration) (load.Request, bool) {
	counted := &w.counted[r.Number%uint64(len(w.counted))]
	if r.Step == 0 {
		counted.Store(r.Due >= w.from && r.Due < w.to)
		if counted.Load() {
			w.begun.Add(1)
		}
	}
	if o != load.Good {
		return r, false
	}
	if int(r.Step)+1 == w.calls {
		if counted.Load() {
			w.arrived.Add(1)
		}
		return r, false
	}
	r.Step++
	r.Due = done + thinks
	return r, true
}

func (w *walk) completed() float64 {
	if n := w.begun.Load(); n > 0 {
		return float64(w.arrived.Load()) / float64(n)
	}
	return 0
}

// byLot is the share of journeys that are completed where each call is let through by lot, at the load given as a multiple of
// what the backend can do: the p^k with which the backend is just busy, f·(p + p² + … + p^k)/k = 1.
func byLot(calls int, multiple float64) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		p := (low + high) / 2
		sum := 0.0
		for i := 1; i <= calls; i++ {
			sum += math.Pow(p, float64(i))
		}
		if multiple*sum/float64(calls) > 1 {
			high = p
		} else {
			low = p
		}
	}
	return math.Pow(low, float64(calls))
}
