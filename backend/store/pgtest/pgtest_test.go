package pgtest

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

func ask[T any](t *testing.T, url, query string) (out T) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if err := c.QueryRow(t.Context(), query).Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestServer starts, kills, resumes and removes a server, and finds what was committed.
func TestServer(t *testing.T) {
	s, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	url := s.URL("postgres")
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		if on := ask[string](t, url, "SHOW "+name); on != "on" {
			t.Errorf("%s is %s", name, on)
		}
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept AS SELECT 42 AS n"); err != nil {
		t.Fatal(err)
	}
	for _, end := range []func() error{s.Kill, s.Stop} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := conn.Ping(t.Context()); err == nil {
			t.Fatal("an ended server answers")
		}
		if err := s.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := ask[int](t, url, "SELECT n FROM kept"); n != 42 {
			t.Fatal(n)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the folder is left: %v", err)
	}
}
