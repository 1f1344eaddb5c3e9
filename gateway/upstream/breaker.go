package upstream

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

type twoStep = gobreaker.TwoStepCircuitBreaker[struct{}]

// breaker guards one instance. What it stands at is kept beside it, so that while it is not closed nobody takes its lock;
// the library's lock is held for nothing but its own counting.
type breaker struct {
	name  string
	clock func() time.Time

	mu     sync.Mutex // over configure
	cfg    atomic.Pointer[BreakerConfig]
	two    atomic.Pointer[twoStep]
	shown  atomic.Pointer[standing]
	last   atomic.Pointer[fault] // the newest failure
	inARow atomic.Int64
	forced atomic.Bool // the next failure opens it

	refused      atomic.Uint64
	wouldRefuse  atomic.Uint64
	generation   atomic.Uint64
	timesTripped atomic.Uint64
}

// standing is where a breaker stands, since when, until when (an open one) and why.
type standing struct {
	state        gobreaker.State
	since, until time.Time
	why          words
}

// secondChance is how many failures in a row open a breaker again that has just closed: questions went well, but work may
// not yet. One answer, and the usual number counts.
const secondChance = 3

// errOverloaded is the backend's own word that it has too much to do: the limit learns from it, the breaker does not.
var errOverloaded = errors.New("backend overloaded")

func newBreaker(name string, c BreakerConfig, clock func() time.Time) *breaker {
	b := &breaker{name: name, clock: clock}
	b.shown.Store(&standing{since: clock()})
	b.cfg.Store(&c)
	b.two.Store(b.build(c))
	return b
}

// build makes the library's breaker, whose times cannot be changed later.
func (b *breaker) build(c BreakerConfig) *twoStep {
	mine := b.generation.Add(1)
	return gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: b.name, MaxRequests: uint32(c.Probes), Interval: c.Window, BucketPeriod: c.Window / 10, Timeout: c.Rest,
		ReadyToTrip: b.trips,
		IsExcluded:  func(err error) bool { return errors.Is(err, errOverloaded) },
		OnStateChange: func(_ string, _, to gobreaker.State) { // runs under the library's lock: stores and leaves
			if b.generation.Load() == mine {
				b.turned(to)
			}
		},
	})
}

func (b *breaker) trips(n gobreaker.Counts) bool {
	c := b.cfg.Load()
	return b.forced.Load() || b.inARow.Load() >= int64(c.InARow) ||
		int(n.Requests) >= c.MinCalls && float64(n.TotalFailures) >= c.Ratio*float64(n.Requests)
}

func (b *breaker) turned(to gobreaker.State) {
	s := &standing{state: to, since: b.clock()}
	if to != gobreaker.StateClosed {
		if f := b.last.Load(); f != nil {
			s.why = f.words
		}
	}
	if to == gobreaker.StateOpen {
		s.until = s.since.Add(b.cfg.Load().Rest)
		b.timesTripped.Add(1)
	}
	b.inARow.Store(0)
	if to == gobreaker.StateClosed {
		b.inARow.Store(max(0, int64(b.cfg.Load().InARow)-secondChance))
	}
	b.shown.Store(s)
}

// configure puts other values in force. A breaker whose times change is made anew and stands where it stood, except that
// one that was being tried rests once more.
func (b *breaker) configure(c BreakerConfig) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.cfg.Swap(&c)
	if old.Window == c.Window && old.Rest == c.Rest && old.Probes == c.Probes {
		return
	}
	closed := b.closed()
	two := b.build(c)
	b.two.Store(two)
	if closed {
		b.shown.Store(&standing{since: b.shown.Load().since})
		return
	}
	b.forced.Store(true)
	if done, err := two.Allow(); err == nil {
		done(b.last.Load())
	}
	b.forced.Store(false)
}

func (b *breaker) closed() bool { return b.shown.Load().state == gobreaker.StateClosed }

// refuses tells whether people's requests are kept away.
func (b *breaker) refuses() bool { return !b.closed() && !b.cfg.Load().DryRun }

var errRests = errors.New("breaker is not closed")

// ungauged is the verdict on a request that was let through by a breaker that only counts what it would refuse.
func ungauged(error) {}

// allow lets a person's request through, or not. What it returns must be called once with what came of the request.
func (b *breaker) allow() (done func(error), err error) {
	if b.closed() {
		if done, err = b.two.Load().Allow(); err == nil {
			return done, nil
		}
	}
	if b.cfg.Load().DryRun {
		b.wouldRefuse.Add(1)
		return ungauged, nil
	}
	b.refused.Add(1)
	return nil, errRests
}

// try lets a question through, as far as the breaker may be tried.
func (b *breaker) try() (done func(error), err error) { return b.two.Load().Allow() }

// note keeps what came of a request for the rule of failures in a row, and for people to read.
func (b *breaker) note(verdict error) {
	switch f := verdict.(type) {
	case nil:
		if b.inARow.Load() != 0 {
			b.inARow.Store(0)
		}
	case *fault:
		b.last.Store(f)
		b.inARow.Add(1)
	}
}
