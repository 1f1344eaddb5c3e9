package state

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/queue"
)

// cluster is a NATS server of its own, as there is one where gateways run on several machines.
func cluster(t *testing.T) *server.Server {
	t.Helper()
	ns, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true})
	if err != nil {
		t.Fatal(err)
	}
	go ns.Start()
	if !ns.ReadyForConnections(startTimeout) {
		t.Fatal("the NATS server does not come up")
	}
	t.Cleanup(ns.Shutdown)
	return ns
}

func TestTwoGatewaysShareOneState(t *testing.T) {
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
	ctx, now := context.Background(), time.Now()
	if ok, err := a.Lead(ctx, now, time.Minute); !ok || err != nil {
		t.Fatalf("%v %v", ok, err)
	}
	eventually(t, b, "who leads", func(m *Model) bool { return m.Leader.Node == "a" })
	if ok, err := b.Lead(ctx, now, time.Minute); ok || err != nil {
		t.Errorf("two lead: %v %v", ok, err)
	}
	for _, err := range []error{
		a.HandIn(ctx, "o", 0, []byte("one")), b.HandIn(ctx, "o", 0, []byte("two")),
		a.Seal(ctx, "o", queue.Seal{Count: 7}), a.MoveCursor(ctx, "o", Cursor{Epoch: 1}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, a, "both sketches", func(m *Model) bool { return len(m.Sketches["o"][0]) == 2 })
	eventually(t, b, "seal and cursor", func(m *Model) bool { return m.Seals["o"] != nil && m.Cursors["o"].Epoch == 1 })
	if err := b.Seal(ctx, "o", queue.Seal{Count: 8}); !errors.Is(err, ErrExists) {
		t.Errorf("an epoch was sealed by two: %v", err)
	}
	if _, _, err := b.ChangeOpening(ctx, "o", now, deciding(func(o *opening.Opening) { o.State = api.OpeningPaused })); err != nil {
		t.Fatal(err)
	}
	eventually(t, a, "the pause", func(m *Model) bool { return m.Openings["o"].State == api.OpeningPaused })
}

// A gateway that loses the shared state goes on with what it last knew and writes nothing.
func TestWithoutTheSharedStateWhatIsKnownStays(t *testing.T) {
	ns := cluster(t)
	s, err := Open(t.Context(), Options{URL: ns.ClientURL(), Node: "a", Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	if err := s.MoveCursor(ctx, "o", Cursor{Epoch: 4}); err != nil {
		t.Fatal(err)
	}
	ns.Shutdown()
	for range 500 {
		if !s.Reachable() {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if s.Reachable() {
		t.Fatal("a server that is gone counts as reachable")
	}
	if err := s.MoveCursor(ctx, "o", Cursor{Epoch: 5}); err == nil {
		t.Error("a write was acknowledged that nobody took")
	}
	s.Read(func(m *Model) {
		if m.Cursors["o"].Epoch != 4 {
			t.Errorf("cursor %+v", m.Cursors["o"])
		}
	})
}
