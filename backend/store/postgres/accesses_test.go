package postgres_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/booking"
)

// TestAccessesAreOnlyAddedTo tries to change and to remove what the log holds, with the backend's own rights and with the
// superuser's.
func TestAccessesAreOnlyAddedTo(t *testing.T) {
	where := address(server(t), t.TempDir())
	s := open(t, where)
	defer s.Close()
	if err := s.Record(t.Context(), []booking.Access{{Who: "pass"}}); err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	for _, forbidden := range []string{"UPDATE accesses SET who = 'nobody'", "DELETE FROM accesses", "TRUNCATE accesses"} {
		if _, err := c.Exec(t.Context(), forbidden); err == nil || !strings.Contains(err.Error(), "only added to") {
			t.Errorf("%s: %v", forbidden, err)
		}
	}
}
