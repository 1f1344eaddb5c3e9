// Package calling moves the cursor of one line: how many people are called for those who are wanted inside, how fast
// that goes, and what is published about it. It does no I/O; the leader of the gateways runs it, and so does the
// simulated day.
package calling

import (
	"math"
	"time"

	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/wait"
)

// Round is what the leader knows when it calls.
type Round struct {
	Now     time.Time
	Elapsed time.Duration // since the last round
	Line    *queue.Line   // may be older than this Caller's last move
	// Open says that people of this line may be called in now, Resting that the backend bears nobody.
	Open, Resting bool
	// Wanted is how many people a second of this line should come in; Found says that it is what the backend bears and
	// not a first guess.
	Wanted float64
	Found  bool
	Cap    float64 // the operators' cap on people called a second; 0: none
	// Totals of the backend: people who entered, people inside now, bookings. Known says that there are any.
	Known                   bool
	Entered, Inside, Booked int64
}

// Move is what comes of a round.
type Move struct {
	Cursor queue.Cursor
	Speed  float64 // people called a second, smoothed; what could be called while nobody waits
	Waits  *wait.Published
}

// speedLife is how soon the published speed follows a change, half-life in seconds.
const speedLife = 5.0

// Caller calls in the people of one line. It belongs to one goroutine.
type Caller struct {
	cursor    queue.Cursor
	speed     float64
	estimator *wait.Estimator
	showUp    wait.ShowUp
	share     float64 // of called people who enter, until this Caller has found its own
}

// New returns a Caller that goes on from what an earlier leader published about the waits; nil where there is nothing.
func New(earlier *wait.Published) *Caller {
	c := &Caller{estimator: wait.New(earlier)}
	if earlier != nil {
		c.share = earlier.Memory.ShowUp
	}
	return c
}

// Round moves the cursor by what has become due.
func (c *Caller) Round(r Round) Move {
	l := r.Line
	if c.cursor.Before(l.Cursor) {
		c.cursor = l.Cursor
	}
	from, total := l.ServedAt(c.cursor), int64(l.Seals.Total())
	rate := c.rate(r)
	possible := 0.0
	if r.Open && !r.Resting {
		possible = rate
		c.cursor = l.Seals.Advance(c.cursor, rate*r.Elapsed.Seconds())
	}
	to := l.ServedAt(c.cursor)
	perSecond := 0.0
	if r.Elapsed > 0 {
		perSecond = float64(to-from) / r.Elapsed.Seconds()
	}
	if to >= total {
		perSecond = max(perSecond, possible) // nobody is left to call: what could be called is what the next one can expect
	}
	c.smooth(perSecond, r.Elapsed)
	if r.Known {
		c.showUp.Step(r.Now, float64(to), float64(r.Entered))
	}
	waits := c.estimator.Step(wait.Look{
		Now: r.Now, Served: uint64(to), Total: uint64(total), Calling: r.Open, Resting: r.Resting,
		Rate: rate, Found: r.Found, Cap: r.Cap, OpensAt: l.OpensAt,
	})
	waits.Memory.ShowUp = c.ShowUp()
	waits.Doses = wait.NewDoses(c.ShowUp(), r.Entered, r.Inside, r.Booked)
	return Move{Cursor: c.cursor, Speed: c.speed, Waits: waits}
}

// rate is how many people to call a second: those who are wanted, and for each as many more as do not come.
func (c *Caller) rate(r Round) float64 {
	rate := r.Wanted * wait.Calls(c.ShowUp())
	if r.Cap > 0 {
		rate = min(rate, r.Cap)
	}
	return rate
}

// ShowUp is the share of called people who enter; 0 while unknown.
func (c *Caller) ShowUp() float64 {
	if share, ok := c.showUp.Share(); ok {
		return share
	}
	return c.share
}

func (c *Caller) smooth(perSecond float64, elapsed time.Duration) {
	keep := math.Exp2(-elapsed.Seconds() / speedLife)
	if c.speed == 0 {
		c.speed = perSecond
	}
	if c.speed = c.speed*keep + perSecond*(1-keep); c.speed < 0.01 {
		c.speed = 0
	}
}
