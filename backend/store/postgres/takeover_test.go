package postgres

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/group"
	"github.com/daemun/daemun/backend/store/pgtest"
	"github.com/daemun/daemun/backend/store/storetest"
)

func newServer(t *testing.T) *pgtest.Server {
	t.Helper()
	pg, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pg.Close() })
	return pg
}

func mustOpen(t *testing.T, address string) *Store {
	t.Helper()
	s, err := Open(t.Context(), address, storetest.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func ask(t *testing.T, address, query string, args ...any) (out string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if err := c.QueryRow(t.Context(), query, args...).Scan(&out); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatalf("%s: %v", query, err)
	}
	return out
}

func admit(s *Store, n int) error {
	_, err := s.Admit(context.Background(), storetest.AdmissionOf(n, 0, storetest.Now))
	return err
}

// eventually asks again while the answer is that nobody knows.
func eventually(t *testing.T, do func() error) {
	t.Helper()
	for until := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		err := do()
		if err == nil {
			return
		}
		if booking.KindOf(err) != booking.Unavailable || time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

const endWriter = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE application_name = $1 AND backend_type = 'client backend'"

// TestOneWriter plays two backends: the second is refused with who holds the data, and gets it once the first is gone.
func TestOneWriter(t *testing.T) {
	pg := newServer(t)
	s := mustOpen(t, pg.URL("postgres"))
	_, err := Open(t.Context(), pg.URL("postgres"), storetest.Now)
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), s.disk.name) {
		t.Fatalf("second backend: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, pg.URL("postgres"))
}

// TestReplacedWriter ends a writer's session behind its back. Alone it goes on; once another took over, it writes nothing
// more until that one is gone, and then it knows what the other wrote.
func TestReplacedWriter(t *testing.T) {
	pg := newServer(t)
	address := pg.URL("postgres")
	first := mustOpen(t, address)
	if err := first.Import(t.Context(), storetest.Slots(1, 5, 5)); err != nil {
		t.Fatal(err)
	}
	if ask(t, address, endWriter, first.disk.name) != "true" {
		t.Fatal("the writer has no session")
	}
	eventually(t, func() error { return admit(first, 0) })

	// Held still, as by a network that is cut, while another takes over.
	var second *Store
	err := first.Alone(t.Context(), func() error {
		ask(t, address, endWriter, first.disk.name)
		second = mustOpen(t, address)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := admit(second, 1); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := admit(first, 2); booking.KindOf(err) != booking.Unavailable {
			t.Fatalf("a writer that was replaced: %v", err)
		}
	}
	if err := admit(first, 3); !errors.Is(err, ErrInUse) {
		t.Fatalf("a writer that was replaced is told %v", err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return admit(first, 3) })
	if n := first.Catalog().Opening(storetest.Opening).Admitted(); n != 3 {
		t.Fatalf("%d admitted, want persons 0, 1 and 3", n)
	}
	if _, err := ledger.Verify(ledger.Head{}, first.Ledger(t.Context(), 0, -1)); err != nil {
		t.Fatal(err)
	}
}

// TestFence changes the writer under a session that still lives, as a pool of connections between might.
func TestFence(t *testing.T) {
	pg := newServer(t)
	s := mustOpen(t, pg.URL("postgres"))
	if err := s.Import(t.Context(), storetest.Slots(1, 5, 5)); err != nil {
		t.Fatal(err)
	}
	before := s.Stats(storetest.Now).LedgerSeq
	ask(t, pg.URL("postgres"), "UPDATE daemun.writer SET epoch = epoch + 1 RETURNING epoch::text")
	if err := admit(s, 0); booking.KindOf(err) != booking.Unavailable || !errors.Is(err, ErrInUse) {
		t.Fatal(err)
	}
	if n := ask(t, pg.URL("postgres"), "SELECT count(*)::text FROM daemun.admissions"); n != "0" {
		t.Fatalf("%s admissions written behind the fence", n)
	}
	eventually(t, func() error { return admit(s, 0) })
	if seq := s.Stats(storetest.Now).LedgerSeq; seq != before+1 {
		t.Fatalf("the ledger went from %d to %d", before, seq)
	}
}

// cutConn is a connection that loses the answer to a whole transaction once it is cut.
type cutConn struct {
	net.Conn
	cut *atomic.Bool
}

const committed = "Z\x00\x00\x00\x05I" // ready for query, no transaction open

func (c cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.cut.Load() && bytes.HasSuffix(b[:n], []byte(committed)) {
		c.cut.Store(false)
		return 0, errors.Join(errors.New("the wire is cut"), c.Conn.Close())
	}
	return n, err
}

// TestLostAnswer loses the answer to a commit that took effect: who asks again gets the booking from then.
func TestLostAnswer(t *testing.T) {
	pg := newServer(t)
	tg, err := parse(pg.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	var cut atomic.Bool
	dial := tg.conn.DialFunc
	tg.conn.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		return cutConn{c, &cut}, err
	}
	s := &Store{}
	if err := s.open(t.Context(), tg, storetest.Now, nil); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Import(t.Context(), storetest.Slots(1, 5, 5)); err != nil {
		t.Fatal(err)
	}
	if err := admit(s, 0); err != nil {
		t.Fatal(err)
	}
	cut.Store(true)
	order := storetest.OrderOf(0, storetest.SlotID(0), "key")
	if _, err := s.Book(t.Context(), order); booking.KindOf(err) != booking.Unavailable || !strings.Contains(err.Error(), "cut") {
		t.Fatal(err)
	}
	again := storetest.OrderOf(0, storetest.SlotID(0), "key") // with a number of its own
	var p booking.Placed
	eventually(t, func() (err error) { p, err = s.Book(t.Context(), again); return err })
	if !p.Replayed || p.No != order.No {
		t.Fatalf("%+v, want the booking %s", p, order.No)
	}
}

// TestCommitThatFails fails in the very last step, after all statements went well: nothing was promised.
func TestCommitThatFails(t *testing.T) {
	pg := newServer(t)
	s := mustOpen(t, pg.URL("postgres"))
	if err := s.Import(t.Context(), storetest.Slots(1, 5, 5)); err != nil {
		t.Fatal(err)
	}
	ask(t, pg.URL("postgres"), `DO $$ BEGIN
		CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no space left'' USING ERRCODE = ''disk_full''; END';
		CREATE CONSTRAINT TRIGGER late AFTER INSERT ON daemun.ledger DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION full_disk();
	END $$`)
	for range 3 {
		err := admit(s, 0)
		if booking.KindOf(err) != booking.Unavailable || !strings.Contains(err.Error(), "disk is full") {
			t.Fatal(err)
		}
		if n := s.Catalog().Opening(storetest.Opening).Admitted(); n != 0 {
			t.Fatalf("%d admitted", n)
		}
		time.Sleep(2 * 50 * time.Millisecond)
	}
	ask(t, pg.URL("postgres"), "DO $$ BEGIN DROP TRIGGER late ON daemun.ledger; END $$")
	eventually(t, func() error { return admit(s, 0) })
}

var _ group.Disk = (*disk)(nil)
