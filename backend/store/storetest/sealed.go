package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// anchors checks that the ledger says how far the log of accesses goes, once each time that it went on.
func anchors(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	heads := func() (out []ledger.Head) {
		t.Helper()
		for r, err := range s.Anchors(context.Background()) {
			var a ledger.Accesses
			if err == nil {
				err = json.Unmarshal(r.Data, &a)
			}
			if err != nil || r.Kind != ledger.KindAccesses {
				t.Fatal(r, err)
			}
			out = append(out, ledger.Head(a))
		}
		return out
	}
	anchor := func() {
		t.Helper()
		if err := s.Anchor(t.Context(), Now); err != nil {
			t.Fatal(err)
		}
	}
	anchor()
	if got := heads(); len(got) > 0 {
		t.Fatalf("an empty log is anchored at %v", got)
	}
	var want []ledger.Head
	for n := range 3 {
		if err := s.Record(t.Context(), []booking.Access{look(n), look(n + 1)}); err != nil {
			t.Fatal(err)
		}
		anchor()
		anchor()
		rs := Accesses(t, s, access.Filter{}, 0, -1)
		want = append(want, rs[len(rs)-1].Head())
		if got := heads(); !slices.Equal(got, want) {
			t.Fatalf("anchors %v, want %v", got, want)
		}
	}
	s.Close()
	s = open(t, dir)
	t.Cleanup(func() { s.Close() })
	if got := heads(); !slices.Equal(got, want) {
		t.Fatalf("anchors %v after reopening, want %v", got, want)
	}
	records(t, s)
}

// sealedUnder books for people, their data sealed under the keys given, and returns the numbers.
func sealedUnder(t *testing.T, s booking.Store, keys ...byte) []string {
	t.Helper()
	admit(t, s, len(keys))
	numbers := make([]string, len(keys))
	for n, key := range keys {
		o := OrderOf(n, SlotID(0), fmt.Sprint("key-", n))
		o.Sealed = []byte{key, byte(n), 0, 255}
		p, err := s.Book(t.Context(), o)
		wantKind(t, "book", err, "")
		numbers[n] = p.No
	}
	slices.Sort(numbers)
	return numbers
}

func sealedRows(t *testing.T, s booking.Store, table booking.SealedTable) []booking.SealedRow {
	t.Helper()
	var all []booking.SealedRow
	for after := ""; ; after = all[len(all)-1].Key {
		page, err := s.SealedAfter(t.Context(), table, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, page...); len(page) < 2 {
			return all
		}
	}
}

func wantKeys(t *testing.T, s booking.Store, want map[byte]int64) {
	t.Helper()
	got, err := s.KeysInUse(t.Context())
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("keys in use %v, want %v: %v", got, want, err)
	}
}

func resealed(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	mustImport(t, s, Slots(1, 9, 9))
	wantKeys(t, s, map[byte]int64{})
	numbers := sealedUnder(t, s, 1, 1, 1, 2, 1)
	wantKeys(t, s, map[byte]int64{1: 4, 2: 1})
	before := len(records(t, s))
	rows := sealedRows(t, s, booking.SealedBookings)
	var all []booking.Resealed
	for i, r := range rows {
		b, err := s.Booking(t.Context(), r.Key)
		if err != nil || r.Key != numbers[i] || r.Table != booking.SealedBookings || r.Subject != b.Subject || string(r.Sealed) != string(b.Sealed) {
			t.Fatalf("row %+v of booking %+v, %v", r, b, err)
		}
		all = append(all, booking.Resealed{SealedRow: r, New: append([]byte{3}, r.Sealed[1:]...)})
	}
	stale := all[0]
	stale.Sealed = []byte{1, 99} // somebody else was there first
	n, err := s.Reseal(t.Context(), append([]booking.Resealed{stale}, all[1:3]...))
	if err != nil || n != 2 {
		t.Fatalf("%d rows replaced, %v", n, err)
	}
	if b, _ := s.Booking(t.Context(), all[0].Key); string(b.Sealed) != string(all[0].Sealed) {
		t.Fatal("what was not there any more as it was read was replaced")
	}
	if n, err = s.Reseal(t.Context(), all); err != nil || n != 3 {
		t.Fatalf("%d rows replaced of the rest, %v", n, err)
	}
	if n, err := s.Reseal(t.Context(), nil); err != nil || n != 0 {
		t.Fatal(n, err)
	}
	if _, err := s.SealedAfter(t.Context(), "ledger", "", 1); err == nil {
		t.Fatal("a table without personal data was read")
	}
	if after := len(records(t, s)); after != before {
		t.Fatalf("the ledger heard of it: %d records more", after-before)
	}
	s.Close()
	s = open(t, dir)
	t.Cleanup(func() { s.Close() })
	wantKeys(t, s, map[byte]int64{3: 5})
	for i, r := range sealedRows(t, s, booking.SealedBookings) {
		if string(r.Sealed) != string(all[i].New) {
			t.Fatalf("row %d is %v", i, r.Sealed)
		}
	}
}

// erased checks that a booking stays without its personal data, and can still be read, counted and cancelled.
func erased(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	mustImport(t, s, Slots(1, 9, 9))
	numbers := sealedUnder(t, s, 1, 1)
	rows := sealedRows(t, s, booking.SealedBookings)
	if n, err := s.Reseal(t.Context(), []booking.Resealed{{SealedRow: rows[0]}}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	check := func() {
		t.Helper()
		wantKeys(t, s, map[byte]int64{1: 1})
		if left := sealedRows(t, s, booking.SealedBookings); len(left) != 1 || left[0].Key != numbers[1] {
			t.Fatal(left)
		}
		all, err := s.BookingsAfter(t.Context(), Opening, "", 10)
		if err != nil || len(all) != 2 || !all[0].Erased() || all[1].Erased() || all[0].Subject != rows[0].Subject {
			t.Fatalf("%+v, %v", all, err)
		}
	}
	check()
	s.Close()
	s = open(t, dir)
	t.Cleanup(func() { s.Close() })
	check()
	if s.Catalog().Opening(Opening).Booked() != 2 {
		t.Fatal("an erased booking gave its dose back")
	}
	_, err := s.Cancel(t.Context(), booking.Withdrawal{No: numbers[0], By: booking.ByPerson, At: Now})
	wantKind(t, "cancel an erased booking", err, "")
	for _, c := range []struct {
		opening, after string
		limit, want    int
	}{{"", "", 10, 2}, {"", numbers[0], 10, 1}, {"", numbers[1], 10, 0}, {Opening, "", 1, 1}, {"o0720", "", 10, 0}} {
		got, err := s.BookingsAfter(t.Context(), c.opening, c.after, c.limit)
		if err != nil || len(got) != c.want {
			t.Fatalf("%+v: %d bookings, %v", c, len(got), err)
		}
	}
}

// resealedEverywhere replaces the data of messages and wishes, which are known by other keys.
func resealedEverywhere(t *testing.T, open Factory) {
	s := fresh(t, open, Slots(1, 9, 9))
	admit(t, s, 3)
	for n := range 3 {
		_, err := s.Book(t.Context(), TellingOrderOf(n, SlotID(0), fmt.Sprint("key-", n)))
		wantKind(t, "book", err, "")
	}
	for n := 10; n < 15; n++ {
		_, err := s.Wish(t.Context(), wishOf(n))
		wantKind(t, "wish", err, "")
	}
	for table, want := range map[booking.SealedTable]int{booking.SealedMessages: 3, booking.SealedWishes: 5} {
		rows := sealedRows(t, s, table)
		if len(rows) != want {
			t.Fatalf("%d rows in %s, want %d", len(rows), table, want)
		}
		var all []booking.Resealed
		for _, r := range rows {
			all = append(all, booking.Resealed{SealedRow: r, New: append([]byte("new "), r.Subject[:]...)})
		}
		if n, err := s.Reseal(t.Context(), all); err != nil || n != want {
			t.Fatalf("%d rows of %s replaced, %v", n, table, err)
		}
	}
	for _, m := range due(t, s, Now) {
		if string(m.Sealed) != "new "+string(m.Subject[:]) {
			t.Errorf("message %s has %q", m.ID(), m.Sealed)
		}
	}
	for n := 10; n < 15; n++ {
		who := Person(n)
		if w, err := s.WishOf(t.Context(), Opening, who); err != nil || string(w.Sealed) != "new "+string(who[:]) {
			t.Errorf("wish of %d has %q, %v", n, w.Sealed, err)
		}
	}
}
