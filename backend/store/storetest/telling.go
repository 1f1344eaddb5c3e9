package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
)

// tellsOfBoth: both doses are told of together, and what is told of one takes nothing from the other.
func tellsOfBoth(t *testing.T, open Factory) {
	for name, pause := range map[string]bool{"at once": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			again := func() {
				if !pause {
					return
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = open(t, dir)
			}
			in := WithSecond(Slots(1, 5, 9), 5, 3, 0)
			mustImport(t, s, in)
			admit(t, s, 1)
			o := OrderBoth(0, SlotID(0), "key-a")
			o.Tell = RecipientOf(0)
			mine, err := s.Book(t.Context(), o)
			wantKind(t, "book", err, "")
			sent := wantDue(t, s, never, "booked")
			if d := sent[0].Doses; len(d) != 2 || d[0].No != mine.No || d[1].No != mine.Second.No || d[1].Dose != 2 || d[1].Slot != SecondSlotID(0, 0) {
				t.Fatalf("told of %+v", d)
			}
			again()
			send(t, s, sent...)
			remindedOf(t, s, SlotID(0), SecondSlotID(0, 0))
			again()

			_, err = s.Change(t.Context(), booking.Move{No: mine.Second.No, Slot: SecondSlotID(0, 2), Interval: Interval, At: Now.Add(time.Minute), Tell: RecipientOf(0)})
			wantKind(t, "move the second dose", err, "")
			again()
			sent = wantDue(t, s, never, "changed")
			if d := sent[0].Doses; len(d) != 2 || d[0].Dose != 1 || d[0].Slot != SlotID(0) || d[1].Slot != SecondSlotID(0, 2) {
				t.Fatalf("told of %+v", d)
			}
			send(t, s, sent...)
			remindedOf(t, s, SlotID(0), SecondSlotID(0, 2))
			again()

			_, err = s.Cancel(t.Context(), booking.Withdrawal{No: mine.Second.No, By: booking.ByPerson, At: Now.Add(2 * time.Minute), Tell: RecipientOf(0)})
			wantKind(t, "cancel the second dose", err, "")
			again()
			sent = wantDue(t, s, never, "cancelled reminder")
			if d := sent[0].Doses; len(d) != 1 || d[0].No != mine.Second.No || sent[1].Doses[0].No != mine.No || !sent[1].DueAt.Equal(reminded) {
				t.Fatalf("told of %+v", sent)
			}
			send(t, s, sent[0])
			remindedOf(t, s, SlotID(0))
			again()
			_, err = s.Cancel(t.Context(), booking.Withdrawal{No: mine.No, By: booking.ByPerson, At: Now.Add(3 * time.Minute), Tell: RecipientOf(0)})
			wantKind(t, "cancel the first dose", err, "")
			wantDue(t, s, never, "cancelled")
			s.Close()
		})
	}
}

// remindedOf checks which slots people will be reminded of, and that nothing else waits.
func remindedOf(t *testing.T, s booking.Store, slots ...string) {
	t.Helper()
	got := []string{}
	for _, m := range due(t, s, never) {
		if m.Kind != booking.TellReminder {
			t.Fatalf("%+v waits", m)
		}
		got = append(got, m.Doses[0].Slot)
	}
	if fmt.Sprint(got) != fmt.Sprint(slots) {
		t.Fatalf("reminded of %v, want %v", got, slots)
	}
}
