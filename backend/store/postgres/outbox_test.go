package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/store/storetest"
)

// TestOnlyWhatWaitsIsSealed looks into the table: once a message is sent, given up or dropped, nothing is left of whom it
// was for.
func TestOnlyWhatWaitsIsSealed(t *testing.T) {
	pg := server(t)
	at := address(pg, t.TempDir())
	s := open(t, at)
	t.Cleanup(func() { s.Close() })
	storetest.TellEveryEnd(t, s)
	c, err := pgx.Connect(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(t.Context()) })
	var pending, ended, kept int
	err = c.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE state = 'pending' AND sealed IS NOT NULL), count(*) FILTER (WHERE state <> 'pending' AND ended_at IS NOT NULL),
		count(*) FILTER (WHERE state <> 'pending' AND sealed IS NOT NULL) FROM outbox`).Scan(&pending, &ended, &kept)
	if err != nil || pending != 2 || ended != 4 || kept != 0 {
		t.Fatalf("%d pending, %d ended, of them %d with what was sealed, %v", pending, ended, kept, err)
	}
}
