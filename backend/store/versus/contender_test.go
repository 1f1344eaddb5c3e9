package versus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/storetest"
)

// first is for how many bookings a second the first round has people.
const first = 30_000

// errFull is a contender's answer when the slot is full.
var errFull = errors.New("the slot is full")

// contender is one way of keeping bookings, with data of its own.
type contender struct {
	name  string
	note  string                                         // tells its rows from those of the first peer
	admit func(context.Context, booking.Admission) error // nil: books for anybody
	book  func(context.Context, *booking.Order) error    // returns once the booking is safe
	kept  func(context.Context) (int, error)             // how many bookings its tables hold
	tune  func(context.Context, *contender) error        // nil: there is nothing to choose

	// settle has the database write out what came before a round: it is not to be paid for by whose turn it is. nil: nothing to do.
	settle func(context.Context) error

	admitted int     // people let in: the first ones
	tried    int     // people of the rounds so far
	fastest  float64 // bookings a second
}

// slotIDs are those of storetest.Slots.
func slotIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = storetest.SlotID(i)
	}
	return ids
}

// orderOf is the n-th person's order. Neighbours in the queue go to slots far apart.
func orderOf(n int, slots []string) booking.Order {
	o := storetest.OrderOf(n, slots[n*7919%len(slots)], "key-"+strconv.Itoa(n))
	o.Sealed = sealed(n)
	return o
}

// bookFor books for the n-th person.
func (c *contender) bookFor(slots []string) func(context.Context, int) error {
	return func(ctx context.Context, n int) error {
		o := orderOf(n, slots)
		return c.book(ctx, &o)
	}
}

// peak is the most that it does from 64 clients at once.
func (c *contender) peak(ctx context.Context, slots []string, d time.Duration) (outcome, error) {
	people := int(max(first, 1.5*c.fastest) * d.Seconds())
	o, err := c.measure(ctx, slots, people, d, func(w work) outcome { return w.closedLoop(ctx, clients) })
	c.fastest = max(c.fastest, o.rate())
	return o, err
}

// calm is what it does when bookings come at a rate, in a second.
func (c *contender) calm(ctx context.Context, slots []string, rate float64, d time.Duration) (outcome, error) {
	return c.measure(ctx, slots, int(rate*d.Seconds()), 2*d, func(w work) outcome { return w.paced(ctx, rate) })
}

// measure lets people in, has them book, and compares what was acknowledged with what the tables hold then.
func (c *contender) measure(ctx context.Context, slots []string, people int, limit time.Duration, load func(work) outcome) (outcome, error) {
	if err := c.prepare(ctx, c.tried+people); err != nil {
		return outcome{}, fmt.Errorf("%s: letting people in: %w", c.name, err)
	}
	before, err := c.kept(ctx)
	if err != nil {
		return outcome{}, err
	}
	if c.settle != nil {
		if err := c.settle(ctx); err != nil {
			return outcome{}, fmt.Errorf("%s: before a round: %w", c.name, err)
		}
	}
	o := load(work{c.tried, c.tried + people, limit, c.bookFor(slots)})
	c.tried += people
	if o.err != nil {
		return o, fmt.Errorf("%s: %w", c.name, o.err)
	}
	now, err := c.kept(ctx)
	if err == nil && now-before != o.done {
		err = fmt.Errorf("%s acknowledged %d bookings, its tables got %d", c.name, o.done, now-before)
	}
	return o, err
}

// prepare lets people in up to a number.
func (c *contender) prepare(ctx context.Context, upTo int) error {
	if c.admit == nil || upTo <= c.admitted {
		return nil
	}
	o := work{c.admitted, upTo, time.Hour, func(ctx context.Context, n int) error {
		return c.admit(ctx, storetest.AdmissionOf(n, 0, storetest.Now))
	}}.closedLoop(ctx, 8*clients)
	c.admitted = upTo
	return o.err
}
