package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/booking"
)

// look makes the n-th access: of one of three people, by one of two, a minute after the other.
func look(n int) booking.Access {
	return booking.Access{
		At: Now.Add(time.Duration(n) * time.Minute), Who: []string{"상담원 1", "pass"}[n%2], Role: "call_centre", From: fmt.Sprintf("192.0.2.%d", n),
		Whose: Person(n % 3), Task: access.TaskView, Reason: "본인 확인 요청",
	}
}

// Accesses reads the log of accesses as a filter picks it.
func Accesses(t testing.TB, s booking.Store, f access.Filter, after uint64, limit int) []access.Record {
	t.Helper()
	var out []access.Record
	for r, err := range s.Accesses(context.Background(), f, after, limit) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// wantLog verifies the whole log and its length.
func wantLog(t testing.TB, s booking.Store, n int) {
	t.Helper()
	head, err := access.Verify(s.Accesses(context.Background(), access.Filter{}, 0, -1), nil)
	if err != nil || head.Seq != uint64(n) {
		t.Fatalf("the log goes to %d, want %d: %v", head.Seq, n, err)
	}
}

func accesses(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	wantLog(t, s, 0)
	if err := s.Record(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	all := make([]booking.Access, 12)
	for n := range all {
		all[n] = look(n)
	}
	for _, some := range [][]booking.Access{all[:1], all[1:4], all[4:]} {
		if err := s.Record(t.Context(), some); err != nil {
			t.Fatal(err)
		}
	}
	wantLog(t, s, len(all))
	for n, r := range Accesses(t, s, access.Filter{}, 0, -1) {
		if r.Access != all[n] {
			t.Fatalf("record %d is %+v, was %+v", r.Seq, r.Access, all[n])
		}
	}
	for _, c := range []struct {
		f     access.Filter
		after uint64
		limit int
	}{
		{access.Filter{Whose: Person(1)}, 0, -1}, {access.Filter{Who: "상담원 1"}, 0, -1}, {access.Filter{Who: "nobody"}, 0, -1},
		{access.Filter{From: Now.Add(3 * time.Minute)}, 0, -1}, {access.Filter{To: Now.Add(3 * time.Minute)}, 0, -1},
		{access.Filter{Whose: Person(0), Who: "pass", From: Now.Add(time.Minute), To: Now.Add(10 * time.Minute)}, 0, -1},
		{access.Filter{}, 5, 3}, {access.Filter{}, 0, 0}, {access.Filter{Whose: Person(2)}, 4, 1},
	} {
		var want []booking.Access
		for n, a := range all {
			if uint64(n+1) > c.after && c.f.Matches(&a) && (c.limit < 0 || len(want) < c.limit) {
				want = append(want, a)
			}
		}
		got := Accesses(t, s, c.f, c.after, c.limit)
		if len(got) != len(want) {
			t.Fatalf("%+v picks %d records, want %d", c, len(got), len(want))
		}
		for i := range got {
			if got[i].Access != want[i] {
				t.Fatalf("%+v picks %+v, want %+v", c, got[i].Access, want[i])
			}
		}
	}
	s.Close()
	s = open(t, dir)
	t.Cleanup(func() { s.Close() })
	if err := s.Record(t.Context(), all[:2]); err != nil {
		t.Fatal(err)
	}
	wantLog(t, s, len(all)+2)
}

// accessesApart checks that looking leaves no trace in the ledger, and booking none in the log of accesses.
func accessesApart(t *testing.T, open Factory) {
	s := fresh(t, open, Slots(1, 1, 1))
	before := len(records(t, s))
	if err := s.Record(t.Context(), []booking.Access{look(0)}); err != nil {
		t.Fatal(err)
	}
	if after := len(records(t, s)); after != before || s.Stats(Now).LedgerSeq != uint64(before) {
		t.Fatalf("the ledger grew from %d to %d", before, after)
	}
	admit(t, s, 1)
	_, err := s.Book(t.Context(), OrderOf(0, SlotID(0), "key-a"))
	wantKind(t, "book", err, "")
	wantLog(t, s, 1)
}

// manyLook has people look while others book: everything is kept once, and both chains hold.
func manyLook(t *testing.T, open Factory) {
	const people = 300
	s := fresh(t, open, Slots(1, people, people))
	admit(t, s, people)
	race(people, func(n int) {
		if n%3 == 0 {
			if _, err := s.Book(t.Context(), OrderOf(n, SlotID(0), fmt.Sprint("key-", n))); err != nil {
				t.Error(err)
			}
			return
		}
		if err := s.Record(t.Context(), []booking.Access{look(n), look(n + 1)}); err != nil {
			t.Error(err)
		}
	})
	wantLog(t, s, 2*people*2/3)
	if n := count(records(t, s), "booking"); n != people/3 {
		t.Fatalf("%d bookings", n)
	}
}
