package booking_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/storetest"
)

// Decisions in memory, without a disk: what one goroutine has to do for a whole site.
func BenchmarkBook(b *testing.B) { benchmarkOrders(b, storetest.OrderOf, false) }

// BenchmarkBookBoth finds and books a second dose along.
func BenchmarkBookBoth(b *testing.B) { benchmarkOrders(b, storetest.OrderBoth, false) }

// BenchmarkHoldAndBook keeps the dose first, and lets the holds of others end.
func BenchmarkHoldAndBook(b *testing.B) { benchmarkOrders(b, storetest.OrderOf, true) }

func benchmarkOrders(b *testing.B, orderOf func(n int, slot, key string) booking.Order, hold bool) {
	s := booking.NewState(ledger.Head{})
	clinics := make([]int, 1000)
	for i := range clinics {
		clinics[i] = i
	}
	in, err := s.PrepareImport(storetest.WithSecond(storetest.Slots(1000, 2*b.N, int64(2*b.N)), 2*b.N, 14, clinics...))
	if err != nil {
		b.Fatal(err)
	}
	s.Install(in)
	orders := make([]booking.Order, b.N)
	for n := range orders {
		if _, _, err := s.Admit(storetest.AdmissionOf(n, 0, storetest.Now)); err != nil {
			b.Fatal(err)
		}
		orders[n] = orderOf(n, storetest.SlotID(n%1000), "key-"+strconv.Itoa(n))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n := range orders {
		if hold {
			at := storetest.Now.Add(time.Duration(n) * time.Millisecond)
			if _, _, err := s.Hold(storetest.ClaimOf(n, storetest.SlotID(n%1000), at)); err != nil {
				b.Fatal(err)
			}
			if n%2 == 1 {
				continue // never comes back
			}
			orders[n].BookedAt = at
		}
		if _, _, err := s.Book(orders[n]); err != nil {
			b.Fatal(err)
		}
	}
}
