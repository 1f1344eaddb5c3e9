package sqlite_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/backend/store/storetest"
)

// TestOldFilesAreTakenOver opens a file whose version stands in user_version, as it did first.
func TestOldFilesAreTakenOver(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "daemun.db"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("migrations/0001_first.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(script) + "; PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s := open(t, dir)
		if err := s.Import(t.Context(), storetest.Slots(1, 1, 1)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNewerDataIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "daemun.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("INSERT INTO migrations (version_id, is_applied) VALUES (999, 1)"); err != nil {
		t.Fatal(err)
	}
	_, err = sqlite.Open(t.Context(), path, storetest.Now)
	if want := fmt.Sprintf("%d", 999); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "older than the data") {
		t.Fatalf("%v", err)
	}
}
