package node

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/admission"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/meter"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/state"
	"github.com/daemun/daemun/gateway/upstream"
)

var opens = time.Date(2021, 7, 19, 20, 0, 0, 0, subject.Seoul)

// bench is a node on a real shared state, with a clock that the test moves and a backend that reports or does not.
type bench struct {
	*Node
	shared *state.Store
	now    atomic.Int64
	well   atomic.Bool
	clerk  *clerk
}

func (b *bench) set(at time.Time) time.Time {
	b.now.Store(at.UnixNano())
	return at
}

func newBench(t *testing.T, dir string) *bench {
	t.Helper()
	b := &bench{clerk: &clerk{}}
	b.set(opens.Add(-time.Minute))
	b.well.Store(true)
	clock := func() time.Time { return time.Unix(0, b.now.Load()) }
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !b.well.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		if b.clerk.take(w, r) {
			return
		}
		_ = json.NewEncoder(w).Encode(api.BackendReport{})
	}))
	t.Cleanup(backend.Close)
	ring, err := keyring.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if b.shared, err = state.Open(context.Background(), state.Options{Dir: dir + "/nats", Node: "a", Log: zap.NewNop()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.shared.Close)
	up, err := upstream.New(upstream.Options{URLs: []string{backend.URL}, Gate: shed.Default(), Clock: clock, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	go up.Watch(ctx)
	schedule := &cohort.Schedule{Version: 1, Openings: []cohort.Opening{{
		ID: "o", Name: "시험", LobbyAt: opens.Add(-time.Hour), OpensAt: opens, ClosesAt: opens.Add(time.Hour), Order: cohort.OrderDraw, Stock: 1,
		Cohorts: []cohort.Cohort{{ID: "c", Name: "모두", BornFrom: subject.Date{Year: 1960, Month: 1, Day: 1}}},
	}}}
	cfg := admission.Default()
	cfg.Start, cfg.Max = 100, 100
	b.Node, err = New(Options{
		Name: "a", Schedule: schedule, Roster: &roster.Filter{}, Ring: ring, Shared: b.shared, Backend: up, Meter: &meter.Meter{},
		Admission: cfg, Clock: clock, Log: zap.NewNop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) join(t *testing.T, people int) {
	t.Helper()
	for i := range people {
		number, err := subject.ParseNumber(fmt.Sprintf("67%02d%02d-1%06d", i%12+1, i%28+1, i))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := b.Join(number, "", nil, b.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

// until lets the watch and the reports, which come in real time, catch up.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 500 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func (b *bench) line() *queue.Line {
	b.Renew()
	return b.Snapshot().LineByID("o")
}

func (b *bench) cursor() (c queue.Cursor) {
	b.shared.Read(func(m *state.Model) { c = queue.Cursor{Epoch: m.Cursors["o"].Epoch, Rank: m.Cursors["o"].Rank} })
	return c
}

// sealed brings the bench to a lobby of so many people that is sealed and about to be called in.
func (b *bench) sealed(t *testing.T, people int) time.Time {
	t.Helper()
	ctx := context.Background()
	b.join(t, people)
	b.leads.Store(true)
	b.Renew()
	now := b.set(opens.Add(settled))
	b.handIn(ctx, now, false)
	until(t, "the sketch is heard of", func() bool {
		n := 0
		b.shared.Read(func(m *state.Model) { n = len(m.Sketches["o"]) })
		return n == 1
	})
	b.lead(ctx, now)
	now = b.set(opens.Add(sealAfter))
	b.lead(ctx, now)
	until(t, "the lobby is sealed", func() bool { return b.line().Seals.Len() == 1 })
	until(t, "the backend reports", b.backend.Open)
	return now
}

func TestLobbyIsSealedWithItsCount(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.sealed(t, 500)
	l := b.line()
	if n := l.Seals.Total(); n < 480 || n > 520 {
		t.Errorf("sealed with %d people of 500", n)
	}
	until(t, "the sketch is forgotten", func() bool {
		n := 1
		b.shared.Read(func(m *state.Model) { n = len(m.Sketches["o"]) })
		return n == 0
	})
}

// The snapshot that the leader reckons from is older than its own last moves: the cursor must not go back, and nobody
// may be called in twice.
func TestCursorMovesOnFromAnOldSnapshot(t *testing.T) {
	b := newBench(t, t.TempDir())
	now := b.sealed(t, 500)
	b.Renew()
	before := b.cursor()
	for i := range 20 {
		step := 100 * time.Millisecond
		if i%3 == 1 {
			step = 10 * time.Millisecond
		}
		now = b.set(now.Add(step))
		until(t, "a fresh report", b.backend.Open)
		b.lead(context.Background(), now) // no Renew: the snapshot stays what it was
		if at := b.cursor(); at.Before(before) {
			t.Fatalf("round %d: back from %+v to %+v", i, before, at)
		} else {
			before = at
		}
	}
	served := b.line().Served()
	if served < 110 || served > 160 {
		t.Errorf("%d people were called in within 1.4 s at 100 a second", served)
	}
}

func TestCursorStopsWhileTheBackendRests(t *testing.T) {
	b := newBench(t, t.TempDir())
	now := b.sealed(t, 500)
	b.well.Store(false)
	now = b.set(now.Add(10 * time.Second)) // the last report is old by now
	b.lead(context.Background(), now)
	at := b.cursor()
	for range 10 {
		now = b.set(now.Add(100 * time.Millisecond))
		b.lead(context.Background(), now)
	}
	if after := b.cursor(); after != at {
		t.Errorf("called in from %+v to %+v though nobody could be served", at, after)
	}
}

func TestWhatWasCountedSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir)
	b.join(t, 300)
	b.handIn(context.Background(), b.Now(), true)
	b.shared.Close()
	b = newBench(t, dir)
	b.handIn(context.Background(), b.Now(), true)
	if n := b.plan.rolls["o"].waitingFrom(0); n < 285 || n > 315 {
		t.Errorf("%d people are known of 300", n)
	}
}
