package queue

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/daemun/daemun/backend/subject"
)

func somebody(i int) subject.ID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	return subject.ID(sum[:16])
}

func TestKnownCountsEverybodyOnce(t *testing.T) {
	const people = 300_000
	var k Known
	fresh := 0
	for i := range people {
		if k.Add(somebody(i)) {
			fresh++
		}
	}
	if missed := people - fresh; missed > people/5000 {
		t.Errorf("%d of %d new people were taken for known", missed, people)
	}
	for i := range people {
		if k.Add(somebody(i)) {
			t.Fatal("somebody who is known was taken for new")
		}
	}
}

func TestKnownTakesManyAtATime(t *testing.T) {
	const people, devices = 20_000, 4
	var k Known
	var fresh atomic.Int64
	var wg sync.WaitGroup
	for range devices {
		wg.Go(func() {
			for i := range people {
				if k.Add(somebody(i)) {
					fresh.Add(1)
				}
			}
		})
	}
	wg.Wait()
	// Two at the very same moment may each be first with one of the four bits; the sketch of the epoch sees that they are one.
	if n := fresh.Load(); n < people-people/1000 || n > 2*people {
		t.Errorf("%d of %d people are new", n, people)
	}
}

func BenchmarkKnown(b *testing.B) {
	var k Known
	ids := make([]subject.ID, 1<<16)
	for i := range ids {
		ids[i] = somebody(i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		k.Add(ids[i%len(ids)])
	}
}
