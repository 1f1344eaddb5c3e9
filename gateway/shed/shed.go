// Package shed decides how many requests a backend works on at once, who goes first, and who is turned away.
//
// Each backend instance has one Gate. A request acquires a permit before it is proxied and releases it afterwards.
// While permits are out, requests wait in one queue per class; a freed permit goes to the highest class that waits,
// except for a small share that keeps lower classes from starving. P0 and P1 wait in order of arrival; P2 and P3 are
// served newest first, because under congestion the newest is the one whose sender still listens. When the queue is
// full the lowest class gives way, not the arrival. The number of permits follows what the backend shows: see Limit.
//
// The reserved lane (the call centre and the clinics) stands beside the classes: a queue of its own, and first right to a
// small share of the permits. Within its share it goes before everybody, so that a crowd of any size cannot keep it out;
// beyond the share it goes only when nobody else waits, so that it cannot keep the crowd out either.
package shed

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Class is the priority of a request, P0 the highest.
type Class uint8

// The classes: commit, cancel and release of an admitted person; enter and holds; reads of admitted
// people; anonymous reads that the backend must answer. Lane is the reserved one, whatever it asks for.
const (
	P0 Class = iota
	P1
	P2
	P3
	Lane
	Classes = 5

	public = Lane // those below are everybody's
)

// String names the class as people know it.
func (c Class) String() string { return [Classes]string{"P0", "P1", "P2", "P3", "L"}[c] }

// Reasons for which a request is not let through.
var (
	ErrShed    = errors.New("shed: no permit for this class now")
	ErrTimeout = errors.New("shed: waited for a permit until the class's deadline")
)

// Config sets a Gate. Wait is how long a class may wait for a permit; Queue how many may wait in all, the lane aside;
// every 1/Share[c]-th permit goes to class c first, 0 for none; the lane has none, but LaneShare.
type Config struct {
	Limit LimitConfig
	Wait  [Classes]time.Duration
	Queue int
	Share [Classes]int
	// LaneShare is the part of the permits that is the lane's where it wants them, 0 to 1, and at least one permit unless
	// it is 0; LaneQueue is how many of the lane may wait.
	LaneShare float64
	LaneQueue int
}

// Default is a configuration that starts low and finds its way.
func Default() Config {
	return Config{
		Limit: LimitConfig{Start: 64, Min: 4, Max: 1024, QueueTarget: 20 * time.Millisecond, Ceiling: 250 * time.Millisecond, Window: 100 * time.Millisecond},
		Wait:  [Classes]time.Duration{3 * time.Second, 2 * time.Second, 500 * time.Millisecond, 100 * time.Millisecond, 5 * time.Second},
		Queue: 512,
		Share: [Classes]int{P1: 8, P2: 16, P3: 64},

		LaneShare: 0.02, LaneQueue: 256,
	}
}

// Gate hands out permits. It is safe for concurrent use.
type Gate struct {
	clock func() time.Time

	mu       sync.Mutex
	cfg      Config
	limit    Limit
	inFlight int
	inLane   int // of them, the lane's
	waiting  int // the lane's aside
	queues   [Classes]queue
	grants   uint64
}

// NewGate returns a Gate that reads the time from clock.
func NewGate(cfg Config, clock func() time.Time) *Gate {
	return &Gate{clock: clock, cfg: cfg, limit: NewLimit(cfg.Limit)}
}

// Permit is the right to bother the backend once. Release it exactly once.
type Permit struct {
	gate  *Gate
	since time.Time
	class Class
}

// Acquire waits for a permit within the class's deadline and the context's.
func (g *Gate) Acquire(ctx context.Context, class Class) (Permit, error) {
	g.mu.Lock()
	now := g.clock()
	if g.free(class) {
		g.take(class)
		g.mu.Unlock()
		return Permit{g, now, class}, nil
	}
	w, ok := g.enqueue(class, now)
	g.mu.Unlock()
	if !ok {
		return Permit{}, ErrShed
	}
	timer := time.NewTimer(g.cfg.Wait[class])
	defer timer.Stop()
	select {
	case <-w.answer:
	case <-timer.C:
	case <-ctx.Done():
	}
	return g.settle(w)
}

// enqueue adds a waiter, if need be in place of one of a lower class. The caller holds the lock.
func (g *Gate) enqueue(class Class, now time.Time) (*waiter, bool) {
	if class == Lane && g.queues[Lane].live >= g.cfg.LaneQueue || class != Lane && g.waiting >= g.cfg.Queue && !g.evictBelow(class) {
		return nil, false
	}
	w := &waiter{class: class, since: now, answer: make(chan struct{})}
	g.queues[class].push(w)
	g.left(class, -1)
	return w, true
}

func (g *Gate) evictBelow(class Class) bool {
	for c := public - 1; c > class; c-- {
		if w := g.queues[c].popOldest(); w != nil {
			g.waiting--
			w.state = shed
			close(w.answer)
			return true
		}
	}
	return false
}

// settle turns what became of a waiter into the answer. A grant that raced with the deadline is kept.
func (g *Gate) settle(w *waiter) (Permit, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch w.state {
	case granted:
		return Permit{g, g.clock(), w.class}, nil
	case shed:
		return Permit{}, ErrShed
	}
	w.state = abandoned
	g.queues[w.class].live--
	g.left(w.class, 1)
	return Permit{}, ErrTimeout
}

// Outcome is what came back for a permit. Overloaded means that the backend itself said it has too much to do.
type Outcome struct {
	Failed     bool
	Overloaded bool
}

// Release gives the permit back and tells the limit what came of it.
func (p Permit) Release(o Outcome) {
	g := p.gate
	g.mu.Lock()
	now := g.clock()
	g.limit.Sample(now, now.Sub(p.since), g.inFlight, o)
	g.inFlight--
	if p.class == Lane {
		g.inLane--
	}
	g.grant()
	g.mu.Unlock()
}

// ReportQueueWait tells the gate how long writes wait inside the backend.
func (g *Gate) ReportQueueWait(wait time.Duration) {
	g.mu.Lock()
	g.limit.ReportQueueWait(g.clock(), wait)
	g.grant()
	g.mu.Unlock()
}

// Status is what a Gate shows to operators. Waited is how long the oldest waiter has been waiting; the lane does not count
// there, for the public is called in by it.
type Status struct {
	Permits  int
	InFlight int
	Waiting  int
	Waited   time.Duration
	Lane     int // of those in flight, the lane's
}

// Status reports the gate's state.
func (g *Gate) Status() Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := Status{Permits: g.limit.Permits(), InFlight: g.inFlight, Waiting: g.waiting + g.queues[Lane].live, Lane: g.inLane}
	now := g.clock()
	for c := range public {
		if w := g.queues[c].oldest(); w != nil {
			s.Waited = max(s.Waited, now.Sub(w.since))
		}
	}
	return s
}
