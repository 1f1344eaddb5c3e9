package booking_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/storetest"
	"github.com/daemun/daemun/backend/subject"
)

// TestBothDosesStayTogether plays any history of bookings, holds, moves and withdrawals and then counts by hand: every slot
// gave what is booked in it and held, nobody has a dose twice, and a second dose is where its first one wants it.
func TestBothDosesStayTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newState(t)
		now, active := storetest.Now, map[string]booking.Booking{}
		for range rapid.IntRange(1, 60).Draw(t, "operations") {
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			_, e, _ := drawOperation(t, now, lineKinds)(s)
			if e == nil {
				continue
			}
			for _, b := range []*booking.Booking{e.Booking, e.Second} {
				if b != nil && b.Status == booking.Booked {
					active[b.No] = *b
				} else if b != nil {
					delete(active, b.No)
				}
			}
			countByHand(t, s, active, now)
		}
	})
}

func countByHand(t *rapid.T, s *booking.State, active map[string]booking.Booking, now time.Time) {
	o := s.Catalog().Opening(storetest.Opening)
	s.Expire(now)
	taken, people := map[string]int{}, map[string]bool{}
	for _, b := range active {
		taken[b.Slot]++
		who := fmt.Sprint(b.Subject, b.Dose)
		if people[who] {
			t.Fatalf("somebody has dose %d twice", b.Dose)
		}
		people[who] = true
		slot := o.Slot(b.Slot)
		if slot.Dose() != b.Dose {
			t.Fatalf("dose %d is in a slot of dose %d", b.Dose, slot.Dose())
		}
		if first, ok := active[b.Pair]; b.Dose == booking.SecondDose && (!ok || first.Pair != b.No || first.Dose != booking.FirstDose) {
			t.Fatalf("%+v has lost its first dose %+v", b, first)
		}
		if b.Dose != booking.SecondDose {
			continue
		}
		from, to := subject.DateOf(storetest.SlotDay).AddDays(storetest.Interval), subject.DateOf(storetest.SlotDay).AddDays(storetest.Interval+14)
		if day := subject.DateOf(slot.At()); day.Before(from) || to.Before(day) {
			t.Fatalf("the second dose is on %v", day)
		}
	}
	held, apart := int64(0), int64(0)
	for _, spare := range s.Spares(now) {
		taken[spare.Slot] += int(spare.Doses)
		apart += spare.Doses
	}
	for n := range 5 {
		if h, err := s.Holding(storetest.Opening, storetest.Person(n), now); err == nil {
			held++
			taken[h.Slot]++
			taken[h.Second]++
		} else if !errors.Is(err, booking.Refuse(booking.NoHold)) {
			t.Fatal(err)
		}
	}
	booked := int64(0)
	for _, c := range o.Clinics {
		left := int64(0)
		for _, slots := range [][]booking.SlotSupply{c.Slots, c.Second} {
			for i := range slots {
				if got := slots[i].Capacity() - slots[i].Left(); got != taken[slots[i].ID] {
					t.Fatalf("%s gave %d doses, %d are taken", slots[i].ID, got, taken[slots[i].ID])
				}
			}
		}
		for i := range c.Slots {
			left += int64(c.Slots[i].Left())
		}
		if c.Left() != left {
			t.Fatalf("%s has %d left, its slots %d", c.ID, c.Left(), left)
		}
	}
	for _, b := range active {
		if b.Dose == booking.FirstDose {
			booked++
		}
	}
	if o.Booked() != booked || o.Held() != held || o.Left() != o.Total-booked-held-apart {
		t.Fatalf("%d booked, %d held, %d left; by hand %d and %d of %d", o.Booked(), o.Held(), o.Left(), booked, held, o.Total)
	}
}

// TestTheSecondDoseIsNearTheSameTime of the day, and of the same vaccine.
func TestTheSecondDoseIsNearTheSameTime(t *testing.T) {
	in := storetest.Slots(1, 9, 9)
	day := storetest.SlotDay.AddDate(0, 0, storetest.Interval)
	add := func(id string, at time.Time, vaccine string) {
		slot := in.Slots[0]
		slot.ID, slot.At, slot.Vaccine, slot.Capacity, slot.Dose = id, at, vaccine, 1, booking.SecondDose
		in.Slots = append(in.Slots, slot)
	}
	add("too-early", day.AddDate(0, 0, -1), "모더나")
	add("other-vaccine", day, "화이자")
	add("half-past", day.Add(30*time.Minute), "모더나")
	add("half-before", day.Add(-30*time.Minute), "모더나")
	add("an-hour", day.Add(time.Hour), "모더나")
	add("next-day", day.AddDate(0, 0, 1), "모더나")
	add("last-day", day.AddDate(0, 0, 14), "모더나")
	add("too-late", day.AddDate(0, 0, 15), "모더나")
	s := booking.NewState(ledger.Head{})
	prepared, err := s.PrepareImport(in)
	if err != nil {
		t.Fatal(err)
	}
	s.Install(prepared)
	for n, want := range []string{"half-before", "half-past", "an-hour", "next-day", "last-day", ""} {
		if _, _, err := s.Admit(storetest.AdmissionOf(n, 0, storetest.Now)); err != nil {
			t.Fatal(err)
		}
		p, _, err := s.Book(storetest.OrderBoth(n, storetest.SlotID(0), "key"))
		if want == "" {
			if booking.KindOf(err) != booking.SecondDoseFull {
				t.Errorf("with all days full: %+v, %v", p.Second, err)
			}
			continue
		}
		if err != nil || p.Second.Slot != want {
			t.Errorf("number %d got %+v, %v, want %s", n, p.Second, err, want)
		}
	}
}
