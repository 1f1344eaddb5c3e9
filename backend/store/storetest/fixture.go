// Package storetest is the suite that every booking.Store must pass.
package storetest

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Opening is the opening that the suite's data belongs to.
const Opening = "o0719"

var (
	// Now is when the suite plays: a minute into the opening.
	Now = time.Date(2021, 7, 19, 11, 1, 0, 0, time.UTC)
	// SlotDay is when the suite's slots are.
	SlotDay = time.Date(2021, 7, 26, 9, 0, 0, 0, subject.Seoul)
)

// Person makes the subject of the n-th person.
func Person(n int) subject.ID {
	var id subject.ID
	// Spread like the pseudonyms that they stand for, so that an index meets them in no order.
	binary.BigEndian.PutUint64(id[:], uint64(n+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

// Slots makes an import of that many slots at one clinic each, with the capacity and the stock in doses.
func Slots(slots, capacity int, stock int64) booking.Import {
	in := booking.Import{Opening: Opening, Vaccine: "모더나", Stock: stock, At: Now}
	for n := range slots {
		id := fmt.Sprintf("c%04d", n)
		in.Clinics = append(in.Clinics, clinic.Clinic{ID: id, Name: "바른내과의원", Region: "서울", Address: "서울 중구 세종대로 1", Vaccine: "모더나"})
		in.Slots = append(in.Slots, clinic.Slot{ID: SlotID(n), Clinic: id, At: SlotDay, Vaccine: "모더나", Capacity: capacity})
	}
	return in
}

// SlotID is the n-th slot of Slots.
func SlotID(n int) string { return clinic.SlotID(fmt.Sprintf("c%04d", n), SlotDay) }

// Interval is the days between the doses in the suite.
const Interval = 42

// SecondSlotID is the slot of second doses of the n-th clinic of Slots, that many days after the interval.
func SecondSlotID(n, days int) string {
	return clinic.SecondSlotID(fmt.Sprintf("c%04d", n), SlotDay.AddDate(0, 0, Interval+days))
}

// WithSecond adds slots of second doses to clinics of Slots, on so many days from the interval on.
func WithSecond(in booking.Import, capacity, days int, clinics ...int) booking.Import {
	for _, n := range clinics {
		for day := range days {
			in.Slots = append(in.Slots, clinic.Slot{
				ID: SecondSlotID(n, day), Clinic: fmt.Sprintf("c%04d", n), At: SlotDay.AddDate(0, 0, Interval+day), Vaccine: "모더나",
				Capacity: capacity, Dose: booking.SecondDose,
			})
		}
	}
	return in
}

// passText stands for a pass: the store keeps it and looks inside nowhere.
func passText(n, renewal int) string { return fmt.Sprintf("pass-%d-%d", n, renewal) }

// AdmissionOf makes the admission of the n-th person, the pass good for a quarter of an hour from at.
func AdmissionOf(n, renewal int, at time.Time) booking.Admission {
	text := passText(n, renewal)
	return booking.Admission{
		Opening: Opening, Subject: Person(n), Place: booking.Place{Epoch: 1, Rank: ^uint64(n)}, ScheduleVersion: 3,
		Pass: text, PassHash: booking.HashText(text), AdmittedAt: at, IssuedAt: at, ExpiresAt: at.Add(15 * time.Minute),
	}
}

// OrderOf makes the n-th person's order for a slot under their first pass.
func OrderOf(n int, slot, key string) booking.Order {
	return booking.Order{Booking: booking.Booking{
		No: booking.NewNumber(), Opening: Opening, Subject: Person(n), Dose: booking.FirstDose, Slot: slot,
		Place: booking.Place{Epoch: 1, Rank: ^uint64(n)}, PassHash: booking.HashText(passText(n, 0)),
		KeyHash: booking.HashText(key), BodyHash: booking.HashText(slot), BookedAt: Now, Sealed: []byte("sealed " + slot),
	}, Second: booking.Second{No: booking.NewNumber(), Sealed: []byte("sealed second")}}
}

// OrderBoth is OrderOf with a second dose.
func OrderBoth(n int, slot, key string) booking.Order {
	o := OrderOf(n, slot, key)
	o.Interval = Interval
	return o
}

// ClaimOf makes the n-th person's claim to a slot, for five minutes from at, under their first pass.
func ClaimOf(n int, slot string, at time.Time) booking.Claim {
	return booking.Claim{
		Hold:     booking.Hold{Opening: Opening, Subject: Person(n), Slot: slot, ExpiresAt: at.Add(5 * time.Minute)},
		PassHash: booking.HashText(passText(n, 0)), At: at,
	}
}

func admit(t testing.TB, s booking.Store, people int) {
	t.Helper()
	for n := range people {
		if _, err := s.Admit(t.Context(), AdmissionOf(n, 0, Now)); err != nil {
			t.Fatal(err)
		}
	}
}

func mustImport(t testing.TB, s booking.Store, in booking.Import) {
	t.Helper()
	if err := s.Import(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

// records reads the whole ledger and verifies it.
func records(t testing.TB, s booking.Store) []ledger.Record {
	t.Helper()
	if _, err := ledger.Verify(ledger.Head{}, s.Ledger(context.Background(), 0, -1)); err != nil {
		t.Fatal(err)
	}
	var out []ledger.Record
	for r, err := range s.Ledger(context.Background(), 0, -1) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func count(rs []ledger.Record, kind string) (n int) {
	for _, r := range rs {
		if r.Kind == kind {
			n++
		}
	}
	return n
}
