package storetest

import (
	"testing"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
)

const covered = "covered-elsewhere"

// people makes a set of the persons from one number to another.
func people(from, to int) *roster.Set {
	var ids []subject.ID
	for n := from; n < to; n++ {
		ids = append(ids, Person(n))
	}
	return roster.NewSet(ids)
}

// lists: an import alone, a correction that takes people off, the roster added to and replaced, all of it kept.
func lists(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	many := 10_000 // more than fit one row of any store
	mustImport(t, s, booking.Import{Lists: map[string]*roster.Set{covered: people(0, many), "nobody": people(0, 0)}, At: Now})
	in := Slots(1, 1, 1)
	in.Roster = []subject.ID{Person(1), Person(2)}
	mustImport(t, s, in)
	wantLists(t, s, map[string]int{covered: many, "nobody": 0, cohort.RosterList: 2})

	known := len(records(t, s))
	mustImport(t, s, booking.Import{Lists: map[string]*roster.Set{covered: people(0, many)}, Roster: in.Roster, At: Now})
	if n := len(records(t, s)); n != known {
		t.Fatalf("importing the same lists wrote %d records", n-known)
	}
	corrected := booking.Import{Lists: map[string]*roster.Set{covered: people(5, 9), cohort.RosterList: people(7, 8)}, Roster: []subject.ID{Person(9)}, At: Now}
	mustImport(t, s, corrected)
	for range 2 { // the second time from the disk
		wantLists(t, s, map[string]int{covered: 4, "nobody": 0, cohort.RosterList: 2})
		on := s.Catalog().Lists
		if on(Person(4))(covered) || !on(Person(5))(covered) || on(Person(1))(cohort.RosterList) || !on(Person(9))(cohort.RosterList) || on(Person(5))("unknown") {
			t.Fatal("the lists hold others than were imported last")
		}
		if n := count(records(t, s), ledger.KindList); n != 5 {
			t.Fatalf("%d records of lists, want 5", n)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
	}
	t.Cleanup(func() { s.Close() })
}

func wantLists(t *testing.T, s booking.Store, want map[string]int) {
	t.Helper()
	for name, n := range want {
		if set := s.Catalog().List(name); set == nil || set.Len() != n {
			t.Fatalf("list %s holds %v, want %d people", name, set, n)
		}
	}
	if set := s.Catalog().List("unknown"); set != nil {
		t.Fatal("a list is known that was never imported")
	}
}
