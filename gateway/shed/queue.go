package shed

import "time"

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
	state      waiterState
	late       bool // stayed beyond its deadline in a dry run
	since      time.Time
	site       *Site // once granted
	prev, next *waiter
	answer     chan struct{} // told once when state is no longer waiting
	timer      *time.Timer
}

// waiter returns one that is in no queue yet. The caller holds the lock.
func (g *Gate) waiter(class Class, now time.Time) *waiter {
	if n := len(g.spare); n > 0 {
		w := g.spare[n-1]
		g.spare = g.spare[:n-1]
		*w = waiter{class: class, since: now, answer: w.answer, timer: w.timer}
		return w
	}
	w := &waiter{class: class, since: now, answer: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
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

// queue holds one class's waiters in order of arrival.
type queue struct {
	oldest, newest *waiter
	live           int
}

func (q *queue) push(w *waiter) {
	w.prev, w.next = q.newest, nil
	if q.newest != nil {
		q.newest.next = w
	} else {
		q.oldest = w
	}
	q.newest = w
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
	w.prev, w.next = nil, nil
	q.live--
}

func (q *queue) popOldest() *waiter {
	w := q.oldest
	if w != nil {
		q.remove(w)
	}
	return w
}

func (q *queue) popNewest() *waiter {
	w := q.newest
	if w != nil {
		q.remove(w)
	}
	return w
}
