// Package backendsim is a booking backend in virtual time, for trying what calls people in: capacity that changes, permits
// and the queue before them, writes that share commits, answers that shed, a breaker, and people inside. It is one
// goroutine's and has no clock and no chance of its own.
package backendsim

import (
	"math"
	"time"

	"github.com/daemun/daemun/gateway/admission"
)

// Config describes a backend.
type Config struct {
	// Capacity is work a second that it gets done; entering and booking are one unit each, a read a tenth.
	Capacity float64
	// Permits bound what is under way at once; what comes on top waits at the gate, at most GateLimit, and is shed after.
	Permits   int
	GateLimit time.Duration
	// Commit is how long a group of writes waits for its commit when there is little to do.
	Commit time.Duration
}

// Default is a backend that bears so much work a second.
func Default(capacity float64) Config {
	return Config{Capacity: capacity, Permits: int(max(capacity, 16)), GateLimit: 2 * time.Second, Commit: 5 * time.Millisecond}
}

// Cost of what people do, in units of work.
const (
	EnterWork = 1.0
	BookWork  = 1.0
	ReadWork  = 0.1
	Reads     = 5 // of each person inside
	// PersonWork is what somebody who enters and books costs in all.
	PersonWork = EnterWork + BookWork + Reads*ReadWork
)

// Timing of the breaker and of the report.
const (
	tripsAfter = time.Second     // of failing
	probeEvery = 2 * time.Second // while open
	reportLife = 0.3             // seconds, how soon the reported wait follows the real one
	atWork     = 2 * PersonWork  // work that is being done and waits for nothing
)

// Backend is at work once made with New.
type Backend struct {
	cfg     Config
	down    bool
	failing time.Duration // for how long it has failed while asked
	open    bool          // the breaker
	probe   time.Duration
	backlog float64 // work taken and not done
	wait    float64 // reported, seconds
	shed    uint64
	owed    float64 // part of a shed request
}

// New returns a backend with nothing to do.
func New(cfg Config) *Backend { return &Backend{cfg: cfg} }

// SetCapacity changes how much it bears from now on.
func (b *Backend) SetCapacity(perSecond float64) {
	b.cfg.Capacity, b.cfg.Permits = perSecond, int(max(perSecond, 16))
}

// Capacity is how much work a second it gets done when it is up.
func (b *Backend) Capacity() float64 { return b.cfg.Capacity }

// SetDown takes it down or brings it back; what was under way is lost and will be asked again by those who asked.
func (b *Backend) SetDown(down bool) (lost float64) {
	b.down = down
	if down {
		lost, b.backlog = b.backlog, 0
	}
	return lost
}

// Up tells whether requests are let through and answered.
func (b *Backend) Up() bool { return !b.down && !b.open }

// Take takes one request whole, or sheds it.
func (b *Backend) Take(work float64) bool {
	if !b.Up() {
		return false
	}
	if b.backlog+work > b.most() {
		b.shed++
		return false
	}
	b.backlog += work
	return true
}

// most is how much work it holds, under way and at the gate.
func (b *Backend) most() float64 {
	return float64(b.cfg.Permits) + b.cfg.Capacity*b.cfg.GateLimit.Seconds()
}

// Offer brings work; it returns how much of it was shed, to be asked again later by those who brought it.
func (b *Backend) Offer(work float64) (shed float64) {
	if !b.Up() {
		return work
	}
	if most := b.most(); b.backlog+work > most {
		shed = b.backlog + work - most
		b.owed += shed
		b.shed += uint64(b.owed)
		b.owed -= math.Floor(b.owed)
	}
	b.backlog += work - shed
	return shed
}

// Step lets time pass.
func (b *Backend) Step(elapsed time.Duration) {
	b.turnBreaker(elapsed)
	if !b.down {
		b.backlog = max(0, b.backlog-b.cfg.Capacity*elapsed.Seconds())
	}
	now := max(min(b.backlog, float64(b.cfg.Permits))-atWork, 0)/b.cfg.Capacity + b.cfg.Commit.Seconds()
	keep := math.Exp2(-elapsed.Seconds() / reportLife)
	b.wait = b.wait*keep + now*(1-keep)
}

func (b *Backend) turnBreaker(elapsed time.Duration) {
	switch {
	case b.down:
		b.failing += elapsed
		b.open = b.open || b.failing >= tripsAfter
		b.probe = 0
	case b.open:
		if b.probe += elapsed; b.probe >= probeEvery {
			b.open, b.failing = false, 0
		}
	default:
		b.failing = 0
	}
}

// Overload is how long somebody who asks now waits, at the gate and inside.
func (b *Backend) Overload() time.Duration {
	return time.Duration(b.backlog / b.cfg.Capacity * float64(time.Second))
}

// Signal is what a gateway sees of it.
func (b *Backend) Signal(now time.Time) admission.Signal {
	permits := float64(b.cfg.Permits)
	return admission.Signal{
		Now: now, BackendOpen: b.Up(), QueueWait: time.Duration(b.wait * float64(time.Second)),
		GateWait: time.Duration(max(b.backlog-permits, 0) / b.cfg.Capacity * float64(time.Second)),
		InFlight: int(min(b.backlog, permits)), Permits: b.cfg.Permits, Shed: b.shed,
	}
}
