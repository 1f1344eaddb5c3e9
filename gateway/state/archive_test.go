package state

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/daemun/daemun/gateway/queue"
)

// TestNoMoveIsLost moves a cursor, records what is pending now and then, and loses the word that it was recorded: what was
// recorded together with what is pending is every move, in order and without a gap.
func TestNoMoveIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cursor Cursor
		var progress uint64
		var moves []Move
		brought := map[uint64]Move{}
		bring := func() {
			pending := cursor.Unrecorded(progress)
			for i, m := range pending {
				n := cursor.Moved - uint64(len(pending)) + uint64(i) + 1
				if old, known := brought[n]; known && old != m {
					t.Fatalf("move %d was %+v, comes again as %+v", n, old, m)
				}
				brought[n] = m
			}
		}
		for step := range rapid.IntRange(1, 600).Draw(t, "steps") {
			next := Cursor{Epoch: cursor.Epoch, Rank: cursor.Rank, At: time.UnixMilli(int64(step))}
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0: // the speed alone changes
			case 1:
				bring()
			case 2:
				bring()
				progress = cursor.Moved
			default:
				next.Rank++
			}
			moved := next.Rank != cursor.Rank
			if !next.follow(&cursor, progress) {
				if len(cursor.Unrecorded(progress)) < mostUnrecorded {
					t.Fatal("stopped for no reason")
				}
				continue
			}
			if moved {
				moves = append(moves, Move{At: next.At, Rank: next.Rank})
			}
			if len(next.Moves) > mostUnrecorded {
				t.Fatalf("%d moves travel with the cursor", len(next.Moves))
			}
			cursor = next
		}
		bring()
		for i, m := range moves {
			if brought[uint64(i)+1] != m {
				t.Fatalf("move %d of %d was lost: %+v", i+1, len(moves), m)
			}
		}
	})
}

func TestMovesAndProgressOutliveALeader(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	s := open(t, dir, "a")
	for i := range 3 {
		if err := s.MoveCursor(ctx, "o", Cursor{Epoch: 1, Rank: uint64(i + 1), At: time.UnixMilli(int64(i))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Progressed(ctx, "o", Progress{Anchor: true, Seals: 4, Moves: 2}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir, "b")
	defer s.Close()
	s.Read(func(m *Model) {
		c, p := m.Cursors["o"], m.Recorded["o"]
		if left := c.Unrecorded(p.Moves); c.Moved != 3 || len(left) != 1 || left[0].Rank != 3 || !p.Anchor || p.Seals != 4 {
			t.Errorf("cursor %+v, progress %+v", c, p)
		}
	})
	for rank := uint64(10); ; rank++ {
		err := s.MoveCursor(ctx, "o", Cursor{Epoch: 1, Rank: rank})
		if errors.Is(err, ErrUnrecorded) {
			break
		}
		if err != nil || rank > 3*mostUnrecorded {
			t.Fatalf("the cursor runs away from the ledger: %v", err)
		}
	}
}

func TestSketchesAreKeptForTheSealTheyMade(t *testing.T) {
	ctx := context.Background()
	s := open(t, t.TempDir(), "a")
	defer s.Close()
	var one, two queue.Sketch
	one.Add([16]byte{1})
	two.Add([16]byte{2})
	for _, sketch := range []*queue.Sketch{&one, &two} { // two leaders that saw different sketches
		b, err := sketch.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		handedIn := map[string][]byte{"a": b}
		_, tally, err := queue.Tally(handedIn)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Keep(ctx, "o", 7, tally, handedIn); err != nil {
			t.Fatal(err)
		}
		seal := queue.Seal{Epoch: 7, Tally: tally}
		if kept, err := s.Kept(ctx, "o", &seal); err != nil || len(kept) < len(b) {
			t.Fatalf("%s, %v", kept, err)
		}
		seal.Epoch = 8
		if _, err := s.Kept(ctx, "o", &seal); !errors.Is(err, ErrNotKept) {
			t.Fatalf("sketches of an epoch that was never sealed: %v", err)
		}
	}
	_, nobody, err := queue.Tally(nil)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := s.Kept(ctx, "o", &queue.Seal{Epoch: 9, Tally: nobody}); err != nil || string(kept) != "{}" {
		t.Fatalf("%s, %v", kept, err)
	}
}

func TestASealIsDatedByTheServersTime(t *testing.T) {
	at := time.Date(2021, 7, 19, 11, 0, 1, 0, time.UTC)
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Node: "a", Log: zap.NewNop(), Clock: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	seal := queue.Seal{Epoch: 0, Count: 7}
	if err := s.Seal(t.Context(), "o", seal); err != nil {
		t.Fatal(err)
	}
	got, when, err := s.SealedAt(t.Context(), "o", 0)
	if err != nil || got != seal || !when.Equal(at) {
		t.Fatalf("%+v at %v, %v", got, when, err)
	}
	eventually(t, s, "the seal", func(m *Model) bool { return m.Seals["o"] != nil && m.Seals["o"].Total() == 7 })
}
