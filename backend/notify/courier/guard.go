package courier

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/daemun/daemun/backend/notify"
)

const restFor = 10 * time.Second // how long a channel that fails is left alone

// guard keeps letters back while a channel fails, or asked for a pause. A letter that is refused is no failure of the
// channel.
type guard struct {
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	clock   func() time.Time
	failure atomic.Pointer[string]

	mu     sync.Mutex
	paused time.Time // until then
}

var errBusy = errors.New("the channel has enough to do")

func newGuard(name string, clock func() time.Time) *guard {
	g := &guard{clock: clock}
	g.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: name, MaxRequests: 3, Interval: 30 * time.Second, Timeout: restFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.Requests >= 5 && c.TotalFailures*2 >= c.Requests },
		IsExcluded:  func(err error) bool { return errors.Is(err, errBusy) },
	})
	return g
}

// allow asks whether a letter may be sent; done must be told how that went, exactly once.
func (g *guard) allow() (done func(error), ok bool) {
	if g.closedFor() > 0 {
		return nil, false
	}
	report, err := g.breaker.Allow()
	if err != nil {
		return nil, false
	}
	return func(err error) { report(g.judge(err)) }, true
}

// judge says what the breaker should think of a try.
func (g *guard) judge(err error) error {
	var refused *notify.Refused
	if err == nil || errors.As(err, &refused) {
		return nil
	}
	reason := "error"
	var later *notify.Later
	if errors.As(err, &later) {
		reason = later.Reason
		g.pause(later.After)
		if later.Busy {
			err = errBusy
		}
	}
	g.failure.Store(&reason)
	return err
}

func (g *guard) pause(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := g.clock().Add(min(d, notify.LongestRetry)); d > 0 && until.After(g.paused) {
		g.paused = until
	}
}

// mayOpen tells whether it is worth to ask allow.
func (g *guard) mayOpen() bool {
	return g.breaker.State() != gobreaker.StateOpen && g.closedFor() == 0
}

// closedFor is how long nothing may be sent because the channel asked for that.
func (g *guard) closedFor() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, g.paused.Sub(g.clock()))
}

// reason is why letters are kept back; empty while they are not.
func (g *guard) reason() string {
	if why := g.failure.Load(); why != nil && (g.breaker.State() != gobreaker.StateClosed || g.closedFor() > 0) {
		return *why
	}
	return ""
}
