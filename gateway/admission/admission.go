// Package admission decides how many people a second are called in: a closed loop on what the backend shows.
package admission

import "time"

// Config bounds a Controller. Rates are people a second; Raise is how much the rate may grow each second.
type Config struct {
	Start, Min, Max float64
	Raise           float64
	// QueueTarget is how long the backend's writes may wait before people are called in more slowly.
	QueueTarget time.Duration
	// GateTarget is the same for requests that wait for a permit at the gateway.
	GateTarget time.Duration
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
	Shed        uint64        // requests of admitted people shed so far (a total)
	Waiting     bool          // whether anybody is there to be called in
	Cap         float64       // the operator's cap; 0: none
}

// A cut is taken once an interval, so that its effect can be seen before the next one.
const (
	cut         = 0.75
	cutInterval = 500 * time.Millisecond
)

// Controller is additive raise, multiplicative cut. The zero value is not ready; use New.
type Controller struct {
	cfg     Config
	rate    float64
	last    time.Time
	lastCut time.Time
	shed    uint64
}

// New returns a controller at its start rate.
func New(cfg Config) *Controller {
	return &Controller{cfg: cfg, rate: cfg.Start}
}

// Rate is what the loop found, before cap and breaker.
func (c *Controller) Rate() float64 { return c.rate }

// Found tells whether the rate is what the backend bears, or as much as it may be, and not what it was started with.
func (c *Controller) Found() bool { return !c.lastCut.IsZero() || c.rate >= c.cfg.Max }

// Step takes one look and returns how many people a second to call in now: 0 while the backend rests.
func (c *Controller) Step(s Signal) float64 {
	elapsed := 0.0
	if !c.last.IsZero() {
		elapsed = min(max(s.Now.Sub(c.last).Seconds(), 0), 1)
	}
	c.last = s.Now
	shed := s.Shed > c.shed
	c.shed = s.Shed
	switch congested := shed || s.QueueWait > c.cfg.QueueTarget || s.GateWait > c.cfg.GateTarget; {
	case !s.BackendOpen:
		return 0
	case congested && s.Now.Sub(c.lastCut) >= cutInterval:
		c.rate, c.lastCut = max(c.rate*cut, c.cfg.Min), s.Now
	case !congested && s.Waiting && (s.Cap <= 0 || c.rate < s.Cap):
		c.rate = min(c.rate+c.cfg.Raise*elapsed, c.cfg.Max)
	}
	if s.Cap > 0 {
		return min(c.rate, s.Cap)
	}
	return c.rate
}
