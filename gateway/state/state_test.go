package state

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/queue"
)

func open(t *testing.T, dir, node string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: dir, Node: node, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// eventually waits for the model to show what was written; the watch delivers it soon, but not at once.
func eventually(t *testing.T, s *Store, what string, seen func(*Model) bool) {
	t.Helper()
	for range 500 {
		ok := false
		s.Read(func(m *Model) { ok = seen(m) })
		if ok {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never seen: %s", what)
}

func TestEverythingIsThereAfterARestart(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	s := open(t, dir, "a")
	for e := range uint32(5) {
		if err := s.Seal(ctx, "o", queue.Seal{Epoch: e, Count: uint64(10 + e)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Seal(ctx, "o", queue.Seal{Epoch: 3, Count: 99}); !errors.Is(err, ErrExists) {
		t.Fatalf("an epoch was sealed twice: %v", err)
	}
	_, _, changed := s.ChangeOpening(ctx, "o", time.UnixMilli(1), deciding(func(o *opening.Opening) {
		o.State, o.Reason = api.OpeningPaused, "점검"
		o.Cohorts = map[string]opening.Cohort{"c": {Paused: true}}
	}))
	for _, err := range []error{
		changed,
		s.MoveCursor(ctx, "o", Cursor{Epoch: 2, Rank: 1 << 63}),
		s.MoveCursor(ctx, "o", Cursor{Epoch: 3, Rank: 1<<63 + 1}),
		s.HandIn(ctx, "o", 5, []byte("sketch")),
		s.HandIn(ctx, "o", 6, []byte("sketch")),
		s.Forget(ctx, "o", 5, "a"),
		s.Notice(ctx, api.Notice{At: time.UnixMilli(1), Text: "공지"}),
		s.Present(ctx, time.UnixMilli(5)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.Close()

	s = open(t, dir, "a")
	defer s.Close()
	s.Read(func(m *Model) {
		if got := m.Seals["o"]; got == nil || got.Len() != 5 || got.Total() != 60 {
			t.Errorf("seals: %+v", got)
		}
		if o := m.Openings["o"]; o.State != api.OpeningPaused || o.Reason != "점검" || !o.Cohorts["c"].Paused {
			t.Errorf("opening: %+v", o)
		}
		if c := m.Cursors["o"]; c.Epoch != 3 || c.Rank != 1<<63+1 {
			t.Errorf("cursor: %+v", c)
		}
		if m.Sketches["o"][5] != nil || string(m.Sketches["o"][6]["a"]) != "sketch" {
			t.Errorf("sketches: %v", m.Sketches)
		}
		if len(m.Notices) != 1 || len(m.Nodes) != 1 {
			t.Errorf("notices %v, nodes %v", m.Notices, m.Nodes)
		}
	})
}

func TestChangesAtOnceAreAllKept(t *testing.T) {
	s := open(t, t.TempDir(), "a")
	defer s.Close()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				_, _, err := s.ChangeOpening(context.Background(), "o", time.UnixMilli(1), deciding(func(o *opening.Opening) { o.RateCap++ }))
				if !errors.Is(err, ErrConflict) {
					if err != nil {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	wg.Wait()
	eventually(t, s, "four changes", func(m *Model) bool { return m.Openings["o"].RateCap == 4 })
}

func TestARefusedChangeChangesNothing(t *testing.T) {
	s := open(t, t.TempDir(), "a")
	defer s.Close()
	no := errors.New("no")
	if _, _, err := s.ChangeOpening(context.Background(), "o", time.UnixMilli(1), func(o opening.Opening) (opening.Opening, []opening.Change, error) { return o, nil, no }); !errors.Is(err, no) {
		t.Fatal(err)
	}
	s.Read(func(m *Model) {
		if len(m.Openings) != 0 {
			t.Fatal("an opening was written")
		}
	})
}

func TestOneLeaderAtATime(t *testing.T) {
	s := open(t, t.TempDir(), "a")
	defer s.Close()
	ctx, now := context.Background(), time.Unix(1000, 0)
	if ok, err := s.Lead(ctx, now, 3*time.Second); !ok || err != nil {
		t.Fatalf("nobody leads, and yet: %v %v", ok, err)
	}
	if ok, err := s.Lead(ctx, now.Add(time.Second), 3*time.Second); !ok || err != nil {
		t.Fatalf("the leader could not stay: %v %v", ok, err)
	}
	eventually(t, s, "the leader", func(m *Model) bool { return m.Leader.Until.Equal(now.Add(4 * time.Second)) })
	s.node = "b" // another gateway on the same state
	if ok, err := s.Lead(ctx, now.Add(2*time.Second), 3*time.Second); ok || err != nil {
		t.Fatalf("two leaders: %v %v", ok, err)
	}
	if ok, err := s.Lead(ctx, now.Add(5*time.Second), 3*time.Second); !ok || err != nil {
		t.Fatalf("a dead leader was not replaced: %v %v", ok, err)
	}
}

func TestCursorIsMovedByOneOnly(t *testing.T) {
	s := open(t, t.TempDir(), "a")
	defer s.Close()
	ctx := context.Background()
	if err := s.MoveCursor(ctx, "o", Cursor{Epoch: 1}); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.model.revisions["cursor.o"] = 999 // what a gateway that fell behind believes
	s.mu.Unlock()
	if err := s.MoveCursor(ctx, "o", Cursor{Epoch: 2}); !errors.Is(err, ErrConflict) {
		t.Fatalf("moved on old knowledge: %v", err)
	}
}

func TestCursorNeverGoesBack(t *testing.T) {
	s := open(t, t.TempDir(), "a")
	defer s.Close()
	ctx := context.Background()
	for _, step := range []struct {
		to   Cursor
		want error
	}{
		{Cursor{Epoch: 1, Rank: 5}, nil}, {Cursor{Epoch: 1, Rank: 4}, ErrBackwards}, {Cursor{Epoch: 0, Rank: 9}, ErrBackwards},
		{Cursor{Epoch: 1, Rank: 5, Speed: 2}, nil}, {Cursor{Epoch: 2}, nil}, {Cursor{Epoch: 1, Rank: 1 << 63}, ErrBackwards},
	} {
		if err := s.MoveCursor(ctx, "o", step.to); !errors.Is(err, step.want) {
			t.Errorf("to %+v: %v, want %v", step.to, err, step.want)
		}
	}
}

func TestAFolderThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Options{Dir: filepath.Join(file, "nats"), Node: "a", Log: zap.NewNop()})
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Fatalf("error %v does not name the folder", err)
	}
}
