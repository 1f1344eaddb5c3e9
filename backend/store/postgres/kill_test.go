package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/pgtest"
	"github.com/daemun/daemun/backend/store/postgres"
	"github.com/daemun/daemun/backend/store/storetest"
)

const (
	crashClients  = 32
	crashPeople   = 6000
	crashSlots    = 20
	crashCapacity = 200 // a third of the people finds no room
)

// TestKilledServerLosesNothing kills PostgreSQL with all its processes under load, several times. People ask again with
// the same key until they are told something sure, and ask once more afterwards.
func TestKilledServerLosesNothing(t *testing.T) {
	pg, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pg.Close() })
	s := open(t, pg.URL("postgres"))
	defer func() { s.Close() }()
	if err := s.Import(t.Context(), storetest.Slots(crashSlots, crashCapacity, crashPeople)); err != nil {
		t.Fatal(err)
	}
	var acked sync.Map // person → number
	var told, unsure atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		bookForAll(t, s, &acked, &told, &unsure)
	}()
	for round := range int64(4) {
		for told.Load() < (round+1)*crashPeople/5 { // somewhere in the middle of the work
			time.Sleep(time.Millisecond)
		}
		if err := pg.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := pg.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	<-done
	t.Logf("%d people told something sure, %d times nobody knew", told.Load(), unsure.Load())
	if unsure.Load() == 0 {
		t.Fatal("no write was hit")
	}
	nothingLost(t, s, &acked)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, pg.URL("postgres"))
	nothingLost(t, s, &acked)
}

func crashOrder(n int) booking.Order {
	return storetest.OrderOf(n, storetest.SlotID(n%crashSlots), fmt.Sprint("key-", n))
}

// bookForAll lets everybody in and books for them.
func bookForAll(t *testing.T, s *postgres.Store, acked *sync.Map, told, unsure *atomic.Int64) {
	persist := func(do func() error) error {
		for {
			err := do()
			if booking.KindOf(err) != booking.Unavailable {
				return err
			}
			unsure.Add(1)
			time.Sleep(5 * time.Millisecond)
		}
	}
	inParallel(crashClients, func(client int) {
		for n := client; n < crashPeople; n += crashClients {
			err := persist(func() error { _, err := s.Admit(t.Context(), storetest.AdmissionOf(n, 0, storetest.Now)); return err })
			if err != nil {
				t.Error(err)
				return
			}
			err = persist(func() error {
				p, err := s.Book(t.Context(), crashOrder(n))
				if err == nil {
					acked.Store(n, p.No)
				}
				return err
			})
			if err != nil && booking.KindOf(err) != booking.SlotFull {
				t.Error(err)
				return
			}
			told.Add(1)
		}
	})
}

// nothingLost holds answers, disk and memory against each other.
func nothingLost(t *testing.T, s *postgres.Store, acked *sync.Map) {
	t.Helper()
	var count int64
	acked.Range(func(n, no any) bool {
		count++
		b, err := s.Booking(t.Context(), no.(string))
		if err != nil || b.Subject != storetest.Person(n.(int)) || b.Status != booking.Booked {
			t.Fatalf("%v was acknowledged and now reads %+v, %v", no, b, err)
		}
		p, err := s.Book(t.Context(), crashOrder(n.(int)))
		if err != nil || !p.Replayed || p.No != no {
			t.Fatalf("the same key answers %+v, %v, first %v", p, err, no)
		}
		return true
	})
	if count != crashSlots*crashCapacity {
		t.Fatalf("%d told booked, want %d", count, crashSlots*crashCapacity)
	}
	var booked int64
	for r, err := range s.Ledger(t.Context(), 0, -1) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Kind == ledger.KindBooking {
			booked++
		}
	}
	if _, err := ledger.Verify(ledger.Head{}, s.Ledger(t.Context(), 0, -1)); err != nil {
		t.Fatal(err)
	}
	o := s.Catalog().Opening(storetest.Opening)
	if booked != count || o.Booked() != count || o.Left() != crashPeople-count {
		t.Fatalf("%d acknowledged, %d in the ledger, %d counted, %d left", count, booked, o.Booked(), o.Left())
	}
	for n := range crashSlots {
		if left := o.Slot(storetest.SlotID(n)).Left(); left != 0 {
			t.Fatalf("slot %d has %d left", n, left)
		}
	}
}

func inParallel(clients int, do func(client int)) {
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() { do(client) })
	}
	wg.Wait()
}

// TestWithoutServer ends the server for good: everything is refused in one way, and closing works.
func TestWithoutServer(t *testing.T) {
	pg, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pg.Close() })
	s := open(t, pg.URL("postgres"))
	if err := s.Import(t.Context(), storetest.Slots(1, 1, 1)); err != nil {
		t.Fatal(err)
	}
	if err := pg.Stop(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err = s.Admit(t.Context(), storetest.AdmissionOf(0, 0, storetest.Now))
		if booking.KindOf(err) != booking.Unavailable {
			t.Fatal(err)
		}
		if _, err := s.Booking(t.Context(), "any"); booking.KindOf(err) != booking.Unavailable {
			t.Fatal(err)
		}
	}
	if o := s.Catalog().Opening(storetest.Opening); o.Admitted() != 0 || o.Left() != 1 {
		t.Fatal("what was not written is counted")
	}
	_ = s.Close() // with what error is the server's to say
	if _, err := postgres.Open(t.Context(), pg.URL("postgres"), storetest.Now); err == nil || errors.Is(err, postgres.ErrInUse) {
		t.Fatal(err)
	}
}
