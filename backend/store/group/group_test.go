package group_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/group"
	"github.com/daemun/daemun/backend/store/storetest"
	"github.com/daemun/daemun/backend/subject"
)

// fault is what happens to one write.
type fault string

const (
	lost   fault = "lost"   // it fails and did not take effect
	landed fault = "landed" // it fails and took effect all the same
	dead   fault = "dead"   // like landed, and for a while nothing can be read either
)

var errDisk = errors.New("the disk is broken")

// disk is a Disk in memory that fails when told to.
type disk struct {
	mu         sync.Mutex
	in         booking.Import
	records    []ledger.Record
	accesses   []access.Record
	admissions []booking.Admission
	bookings   map[string]booking.Booking
	faults     []fault // of the next writes
	unreadable int     // how many reads fail
	heads      int     // how often the head was asked for
	loads      int
	largest    int // effects in one write
	writes     int
}

func (d *disk) Load(context.Context) (*booking.State, uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.loads++
	state := booking.NewState(d.head())
	state.RestoreSupply(d.in)
	for _, a := range d.admissions {
		if err := state.RestoreAdmission(a); err != nil {
			return nil, 0, err
		}
	}
	for _, b := range d.bookings {
		if err := state.RestoreBooking(b); err != nil {
			return nil, 0, err
		}
	}
	state.RestoreAccessed(d.accessHead())
	return state, 0, nil
}

func (d *disk) head() ledger.Head {
	if len(d.records) == 0 {
		return ledger.Head{}
	}
	return d.records[len(d.records)-1].Head()
}

func (d *disk) Head(context.Context) (ledger.Head, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heads++
	if d.unreadable > 0 {
		d.unreadable--
		return ledger.Head{}, errDisk
	}
	return d.head(), nil
}

func (d *disk) Accessed(context.Context) (ledger.Head, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.unreadable > 0 {
		d.unreadable--
		return ledger.Head{}, errDisk
	}
	return d.accessHead(), nil
}

func (d *disk) accessHead() ledger.Head {
	if len(d.accesses) == 0 {
		return ledger.Head{}
	}
	return d.accesses[len(d.accesses)-1].Head()
}

func (d *disk) Write(effects []*booking.Effect) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var f fault
	if len(d.faults) > 0 {
		f, d.faults = d.faults[0], d.faults[1:]
	}
	d.writes++
	d.largest = max(d.largest, len(effects))
	if f != lost {
		for _, e := range effects {
			if e.Record.Kind != "" {
				d.records = append(d.records, e.Record)
			}
			d.accesses = append(d.accesses, e.Accesses...)
			if e.Admission != nil {
				d.admissions = append(d.admissions, *e.Admission)
			}
			if e.Booking != nil {
				d.bookings[e.Booking.No] = *e.Booking
			}
		}
	}
	if f == dead {
		d.unreadable = 3
	}
	time.Sleep(time.Millisecond) // others are decided meanwhile
	if f != "" {
		return errDisk
	}
	return nil
}

func (d *disk) Import(in *booking.Imported) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.in = booking.Import{Opening: in.Opening, Vaccine: in.Vaccine, Stock: in.Stock, Clinics: in.Clinics, Slots: in.Slots}
	d.records = append(d.records, in.Records...)
	return nil
}

func (d *disk) Reseal(rows []booking.Resealed) (int, error) { return len(rows), nil }

func (d *disk) Checkpoint(*ledger.Checkpoint) error { return nil }

func start(t *testing.T, d *disk, in booking.Import) *group.Writer {
	t.Helper()
	d.in, d.bookings = booking.Import{Opening: storetest.Opening}, map[string]booking.Booking{}
	w, err := group.Start(t.Context(), "memory", d, storetest.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Import(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	return w
}

const people = 12

// TestFailedWrites books under faults of every kind, asks again with the same key as callers do, and compares memory,
// disk and answers.
func TestFailedWrites(t *testing.T) {
	const capacity = 5
	rapid.Check(t, func(rt *rapid.T) {
		faults := rapid.SliceOfN(rapid.SampledFrom([]fault{"", lost, landed, dead}), 1, 12).Draw(rt, "faults")
		pace := rapid.SampledFrom([]time.Duration{0, group.Pace}).Draw(rt, "pace")
		var trouble error
		synctest.Test(t, func(t *testing.T) {
			d := &disk{}
			w := start(t, d, storetest.Slots(1, capacity, people))
			defer w.Close()
			w.Gather(pace)
			d.mu.Lock()
			d.faults = faults
			d.mu.Unlock()
			trouble = errors.Join(bookAll(t, w, capacity), agree(w, d, capacity))
		})
		if trouble != nil {
			rt.Fatal(trouble)
		}
	})
}

// bookAll lets everybody in and books for them at once, each until they are told something sure.
func bookAll(t *testing.T, w *group.Writer, capacity int) error {
	var mu sync.Mutex
	var booked int
	var errs []error
	inParallel(people, func(n int) {
		err := persist(func() error {
			return w.Record(t.Context(), []booking.Access{{Who: "pass", Whose: storetest.Person(n), At: storetest.Now}})
		})
		if err != nil {
			t.Error(err)
		}
		err = persist(func() error { _, err := w.Admit(t.Context(), storetest.AdmissionOf(n, 0, storetest.Now)); return err })
		if err == nil {
			order := storetest.OrderOf(n, storetest.SlotID(0), fmt.Sprint("key-", n))
			err = persist(func() error { _, err := w.Book(t.Context(), order); return err })
		}
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			booked++
		case booking.KindOf(err) != booking.SlotFull:
			errs = append(errs, err)
		}
	})
	if booked != capacity {
		errs = append(errs, fmt.Errorf("%d told booked, want %d", booked, capacity))
	}
	return errors.Join(errs...)
}

// persist asks again while the answer is that nobody knows.
func persist(do func() error) error {
	for {
		err := do()
		if booking.KindOf(err) != booking.Unavailable {
			return err
		}
		if !errors.Is(err, errDisk) {
			return fmt.Errorf("unavailable for another reason: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func agree(w *group.Writer, d *disk, capacity int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := ledger.Verify(ledger.Head{}, func(yield func(ledger.Record, error) bool) {
		for _, r := range d.records {
			if !yield(r, nil) {
				return
			}
		}
	})
	if err == nil {
		err = d.logged()
	}
	o := w.Catalog().Opening(storetest.Opening)
	if err == nil && (len(d.bookings) != capacity || o.Booked() != int64(capacity) || o.Slot(storetest.SlotID(0)).Left() != 0) {
		err = fmt.Errorf("%d on the disk, %d in memory, %d left", len(d.bookings), o.Booked(), o.Slot(storetest.SlotID(0)).Left())
	}
	if seq := w.Stats(storetest.Now).LedgerSeq; err == nil && seq != d.head().Seq {
		err = fmt.Errorf("the ledger goes to %d, the state to %d", d.head().Seq, seq)
	}
	return err
}

// logged verifies the log of accesses and looks for everybody in it.
func (d *disk) logged() error {
	seen := map[subject.ID]bool{}
	_, err := access.Verify(func(yield func(access.Record, error) bool) {
		for _, r := range d.accesses {
			if seen[r.Whose] = true; !yield(r, nil) {
				return
			}
		}
	}, nil)
	if err == nil && len(seen) != people {
		err = fmt.Errorf("%d people in the log of accesses", len(seen))
	}
	return err
}

func inParallel(n int, do func(n int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

// TestWhatRestsOnAFailedWriteFailsWithIt cancels in a write that fails, and books the seat that this would have freed while
// the write is under way.
func TestWhatRestsOnAFailedWriteFailsWithIt(t *testing.T) {
	for _, f := range []fault{lost, landed, dead} {
		t.Run(string(f), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { cancelAndBook(t, f) })
		})
	}
}

func cancelAndBook(t *testing.T, f fault) {
	d := &disk{}
	w := start(t, d, storetest.Slots(1, 1, 5))
	defer w.Close()
	for n := range 2 {
		if _, err := w.Admit(t.Context(), storetest.AdmissionOf(n, 0, storetest.Now)); err != nil {
			t.Fatal(err)
		}
	}
	first := storetest.OrderOf(0, storetest.SlotID(0), "a")
	if _, err := w.Book(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	d.faults = []fault{f}
	writes := d.writes
	d.mu.Unlock()
	cancelled := make(chan error)
	go func() {
		_, err := w.Cancel(t.Context(), booking.Withdrawal{No: first.No, By: booking.ByPerson, At: storetest.Now})
		cancelled <- err
	}()
	time.Sleep(time.Millisecond / 2)
	second := storetest.OrderOf(1, storetest.SlotID(0), "b")
	_, err := w.Book(t.Context(), second)
	if no := <-cancelled; booking.KindOf(no) != booking.Unavailable || booking.KindOf(err) != booking.Unavailable {
		t.Fatalf("cancelled: %v, booked: %v", no, err)
	}
	d.mu.Lock()
	if d.writes != writes+1 {
		t.Errorf("the disk was written to %d times", d.writes-writes)
	}
	if _, kept := d.bookings[second.No]; kept {
		t.Error("a booking reached the disk without what it rests on")
	}
	d.mu.Unlock()
	want := booking.Kind("")
	if f == lost {
		want = booking.SlotFull
	}
	err = persist(func() error { _, err := w.Book(t.Context(), second); return err })
	if booking.KindOf(err) != want {
		t.Fatalf("asked again: %v, want kind %q", err, want)
	}
}

// TestDoubtsAreSettledUnasked breaks the disk and lets time pass: counts are right again though nobody wrote anything.
func TestDoubtsAreSettledUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := start(t, d, storetest.Slots(1, 5, 5))
		defer w.Close()
		d.faults = []fault{dead}
		_, err := w.Admit(t.Context(), storetest.AdmissionOf(0, 0, storetest.Now))
		if booking.KindOf(err) != booking.Unavailable {
			t.Fatal(err)
		}
		if n := w.Catalog().Opening(storetest.Opening).Admitted(); n != 0 {
			t.Fatalf("%d admitted before the disk was read", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := w.Catalog().Opening(storetest.Opening).Admitted(); n != 1 || d.loads != 2 {
			t.Fatalf("%d admitted, read %d times", n, d.loads)
		}
	})
}

// TestBrokenDiskIsNotHammered asks a thousand times a second while nothing can be read.
func TestBrokenDiskIsNotHammered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := start(t, d, storetest.Slots(1, 5, 5))
		defer w.Close()
		d.mu.Lock()
		d.faults, d.heads = []fault{lost}, 0
		d.unreadable = 1 << 30
		d.mu.Unlock()
		for range 1000 {
			if _, err := w.Admit(t.Context(), storetest.AdmissionOf(0, 0, storetest.Now)); booking.KindOf(err) != booking.Unavailable {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		if d.heads == 0 || d.heads > 25 {
			t.Fatalf("the disk was asked %d times in a second", d.heads)
		}
		d.mu.Lock()
		d.unreadable = 0
		d.mu.Unlock()
		time.Sleep(100 * time.Millisecond)
		if _, err := w.Admit(t.Context(), storetest.AdmissionOf(0, 0, storetest.Now)); err != nil || d.loads != 1 {
			t.Fatalf("%v, read %d times", err, d.loads)
		}
	})
}

// TestWritesShareACommit holds the point of it all: who comes while a write is under way shares the next.
func TestWritesShareACommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := start(t, d, storetest.Slots(1, 5, 5))
		defer w.Close()
		inParallel(100, func(n int) {
			if _, err := w.Admit(t.Context(), storetest.AdmissionOf(n, 0, storetest.Now)); err != nil {
				t.Error(err)
			}
		})
		if d.largest < 50 {
			t.Fatalf("at most %d writes shared a commit", d.largest)
		}
	})
}

// TestGather lets people come at any times. Transactions begin a pace apart, nobody waits for longer than that and the
// transaction before, and who comes after a quiet time waits for nobody.
func TestGather(t *testing.T) {
	const write = time.Millisecond
	rapid.Check(t, func(rt *rapid.T) {
		gaps := rapid.SliceOfN(rapid.IntRange(0, 12), 1, 60).Draw(rt, "gaps")
		var wrong string
		synctest.Test(t, func(t *testing.T) {
			d := &disk{}
			w := start(t, d, storetest.Slots(1, 5, 5))
			defer w.Close()
			time.Sleep(time.Second)
			w.Gather(group.Pace)
			began, writes := time.Now(), d.writes
			var longest time.Duration
			var mu sync.Mutex
			var all sync.WaitGroup
			for n, gap := range gaps {
				time.Sleep(time.Duration(gap) * time.Millisecond)
				all.Go(func() {
					came := time.Now()
					if _, err := w.Admit(t.Context(), storetest.AdmissionOf(n, 0, storetest.Now)); err != nil {
						t.Error(err)
					}
					took := time.Since(came)
					mu.Lock()
					defer mu.Unlock()
					longest = max(longest, took)
					if n == 0 && (len(gaps) == 1 || gaps[1] > 0) && took != write {
						wrong = fmt.Sprint("who came first waited ", took)
					}
				})
			}
			all.Wait()
			if longest > group.Pace+write {
				wrong = fmt.Sprint("somebody waited ", longest)
			}
			if most := int(time.Since(began)/group.Pace) + 1 + len(gaps)/group.Company; d.writes-writes > most {
				wrong = fmt.Sprint(d.writes-writes, " transactions, want at most ", most)
			}
		})
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// TestGatherEndsWithCompany brings as many people as are enough: they do not wait for more.
func TestGatherEndsWithCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := start(t, d, storetest.Slots(1, 5, 5))
		defer w.Close()
		w.Gather(time.Hour)
		began := time.Now()
		admit := func(n int) {
			if _, err := w.Admit(t.Context(), storetest.AdmissionOf(n, 0, storetest.Now)); err != nil {
				t.Error(err)
			}
		}
		admit(group.Company) // waits for nobody
		inParallel(group.Company, admit)
		if took := time.Since(began); took > time.Second {
			t.Fatalf("so many waited %v for company", took)
		}
	})
}
