package sqlite

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/storetest"
)

// TestAccessesAreOnlyAddedTo tries to change and to remove what the log holds, with the database's own rights.
func TestAccessesAreOnlyAddedTo(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "daemun.db"), storetest.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Record(t.Context(), []booking.Access{{Who: "pass"}}); err != nil {
		t.Fatal(err)
	}
	for _, forbidden := range []string{"UPDATE accesses SET who = 'nobody'", "DELETE FROM accesses", "UPDATE accesses SET seq = 7"} {
		if _, err := s.db.Exec(forbidden); err == nil || !strings.Contains(err.Error(), "only added to") {
			t.Errorf("%s: %v", forbidden, err)
		}
	}
}
