// Package shed decides how many requests the backend works on at once, who goes first, and who is turned away.
//
// A request acquires a permit before it is proxied and releases it afterwards. Each backend instance is a Site with a limit
// of its own, found by what the instance shows: see Limit. One Gate feeds them all: while all permits are out, requests wait
// in one queue per class; a freed permit goes to the highest class that waits, except for a small share that keeps lower
// classes from starving, and to the site with the least to do. P0 and P1 wait in order of arrival; P2 and P3 are served by
// sub-level, so that a person's journey goes on once it was begun (see Priority), and of those who are alike the newest first,
// because under congestion the newest is the one whose sender still listens. When the queue is full the lowest class gives
// way, and in it the last sub-level, not the arrival. Before the queue stands a threshold within each class, that keeps the
// journey of one person on one side.
//
// The reserved lane (the call centre and the clinics) stands beside the classes: a queue of its own, and first right to a
// small share of the permits. Within its share it goes before everybody, so that a crowd of any size cannot keep it out;
// beyond the share it goes only when nobody else waits, so that it cannot keep the crowd out either. Whatever one side does
// not use of its share the others borrow, until the next permit comes back.
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
	ErrNoSite  = errors.New("shed: no backend instance takes requests")
)

// Config sets a Gate. Wait is how long a class may wait for a permit, and Pressed how long at most P2 and P3 may while they
// have a threshold; Queue how many may wait in all, the lane aside; every 1/Share[c]-th permit goes to class c first, 0 for
// none; the lane has none, but LaneShare.
type Config struct {
	Limit   LimitConfig
	Wait    [Classes]time.Duration
	Pressed time.Duration
	Queue   int
	Share   [Classes]int
	// LaneShare is the part of the permits that is the lane's where it wants them, 0 to 1, and at least one permit unless
	// it is 0; LaneQueue is how many of the lane may wait.
	LaneShare float64
	LaneQueue int
	// Trial marks the rules that decide and count without being carried out.
	Trial [Rules]bool
}

// Bounds that hold where a rule is only tried too.
const (
	mostWaiting = 16_384
	longestWait = 10 * time.Second
)

// Default is a configuration that starts low and finds its way.
func Default() Config {
	return Config{
		Limit:   LimitConfig{Start: 64, Min: 4, Max: 1024, QueueTarget: 20 * time.Millisecond, Ceiling: 250 * time.Millisecond, Window: 100 * time.Millisecond},
		Wait:    [Classes]time.Duration{3 * time.Second, 2 * time.Second, 500 * time.Millisecond, 100 * time.Millisecond, 5 * time.Second},
		Pressed: 200 * time.Millisecond,
		Queue:   512,
		Share:   [Classes]int{P1: 8, P2: 16, P3: 64},

		LaneShare: 0.02, LaneQueue: 256,
	}
}

// Gate hands out permits. It is safe for concurrent use.
type Gate struct {
	clock func() time.Time

	mu       sync.Mutex
	cfg      Config
	sites    []*Site
	inFlight int
	inLane   int // of them, the lane's
	waiting  int // the lane's aside
	queues   [Classes]queue
	spare    []*waiter // that nobody uses now
	grants   uint64
	levels   levels
	rules    [Rules]ruleCount
}

// NewGate returns a Gate without sites that reads the time from clock.
func NewGate(cfg Config, clock func() time.Time) *Gate {
	return &Gate{clock: clock, cfg: cfg, levels: newLevels()}
}

// Configure changes the configuration while the gate is in use. Limits keep what they have found, within the new bounds.
func (g *Gate) Configure(cfg Config) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cfg = cfg
	for _, s := range g.sites {
		s.limit.Set(cfg.Limit)
	}
	g.grant()
}

// Config returns the configuration in force.
func (g *Gate) Config() Config {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cfg
}

// Permit is the right to bother a site once. Release it exactly once.
type Permit struct {
	site  *Site
	since time.Time
	class Class
}

// Site is where the request may go.
func (p Permit) Site() *Site { return p.site }

// Acquire waits for a permit within the class's deadline and the context's. The errors are ErrShed, ErrTimeout and
// ErrNoSite.
func (g *Gate) Acquire(ctx context.Context, at Priority) (Permit, error) {
	g.mu.Lock()
	now := g.clock()
	if at.Class != Lane && !g.levels.arrive(at, now, &g.cfg.Share) && !g.idles() && g.applies(RuleThreshold) {
		g.mu.Unlock()
		return Permit{}, ErrShed
	}
	if s := g.site(at.Class); s != nil {
		g.take(at.Class, s)
		g.mu.Unlock()
		return Permit{s, now, at.Class}, nil
	}
	w, err := g.enqueue(at, now)
	wait := g.patience(at.Class)
	g.mu.Unlock()
	if err != nil {
		return Permit{}, err
	}
	return g.await(ctx, w, wait)
}

// patience is how long a request of a class may wait. In a lasting crowd those who were let into the queue and are not served
// soon are not served at all, for the sub-levels before theirs go on coming: they hear so while they still listen (as in
// Facebook's "Fail at Scale", where a queue that does not empty has its deadline cut). The caller holds the lock.
func (g *Gate) patience(class Class) time.Duration {
	if class > P1 && class < public && class >= g.levels.pressed {
		return min(g.cfg.Wait[class], g.cfg.Pressed)
	}
	return g.cfg.Wait[class]
}

// await waits until something became of a waiter.
func (g *Gate) await(ctx context.Context, w *waiter, wait time.Duration) (Permit, error) {
	w.timer.Reset(wait)
	select {
	case <-w.answer:
	case <-ctx.Done():
	case <-w.timer.C:
		if wait < longestWait && g.mayStay(w) {
			w.timer.Reset(longestWait - wait)
			select {
			case <-w.answer:
			case <-w.timer.C:
			case <-ctx.Done():
			}
		}
	}
	return g.settle(w, ctx.Err() != nil)
}

// mayStay tells whether somebody whose deadline is over may go on waiting, because the deadline is only tried.
func (g *Gate) mayStay(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.state != waiting || !g.cfg.Trial[RuleDeadline] {
		return false
	}
	w.late = true
	g.rules[RuleDeadline].would++
	return true
}

// enqueue adds a waiter, if need be in place of one of a lower class. The caller holds the lock.
func (g *Gate) enqueue(at Priority, now time.Time) (*waiter, error) {
	class := at.Class
	if g.permits() == 0 {
		return nil, ErrNoSite
	}
	g.levels.waited = true
	if g.full(class) && (g.applies(RuleQueue) || g.waiting+g.queues[Lane].live >= mostWaiting) && !g.evictBelow(at) {
		g.refused(class)
		return nil, ErrShed
	}
	g.rules[RuleLimit].refused++
	w := g.waiter(at, now)
	g.queues[class].push(w)
	g.left(class, -1)
	return w, nil
}

// full tells whether there is no room left to wait in for the class.
func (g *Gate) full(class Class) bool {
	if class == Lane {
		return g.queues[Lane].live >= g.cfg.LaneQueue
	}
	return g.waiting >= g.cfg.Queue
}

// refused tells the thresholds of a request that found no permit.
func (g *Gate) refused(class Class) {
	if class != Lane {
		g.levels.refused[class]++
	}
}

// evictBelow sends somebody away who goes after the arrival: of the lowest class that waits, the last sub-level.
func (g *Gate) evictBelow(at Priority) bool {
	if at.Class == Lane {
		return false
	}
	for c := public; c > at.Class; {
		c--
		q := &g.queues[c]
		if q.live == 0 || c == at.Class && (c <= P1 || q.lastRank() <= rankOf(at.Level)) {
			continue
		}
		w := q.popLast()
		g.waiting--
		g.refused(c)
		w.tell(shed)
		return true
	}
	return false
}

// settle turns what became of a waiter into the answer. A grant that raced with the deadline is kept.
func (g *Gate) settle(w *waiter, gone bool) (Permit, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.free(w)
	switch w.state {
	case granted:
		return Permit{w.site, g.clock(), w.class}, nil
	case shed:
		return Permit{}, ErrShed
	case unsent:
		return Permit{}, ErrNoSite
	}
	g.queues[w.class].remove(w)
	g.left(w.class, 1)
	if !gone {
		if !w.late {
			g.rules[RuleDeadline].refused++
		}
		g.refused(w.class)
	}
	return Permit{}, ErrTimeout
}

// Outcome is what came back for a permit. Overloaded means that the backend itself said it has too much to do.
type Outcome struct {
	Failed     bool
	Overloaded bool
}

// Release gives the permit back and tells the limit what came of it.
func (p Permit) Release(o Outcome) {
	g := p.site.gate
	g.mu.Lock()
	now := g.clock()
	p.site.limit.Sample(now, now.Sub(p.since), p.site.inFlight, o)
	p.site.inFlight--
	g.inFlight--
	if p.class == Lane {
		g.inLane--
	}
	g.grant()
	g.mu.Unlock()
}

// Status is what a Gate shows to operators, all sites together. Waited is how long the oldest waiter has been waiting; the
// lane does not count there, for the public is called in by it.
type Status struct {
	Permits  int
	InFlight int
	Waiting  int
	Waited   time.Duration
	Lane     int         // of those in flight, the lane's
	UpTo     [public]int // sub-levels of each class that may come now, Levels for all of them
	Rules    [Rules]RuleStatus
}

// Status reports the gate's state.
func (g *Gate) Status() Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := Status{Permits: g.permits(), InFlight: g.inFlight, Waiting: g.waiting + g.queues[Lane].live, Lane: g.inLane, UpTo: g.levels.upTo}
	now := g.clock()
	for c := range public {
		if w := g.queues[c].oldest; w != nil {
			s.Waited = max(s.Waited, now.Sub(w.since))
		}
	}
	for r, n := range g.rules {
		s.Rules[r] = RuleStatus{Trial: g.cfg.Trial[r], Refused: n.refused, Would: n.would}
	}
	return s
}
