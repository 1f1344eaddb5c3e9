package history

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/group"
	"github.com/daemun/daemun/backend/store/pgtest"
	"github.com/daemun/daemun/backend/store/postgres"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/backend/store/storetest"
)

var (
	server  = sync.OnceValues(func() (*pgtest.Server, error) { return pgtest.Start(context.Background()) })
	started bool
	schemas atomic.Int64
)

func TestMain(m *testing.M) {
	code := m.Run()
	if started {
		if s, err := server(); err == nil {
			if err := s.Close(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = max(code, 1)
			}
		}
	}
	os.Exit(code)
}

func sqliteWorld() World {
	return World{New: func(t testing.TB) Opener {
		path := filepath.Join(t.TempDir(), "daemun.db")
		return func(through group.Between) (booking.Store, error) {
			return sqlite.Open(context.Background(), path, storetest.Now, through)
		}
	}}
}

func postgresWorld(t *testing.T) World {
	t.Helper()
	started = true
	pg, err := server()
	if err != nil {
		t.Fatal(err)
	}
	w := World{New: func(testing.TB) Opener {
		address := fmt.Sprintf("%s&search_path=h%d", pg.URL("postgres"), schemas.Add(1))
		return func(through group.Between) (booking.Store, error) {
			return postgres.Open(context.Background(), address, storetest.Now, through)
		}
	}}
	w.Cut = func(ctx context.Context) error { return cut(ctx, pg.URL("postgres")) }
	return w
}

// cut ends every session of a store.
func cut(ctx context.Context, address string) error {
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
	return err
}

// few is how many histories a test of every day plays on each store; HISTORIES=10000 plays more.
const few = 1000

func TestHistoriesOnSQLite(t *testing.T)   { Run(t, sqliteWorld(), Histories(t, few)) }
func TestHistoriesOnPostgres(t *testing.T) { Run(t, postgresWorld(t), Histories(t, few)) }
