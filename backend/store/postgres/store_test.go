package postgres_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/pgtest"
	"github.com/daemun/daemun/backend/store/postgres"
	"github.com/daemun/daemun/backend/store/storetest"
)

// shared is the server of all tests that do not harm it.
var shared = sync.OnceValues(func() (*pgtest.Server, error) { return pgtest.Start(context.Background()) })

func TestMain(m *testing.M) {
	// A history here takes a real server and the disk for every step; -rapid.checks plays more of them.
	if err := flag.Set("rapid.checks", "30"); err != nil {
		panic(err)
	}
	code := m.Run()
	if started {
		if s, err := shared(); err == nil {
			if err := s.Close(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = max(code, 1)
			}
		}
	}
	os.Exit(code)
}

var started bool

func server(t testing.TB) *pgtest.Server {
	t.Helper()
	started = true
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// address names a schema of its own for each folder.
func address(s *pgtest.Server, dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return s.URL("postgres") + "&search_path=t" + hex.EncodeToString(sum[:6])
}

func open(t testing.TB, address string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), address, storetest.Now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// execute runs statements as the superuser.
func execute(t testing.TB, s *pgtest.Server, database string, statements ...string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), s.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	for _, text := range statements {
		if _, err := c.Exec(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", strings.TrimSpace(text), err)
		}
	}
}

func TestStore(t *testing.T) {
	pg := server(t)
	storetest.Run(t, func(t *testing.T, dir string) booking.Store { return open(t, address(pg, dir)) })
}
