package courier_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/pgtest"
	"github.com/daemun/daemun/backend/store/postgres"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/backend/store/storetest"
)

// TestBothStores dies and lives again over each store, with a gateway whose answers get lost.
func TestBothStores(t *testing.T) {
	pg, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pg.Close() })
	for name, open := range map[string]func(dir string) (booking.Store, error){
		"sqlite": func(dir string) (booking.Store, error) {
			return sqlite.Open(context.Background(), filepath.Join(dir, "daemun.db"), storetest.Now)
		},
		"postgres": func(dir string) (booking.Store, error) {
			sum := sha256.Sum256([]byte(dir))
			return postgres.Open(context.Background(), pg.URL("postgres")+"&search_path=t"+hex.EncodeToString(sum[:6]), storetest.Now)
		},
	} {
		t.Run(name, func(t *testing.T) { outlive(t, open) })
	}
}

func outlive(t *testing.T, open func(dir string) (booking.Store, error)) {
	const people = 30
	dir := t.TempDir()
	store, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Import(t.Context(), storetest.Slots(1, 1000, 1000)); err != nil {
		t.Fatal(err)
	}
	for n := range people {
		if _, err := store.Admit(t.Context(), storetest.AdmissionOf(n, 0, storetest.Now)); err != nil {
			t.Fatal(err)
		}
		book(t, store, n, fmt.Sprint("key-", n))
	}
	// Each life is an hour after the one before: whatever has to be tried again is due by then.
	now := storetest.Now
	clock := func() time.Time { return now }
	r := &receiver{}
	for i, l := range []*life{
		{death: 7, answer: []string{"lost", "", "fails"}}, {death: 9, after: true, answer: []string{"", "lost"}}, {death: 1}, {death: 2, after: true}, {},
	} {
		l.Store, l.receiver = store, r
		l.carry(t.Context(), clock, 4)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		if store, err = open(dir); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
		if i == 4 {
			now = booking.ReminderAt(storetest.SlotDay)
			(&life{Store: store, receiver: r}).carry(t.Context(), clock, 4)
		}
	}
	t.Cleanup(func() { store.Close() })
	for n := range people {
		if got := r.kinds(n); !slices.Equal(got, []string{"booked", "reminder"}) {
			t.Errorf("person %d was told %q", n, got)
		}
	}
	if r.again == 0 {
		t.Error("nothing came again: no process died between sending and settling")
	}
}
