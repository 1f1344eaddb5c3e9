package storetest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/ledger"
)

// left is how many doses a slot has.
func left(s booking.Store, slot string) int { return s.Catalog().Opening(Opening).Slot(slot).Left() }

// bothDoses books both doses in one commit: the second at the same clinic, on the first day with room.
func bothDoses(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	mustImport(t, s, WithSecond(Slots(2, 9, 5), 1, 2, 0))
	admit(t, s, 5)
	ctx := t.Context()
	before := len(records(t, s))
	first, err := s.Book(ctx, OrderBoth(0, SlotID(0), "key-a"))
	wantKind(t, "book", err, "")
	second := first.Second
	if second == nil || second.Dose != 2 || second.Slot != SecondSlotID(0, 0) || second.Pair != first.No || first.Pair != second.No || first.Dose != 1 {
		t.Fatalf("booked %+v and %+v", first.Booking, second)
	}
	rs := records(t, s)[before:]
	if len(rs) != 2 || rs[0].Kind != ledger.KindBooking || rs[1].Kind != ledger.KindBooking || !rs[0].At.Equal(rs[1].At) {
		t.Fatalf("%d records", len(rs))
	}
	for i, want := range []string{first.No, second.No} {
		if b, err := s.Booking(ctx, want); err != nil || b.Dose != i+1 || string(b.Sealed) != []string{"sealed " + SlotID(0), "sealed second"}[i] {
			t.Fatalf("%s reads %+v, %v", want, b, err)
		}
	}
	o := s.Catalog().Opening(Opening)
	if o.Left() != 4 || o.Booked() != 1 || o.Clinic("c0000").Left() != 8 || left(s, SecondSlotID(0, 0)) != 0 || s.Stats(Now).ActivePasses != 4 {
		t.Fatalf("%d left, %d booked, %d inside", o.Left(), o.Booked(), s.Stats(Now).ActivePasses)
	}
	next, err := s.Book(ctx, OrderBoth(1, SlotID(0), "key-b"))
	wantKind(t, "book", err, "")
	if next.Second.Slot != SecondSlotID(0, 1) {
		t.Fatalf("the first day is full, booked %+v", next.Second)
	}
	_, err = s.Book(ctx, OrderBoth(2, SlotID(0), "key-c"))
	wantKind(t, "book without room for the second dose", err, booking.SecondDoseFull)
	_, err = s.Hold(ctx, claimBoth(2, SlotID(0)))
	wantKind(t, "hold without room for the second dose", err, booking.SecondDoseFull)
	alone, err := s.Book(ctx, OrderBoth(3, SlotID(1), "key-d"))
	if err != nil || alone.Second != nil || alone.Pair != "" {
		t.Fatalf("a clinic without second doses: %+v, %v", alone, err)
	}
	_, err = s.Book(ctx, OrderOf(2, SecondSlotID(0, 1), "key-e"))
	wantKind(t, "book a second dose by itself", err, booking.NoSuchSlot)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = open(t, dir)
	t.Cleanup(func() { s.Close() })
	again, err := s.Book(ctx, OrderBoth(0, SlotID(0), "key-a"))
	if err != nil || !again.Replayed || again.No != first.No || again.Second == nil || again.Second.No != second.No || again.Second.Slot != second.Slot {
		t.Fatalf("the same key answers %+v, %+v, %v", again.Booking, again.Second, err)
	}
	o = s.Catalog().Opening(Opening)
	if o.Left() != 2 || o.Booked() != 3 || left(s, SlotID(0)) != 7 || left(s, SecondSlotID(0, 0)) != 0 || s.Stats(Now).ActivePasses != 2 {
		t.Fatalf("after reopening %d left, %d booked, %d inside", o.Left(), o.Booked(), s.Stats(Now).ActivePasses)
	}
}

func claimBoth(n int, slot string) booking.Claim {
	c := ClaimOf(n, slot, Now)
	c.Interval = Interval
	return c
}

// weeks are two clinics with slots on some days; days count from SlotDay.
func weeks(first, second []int) booking.Import {
	in := Slots(2, 2, 9)
	for n := range 2 {
		id := fmt.Sprintf("c%04d", n)
		for dose, days := range [][]int{first, second} {
			for _, day := range days {
				at := SlotDay.AddDate(0, 0, day)
				in.Slots = append(in.Slots, clinic.Slot{ID: dayID(n, dose+1, day), Clinic: id, At: at, Vaccine: "모더나", Capacity: 1, Dose: dose + 1})
			}
		}
	}
	return in
}

func dayID(n, dose, day int) string {
	id, at := fmt.Sprintf("c%04d", n), SlotDay.AddDate(0, 0, day)
	if dose == booking.SecondDose {
		return clinic.SecondSlotID(id, at)
	}
	return clinic.SlotID(id, at)
}

// bothMove moves first doses, with which the second goes where it must, and second doses by themselves.
func bothMove(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	mustImport(t, s, weeks([]int{3, 20, 40}, []int{42, 50, 57, 70, 90}))
	admit(t, s, 2)
	ctx := t.Context()
	mine, err := s.Book(ctx, OrderBoth(0, SlotID(0), "key-a"))
	wantKind(t, "book", err, "")
	second := mine.Second.No
	move := func(no, slot string, want booking.Kind, secondIn string) {
		t.Helper()
		_, err := s.Change(ctx, booking.Move{No: no, Slot: slot, Interval: Interval, At: Now})
		wantKind(t, slot, err, want)
		if b, err := s.Booking(ctx, second); err != nil || b.Slot != secondIn {
			t.Fatalf("after %s the second dose is in %s, want %s", slot, b.Slot, secondIn)
		}
	}
	move(second, dayID(0, 2, 50), "", dayID(0, 2, 50))                         // by itself
	move(second, dayID(1, 2, 50), "", dayID(1, 2, 50))                         // at another clinic
	move(second, dayID(0, 2, 57), booking.SecondDoseInterval, dayID(1, 2, 50)) // too late
	move(second, dayID(0, 1, 40), booking.NoSuchSlot, dayID(1, 2, 50))         // not of its dose
	move(mine.No, dayID(0, 2, 50), booking.NoSuchSlot, dayID(1, 2, 50))        // nor of the first
	move(second, dayID(0, 2, 42), "", dayID(0, 2, 42))                         // back
	before := count(records(t, s), ledger.KindChange)
	move(mine.No, dayID(0, 1, 3), "", dayID(0, 2, 50)) // 39 days would be too short
	if n := count(records(t, s), ledger.KindChange) - before; n != 2 {
		t.Fatalf("%d records of moving both", n)
	}
	move(mine.No, SlotID(0), "", dayID(0, 2, 50)) // 50 days are within two weeks of 42: it stays
	if n := count(records(t, s), ledger.KindChange) - before; n != 3 {
		t.Fatalf("%d records, the last of moving one", n)
	}
	move(mine.No, dayID(0, 1, 20), "", dayID(0, 2, 70))
	move(mine.No, dayID(0, 1, 3), "", dayID(0, 2, 50)) // 67 days would be too long
	move(mine.No, dayID(1, 1, 3), "", dayID(1, 2, 50)) // it goes along to another clinic
	_, err = s.Book(ctx, OrderBoth(1, dayID(1, 1, 40), "key-b"))
	wantKind(t, "book", err, "")
	move(mine.No, dayID(0, 1, 40), "", dayID(0, 2, 90))
	if left(s, dayID(1, 2, 50)) != 1 || left(s, dayID(0, 2, 90)) != 0 || s.Catalog().Opening(Opening).Booked() != 2 {
		t.Fatal("the slots have other doses left")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	t.Cleanup(func() { s.Close() })
	if left(s, dayID(0, 2, 90)) != 0 || left(s, dayID(0, 2, 50)) != 1 || left(s, dayID(0, 1, 40)) != 0 {
		t.Fatal("moves were lost")
	}
	move(mine.No, SlotID(0), "", dayID(0, 2, 42))
}

// bothCancelled: with the first dose goes the second, and the second may go by itself.
func bothCancelled(t *testing.T, open Factory) {
	s := fresh(t, open, WithSecond(Slots(1, 2, 3), 2, 1, 0)) // a dose more than people, so that none is a leftover one
	admit(t, s, 2)
	ctx := t.Context()
	first, err := s.Book(ctx, OrderBoth(0, SlotID(0), "key-a"))
	wantKind(t, "book", err, "")
	other, err := s.Book(ctx, OrderBoth(1, SlotID(0), "key-b"))
	wantKind(t, "book", err, "")
	_, err = s.Cancel(ctx, booking.Withdrawal{No: other.Second.No, By: booking.ByPerson, At: Now})
	wantKind(t, "cancel the second dose", err, "")
	if b, err := s.Booking(ctx, other.No); err != nil || b.Status != booking.Booked {
		t.Fatalf("its first dose reads %+v, %v", b, err)
	}
	o := s.Catalog().Opening(Opening)
	if o.Left() != 1 || o.Booked() != 2 || left(s, SecondSlotID(0, 0)) != 1 {
		t.Fatalf("%d left, %d booked", o.Left(), o.Booked())
	}
	before := count(records(t, s), ledger.KindCancel)
	for range 2 {
		_, err = s.Cancel(ctx, booking.Withdrawal{No: first.No, By: booking.ByPerson, At: Now})
		wantKind(t, "cancel the first dose", err, "")
	}
	if n := count(records(t, s), ledger.KindCancel) - before; n != 2 {
		t.Fatalf("%d records of cancelling both", n)
	}
	if b, err := s.Booking(ctx, first.Second.No); err != nil || b.Status != booking.Cancelled || !b.EndedAt.Equal(Now) {
		t.Fatalf("the second dose reads %+v, %v", b, err)
	}
	if o.Left() != 2 || o.Booked() != 1 || left(s, SecondSlotID(0, 0)) != 2 || s.Stats(Now).ActivePasses != 1 {
		t.Fatalf("%d left, %d booked, %d inside", o.Left(), o.Booked(), s.Stats(Now).ActivePasses)
	}
	_, err = s.Change(ctx, booking.Move{No: first.Second.No, Slot: SecondSlotID(0, 0), Interval: Interval, At: Now})
	wantKind(t, "move what is cancelled", err, booking.NoSuchBooking)
	again, err := s.Book(ctx, OrderBoth(0, SlotID(0), "key-c"))
	if err != nil || again.Second == nil {
		t.Fatalf("booked again: %+v, %v", again, err)
	}
	_, err = s.Cancel(ctx, booking.Withdrawal{No: again.Second.No, By: booking.ByPerson, At: booking.ChangeBy(SlotDay).Add(time.Second)})
	wantKind(t, "cancel the second dose when the first is near", err, "")
}

// bothHeld: a hold keeps both doses, and the booking gets what was shown.
func bothHeld(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	mustImport(t, s, WithSecond(Slots(2, 3, 9), 1, 2, 0, 1))
	admit(t, s, 4)
	ctx := t.Context()
	other, err := s.Book(ctx, OrderBoth(3, SlotID(0), "key-x"))
	wantKind(t, "book", err, "")
	held, err := s.Hold(ctx, claimBoth(0, SlotID(0)))
	if err != nil || held.Second != SecondSlotID(0, 1) {
		t.Fatalf("held %+v, %v", held, err)
	}
	if left(s, SecondSlotID(0, 1)) != 0 {
		t.Fatal("the second dose is not kept")
	}
	_, err = s.Book(ctx, OrderBoth(1, SlotID(0), "key-b"))
	wantKind(t, "book when the second dose is held", err, booking.SecondDoseFull)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	t.Cleanup(func() { s.Close() })
	if left(s, SecondSlotID(0, 1)) != 0 {
		t.Fatal("the second dose is not kept after reopening")
	}
	_, err = s.Cancel(ctx, booking.Withdrawal{No: other.Second.No, By: booking.ByPerson, At: Now})
	wantKind(t, "cancel a second dose of the day before", err, "") // the promise holds all the same
	mine, err := s.Book(ctx, OrderBoth(0, SlotID(0), "key-a"))
	if err != nil || mine.Second == nil || mine.Second.Slot != held.Second {
		t.Fatalf("booked %+v and %+v, held %+v, %v", mine.Booking, mine.Second, held, err)
	}
	_, err = s.Hold(ctx, claimBoth(2, SlotID(1)))
	wantKind(t, "hold", err, "")
	if o := settle(t, s, Now.Add(5*time.Minute)); o.Held() != 0 || left(s, SecondSlotID(1, 0)) != 1 {
		t.Fatalf("once it is over %d held, second %d left", o.Held(), left(s, SecondSlotID(1, 0)))
	}
}

// secondRace has many people book where second doses are fewer than first ones.
func secondRace(t *testing.T, open Factory) {
	const people, seconds = 100, 7
	s := fresh(t, open, WithSecond(Slots(1, people, people), seconds, 1, 0))
	admit(t, s, people)
	var booked, full atomic.Int64
	race(people, func(n int) {
		switch _, err := s.Book(t.Context(), OrderBoth(n, SlotID(0), fmt.Sprint("key-", n))); booking.KindOf(err) {
		case "":
			booked.Add(1)
		case booking.SecondDoseFull:
			full.Add(1)
		default:
			t.Error(err)
		}
	})
	if booked.Load() != seconds || full.Load() != people-seconds || count(records(t, s), ledger.KindBooking) != 2*seconds {
		t.Fatalf("%d booked, %d told full", booked.Load(), full.Load())
	}
	if o := s.Catalog().Opening(Opening); o.Booked() != seconds || left(s, SecondSlotID(0, 0)) != 0 || left(s, SlotID(0)) != people-seconds {
		t.Fatalf("%d booked, %d left", o.Booked(), left(s, SlotID(0)))
	}
}

// leftoverBoth: whoever takes a leftover dose has the second one booked too, where there is room, and alone where there is
// none; what a clinic has left of second doses is given as a first one.
func leftoverBoth(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	ctx := t.Context()
	mustImport(t, s, WithSecond(Slots(1, 2, 1), 1, 2, 0))
	admit(t, s, 1)
	mine, err := s.Book(ctx, OrderBoth(0, SlotID(0), "key-a"))
	wantKind(t, "book", err, "")
	for n := range 3 {
		_, err := s.Wish(ctx, wishOf(n+1))
		wantKind(t, "wish", err, "")
	}
	_, err = s.Cancel(ctx, booking.Withdrawal{No: mine.No, By: booking.ByPerson, At: Now})
	wantKind(t, "cancel", err, "")
	if left(s, SlotID(0)) != 1 || left(s, SecondSlotID(0, 0)) != 1 {
		t.Fatalf("%d first and %d second doses left", left(s, SlotID(0)), left(s, SecondSlotID(0, 0)))
	}
	offers := offerAll(t, s, Now)
	take := func(n int, slot, second string) {
		t.Helper()
		i := slices.IndexFunc(offers, func(o booking.Offer) bool { return o.Subject == Person(n) && o.Slot == slot })
		if i < 0 {
			t.Fatalf("person %d was not offered %s", n, slot)
		}
		order := takeOf(&offers[i], fmt.Sprint("key-", n))
		order.Interval = Interval
		p, err := s.Book(ctx, order)
		if err != nil || (p.Second == nil) != (second == "") || second != "" && p.Second.Slot != second {
			t.Fatalf("person %d: %+v and %+v, %v", n, p.Booking, p.Second, err)
		}
	}
	take(1, SlotID(0), SecondSlotID(0, 0))
	report := func(id, slot string, at time.Time) {
		t.Helper()
		_, err := s.ReportUnused(ctx, booking.Unused{ID: id, Opening: Opening, Slot: slot, Doses: 1, Clinic: "c0000", By: "clinic-1", At: at})
		wantKind(t, "unused", err, "")
		offers = append(offers, offerAll(t, s, at)...)
	}
	report("r1", SecondSlotID(0, 1), Now.Add(time.Minute))
	take(2, SecondSlotID(0, 1), "") // six weeks after that nobody gives any
	report("r2", SlotID(0), Now.Add(2*time.Minute))
	take(3, SlotID(0), SecondSlotID(0, 1)) // the first day is full, and what was unused was beyond the capacity of the second
	for range 2 {                          // the second time from the disk
		o := s.Catalog().Opening(Opening)
		if o.Booked() != 3 || o.Left() != 0 || left(s, SlotID(0)) != 1 || left(s, SecondSlotID(0, 0)) != 0 || left(s, SecondSlotID(0, 1)) != 0 {
			t.Fatalf("%d booked, %d left, slots %d, %d, %d", o.Booked(), o.Left(), left(s, SlotID(0)), left(s, SecondSlotID(0, 0)), left(s, SecondSlotID(0, 1)))
		}
		wantKind(t, "close", s.Close(), "")
		s = open(t, dir)
	}
	defer s.Close()
}
