package sqlite_test

import (
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/backend/store/storetest"
)

// BenchmarkBook books from 64 clients at once; BenchmarkTell does the same and leaves a message and a reminder for each
// booking in the outbox; BenchmarkBookBoth books second doses along; BenchmarkAdmit lets people in. An operation is one write
// on the disk. BenchmarkHold keeps a dose for somebody and books it: two.
func BenchmarkBook(b *testing.B)     { benchmarkWrites(b, true, storetest.OrderOf) }
func BenchmarkTell(b *testing.B)     { benchmarkWrites(b, true, tellingOrder) }
func BenchmarkBookBoth(b *testing.B) { benchmarkWrites(b, true, storetest.OrderBoth) }
func BenchmarkAdmit(b *testing.B)    { benchmarkWrites(b, false, nil) }

func BenchmarkHold(b *testing.B) {
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "daemun.db"), storetest.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.Import(b.Context(), storetest.Slots(1000, b.N, int64(b.N))); err != nil {
		b.Fatal(err)
	}
	clients(b, func(n int) error {
		_, err := s.Admit(b.Context(), storetest.AdmissionOf(n, 0, storetest.Now))
		return err
	})
	b.ResetTimer()
	b.ReportAllocs()
	clients(b, func(n int) error {
		slot := storetest.SlotID(n % 1000)
		if _, err := s.Hold(b.Context(), storetest.ClaimOf(n, slot, storetest.Now)); err != nil {
			return err
		}
		_, err := s.Book(b.Context(), storetest.OrderOf(n, slot, "key-"+strconv.Itoa(n)))
		return err
	})
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

// tellingOrder seals as much as the address of a person takes.
func tellingOrder(n int, slot, key string) booking.Order {
	o := storetest.TellingOrderOf(n, slot, key)
	o.Tell.Sealed = make([]byte, 100)
	return o
}

func benchmarkWrites(b *testing.B, book bool, orderOf func(n int, slot, key string) booking.Order) {
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "daemun.db"), storetest.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.Import(b.Context(), supply(b.N)); err != nil {
		b.Fatal(err)
	}
	admit := func(n int) error {
		_, err := s.Admit(b.Context(), storetest.AdmissionOf(n, 0, storetest.Now))
		return err
	}
	order := func(n int) error {
		_, err := s.Book(b.Context(), orderOf(n, storetest.SlotID(n%1000), "key-"+strconv.Itoa(n)))
		return err
	}
	if book {
		clients(b, admit)
		b.ResetTimer()
		b.ReportAllocs()
		clients(b, order)
	} else {
		b.ReportAllocs()
		clients(b, admit)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

// supply is a thousand clinics with room for everybody, second doses too.
func supply(n int) booking.Import {
	clinics := make([]int, 1000)
	for i := range clinics {
		clinics[i] = i
	}
	return storetest.WithSecond(storetest.Slots(1000, n, int64(n)), n, 1, clinics...)
}

// clients runs do for 0 … b.N−1 from 64 goroutines.
func clients(b *testing.B, do func(n int) error) {
	var next atomic.Int64
	inParallel(64, func(int) {
		for n := int(next.Add(1)) - 1; n < b.N; n = int(next.Add(1)) - 1 {
			if err := do(n); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func inParallel(clients int, do func(client int)) {
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() { do(client) })
	}
	wg.Wait()
}
