package state

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/opening"
)

// deciding makes a decision, with its event, of a plain change.
func deciding(change func(*opening.Opening)) Decision {
	return func(o opening.Opening) (opening.Opening, []opening.Change, error) {
		before := o
		change(&o)
		return o, []opening.Change{{Action: "pause", By: "kim", Reason: "점검", Before: before, After: o}}, nil
	}
}

func eventKeys(s *Store) (keys []string) {
	s.Read(func(m *Model) {
		for key := range m.Events {
			keys = append(keys, key)
		}
	})
	slices.Sort(keys)
	return keys
}

// A gateway that dies between a change and its event leaves the event in the change itself; whoever leads next posts it.
func TestNoChangeIsWithoutItsEvent(t *testing.T) {
	dir, ctx, now := t.TempDir(), context.Background(), time.Unix(1000, 7)
	s := open(t, dir, "a")
	for range 2 {
		if _, _, err := s.ChangeOpening(ctx, "o", now, deciding(func(o *opening.Opening) { o.RateCap++ })); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
	}
	s.Close() // before anything was posted

	s = open(t, dir, "b")
	defer s.Close()
	if err := s.Post(ctx); err != nil {
		t.Fatal(err)
	}
	want := []string{"event.0000001000000000007.o.0", "event.0000001001000000007.o.0"}
	eventually(t, s, "both events", func(m *Model) bool { return len(m.Events) == 2 })
	got := eventKeys(s)
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("key %s, want %s", got[i], want[i])
		}
	}
	s.Read(func(m *Model) {
		if len(m.outboxes) != 0 || m.Openings["o"].RateCap != 2 {
			t.Errorf("after posting: %v, %+v", m.outboxes, m.Openings["o"])
		}
		if event := string(m.Events[got[1]]); !strings.Contains(event, `"action":"pause"`) || !strings.Contains(event, `"before":{"rate_cap":1}`) {
			t.Errorf("event %s", event)
		}
	})
}

func TestADecisionWithoutChangesWritesNothing(t *testing.T) {
	s := open(t, t.TempDir(), "a")
	defer s.Close()
	_, _, err := s.ChangeOpening(context.Background(), "o", time.UnixMilli(1), func(o opening.Opening) (opening.Opening, []opening.Change, error) {
		return o, nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, revision, err := s.opening(context.Background(), "opening.o"); err != nil || revision != 0 {
		t.Fatalf("revision %d, %v", revision, err)
	}
}
