package sqlite

import (
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/storetest"
)

// pragma runs a pragma on the writer's connection, in the writer.
func (s *Store) pragma(t *testing.T, text string) {
	t.Helper()
	err := s.Alone(t.Context(), func() error {
		stmt, err := s.disk.conn.Prepare("PRAGMA " + text)
		if err != nil {
			return err
		}
		defer stmt.Close()
		rows, err := stmt.(driver.StmtQueryContext).QueryContext(t.Context(), nil)
		if err != nil {
			return err
		}
		return rows.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk fills the disk as SQLite sees it, under load: everything is refused in one way, nothing acknowledged is
// lost, counts stay true, and writing goes on once there is room.
func TestFullDisk(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "daemun.db"), storetest.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const people = 400
	if err := s.Import(t.Context(), storetest.Slots(2, people, people)); err != nil {
		t.Fatal(err)
	}
	for n := range people {
		if _, err := s.Admit(t.Context(), storetest.AdmissionOf(n, 0, storetest.Now)); err != nil {
			t.Fatal(err)
		}
	}
	var acked sync.Map
	bookAll := func() (refused int64) {
		var n atomic.Int64
		var wg sync.WaitGroup
		for i := range people {
			wg.Go(func() {
				p, err := s.Book(t.Context(), storetest.OrderOf(i, storetest.SlotID(i%2), fmt.Sprint("key-", i)))
				switch booking.KindOf(err) {
				case "":
					acked.Store(p.No, i)
				case booking.Unavailable:
					n.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		return n.Load()
	}

	s.pragma(t, "max_page_count = 1") // SQLite takes the pages that there are: none can be added
	if n := bookAll(); n == 0 {
		t.Fatal("a full disk refused nothing")
	}
	compare(t, s, &acked, people)
	if n := bookAll(); n == 0 {
		t.Fatal("a full disk refused nothing the second time")
	}
	compare(t, s, &acked, people)

	s.pragma(t, "max_page_count = 1000000")
	if n := bookAll(); n != 0 {
		t.Fatalf("%d refused with room on the disk", n)
	}
	compare(t, s, &acked, people)
}

// compare checks memory, disk and what was acknowledged against each other.
func compare(t *testing.T, s *Store, acked *sync.Map, people int64) {
	t.Helper()
	var told, written int64
	acked.Range(func(no, n any) bool {
		told++
		if b, err := s.Booking(t.Context(), no.(string)); err != nil || b.Subject != storetest.Person(n.(int)) {
			t.Errorf("acknowledged %v reads %+v, %v", no, b, err)
		}
		return true
	})
	for r, err := range s.Ledger(t.Context(), 0, -1) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Kind == ledger.KindBooking {
			written++
		}
	}
	if _, err := ledger.Verify(ledger.Head{}, s.Ledger(t.Context(), 0, -1)); err != nil {
		t.Fatal(err)
	}
	o := s.Catalog().Opening(storetest.Opening)
	if told != written || o.Booked() != written || o.Left() != people-written {
		t.Fatalf("%d acknowledged, %d written, %d counted, %d left", told, written, o.Booked(), o.Left())
	}
}
