package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

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
	const query = "SELECT sealed FROM outbox WHERE state = 'pending' AND channel = 'text' AND next_at <= 0 ORDER BY next_at, due_at, number LIMIT 1"
	if plan := planOf(t, db, query); plan != "SEARCH outbox USING INDEX outbox_due (channel=? AND next_at<?)" {
		t.Errorf("what is due is found by %q", plan)
	}
	const count = "SELECT count(*) FROM (SELECT coalesce(due_at, next_at) AS due FROM outbox WHERE state = 'pending' AND channel = 'text') WHERE due <= 0"
	if plan := planOf(t, db, count); plan != "SEARCH outbox USING COVERING INDEX outbox_due (channel=?)" {
		t.Errorf("what waits is counted by %q", plan)
	}
}

// planOf is how a query is worked out, step by step.
func planOf(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.Query("EXPLAIN QUERY PLAN " + query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "; ")
}
