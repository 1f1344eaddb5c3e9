package node

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/state"
)

// clerk is a backend that writes down what it is brought. While it is deaf it writes down and the answer is lost.
type clerk struct {
	mu      sync.Mutex
	deaf    bool
	brought []ledger.Journal
	changes []ledger.Opening
}

func (c *clerk) take(w http.ResponseWriter, r *http.Request) bool {
	var j ledger.Journal
	var change ledger.Opening
	c.mu.Lock()
	defer c.mu.Unlock()
	switch r.URL.Path {
	case "/internal/journal":
		if json.NewDecoder(r.Body).Decode(&j) == nil {
			c.brought = append(c.brought, j)
		}
	case "/internal/events":
		if json.NewDecoder(r.Body).Decode(&change) == nil {
			c.changes = append(c.changes, change)
		}
	default:
		return false
	}
	if c.deaf {
		w.WriteHeader(http.StatusInternalServerError)
	}
	return true
}

func (c *clerk) set(deaf bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deaf = deaf
}

// read joins what was brought; what came twice must be the same.
func (c *clerk) read(t *testing.T) (anchors int, seals map[uint32]ledger.Seal, moves map[uint64]ledger.Move) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	seals, moves = map[uint32]ledger.Seal{}, map[uint64]ledger.Move{}
	for _, j := range c.brought {
		if j.Anchor != nil {
			if anchors++; len(seals) > 0 && anchors == 1 {
				t.Error("a seal came before the anchor")
			}
		}
		for _, s := range j.Seals {
			if old, known := seals[s.Epoch]; known && old != s {
				t.Errorf("seal %+v came again as %+v", old, s)
			}
			seals[s.Epoch] = s
		}
		if j.Moves == nil {
			continue
		}
		for i, m := range j.Moves.Moves {
			n := j.Moves.From + uint64(i)
			if old, known := moves[n]; known && old != m {
				t.Errorf("move %d: %+v came again as %+v", n, old, m)
			}
			moves[n] = m
		}
	}
	return anchors, seals, moves
}

// TestTheLedgerLearnsOfEveryMove kills leaders and loses answers on the way; nothing is missing afterwards.
func TestTheLedgerLearnsOfEveryMove(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	b := newBench(t, dir)
	now := b.sealed(t, 500)
	var want []queue.Cursor
	step := func() {
		now = b.set(now.Add(100 * time.Millisecond))
		until(t, "a fresh report", b.backend.Open)
		b.Renew()
		before := b.cursor()
		b.lead(ctx, now)
		if at := b.cursor(); at != before {
			want = append(want, at)
		}
	}
	for round := range 6 {
		b.clerk.set(round%3 == 1) // the ledger has it, the leader does not hear of it
		for range 5 {
			step()
		}
		b.journal(ctx)
		if round == 3 { // the leader dies; the next one has what it wrote
			clerk := b.clerk
			b.shared.Close()
			b = newBench(t, dir)
			b.clerk = clerk
			b.leads.Store(true)
			b.set(now)
			b.lead(ctx, now)
		}
	}
	b.clerk.set(false)
	until(t, "all is recorded", func() bool {
		b.journal(ctx)
		left := 0
		b.shared.Read(func(m *state.Model) {
			c := m.Cursors["o"]
			left = len(c.Unrecorded(m.Recorded["o"].Moves))
		})
		return left == 0
	})
	anchors, seals, moves := b.clerk.read(t)
	if anchors == 0 || len(seals) != b.line().Seals.Len() || len(want) < 20 {
		t.Fatalf("%d anchors, %d seals, %d moves made", anchors, len(seals), len(want))
	}
	for epoch, s := range seals {
		published := b.line().Seals.From(epoch, 1)[0]
		sealed := queue.Seal{Epoch: s.Epoch, Count: s.Count, Tally: s.Tally, Seed: s.Seed}
		if sealed.Wire() != published || s.At.IsZero() {
			t.Errorf("recorded %+v, published %+v", s, published)
		}
	}
	for i, c := range want {
		if m := moves[uint64(i)+1]; m.Epoch != c.Epoch || uint64(m.Rank) != c.Rank {
			t.Errorf("move %d of %d: recorded %+v, made %+v", i+1, len(want), m, c)
		}
	}
	if len(moves) != len(want) {
		t.Errorf("%d moves recorded, %d made", len(moves), len(want))
	}
}

func TestAnOperatorsChangeCarriesItsNameAndTime(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.leads.Store(true)
	event, err := json.Marshal(ledger.Opening{Opening: "o", Action: "pause", By: "홍길동"})
	if err != nil {
		t.Fatal(err)
	}
	at := opens.Add(time.Second)
	if err := b.shared.Event(t.Context(), at, event); err != nil {
		t.Fatal(err)
	}
	until(t, "the change is heard of", func() bool {
		n := 0
		b.shared.Read(func(m *state.Model) { n = len(m.Events) })
		return n == 1
	})
	until(t, "the backend reports", b.backend.Open)
	b.clerk.set(true)
	b.record(t.Context())
	b.clerk.set(false)
	b.record(t.Context())
	b.clerk.mu.Lock()
	defer b.clerk.mu.Unlock()
	if n := len(b.clerk.changes); n != 2 || b.clerk.changes[0].ID == "" || b.clerk.changes[0].ID != b.clerk.changes[1].ID || !b.clerk.changes[1].At.Equal(at) {
		t.Fatalf("brought %+v", b.clerk.changes)
	}
}
