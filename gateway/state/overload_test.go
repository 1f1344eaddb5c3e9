package state

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/overload"
)

func setting(name string, value float64) Ordering {
	return func(s overload.Standing) (overload.Standing, string, error) {
		next, _, err := s.Tune(overload.Tuning{Set: map[string]float64{name: value}}, overload.Default(), saying("홍길동"))
		return next, ledger.ActionOverload, err
	}
}

func saying(who string) overload.Said {
	return overload.Said{By: who, Role: "operator", Reason: "접속 폭주", At: time.UnixMilli(1_626_692_400_000).UTC()}
}

// Each order is one event, whoever gives it in the same moment, and all of it is there after a restart.
func TestOrdersAboutProtectionAreKeptWithTheirEvents(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	s := open(t, dir, "a")
	names := []string{"queue.length", "limit.max", "lag_ms", "lane.queue"}
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			if _, err := s.ChangeOverload(ctx, saying("홍길동"), setting(name, float64(400+i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	refused := errors.New("no")
	if _, err := s.ChangeOverload(ctx, saying("홍길동"), func(o overload.Standing) (overload.Standing, string, error) { return o, "", refused }); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
	s.Close()

	s = open(t, dir, "a")
	defer s.Close()
	eventually(t, s, "what was said", func(m *Model) bool {
		return len(m.Overload.Values) == len(names) && m.Overload.Values["lag_ms"].By == "홍길동"
	})
	for range 2 { // done again it is the same
		if err := s.Post(ctx); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, s, "an event for each order", func(m *Model) bool { return len(m.Events) == len(names) && len(m.overloadOutbox) == 0 })
	s.Read(func(m *Model) {
		for key, event := range m.Events {
			var o ledger.Opening
			if err := json.Unmarshal(event, &o); err != nil || !o.Everywhere() || o.By != "홍길동" || o.Role != "operator" || o.Reason != "접속 폭주" || o.At.IsZero() || !strings.Contains(string(o.After), `"values"`) {
				t.Errorf("%s: %s %v", key, event, err)
			}
		}
	})
}

func TestGatewaysFollowOrdersAboutProtection(t *testing.T) {
	ns := cluster(t)
	join := func(node string) *Store {
		s, err := Open(t.Context(), Options{URL: ns.ClientURL(), Node: node, Log: zap.NewNop()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	a, b := join("a"), join("b")
	if _, err := a.ChangeOverload(t.Context(), saying("a"), setting("queue.length", 99)); err != nil {
		t.Fatal(err)
	}
	eventually(t, b, "the queue", func(m *Model) bool { return m.Overload.Values["queue.length"].Value == 99 })
	if _, err := b.ChangeOverload(t.Context(), saying("b"), setting("lag_ms", 300)); err != nil {
		t.Fatal(err)
	}
	eventually(t, a, "both", func(m *Model) bool { return len(m.Overload.Values) == 2 })
}
