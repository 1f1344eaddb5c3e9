package booking

import (
	"container/heap"
	"math"
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// holder is whose hold it is, and in which opening.
type holder struct {
	opening string
	person  subject.ID
}

// heldDose is a hold with its place in the order in which they end.
type heldDose struct {
	Hold
	place int
}

// holds are all holds of a state, by whom and by their end.
type holds struct {
	of     map[holder]*heldDose
	ending ending
	ended  time.Time    // the latest end of those that ran out and are on the disk still; zero: none
	due    atomic.Int64 // when the next one ends, Unix ns
}

func (h *holds) first() *heldDose {
	if len(h.ending) == 0 {
		return nil
	}
	return h.ending[0]
}

func (h *holds) put(d *heldDose) {
	h.of[holder{d.Opening, d.Subject}] = d
	heap.Push(&h.ending, d)
	h.setDue()
}

func (h *holds) remove(d *heldDose) {
	delete(h.of, holder{d.Opening, d.Subject})
	heap.Remove(&h.ending, d.place)
	h.setDue()
}

func (h *holds) setDue() {
	due := int64(math.MaxInt64)
	if first := h.first(); first != nil {
		due = first.ExpiresAt.UnixNano()
	}
	h.due.Store(due)
}

// ending is a heap.Interface: whose hold ends first comes first.
type ending []*heldDose

func (e ending) Len() int           { return len(e) }
func (e ending) Less(i, j int) bool { return e[i].ExpiresAt.Before(e[j].ExpiresAt) }

func (e ending) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].place, e[j].place = i, j
}

// Push implements heap.Interface.
func (e *ending) Push(x any) {
	d := x.(*heldDose)
	d.place = len(*e)
	*e = append(*e, d)
}

// Pop implements heap.Interface.
func (e *ending) Pop() any {
	last := len(*e) - 1
	d := (*e)[last]
	(*e)[last] = nil
	*e = (*e)[:last]
	return d
}
