package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/backend/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, dir string) booking.Store { return open(t, dir) })
}

func open(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, "daemun.db"), storetest.Now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
