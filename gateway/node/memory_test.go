package node_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
)

// The sketches of this many epochs are at most eight shards of 2^14 registers of a byte each, which makes 7.5 MiB.
const (
	epochs     = 60
	heapGrowth = 8 << 20
)

// heap is what is in use once nobody holds what is garbage.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestPeopleWaitingTakeNoMemory joins a million different people, a third of them in the lobby, a third over a minute of
// epochs before any is sealed, and the rest in an epoch once more: the heap grows by the sketches and by nothing else.
func TestPeopleWaitingTakeNoMemory(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	g := s.gateway("a")
	people := make([]subject.Number, waitingPeople)
	for i := range people {
		people[i] = number(t, i)
	}
	lobby, minute := s.opens.Add(-time.Minute), s.opens
	g.join(0, nil)
	before := heap()
	join := func(i int, at time.Time) {
		if _, _, _, err := g.Join(people[i], "", nil, at); err != nil {
			t.Fatalf("person %d: %v", i, err)
		}
	}
	for i := range people {
		switch {
		case i < waitingPeople/3:
			join(i, lobby)
		case i < waitingPeople*2/3:
			join(i, minute.Add(time.Duration(i%(epochs-1))*time.Second))
		default:
			join(i, lobby)
		}
	}
	grown := heap() - before
	t.Logf("%d people in %d epochs: %.2f MiB more", len(people), epochs, float64(grown)/(1<<20))
	if grown > heapGrowth {
		t.Errorf("%d people waiting take %d bytes, want at most %d", len(people), grown, heapGrowth)
	}
	runtime.KeepAlive(people)
}
