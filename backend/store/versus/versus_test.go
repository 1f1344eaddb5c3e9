package versus

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/group"
	"github.com/daemun/daemun/backend/store/pgtest"
	"github.com/daemun/daemun/backend/store/postgres"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/backend/store/storetest"
	"github.com/daemun/daemun/gateway/pressure"
	"github.com/daemun/daemun/loadlab/bench"
)

var (
	rowsFile = flag.String("rows", "", "put what was measured into this file, as JSON")
	database = flag.String("database", "", "use the PostgreSQL at this address, in new schemas, and not one of our own")
	seconds  = flag.Float64("seconds", 3, "length of a round")
)

const plenty = 1_000_000 // seats in each slot: nobody is refused, every booking costs a write

// storeMatch is one store and its peers.
type storeMatch struct {
	name       string
	contenders func(b testing.TB, in booking.Import) []*contender
}

var stores = []storeMatch{{"PostgreSQL", postgresContenders}, {"SQLite", sqliteContenders}}

// BenchmarkBookings books in 4 slots that everybody wants, and in 100,000, in both stores.
func BenchmarkBookings(b *testing.B) {
	pressure.WatchMemory(0) // as servers do
	var all []bench.Row
	for _, store := range stores {
		for _, slots := range []struct {
			name string
			n    int
		}{{"4 hot slots", 4}, {"100,000 slots", 100_000}} {
			b.Run(store.name+", "+slots.name, func(b *testing.B) {
				m := match{store.name + ", " + slots.name, slotIDs(slots.n), store.contenders(b, storetest.Slots(slots.n, plenty, 1<<40))}
				rows, err := m.play(b.Context(), time.Duration(*seconds*float64(time.Second)))
				if err != nil {
					b.Fatal(err)
				}
				all = append(all, rows...)
				b.ReportMetric(rows[0].Ours, "bookings/s")
				b.ReportMetric(rows[0].Ratio, "times-the-peer")
			})
		}
	}
	err := bench.Print(os.Stdout, all)
	if *rowsFile != "" {
		err = errors.Join(err, bench.Put(*rowsFile, all))
	}
	if err != nil {
		b.Fatal(err)
	}
}

// TestContendersKeepTheirPromise sells a few seats to many people in every way: one that oversold or forgot would be no
// measure.
func TestContendersKeepTheirPromise(t *testing.T) {
	const slots, seats, people = 2, 7, 200
	for _, store := range stores {
		for _, c := range store.contenders(t, storetest.Slots(slots, seats, people)) {
			if err := c.prepare(t.Context(), people); err != nil {
				t.Fatal(err)
			}
			var full atomic.Int64
			book := c.bookFor(slotIDs(slots))
			o := work{0, people, time.Hour, func(ctx context.Context, n int) error {
				err := book(ctx, n)
				if errors.Is(err, errFull) {
					full.Add(1)
					err = nil
				}
				return err
			}}.closedLoop(t.Context(), clients)
			kept, err := c.kept(t.Context())
			if err = errors.Join(err, o.err); err != nil || kept != slots*seats || full.Load() != people-slots*seats {
				t.Errorf("%s: %d kept, %d told full: %v", c.name, kept, full.Load(), err)
			}
		}
	}
}

func postgresContenders(b testing.TB, in booking.Import) []*contender {
	b.Helper()
	address := serverFor(b)
	schema := fmt.Sprintf("versus_%d", time.Now().UnixNano())
	all := []*contender{ourPostgres(b, withSchema(b, address, schema), in)}
	slots := slotIDs(len(in.Slots))
	for i, way := range []struct {
		name, note string
		book       func(*peer, context.Context, *booking.Order) error
		tuned      bool
	}{
		{"one statement", "", (*peer).inOneStatement, true},
		{"one transaction of three statements", ", against several statements", (*peer).inSteps, true},
		{"one statement, a connection for each client,", ", against a connection for each client", (*peer).inOneStatement, false},
	} {
		p, err := newPeer(b.Context(), address, fmt.Sprint(schema, "_", i), in)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { p.pool.Close() })
		c := &contender{
			name: "PostgreSQL, " + way.name + " for each booking",
			note: way.note,
			book: func(ctx context.Context, o *booking.Order) error { return way.book(p, ctx, o) },
			kept: p.kept,
		}
		if way.tuned {
			c.tune = func(ctx context.Context, c *contender) error { return p.tune(ctx, c, slots) }
		} else if err := p.connect(b.Context(), clients); err != nil {
			b.Fatal(err)
		}
		all = append(all, c)
	}
	settle := checkpoints(b, address)
	for _, c := range all {
		c.settle = settle
	}
	return all
}

// checkpoints has a server write its tables out.
func checkpoints(b testing.TB, address string) func(context.Context) error {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(context.Background()) })
	return func(ctx context.Context) error {
		_, err := conn.Exec(ctx, "CHECKPOINT")
		return err
	}
}

func ourPostgres(b testing.TB, address string, in booking.Import) *contender {
	b.Helper()
	s, err := postgres.Open(b.Context(), address, storetest.Now)
	if err != nil {
		b.Fatal(err)
	}
	s.Gather(group.Pace) // as the backend does
	b.Cleanup(func() { s.Close() })
	if err := s.Import(b.Context(), in); err != nil {
		b.Fatal(err)
	}
	conn, err := pgx.Connect(b.Context(), address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(context.Background()) })
	return ourStore(s, func(ctx context.Context) (n int, err error) {
		err = conn.QueryRow(ctx, "SELECT count(*) FROM bookings").Scan(&n)
		return n, err
	})
}

func sqliteContenders(b testing.TB, in booking.Import) []*contender {
	b.Helper()
	path := filepath.Join(b.TempDir(), "ours.db")
	s, err := sqlite.Open(b.Context(), path, storetest.Now)
	if err != nil {
		b.Fatal(err)
	}
	s.Gather(group.Pace) // as the backend does
	b.Cleanup(func() { s.Close() })
	if err := s.Import(b.Context(), in); err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	p, err := newSQLitePeer(b.Context(), filepath.Join(b.TempDir(), "peer.db"), in)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { p.db.Close() })
	ours := func(ctx context.Context) (n int, err error) {
		err = db.QueryRowContext(ctx, "SELECT count(*) FROM bookings").Scan(&n)
		return n, err
	}
	return []*contender{ourStore(s, ours), {name: "SQLite, one transaction for each booking", book: p.book, kept: p.kept}}
}

// serverFor is where the match takes place.
func serverFor(b testing.TB) string {
	b.Helper()
	if *database != "" {
		return *database
	}
	pg, err := pgtest.Start(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { pg.Close() })
	if _, measured := b.(*testing.B); measured {
		warm(b, pg.URL("postgres"))
	}
	return pg.URL("postgres")
}

// warm gives a new server the log files that one in use has: making and zeroing them would stop everybody now and then.
func warm(b testing.TB, address string) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), address)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.Background())
	for range 64 {
		if _, err := conn.Exec(b.Context(), "SELECT pg_logical_emit_message(true, 'warm', 'up'); SELECT pg_switch_wal()"); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := conn.Exec(b.Context(), "CHECKPOINT"); err != nil {
		b.Fatal(err)
	}
}

func withSchema(b testing.TB, address, schema string) string {
	b.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}
