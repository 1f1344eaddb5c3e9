package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/storetest"
)

// TestOnlyWhatWaitsIsSealed looks into the file: once a message is sent, given up or dropped, nothing is left of whom it
// was for, and what waits is found by the index alone.
func TestOnlyWhatWaitsIsSealed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	t.Cleanup(func() { s.Close() })
	storetest.TellEveryEnd(t, s)
	db, err := sql.Open("sqlite", filepath.Join(dir, "daemun.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var pending, ended, kept int
	err = db.QueryRow(`SELECT count(*) FILTER (WHERE state = 'pending' AND sealed IS NOT NULL), count(*) FILTER (WHERE state <> 'pending' AND ended_at IS NOT NULL),
		count(*) FILTER (WHERE state <> 'pending' AND sealed IS NOT NULL) FROM outbox`).Scan(&pending, &ended, &kept)
	if err != nil || pending != 2 || ended != 4 || kept != 0 {
		t.Fatalf("%d pending, %d ended, of them %d with what was sealed, %v", pending, ended, kept, err)
	}
	var id, parent, unused int
	var plan string
	const query = "EXPLAIN QUERY PLAN SELECT sealed FROM outbox WHERE state = 'pending' AND channel = ? AND next_at <= ? ORDER BY next_at, number LIMIT ?"
	if err := db.QueryRow(query, string(booking.ByText), 0, 1).Scan(&id, &parent, &unused, &plan); err != nil {
		t.Fatal(err)
	}
	if want := "SEARCH outbox USING INDEX outbox_due (channel=? AND next_at<?)"; plan != want {
		t.Fatalf("what is due is found by %q", plan)
	}
}
