package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// How a provider is guarded.
const (
	DefaultConcurrency = 64              // people at one provider at once
	DefaultPatience    = 4 * time.Second // with one call

	waitForTurn = time.Second     // for one of the places at the provider
	restFor     = 5 * time.Second // after the breaker opened
	trials      = 2               // answers in a row that close it again
	failsInRow  = 5               // failures in a row that open it, however few people come
)

// Limits are what one provider may cost. Zero values stand for the defaults.
type Limits struct {
	Concurrency int           // people there at once
	Patience    time.Duration // how long a call may take; what takes longer than 3/8 of it counts as a failure
}

// guard stands before one provider: so many people at once, and nobody while it is known to fail.
type guard struct {
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	places  chan struct{}
	limits  Limits
	clock   func() time.Time
	turned  atomic.Pointer[turn]
	failure atomic.Pointer[string]
}

// turn is when the breaker last changed, and why.
type turn struct {
	since  time.Time
	reason string
}

func newGuard(name string, l Limits, clock func() time.Time) *guard {
	l.Concurrency, l.Patience = cmp.Or(l.Concurrency, DefaultConcurrency), cmp.Or(l.Patience, DefaultPatience)
	g := &guard{places: make(chan struct{}, l.Concurrency), limits: l, clock: clock}
	g.turned.Store(&turn{since: clock()})
	g.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: name, MaxRequests: trials, Interval: 30 * time.Second, BucketPeriod: 3 * time.Second, Timeout: restFor,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.ConsecutiveFailures >= failsInRow || c.Requests >= 20 && c.TotalFailures*2 >= c.Requests
		},
		OnStateChange: func(_ string, _, to gobreaker.State) { // runs under the breaker's lock: stores and leaves
			t := &turn{since: clock()}
			if why := g.failure.Load(); why != nil && to != gobreaker.StateClosed {
				t.reason = *why
			}
			g.turned.Store(t)
		},
	})
	return g
}

var (
	errBusy = errors.New("identity: no place at the provider")
	errOpen = errors.New("identity: the provider's breaker is open")
)

// do runs one call to the provider. The call gets a context of its own: it is brought to its end, and judged, also when the
// person has gone, because a provider that hangs is left by everybody before it answers. A call that outlives its context is
// judged then and keeps its place until it ends, so no call can hold up the breaker.
func do[T any](ctx context.Context, g *guard, call func(context.Context) (T, error)) (T, error) {
	var none T
	if err := g.enter(ctx); err != nil {
		return none, err
	}
	done, err := g.breaker.Allow()
	if err != nil {
		<-g.places
		return none, fmt.Errorf("%w: %w", errOpen, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.limits.Patience)
	defer cancel()
	start := g.clock()
	out := make(chan outcome[T], 1)
	go func() {
		defer func() { <-g.places }()
		out <- run(ctx, call)
	}()
	var got outcome[T]
	select {
	case got = <-out:
	case <-ctx.Done():
		got.err = &Fault{Reason: "did not answer in time", Err: ctx.Err()}
	}
	verdict := g.judge(got.err, g.clock().Sub(start))
	if verdict != nil {
		why := verdict.Error()
		g.failure.Store(&why)
	}
	done(verdict)
	return got.value, got.err
}

type outcome[T any] struct {
	value T
	err   error
}

// run makes a panic an error: one provider's bug must not end the others.
func run[T any](ctx context.Context, call func(context.Context) (T, error)) (o outcome[T]) {
	defer func() {
		if bug := recover(); bug != nil {
			o.err = &Fault{Reason: "the call ended in a panic", Err: fmt.Errorf("%v", bug)}
		}
	}()
	o.value, o.err = call(ctx)
	return o
}

// enter waits a moment for a place.
func (g *guard) enter(ctx context.Context) error {
	select {
	case g.places <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(waitForTurn)
	defer timer.Stop()
	select {
	case g.places <- struct{}{}:
		return nil
	case <-timer.C:
		return errBusy
	case <-ctx.Done():
		return errBusy
	}
}

// judge says what the breaker should think of a call. What a person did is no failure of the provider.
func (g *guard) judge(err error, took time.Duration) error {
	var fault *Fault
	switch {
	case errors.As(err, &fault):
		return errors.New(fault.Reason)
	case took > g.limits.Patience*3/8:
		return errors.New("answered too slowly")
	}
	return nil
}

// health is what is shown of a provider.
type health struct {
	state  string // closed, half-open, open
	since  time.Time
	reason string
}

func (g *guard) health() health {
	state := g.breaker.State() // may move it on: read before what the move left behind
	t := g.turned.Load()
	return health{state: state.String(), since: t.since, reason: t.reason}
}

func (g *guard) up() bool { return g.breaker.State() == gobreaker.StateClosed }

// again is when a provider that is down will be tried again, at least a second.
func (g *guard) again() time.Duration {
	return max(g.turned.Load().since.Add(restFor).Sub(g.clock()), time.Second)
}
