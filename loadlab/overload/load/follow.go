package load

import (
	"container/heap"
	"time"
)

// followUps are requests that follow from answers, the one due first on top.
type followUps struct{ heap requestHeap }

func (f *followUps) push(r Request) { heap.Push(&f.heap, r) }

// due takes the first one if its time has come.
func (f *followUps) due(now time.Duration) (Request, bool) {
	if len(f.heap) == 0 || f.heap[0].Due > now {
		return Request{}, false
	}
	return heap.Pop(&f.heap).(Request), true
}

type requestHeap []Request

func (h requestHeap) Len() int           { return len(h) }
func (h requestHeap) Less(i, j int) bool { return h[i].Due < h[j].Due }
func (h requestHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *requestHeap) Push(x any)        { *h = append(*h, x.(Request)) }
func (h *requestHeap) Pop() any {
	old := *h
	last := len(old) - 1
	r := old[last]
	*h = old[:last]
	return r
}

// Resend is what a client does that gave up waiting: it sends the same again at once, up to times more. One who was turned
// away was told when to come back, and does not ask again within the run.
func Resend(times uint8) Follow {
	return func(r Request, o Outcome, done time.Duration) (Request, bool) {
		if o != TimedOut && o != Lost {
			return r, false
		}
		r.Due = done
		r.Attempt++
		return r, r.Attempt <= times
	}
}

// Again is what a client does that asks as fast as it is answered: a closed loop, for finding out how fast that can be.
func Again(r Request, _ Outcome, done time.Duration) (Request, bool) {
	r.Due = done
	r.Number += 1 << 20
	return r, true
}
