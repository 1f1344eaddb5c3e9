package overload

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/overload/result"
)

// leastPause and mostPause bound the time between an answer and the next call. Were it the same for all, whoever found a gap in the
// backend's work would come back with it, for the work of all is the same too; people are not that regular.
const leastPause, mostPause = 100 * time.Millisecond, 300 * time.Millisecond

// pause is how long somebody looks at the answer to a request: as good as by chance, and the same whoever is under test.
func pause(r load.Request) time.Duration {
	dice := rand.New(rand.NewPCG(r.Number, uint64(r.Step)))
	return leastPause + time.Duration(dice.Int64N(int64(mostPause-leastPause)))
}

// rest is how long the load lasts beyond the time in which the journeys begin that count: they get to their end in it, unless
// their calls wait for long.
const rest = result.Longest * (mostPause + 250*time.Millisecond)

// going is a sort of journeys: how many calls each has, and what all calls of all of them would come to, if every journey were
// completed, as a multiple of C.
type going struct {
	calls int
	load  float64
}

// lasts is how long journeys are measured with a capacity of c a second: until there are as many of them as there would be requests
// at capacity, until chance no longer hides what they are to show, and never shorter than the rest is measured. Of n calls that
// are offered chance adds or takes √n, and what is completed by lot changes by as many times that share of itself as there are
// calls; near capacity little is to be won by order and much depends on chance. It has to be a ninth of what there is between
// lot and the best: the most and the least of three repeats then differ by little more than a third of that, nineteen times in twenty.
func (g going) lasts(measure time.Duration, c float64) time.Duration {
	long := max(measure, time.Duration(float64(measure)*float64(g.calls)/g.load))
	lot := byLot(g.calls, g.load)
	if won := 1/g.load - lot; g.calls > 1 && won > 0 {
		n := math.Pow(float64(g.calls)*lot*chance/won, 2)
		long = max(long, min(time.Duration(n/(g.load*c)*float64(time.Second)), longestWalk))
	}
	return long
}

// chance is what a ninth stands for above; longestWalk bounds a measurement of journeys, for a load that is hardly too much
// would need hours.
const (
	chance      = 9
	longestWalk = 100 * time.Second
)

// goings are the short and the long journeys at twice the capacity, and the longest at each point of the curve where not all
// can get through.
func goings(points []float64) []going {
	var all []going
	for calls := 1; calls <= result.Longest; calls++ {
		all = append(all, going{calls, 2})
	}
	for _, p := range points {
		if p >= result.Overloaded && p != 2 {
			all = append(all, going{result.Longest, p})
		}
	}
	return all
}

// journeys offers journeys of one to four reads by the same person, each call a moment after the answer to the one before; a
// call turned away ends the journey. All that can be had is that the backend does nothing but calls of journeys that get to their end.
func journeys(ctx context.Context, l *Lab, e *result.Experiment) error {
	for repeat := range l.o.Repeats {
		for _, g := range goings(l.o.Points) {
			for _, s := range l.turns(e.Name, repeat) {
				if err := l.journey(ctx, e, s, repeat, g); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (l *Lab) journey(ctx context.Context, e *result.Experiment, s *system, repeat int, g going) error {
	calls := g.calls
	t := l.steadyFor(load.Rates{2: g.load * l.c / float64(calls)}, g.lasts(l.o.Measure, l.c)+rest)
	walk := &walk{calls: calls, from: t.from, to: load.Length(t.phases) - rest}
	t.follow = walk.next
	f, _, err := l.try(ctx, s, t)
	if err != nil {
		return err
	}
	row := result.RowOf(result.Key{System: s.name, Variant: strconv.Itoa(calls), Point: g.load}, repeat, f, l.c)
	row.Values["completed"] = walk.completed()
	row.Values["best"] = 1 / g.load
	row.Values["by_lot"] = byLot(calls, g.load)
	row.Values["of_best"] = row.Values["completed"] * g.load
	l.say("%d  %-9s %5.4g ×  %d calls: %.3f of the journeys completed; at best %.3f, by lot %.3f; %.0f calls/s good %s",
		repeat+1, s.name, g.load, calls, row.Values["completed"], row.Values["best"], row.Values["by_lot"], f.Goodput, row.Invalid)
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
	r.Due = done + pause(r)
	r.Step++
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
