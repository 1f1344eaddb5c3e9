package calling

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/wait"
)

var opens = time.Date(2021, 7, 19, 20, 0, 0, 0, time.UTC)

const round = 100 * time.Millisecond

func lineOf(people uint64) *queue.Line {
	l := &queue.Line{ID: "o", Order: cohort.OrderDraw, State: api.OpeningOpen, OpensAt: opens, ClosesAt: opens.Add(24 * time.Hour)}
	l.Seals.Append(queue.Seal{Epoch: queue.Lobby, Count: people})
	return l
}

// crowd is a line that is called by one caller after another, and the people who come, of whom a share enters.
type crowd struct {
	line    *queue.Line
	now     time.Time
	entered float64
	share   float64
	last    Move
}

func (c *crowd) call(caller *Caller, wanted float64) {
	c.now = c.now.Add(round)
	before := c.line.Served()
	c.last = caller.Round(Round{
		Now: c.now, Elapsed: round, Line: c.line, Open: true, Wanted: wanted, Found: true,
		Known: true, Entered: int64(c.entered), Booked: int64(c.entered),
	})
	c.line.Cursor, c.line.Timetable = c.last.Cursor, &c.last.Waits.Timetable
	c.entered += c.share * float64(c.line.Served()-before)
}

func TestMorePeopleAreCalledThanAreWantedWhereSomeNeverCome(t *testing.T) {
	c := &crowd{line: lineOf(1_000_000), now: opens, share: 0.7}
	caller := New(nil)
	for range 10 * 900 {
		c.call(caller, 50)
	}
	before := c.entered
	for range 10 * 100 {
		c.call(caller, 50)
	}
	if per := (c.entered - before) / 100; per < 48 || per > 52 {
		t.Errorf("%.1f people a second come in where 50 are wanted and three in ten never come", per)
	}
	if share := caller.ShowUp(); share < 0.68 || share > 0.72 {
		t.Errorf("show-up is held for %.2f", share)
	}
}

// A gateway that takes the lead goes on from what was published: the cursor, the speed of calling and every range.
func TestNewLeaderGoesOn(t *testing.T) {
	c := &crowd{line: lineOf(500_000), now: opens, share: 0.6}
	caller := New(nil)
	for range 10 * 900 {
		c.call(caller, 40)
	}
	text, err := json.Marshal(c.last.Waits)
	if err != nil {
		t.Fatal(err)
	}
	var earlier wait.Published
	if err := json.Unmarshal(text, &earlier); err != nil {
		t.Fatal(err)
	}
	before, served := c.last.Waits.Timetable, c.line.Served()
	next := New(&earlier)
	for range 10 {
		c.call(next, 40)
	}
	if moved := c.line.Served() - served; moved < 60 || moved > 74 {
		t.Errorf("%d people called in the first second of a new leader, 67 before", moved)
	}
	after := c.last.Waits.Timetable
	for at := uint64(served) + 1000; at < 500_000; at += 10_000 {
		low, high, ok := before.Range(at)
		newLow, newHigh, newOK := after.Range(at)
		if !ok || !newOK || newHigh > high || newLow > low || float64(newHigh) < 0.9*float64(high)-5 {
			t.Errorf("place %d: from %d–%d to %d–%d s", at, low, high, newLow, newHigh)
		}
	}
	if quality := c.last.Waits.Memory.Quality; quality.Settled < earlier.Memory.Quality.Settled || quality.Settled == 0 {
		t.Error("what was settled is forgotten")
	}
}

func TestCursorNeverGoesBackAndStandsWhileNobodyMayBeCalled(t *testing.T) {
	l := lineOf(10_000)
	caller := New(nil)
	now := opens
	var last queue.Cursor
	for i := range 500 {
		now = now.Add(round)
		r := Round{Now: now, Elapsed: round, Line: l, Open: i/50%2 == 0, Resting: i/50%4 == 2, Wanted: 30} // l stays as old as it was
		m := caller.Round(r)
		if m.Cursor.Before(last) || (!r.Open || r.Resting) && m.Cursor != last {
			t.Fatalf("round %d: from %+v to %+v", i, last, m.Cursor)
		}
		last = m.Cursor
	}
	if got := l.ServedAt(last); got < 440 || got > 460 { // fifteen seconds of thirty
		t.Errorf("%d people were called", got)
	}
}
