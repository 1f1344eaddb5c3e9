package booking

import (
	"sync"
	"time"
)

// passClock counts the people inside: those whose pass is valid and who have not booked. Passes are counted by the
// second in which they end, so that asking costs a step for each of the some hundred seconds ahead and not one a pass.
type passClock struct {
	mu     sync.Mutex
	total  int64
	ending map[int64]int64 // Unix second → passes that end in it
}

func (c *passClock) enter(end instant) { c.add(end, 1) }

func (c *passClock) leave(end instant) { c.add(end, -1) }

// move exchanges a person's pass for another, unless they left by booking.
func (c *passClock) move(from, to instant, booked bool) {
	if !booked {
		c.leave(from)
		c.enter(to)
	}
}

// add counts n for a pass by its end; nobody without one, who was offered a leftover dose, is inside.
func (c *passClock) add(at instant, n int64) {
	if at == never {
		return
	}
	end := at.time().Unix()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending[end] += n
	c.total += n
}

// count is the number inside at the given time. Who leaves after their pass ended is taken off twice and put back once
// here, so the total is right whenever it is told.
func (c *passClock) count(now time.Time) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	for end, n := range c.ending {
		if end <= now.Unix() {
			c.total -= n
			delete(c.ending, end)
		}
	}
	return c.total
}
