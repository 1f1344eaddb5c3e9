package shed

import (
	"math/bits"
	"time"
)

type waiterState uint8

const (
	waiting waiterState = iota
	granted
	shed   // gave way to a higher class
	unsent // there is no site left that it could go to
)

// waiter is somebody in a queue. Everything but answer belongs to the gate's lock.
type waiter struct {
	class      Class
	level      uint16
	state      waiterState
	late       bool // stayed beyond its deadline in a dry run
	since      time.Time
	site       *Site         // once granted
	prev, next *waiter       // by arrival
	up, down   *waiter       // of the same rank, by arrival
	answer     chan struct{} // told once when state is no longer waiting
	timer      *time.Timer
}

// waiter returns one that is in no queue yet. The caller holds the lock.
func (g *Gate) waiter(at Priority, now time.Time) *waiter {
	if n := len(g.spare); n > 0 {
		w := g.spare[n-1]
		g.spare = g.spare[:n-1]
		*w = waiter{class: at.Class, level: at.Level, since: now, answer: w.answer, timer: w.timer}
		return w
	}
	w := &waiter{class: at.Class, level: at.Level, since: now, answer: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
	w.timer.Stop()
	return w
}

// free gives a waiter back that is in no queue, whether or not its answer was taken. The caller holds the lock.
func (g *Gate) free(w *waiter) {
	w.timer.Stop()
	select {
	case <-w.answer:
	default:
	}
	g.spare = append(g.spare, w)
}

// tell wakes the waiter with what became of it.
func (w *waiter) tell(state waiterState) {
	w.state = state
	w.answer <- struct{}{}
}

// ranks is how many heaps of sub-levels a queue tells apart: as many as a word has bits, so that the first is found at once.
const ranks = 64

// queue holds one class's waiters in order of arrival, and by sub-level.
type queue struct {
	oldest, newest *waiter
	live           int
	taken          uint64 // the ranks in which somebody waits
	rank           [ranks]*waiter
}

func rankOf(level uint16) int { return int(level) / (Levels / ranks) }

func (q *queue) push(w *waiter) {
	w.prev, w.next = q.newest, nil
	if q.newest != nil {
		q.newest.next = w
	} else {
		q.oldest = w
	}
	q.newest = w
	r := rankOf(w.level)
	w.up, w.down = nil, q.rank[r]
	if w.down != nil {
		w.down.up = w
	}
	q.rank[r] = w
	q.taken |= 1 << r
	q.live++
}

// remove takes a waiter out, wherever it stands.
func (q *queue) remove(w *waiter) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		q.oldest = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		q.newest = w.prev
	}
	if w.down != nil {
		w.down.up = w.up
	}
	if w.up != nil {
		w.up.down = w.down
	} else {
		r := rankOf(w.level)
		if q.rank[r] = w.down; w.down == nil {
			q.taken &^= 1 << r
		}
	}
	w.prev, w.next, w.up, w.down = nil, nil, nil, nil
	q.live--
}

// popOldest takes out who has been waiting longest.
func (q *queue) popOldest() *waiter {
	w := q.oldest
	if w != nil {
		q.remove(w)
	}
	return w
}

// popFirst takes out the newest of those whose sub-level goes first.
func (q *queue) popFirst() *waiter { return q.pop(bits.TrailingZeros64(q.taken)) }

// popLast takes out the newest of those whose sub-level goes last.
func (q *queue) popLast() *waiter { return q.pop(q.lastRank()) }

// lastRank is the rank that goes last of those in which somebody waits; -1 where nobody does.
func (q *queue) lastRank() int { return bits.Len64(q.taken) - 1 }

func (q *queue) pop(rank int) *waiter {
	if q.taken == 0 {
		return nil
	}
	w := q.rank[rank]
	q.remove(w)
	return w
}
