package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
)

// settle lets holds end and waits until the writer has seen to it: it takes operations in their order.
func settle(t testing.TB, s booking.Store, now time.Time) *booking.Supply {
	t.Helper()
	s.Expire(now)
	if err := s.Append(t.Context(), nil, now); err != nil {
		t.Fatal(err)
	}
	return s.Catalog().Opening(Opening)
}

func orderAt(n int, slot, key string, at time.Time) booking.Order {
	o := OrderOf(n, slot, key)
	o.BookedAt = at
	return o
}

// holdsKeep follows a held dose: nobody else gets it, its holder does, and another hold takes its place.
func holdsKeep(t *testing.T, open Factory) {
	s := fresh(t, open, Slots(2, 1, 2))
	admit(t, s, 3)
	ctx := t.Context()
	first, err := s.Hold(ctx, ClaimOf(0, SlotID(0), Now))
	wantKind(t, "hold", err, "")
	again, err := s.Hold(ctx, ClaimOf(0, SlotID(0), Now.Add(time.Minute)))
	if err != nil || again != first || !again.ExpiresAt.Equal(Now.Add(5*time.Minute)) {
		t.Fatalf("held again: %+v, %v, first %+v", again, err, first)
	}
	before := len(records(t, s))
	_, err = s.Hold(ctx, ClaimOf(1, SlotID(0), Now))
	wantKind(t, "hold what is held", err, booking.SlotFull)
	_, err = s.Book(ctx, OrderOf(1, SlotID(0), "key-b"))
	wantKind(t, "book what is held", err, booking.SlotFull)
	_, err = s.Hold(ctx, ClaimOf(9, SlotID(1), Now))
	wantKind(t, "hold without an admission", err, booking.BadPass)
	_, err = s.Hold(ctx, ClaimOf(0, "nowhere", Now))
	wantKind(t, "hold no slot", err, booking.NoSuchSlot)

	moved, err := s.Hold(ctx, ClaimOf(0, SlotID(1), Now.Add(2*time.Minute)))
	wantKind(t, "hold another slot", err, "")
	o := s.Catalog().Opening(Opening)
	if moved.Slot != SlotID(1) || o.Slot(SlotID(0)).Left() != 1 || o.Slot(SlotID(1)).Left() != 0 || o.Left() != 1 || o.Held() != 1 || o.Clinic("c0001").Left() != 0 {
		t.Fatalf("moved %+v, %d left, %d held", moved, o.Left(), o.Held())
	}
	_, err = s.Hold(ctx, ClaimOf(1, SlotID(0), Now))
	wantKind(t, "hold what was given back", err, "")
	_, err = s.Hold(ctx, ClaimOf(2, SlotID(0), Now))
	wantKind(t, "hold when all is held", err, booking.StockHeld)

	if after := len(records(t, s)); after != before {
		t.Fatalf("holds left %d records", after-before)
	}
	mine, err := s.Book(ctx, OrderOf(0, SlotID(1), "key-a"))
	wantKind(t, "book what one holds", err, "")
	_, err = s.Holding(ctx, Opening, Person(0), Now)
	wantKind(t, "the hold once it was used up", err, booking.NoHold)
	if o.Left() != 0 || o.Held() != 1 || o.Booked() != 1 || mine.Slot != SlotID(1) {
		t.Fatalf("%d left, %d held, %d booked", o.Left(), o.Held(), o.Booked())
	}
	_, err = s.Hold(ctx, ClaimOf(0, SlotID(0), Now))
	wantKind(t, "hold after booking", err, booking.AlreadyBooked)
	for range 2 {
		if err := s.Release(ctx, Opening, Person(1), Now); err != nil {
			t.Fatal(err)
		}
	}
	if o.Left() != 1 || o.Held() != 0 || o.Slot(SlotID(0)).Left() != 1 {
		t.Fatalf("after giving it back: %d left, %d held", o.Left(), o.Held())
	}
}

// holdsEnd lets holds run out: the dose is free without any word from who held it.
func holdsEnd(t *testing.T, open Factory) {
	s := fresh(t, open, Slots(1, 1, 1))
	admit(t, s, 2)
	ctx := t.Context()
	held, err := s.Hold(ctx, ClaimOf(0, SlotID(0), Now))
	wantKind(t, "hold", err, "")
	last := held.ExpiresAt.Add(-time.Millisecond)
	if o := settle(t, s, last); o.Left() != 0 || o.Held() != 1 {
		t.Fatalf("a moment before the end %d left, %d held", o.Left(), o.Held())
	}
	_, err = s.Book(ctx, orderAt(1, SlotID(0), "key-b", last))
	wantKind(t, "book a moment before the end", err, booking.StockHeld)
	if o := settle(t, s, held.ExpiresAt); o.Left() != 1 || o.Held() != 0 || o.Slot(SlotID(0)).Left() != 1 {
		t.Fatalf("at the end %d left, %d held", o.Left(), o.Held())
	}
	_, err = s.Holding(ctx, Opening, Person(0), held.ExpiresAt)
	wantKind(t, "what was held", err, booking.NoHold)

	held, err = s.Hold(ctx, ClaimOf(0, SlotID(0), held.ExpiresAt))
	wantKind(t, "hold again", err, "")
	_, err = s.Book(ctx, orderAt(1, SlotID(0), "key-b", held.ExpiresAt))
	wantKind(t, "book what has just run out", err, "")
	over := ClaimOf(0, SlotID(0), held.ExpiresAt)
	over.ExpiresAt = over.At
	_, err = s.Hold(ctx, over)
	wantKind(t, "hold with a pass that ends now", err, booking.BadPass)
}

// holdsReopen restarts a store with holds: those that last are there, and those that are over give their dose back.
func holdsReopen(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	mustImport(t, s, Slots(5, 1, 5))
	admit(t, s, 5)
	ctx := t.Context()
	var kept [4]booking.Hold
	for n := range kept {
		h, err := s.Hold(ctx, ClaimOf(n, SlotID(n), Now.Add(time.Duration(n)*time.Minute)))
		wantKind(t, "hold", err, "")
		kept[n] = h
	}
	moved, err := s.Hold(ctx, ClaimOf(3, SlotID(4), Now.Add(4*time.Minute)))
	wantKind(t, "hold another", err, "")
	if err := s.Release(ctx, Opening, Person(1), Now); err != nil {
		t.Fatal(err)
	}
	_, err = s.Book(ctx, OrderOf(2, SlotID(2), "key-c"))
	wantKind(t, "book", err, "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = open(t, dir)
	t.Cleanup(func() { s.Close() })
	if o := settle(t, s, Now); o.Held() != 2 || o.Left() != 2 || o.Booked() != 1 {
		t.Fatalf("%d held, %d left, %d booked", o.Held(), o.Left(), o.Booked())
	}
	if got, err := s.Holding(ctx, Opening, Person(3), Now); err != nil || got != moved {
		t.Fatalf("holds %+v, %v, want %+v", got, err, moved)
	}
	mustImport(t, s, Slots(5, 2, 10)) // the counts go over into the new catalog
	if o := settle(t, s, kept[0].ExpiresAt); o.Held() != 1 || o.Left() != 8 || o.Slot(SlotID(0)).Left() != 2 {
		t.Fatalf("once the first is over %d held, %d left", o.Held(), o.Left())
	}
	admit(t, s, 1) // what has run out goes with the next write
	_, err = s.Admit(ctx, AdmissionOf(7, 0, Now))
	wantKind(t, "admit", err, "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	t.Cleanup(func() { s.Close() })
	if o := settle(t, s, Now); o.Held() != 1 {
		t.Fatalf("%d holds after the sweep", o.Held())
	}
}

// holdsRace has many people hold and book the same slot: it is given as often as it has doses.
func holdsRace(t *testing.T, open Factory) {
	const people, capacity = 200, 7
	s := fresh(t, open, Slots(1, capacity, people))
	admit(t, s, people)
	var held, booked atomic.Int64
	race(people, func(n int) {
		_, err := s.Hold(t.Context(), ClaimOf(n, SlotID(0), Now))
		if err == nil {
			held.Add(1)
		} else if booking.KindOf(err) != booking.SlotFull {
			t.Error(err)
		}
		if _, again := s.Book(t.Context(), OrderOf(n, SlotID(0), fmt.Sprint("key-", n))); again == nil {
			booked.Add(1)
		} else if err == nil || booking.KindOf(again) != booking.SlotFull {
			t.Errorf("who holds a dose could not book it: %v", again)
		}
	})
	o := s.Catalog().Opening(Opening)
	if held.Load() > capacity || booked.Load() != capacity || o.Held() != 0 || o.Booked() != capacity || o.Slot(SlotID(0)).Left() != 0 {
		t.Fatalf("%d held, %d booked, %d still held", held.Load(), booked.Load(), o.Held())
	}
}
