package shed

import "time"

type waiterState uint8

const (
	waiting waiterState = iota
	granted
	shed
	abandoned // its sender gave up; skipped when its turn comes
)

type waiter struct {
	class  Class
	since  time.Time
	state  waiterState
	answer chan struct{} // closed once state is granted or shed
}

// queue holds one class's waiters in order of arrival; live counts those that still wait.
type queue struct {
	list []*waiter
	head int
	live int
}

func (q *queue) push(w *waiter) {
	q.compact()
	q.list = append(q.list, w)
	q.live++
}

func (q *queue) oldest() *waiter {
	for q.head < len(q.list) {
		if w := q.list[q.head]; w.state == waiting {
			return w
		}
		q.list[q.head] = nil
		q.head++
	}
	return nil
}

func (q *queue) popOldest() *waiter {
	w := q.oldest()
	if w != nil {
		q.list[q.head] = nil
		q.head++
		q.live--
	}
	return w
}

func (q *queue) popNewest() *waiter {
	for len(q.list) > q.head {
		last := len(q.list) - 1
		w := q.list[last]
		q.list[last] = nil
		q.list = q.list[:last]
		if w.state == waiting {
			q.live--
			return w
		}
	}
	return nil
}

// compact drops the served half of the list, so that a queue that never runs empty does not grow.
func (q *queue) compact() {
	if q.head > 64 && q.head*2 > len(q.list) {
		n := copy(q.list, q.list[q.head:])
		clear(q.list[n:])
		q.list, q.head = q.list[:n], 0
	}
}
