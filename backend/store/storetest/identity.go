package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

func identified(n int, provider string) booking.Identified {
	return booking.Identified{Opening: Opening, Subject: Person(n), Provider: provider, At: Now}
}

// asked is an order in an opening that asks who people are.
func asked(n int, key string) booking.Order {
	o := OrderOf(n, SlotID(n), key)
	o.Identity = true
	return o
}

// identity: without a provider's word nothing is booked, the first provider's word is kept, and it outlives a restart.
func identity(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	mustImport(t, s, Slots(4, 1, 4))
	admit(t, s, 4)
	_, err := s.Book(t.Context(), asked(0, "key-a"))
	wantKind(t, "book before the check", err, booking.IdentityRequired)
	_, err = s.Identify(t.Context(), identified(9, "pass-app"))
	wantKind(t, "a check of somebody who was never admitted", err, booking.BadPass)
	elsewhere := identified(0, "pass-app")
	elsewhere.Opening = "o0720"
	_, err = s.Identify(t.Context(), elsewhere)
	wantKind(t, "a check for an opening that nobody was admitted to", err, booking.BadPass)
	for _, provider := range []string{"pass-app", "roster"} {
		got, err := s.Identify(t.Context(), identified(0, provider))
		if err != nil || got.Provider != "pass-app" {
			t.Fatalf("identify by %s: %+v, %v", provider, got, err)
		}
	}
	_, err = s.Book(t.Context(), asked(1, "key-b"))
	wantKind(t, "book on another person's check", err, booking.IdentityRequired)
	_, err = s.Identify(t.Context(), identified(2, "roster"))
	wantKind(t, "identify", err, "")
	if n := count(records(t, s), ledger.KindIdentity); n != 2 {
		t.Fatalf("%d records of checks, want 2", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	t.Cleanup(func() { s.Close() })
	for n, want := range []string{"pass-app", "", "roster", ""} {
		if provider, ok := s.Catalog().Identified(Opening, Person(n)); provider != want || ok != (want != "") {
			t.Fatalf("after reopening person %d was found by %q, want %q", n, provider, want)
		}
	}
	for n, kind := range []booking.Kind{"", booking.IdentityRequired, "", booking.IdentityRequired} {
		_, err := s.Book(t.Context(), asked(n, fmt.Sprint("key-", n)))
		wantKind(t, fmt.Sprintf("person %d books after reopening", n), err, kind)
	}
	_, err = s.Book(t.Context(), asked(0, "key-0"))
	wantKind(t, "the same order again", err, "")
	records(t, s)
}

// identityRace: many providers at once find one person, and one of them is recorded.
func identityRace(t *testing.T, open Factory) {
	const tries = 100
	s := fresh(t, open, Slots(1, 1, 1))
	admit(t, s, 1)
	var winner atomic.Value
	race(tries, func(n int) {
		got, err := s.Identify(t.Context(), identified(0, fmt.Sprint("provider-", n)))
		if err != nil {
			t.Error(err)
			return
		}
		if first := winner.Swap(got.Provider); first != nil && first != got.Provider {
			t.Errorf("both %s and %s were told to be the one", first, got.Provider)
		}
	})
	if n := count(records(t, s), ledger.KindIdentity); n != 1 {
		t.Fatalf("%d records", n)
	}
}
