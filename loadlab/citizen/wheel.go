package citizen

import "time"

// tick is the grain at which citizens wake.
const tick = 10 * time.Millisecond

// list is a first-in first-out list threaded through the people.
type list struct{ head, tail int32 }

func (l *list) push(people []person, i int32) {
	people[i].next = -1
	if l.head < 0 {
		l.head, l.tail = i, i
		return
	}
	people[l.tail].next = i
	l.tail = i
}

func (l *list) pop(people []person) int32 {
	i := l.head
	if i >= 0 {
		l.head = people[i].next
	}
	return i
}

// wheel wakes each citizen at their time: one list per tick up to a horizon. Everything is O(1).
type wheel struct {
	slots []list
	done  int // slots before this one are spent
}

func newWheel(horizon time.Duration) *wheel {
	w := &wheel{slots: make([]list, int(horizon/tick)+2)}
	for i := range w.slots {
		w.slots[i].head = -1
	}
	return w
}

// at puts citizen i to sleep until t; what lies behind the horizon never wakes.
func (w *wheel) at(people []person, i int32, t time.Duration) {
	s := max(int(t/tick), w.done)
	if s < len(w.slots) {
		w.slots[s].push(people, i)
	}
}

// advance hands everybody due by now to ready.
func (w *wheel) advance(people []person, now time.Duration, ready func(int32)) {
	for limit := min(int(now/tick)+1, len(w.slots)); w.done < limit; w.done++ {
		l := &w.slots[w.done]
		for i := l.pop(people); i >= 0; i = l.pop(people) {
			ready(i)
		}
	}
}
