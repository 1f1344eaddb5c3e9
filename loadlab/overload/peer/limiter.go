package peer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/priority"
	"github.com/platinummonkey/go-concurrency-limits/core"
	"github.com/platinummonkey/go-concurrency-limits/limit"
	"github.com/platinummonkey/go-concurrency-limits/limiter"
	"github.com/platinummonkey/go-concurrency-limits/strategy"
	"github.com/platinummonkey/go-concurrency-limits/strategy/matchers"
)

// Limiter decides which requests of a class, 0 to 3, may go on. The done that it returns is called once, with whether the
// backend answered; a nil one means no.
type Limiter interface {
	Acquire(class int) (done func(answered bool))
}

// maxWait is how long a request may wait for a limiter that lets it wait: as long as in HAProxy's configuration.
const maxWait = 100 * time.Millisecond

var limiters = map[string]func(limit int) (Limiter, error){
	"fixed":     newFixed,
	"failsafe":  newFailsafe,
	"gradient2": newGradient2,
}

// Limiters are the names of the limiters.
func Limiters() []string {
	var names []string
	for name := range limiters {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// NewLimiter makes one. The limit is for those that do not find it by themselves.
func NewLimiter(name string, limit int) (Limiter, error) {
	make, ok := limiters[name]
	if !ok || limit < 1 {
		return nil, fmt.Errorf("limiter %q with limit %d: there are %v, with a limit of at least 1", name, limit, Limiters())
	}
	return make(limit)
}

// fixed is a limit set by hand, whoever comes first.
type fixed chan struct{}

func newFixed(limit int) (Limiter, error) { return make(fixed, limit), nil }

func (f fixed) Acquire(int) func(bool) {
	select {
	case f <- struct{}{}:
		return f.release
	default:
	}
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case f <- struct{}{}:
		return f.release
	case <-timer.C:
		return nil
	}
}

func (f fixed) release(bool) { <-f }

// failsafe is failsafe-go's adaptive limiter with priorities, as it is by default.
type failsafe struct {
	limiter adaptivelimiter.PriorityLimiter[any]
}

// calibrateEvery is how often failsafe-go's thresholds follow its queue.
const calibrateEvery = 100 * time.Millisecond

func newFailsafe(int) (Limiter, error) {
	p := adaptivelimiter.NewPrioritizer()
	p.ScheduleCalibrations(context.Background(), calibrateEvery)
	return failsafe{adaptivelimiter.NewBuilder[any]().BuildPrioritized(p)}, nil
}

var priorities = [...]priority.Priority{priority.VeryHigh, priority.High, priority.Medium, priority.Low}

func (f failsafe) Acquire(class int) func(bool) {
	ctx := priorities[class].AddTo(context.Background())
	permit, err := f.limiter.AcquirePermitWithMaxWait(ctx, maxWait)
	if err != nil {
		return nil
	}
	return func(answered bool) {
		if answered {
			permit.Record()
		} else {
			permit.Drop()
		}
	}
}

// gradient2 is Netflix's Gradient2 with a share of the limit for each class, enforced where the limit is reached.
type gradient2 struct{ limiter *limiter.DefaultLimiter }

var shares = map[string]float64{"p0": 0.4, "p1": 0.3, "p2": 0.2, "p3": 0.1}

func newGradient2(int) (Limiter, error) {
	parts := map[string]*strategy.LookupPartition{}
	for name, part := range shares {
		parts[name] = strategy.NewLookupPartitionWithMetricRegistry(name, part, 1, core.EmptyMetricRegistryInstance)
	}
	l := limit.NewDefaultGradient2Limit("peer", limit.NoopLimitLogger{}, core.EmptyMetricRegistryInstance)
	s, err := strategy.NewLookupPartitionStrategyWithMetricRegistry(parts, nil, int32(l.EstimatedLimit()), core.EmptyMetricRegistryInstance)
	if err != nil {
		return nil, fmt.Errorf("gradient2: %w", err)
	}
	// The library's own windows: decide once a second at most, after 100 samples.
	d, err := limiter.NewDefaultLimiter(l, time.Second.Nanoseconds(), time.Second.Nanoseconds(), 1e5, 100, s, limit.NoopLimitLogger{}, core.EmptyMetricRegistryInstance)
	if err != nil {
		return nil, fmt.Errorf("gradient2: %w", err)
	}
	return gradient2{d}, nil
}

var names = [...]string{"p0", "p1", "p2", "p3"}

func (g gradient2) Acquire(class int) func(bool) {
	ctx := context.WithValue(context.Background(), matchers.LookupPartitionContextKey, names[class])
	l, ok := g.limiter.Acquire(ctx)
	if !ok {
		return nil
	}
	return func(answered bool) {
		if answered {
			l.OnSuccess()
		} else {
			l.OnDropped()
		}
	}
}
