package shed

import (
	"context"
	"encoding/binary"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// travellers make journeys of several requests, one after the other; a journey ends with the first refusal.
type travellers struct {
	class      Class
	legs       int
	every      time.Duration // a journey begins
	levelled   bool          // whether a journey has one level
	mu         sync.Mutex
	begun, end int // of those after the first second
}

func (j *travellers) travel(g *Gate, person uint64, counted bool) {
	var subject [16]byte
	binary.LittleEndian.PutUint64(subject[:], person*0x9e3779b97f4a7c15)
	at := Of(j.class, subject, time.Unix(0, 0))
	for range j.legs {
		if !j.levelled {
			at = At(j.class)
		}
		p, err := g.Acquire(tc, at)
		if err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
		p.Release(Outcome{})
	}
	if counted {
		j.mu.Lock()
		j.end++
		j.mu.Unlock()
	}
}

// share of the journeys begun after the first second that came to their end, at factor times what the backend bears.
func (j *travellers) share(t *testing.T, factor float64) float64 {
	synctest.Test(t, func(t *testing.T) {
		g := open(small(50, 512), time.Now)
		j.every = time.Duration(float64(j.legs) * float64(time.Second) / (2500 * factor))
		var wg sync.WaitGroup
		for i := range uint64(4 * time.Second / j.every) {
			counted := i > uint64(time.Second/j.every)
			if counted {
				j.begun++
			}
			wg.Go(func() { j.travel(g, i, counted) })
			time.Sleep(j.every)
		}
		wg.Wait()
	})
	return float64(j.end) / float64(j.begun)
}

// tc is not of a test: its bubble would end it.
var tc context.Context = noContext{}

func TestJourneysGetThroughWhole(t *testing.T) {
	for legs := 1; legs <= 4; legs++ {
		one := (&travellers{class: P2, legs: legs, levelled: true}).share(t, 2)
		each := (&travellers{class: P2, legs: legs}).share(t, 2)
		t.Logf("%d requests a journey at twice the capacity: %.0f %% with a level each, %.0f %% with a level for each request", legs, 100*one, 100*each)
		if one < 0.47 {
			t.Errorf("%d requests: %.0f %% of the journeys came to their end; the backend bears half", legs, 100*one)
		}
		if legs == 4 && one < 1.3*each {
			t.Errorf("levels are worth nothing: %.2f with, %.2f without", one, each)
		}
	}
}

// TestThresholdsLetEverybodyInAgain holds that a crowd leaves nothing behind.
func TestThresholdsLetEverybodyInAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := open(small(50, 512), time.Now)
		var wg sync.WaitGroup
		for _, l := range crowd() {
			wg.Go(func() { l.offer(t, g, 20*time.Millisecond, 2*time.Second, &wg) })
		}
		wg.Wait()
		if g.Status().UpTo == [public]int{Levels, Levels, Levels, Levels} {
			t.Error("a crowd met no threshold")
		}
		if g.Status().UpTo[P0] != Levels {
			t.Error("P0 has a threshold")
		}
		calm := &load{class: P3, every: 5 * time.Millisecond}
		wg.Go(func() { calm.offer(t, g, 20*time.Millisecond, 3*time.Second, &wg) })
		wg.Wait()
		if got := g.Status().UpTo; got != [public]int{Levels, Levels, Levels, Levels} {
			t.Errorf("thresholds stay after the crowd is gone: %v", got)
		}
	})
}

// TestThresholdsNeverTurnTheBetterAway holds for whatever comes: no class loses a level while a lower class may come beyond
// its minimum share, and a class that the queue has room for has no threshold.
func TestThresholdsNeverTurnTheBetterAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLevels()
		share := Default().Share
		now := time.Unix(1000, 0)
		for range rapid.IntRange(1, 60).Draw(t, "windows") {
			now = now.Add(time.Duration(rapid.IntRange(-50, 300).Draw(t, "ms")) * time.Millisecond)
			for c := P0; c < public; c++ {
				for range rapid.IntRange(0, 40).Draw(t, "arrivals") {
					at := At(c)
					if came := l.arrive(at, now, &share); came != (int(at.Level) < l.upTo[c]) {
						t.Fatal("the answer is not the threshold")
					}
				}
				l.refused[c] += float32(rapid.SampledFrom([]int{0, 0, 0, 5, 40}).Draw(t, "refused"))
			}
			l.served += float32(rapid.IntRange(0, 200).Draw(t, "served"))
			l.waited = rapid.Bool().Draw(t, "waited")
			if l.upTo[P0] != Levels || l.margin < leastMargin || l.margin > mostMargin*marginUp || math.IsNaN(float64(l.served)) {
				t.Fatalf("%+v", l)
			}
			for c := P1; c < public; c++ {
				if c < l.pressed && l.upTo[c] != Levels {
					t.Fatalf("%v has a threshold though it lacks nothing", c)
				}
			}
		}
	})
}

func TestOnePersonHasOneLevelForAnHour(t *testing.T) {
	var counts [Levels]int
	moved := 0
	for i := range uint64(100_000) {
		var subject [16]byte
		binary.LittleEndian.PutUint64(subject[:], i)
		now := time.Unix(int64(i%1000)*3600, 0)
		at := Of(P2, subject, now)
		if at != Of(P2, subject, now.Add(59*time.Minute)) {
			t.Fatal("the level changed within the hour")
		}
		if at != Of(P2, subject, now.Add(time.Hour)) {
			moved++
		}
		counts[at.Level]++
	}
	if moved < 98_000 {
		t.Errorf("%d of 100,000 have another level in the next hour", moved)
	}
	for level, n := range counts {
		if n < 50 || n > 150 {
			t.Errorf("level %d has %d of 100,000", level, n)
		}
	}
}
