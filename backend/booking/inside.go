package booking

import (
	"sync"
	"time"
)

// passClock counts the people inside: those whose pass is valid and who have not booked. Passes are counted by the
// second in which they end, so that time passing costs one step a second and not one a pass.
type passClock struct {
	mu     sync.Mutex
	total  int64
	ended  int64           // Unix second up to which ends are taken off total
	ending map[int64]int64 // Unix second → passes that end in it
}

func (c *passClock) enter(a *Admission) { c.add(a.ExpiresAt.Unix(), 1) }

func (c *passClock) leave(a *Admission) { c.add(a.ExpiresAt.Unix(), -1) }

// move exchanges a person's pass for another, unless they left by booking.
func (c *passClock) move(from, to *Admission, booked bool) {
	if !booked {
		c.leave(from)
		c.enter(to)
	}
}

func (c *passClock) add(end, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if end > c.ended {
		c.ending[end] += n
		c.total += n
	}
}

// count is the number inside at the given time, which must not go back.
func (c *passClock) count(now time.Time) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	second := now.Unix()
	if second-c.ended > int64(len(c.ending)) {
		for end := range c.ending {
			c.drop(end, second)
		}
	} else {
		for end := c.ended + 1; end <= second; end++ {
			c.drop(end, second)
		}
	}
	c.ended = max(c.ended, second)
	return c.total
}

func (c *passClock) drop(end, second int64) {
	if end <= second {
		c.total -= c.ending[end]
		delete(c.ending, end)
	}
}
