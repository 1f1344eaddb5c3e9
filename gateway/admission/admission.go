// Package admission decides how many people a second are wanted inside: a closed loop on what the backend shows.
package admission

import (
	"math"
	"time"
)

// Config bounds a Controller. Rates are people a second; Raise is how much the rate may grow each second before the
// backend's limit is found, and at most afterwards.
type Config struct {
	Start, Min, Max float64
	Raise           float64
	// QueueTarget is how long the backend's writes may wait before people are called in more slowly.
	QueueTarget time.Duration
	// GateTarget is the same for requests that wait for a permit at the gateway.
	GateTarget time.Duration
	// Inside is how many people may be inside at once, from the call to the booking; 0: as many as the backend bears.
	Inside int64
}

// Default starts with what a small backend bears.
func Default() Config {
	return Config{Start: 100, Min: 1, Max: 2000, Raise: 50, QueueTarget: 150 * time.Millisecond, GateTarget: 100 * time.Millisecond}
}

// Signal is what the controller looks at, ten times a second.
type Signal struct {
	Now         time.Time
	BackendOpen bool          // the breaker lets requests through and the backend reports
	QueueWait   time.Duration // of writes inside the backend
	GateWait    time.Duration // of the oldest request that waits for a permit
	InFlight    int           // permits in use
	Permits     int           // their limit; 0: unknown
	Inside      int64         // people with a pass that is good and no booking yet
	Shed        uint64        // requests of admitted people shed so far (a total)
	Waiting     bool          // whether anybody is there to be called in
	Cap         float64       // the operator's cap; 0: none
}

// A cut is taken once an interval, so that its effect can be seen before the next one: people who were called need a
// second or two to come.
const (
	slightCut   = 0.9  // where the wait is just over its target
	cut         = 0.75 // from this many times the target on
	much        = 2.0
	deepCut     = 0.5 // and from this
	deep        = 6.0
	cutInterval = time.Second
	// draining tells a queue that shrinks by itself: it needs no further cut.
	draining = 0.97
)

// The raise after the limit has been found: towards it in some fifteen seconds, past it slowly, then faster the longer
// nothing stands against it.
const (
	towards = 0.02  // of the limit, a second
	past    = 0.008 // of the limit, a second
	haste   = 6.0   // seconds past the limit after which the raise has doubled
	fastest = 0.04  // of the rate, a second: what comes of it must show before it has doubled
	leap    = 0.015 // of the highest limit of late, a second, however low the rate
	memory  = 600.0 // seconds in which that limit is half forgotten
)

// How many people the backend bears inside is found in the same way: cut with the rate, raised while it is what holds
// the rate down.
const (
	roomCut   = 0.95
	roomRaise = 0.01 // a second, and as much again for each roomHaste since the last cut: passes that nobody will use any more
	roomHaste = 4.0  // fill the room too, for a quarter of an hour, and must not be taken for people
	roomUsed  = 0.85 // from this share on it holds the rate down
	roomSoft  = 0.1  // the rate goes to nothing over the last tenth
	leastRoom = 20.0
)

// Controller is additive raise, multiplicative cut. The zero value is not ready; use New.
type Controller struct {
	cfg     Config
	rate    float64
	limit   float64       // where the last cut was taken; 0: never
	free    time.Duration // for how long the rate has grown past the limit
	peak    float64       // the highest limit of late
	room    float64       // people inside that the backend bears; 0: unknown
	last    time.Time
	lastCut time.Time
	worst   float64 // congestion at the last look
	shed    uint64
}

// New returns a controller at its start rate.
func New(cfg Config) *Controller {
	return &Controller{cfg: cfg, rate: cfg.Start}
}

// Rate is what the loop found, before cap and breaker.
func (c *Controller) Rate() float64 { return c.rate }

// Found tells whether the rate is what the backend bears, or as much as it may be, and not what it was started with.
func (c *Controller) Found() bool { return c.limit > 0 || c.rate >= c.cfg.Max }

// Step takes one look and returns how many people a second are wanted inside now: 0 while the backend rests.
func (c *Controller) Step(s Signal) float64 {
	elapsed := time.Duration(0)
	if !c.last.IsZero() {
		elapsed = min(max(s.Now.Sub(c.last), 0), time.Second)
	}
	c.last = s.Now
	congestion := c.congestion(s)
	grows := congestion >= c.worst*draining
	c.worst = congestion
	switch {
	case !s.BackendOpen:
		return 0
	case congestion > 1 && grows && s.Now.Sub(c.lastCut) >= cutInterval:
		c.cut(s, congestion)
	case congestion <= 1 && s.Waiting && !c.full(s) && (s.Cap <= 0 || c.rate < s.Cap):
		c.raise(s, elapsed)
	}
	rate := c.rate * c.space(s.Inside)
	if s.Cap > 0 {
		return min(rate, s.Cap)
	}
	return rate
}

// congestion is how far the worst wait is over its target; more than 1 is too much.
func (c *Controller) congestion(s Signal) float64 {
	worst := max(ratio(s.QueueWait, c.cfg.QueueTarget), ratio(s.GateWait, c.cfg.GateTarget))
	if s.Shed > c.shed {
		worst = max(worst, 1)*1.01 + c.worst*draining // a shed is never taken for a queue that shrinks
	}
	c.shed = s.Shed
	return worst
}

func ratio(wait, target time.Duration) float64 { return float64(wait) / float64(target) }

// full tells whether every permit is in use and requests begin to wait: more people would only wait longer.
func (c *Controller) full(s Signal) bool {
	return s.Permits > 0 && s.InFlight >= s.Permits && s.GateWait > c.cfg.GateTarget/4
}

func (c *Controller) cut(s Signal, congestion float64) {
	c.peak = max(c.peak*math.Exp2(-s.Now.Sub(c.lastCut).Seconds()/memory), c.rate)
	c.limit, c.free, c.lastCut = c.rate, 0, s.Now
	by := slightCut
	switch {
	case congestion > deep:
		by = deepCut
	case congestion > much:
		by = cut
	}
	c.rate = max(c.rate*by, c.cfg.Min)
	if inside := float64(s.Inside); inside >= leastRoom {
		c.room = max(inside*roomCut, leastRoom)
	}
}

func (c *Controller) raise(s Signal, elapsed time.Duration) {
	seconds := elapsed.Seconds()
	if c.room > 0 && float64(s.Inside) > roomUsed*c.room {
		c.room += c.room * roomRaise * (1 + s.Now.Sub(c.lastCut).Seconds()/roomHaste) * seconds
		return // people inside are what holds the rate down
	}
	by := c.cfg.Raise
	switch {
	case c.limit == 0:
	case c.rate < c.limit:
		by = min(by, max(c.limit*towards, c.cfg.Min/2))
	default:
		c.free += elapsed
		by = min(by, max(c.limit*past, c.cfg.Min/2)*(1+c.free.Seconds()/haste), max(c.rate*fastest, c.peak*leap, c.cfg.Min/2))
	}
	c.rate = min(c.rate+by*seconds, c.cfg.Max)
}

// space is the share of the rate that the people inside leave room for.
func (c *Controller) space(inside int64) float64 {
	room := c.room
	if c.cfg.Inside > 0 && (room == 0 || room > float64(c.cfg.Inside)) {
		room = float64(c.cfg.Inside)
	}
	if room == 0 {
		return 1
	}
	return min(max((room-float64(inside))/(roomSoft*room), 0), 1)
}
