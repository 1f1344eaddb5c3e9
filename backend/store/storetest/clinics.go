package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// marks: a clinic says what became of its own appointments, on their day, and the newest word is kept.
func marks(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	defer func() { s.Close() }()
	mustImport(t, s, Slots(2, 2, 4))
	admit(t, s, 2)
	b, err := s.Book(t.Context(), OrderOf(0, SlotID(0), "key-a"))
	wantKind(t, "book", err, "")
	gone, err := s.Book(t.Context(), OrderOf(1, SlotID(0), "key-b"))
	wantKind(t, "book", err, "")
	_, err = s.Cancel(t.Context(), booking.Withdrawal{No: gone.No, By: ledger.LaneCallCentre, Agent: "agent-1", At: Now})
	wantKind(t, "cancel", err, "")
	before := len(records(t, s))
	for name, c := range map[string]struct {
		mark booking.Mark
		want booking.Kind
	}{
		"another clinic's":  {booking.Mark{No: b.No, Clinic: "c0001", Visit: booking.Arrived, At: SlotDay}, booking.NoSuchBooking},
		"nobody's":          {booking.Mark{No: "ABCDE-23456", Clinic: "c0000", Visit: booking.Arrived, At: SlotDay}, booking.NoSuchBooking},
		"cancelled":         {booking.Mark{No: gone.No, Clinic: "c0000", Visit: booking.Arrived, At: SlotDay}, booking.NoSuchBooking},
		"no such visit":     {booking.Mark{No: b.No, Clinic: "c0000", Visit: "left", At: SlotDay}, booking.BadRequest},
		"before the day":    {booking.Mark{No: b.No, Clinic: "c0000", Visit: booking.Arrived, At: SlotDay.Add(-10 * time.Hour)}, booking.NotThatDay},
		"two days after":    {booking.Mark{No: b.No, Clinic: "c0000", Visit: booking.Vaccinated, At: SlotDay.Add(40 * time.Hour)}, booking.NotThatDay},
		"no-show too early": {booking.Mark{No: b.No, Clinic: "c0000", Visit: booking.NoShow, At: SlotDay.Add(-time.Minute)}, booking.NotThatDay},
	} {
		_, err := s.Mark(t.Context(), c.mark)
		wantKind(t, name, err, c.want)
	}
	for _, visit := range []booking.Visit{booking.NoShow, booking.Arrived, booking.Vaccinated, booking.Vaccinated} {
		got, err := s.Mark(t.Context(), booking.Mark{No: b.No, Clinic: "c0000", Visit: visit, By: "clinic-1", At: SlotDay})
		wantKind(t, string(visit), err, "")
		if got.Visit != visit {
			t.Fatalf("%+v", got)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if got, err := s.Booking(t.Context(), b.No); err != nil || got.Visit != booking.Vaccinated || got.Slot != b.Slot || got.Status != booking.Booked {
		t.Fatalf("reopened: %+v, %v", got, err)
	}
	got, err := s.Mark(t.Context(), booking.Mark{No: b.No, Clinic: "c0000", Visit: booking.Vaccinated, By: "clinic-1", At: SlotDay})
	wantKind(t, "the same word after reopening", err, "")
	if after := len(records(t, s)); got.Visit != booking.Vaccinated || after != before+3 || count(records(t, s), ledger.KindVisit) != 3 {
		t.Fatalf("%d records, then %d", before, after)
	}
}

// unusedOnce: a report counts once however often it comes, also after reopening, and never exceeds the slot.
func unusedOnce(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	defer func() { s.Close() }()
	mustImport(t, s, Slots(2, 3, 6))
	report := func(id, clinic string, doses int, at time.Time) error {
		_, err := s.ReportUnused(t.Context(), booking.Unused{ID: id, Opening: Opening, Slot: SlotID(0), Doses: doses, Clinic: clinic, By: "clinic-1", At: at})
		return err
	}
	wantKind(t, "report", report("r1", "c0000", 2, SlotDay), "")
	wantKind(t, "another clinic's slot", report("r2", "c0001", 1, SlotDay), booking.NoSuchSlot)
	wantKind(t, "none", report("r3", "c0000", 0, SlotDay), booking.TooManyDoses)
	wantKind(t, "more than the slot has", report("r4", "c0000", 2, SlotDay), booking.TooManyDoses)
	wantKind(t, "the day after", report("r5", "c0000", 1, SlotDay.Add(24*time.Hour)), booking.NotThatDay)
	for range 2 {
		wantKind(t, "the same again", report("r1", "c0000", 2, SlotDay), "")
		wantKind(t, "another under the same id", report("r1", "c0000", 1, SlotDay), booking.KeyReused)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
	}
	if n, err := s.UnusedDoses(t.Context(), Opening, []string{SlotID(0), SlotID(1), "none"}); err != nil || !slices.Equal(n, []int{2, 0, 0}) {
		t.Fatalf("reported: %v, %v", n, err)
	}
	wantKind(t, "still more than the slot has", report("r6", "c0000", 2, SlotDay), booking.TooManyDoses)
	wantKind(t, "the rest", report("r7", "c0000", 1, SlotDay), "")
	if n := count(records(t, s), ledger.KindUnused); n != 2 {
		t.Fatalf("%d reports in the ledger", n)
	}
}

// bookingsAt: the active bookings of the slots asked for, with their sealed data, and no others.
func bookingsAt(t *testing.T, open Factory) {
	s := fresh(t, open, Slots(3, 3, 9))
	admit(t, s, 5)
	var want []string
	for n, slot := range []int{0, 0, 1, 2, 1} {
		b, err := s.Book(t.Context(), OrderOf(n, SlotID(slot), "key"))
		wantKind(t, "book", err, "")
		switch {
		case n == 4:
			_, err = s.Cancel(t.Context(), booking.Withdrawal{No: b.No, By: booking.ByPerson, At: Now})
			wantKind(t, "cancel", err, "")
		case slot < 2:
			want = append(want, b.No)
		}
	}
	got, err := s.BookingsAt(t.Context(), Opening, []string{SlotID(0), SlotID(1), "none"})
	wantKind(t, "read", err, "")
	var nos []string
	for _, b := range got {
		nos = append(nos, b.No)
		if string(b.Sealed) != "sealed "+b.Slot {
			t.Errorf("%s holds %q", b.No, b.Sealed)
		}
	}
	slices.Sort(nos)
	slices.Sort(want)
	if !slices.Equal(nos, want) {
		t.Fatalf("%v, want %v", nos, want)
	}
	for _, none := range []struct {
		opening string
		slots   []string
	}{{Opening, nil}, {"none", []string{SlotID(0)}}} {
		if got, err := s.BookingsAt(t.Context(), none.opening, none.slots); err != nil || len(got) != 0 {
			t.Errorf("%v: %v, %v", none, got, err)
		}
	}
}
