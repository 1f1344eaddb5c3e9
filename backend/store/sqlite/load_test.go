package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/store/storetest"
)

// BenchmarkOpen opens the data of a whole opening halfway through: 140,000 slots, 150,000 people on the roster, 100,000
// admissions, 80,000 bookings. That is how long a killed backend is away.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s := open(b, dir)
	in := halfDays(storetest.Slots(1000, 100, 140_000), 140)
	for n := range 150_000 {
		in.Roster = append(in.Roster, storetest.Person(n))
	}
	if err := s.Import(b.Context(), in); err != nil {
		b.Fatal(err)
	}
	b.Logf("import: %v", b.Elapsed())
	inParallel(64, func(client int) {
		for n := client; n < 100_000; n += 64 {
			if _, err := s.Admit(b.Context(), storetest.AdmissionOf(n, 0, storetest.Now)); err != nil {
				b.Error(err)
			}
			if n%5 == 0 {
				continue
			}
			if _, err := s.Book(b.Context(), storetest.OrderOf(n, storetest.SlotID(n%1000), fmt.Sprint("key-", n))); err != nil {
				b.Error(err)
			}
		}
	})
	for b.Loop() {
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		s = open(b, dir)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// halfDays gives each clinic of the import that many slots.
func halfDays(in booking.Import, perClinic int) booking.Import {
	for _, first := range in.Slots {
		for n := 1; n < perClinic; n++ {
			next := first
			next.At = first.At.AddDate(0, 0, n/14).Add(time.Duration(1+n%14) * 30 * time.Minute)
			next.ID = clinic.SlotID(first.Clinic, next.At)
			in.Slots = append(in.Slots, next)
		}
	}
	return in
}
