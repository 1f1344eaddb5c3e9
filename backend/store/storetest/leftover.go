package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// wishOf makes the n-th person's wish for any clinic of the region that Slots are in.
func wishOf(n int) booking.Wish {
	return booking.Wish{
		Opening: Opening, Subject: Person(n), Region: "서울", Code: booking.HashText(codeText("wish", n)),
		At: Now.Add(time.Duration(n) * time.Second), Sealed: []byte("sealed wish"),
	}
}

func codeText(what string, n int) string { return what + string(rune('a'+n)) }

// spared is a store whose only dose of slot 0 came back after the stock was gone.
func spared(t *testing.T, open Factory, dir string) booking.Store {
	t.Helper()
	s := open(t, dir)
	mustImport(t, s, Slots(1, 1, 1))
	admit(t, s, 1)
	placed, err := s.Book(t.Context(), OrderOf(0, SlotID(0), "key-a"))
	wantKind(t, "book", err, "")
	_, err = s.Cancel(t.Context(), booking.Withdrawal{No: placed.No, By: booking.ByPerson, At: Now})
	wantKind(t, "cancel", err, "")
	return s
}

// offerAll makes the offers that are due.
func offerAll(t *testing.T, s booking.Store, now time.Time) []booking.Offer {
	t.Helper()
	due, err := s.DueOffers(t.Context(), now)
	wantKind(t, "due", err, "")
	for i := range due {
		due[i].Tell = RecipientOf(i)
		due[i].Code = booking.HashText("offer " + due[i].Subject.String() + due[i].At.String())
	}
	if len(due) > 0 {
		wantKind(t, "offer", s.Offer(t.Context(), due), "")
	}
	return due
}

// takeOf makes the order by which an offer is taken.
func takeOf(o *booking.Offer, key string) booking.Order {
	order := OrderOf(0, o.Slot, key)
	order.Subject, order.Place, order.PassHash, order.BookedAt = o.Subject, booking.Place{}, o.Code, o.At
	return order
}

// leftovers checks that a dose that came back goes to those who asked, in their order, once, whoever of them is first, and
// that a restart in between changes nothing.
func leftovers(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := spared(t, open, dir)
	if o := s.Catalog().Opening(Opening); o.Left() != 0 || o.Booked() != 0 || o.Slot(SlotID(0)).Left() != 0 {
		t.Fatalf("%d left, %d booked, %d in the slot: the line must not get the dose", o.Left(), o.Booked(), o.Slot(SlotID(0)).Left())
	}
	for n := range booking.WaveOf + 3 {
		_, err := s.Wish(t.Context(), wishOf(n+1))
		wantKind(t, "wish", err, "")
	}
	first := offerAll(t, s, Now)
	if len(first) != booking.WaveOf || first[0].Subject != Person(1) || len(offerAll(t, s, Now)) != 0 {
		t.Fatalf("%d offers in the first wave", len(first))
	}
	if told := wantDue(t, s, Now, strings.Repeat(" offer", booking.WaveOf)[1:]); !told[0].Until.Equal(first[0].Until) || told[1].ID() == told[0].ID() {
		t.Fatalf("told %+v", told[0])
	}
	wantKind(t, "close", s.Close(), "")
	s = open(t, dir)
	later := Now.Add(booking.OfferFor)
	second := offerAll(t, s, later)
	if len(second) != 3 || second[0].Subject != Person(booking.WaveOf+1) {
		t.Fatalf("the second wave is %+v", second)
	}
	if _, state, err := s.OfferOf(t.Context(), first[0].Code, later); state != booking.OfferOver {
		t.Fatalf("an old offer is %q, %v", state, err)
	}
	_, err := s.Book(t.Context(), takeOf(&second[1], "key-b"))
	wantKind(t, "take", err, "")
	again, err := s.Book(t.Context(), takeOf(&second[1], "key-b"))
	if wantKind(t, "take again", err, ""); !again.Replayed {
		t.Fatal("the same key was not answered with the same booking")
	}
	wantDue(t, s, later, "") // nobody is offered any more what is gone
	_, err = s.Book(t.Context(), takeOf(&second[0], "key-c"))
	wantKind(t, "take what is gone", err, booking.LeftoverGone)
	wantKind(t, "close", s.Close(), "")
	s = open(t, dir)
	defer s.Close()
	if o := s.Catalog().Opening(Opening); o.Left() != 0 || o.Booked() != 1 {
		t.Fatalf("%d left, %d booked", o.Left(), o.Booked())
	}
	for i, want := range []booking.OfferState{booking.OfferGone, booking.OfferTaken, booking.OfferGone} {
		if _, state, err := s.OfferOf(t.Context(), second[i].Code, later); state != want {
			t.Fatalf("offer %d is %q, %v", i, state, err)
		}
	}
	if n := len(offerAll(t, s, later.Add(booking.OfferFor))); n != 0 {
		t.Fatalf("%d were offered what is gone", n)
	}
	if rs := records(t, s); count(rs, ledger.KindOffer) != 2 || count(rs, ledger.KindWish) != booking.WaveOf+3 {
		t.Fatalf("%d offers and %d wishes in the ledger", count(rs, ledger.KindOffer), count(rs, ledger.KindWish))
	}
}

// wishes checks who may wish, that a second wish keeps the order of the first, and that it ends.
func wishes(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := spared(t, open, dir)
	_, err := s.Wish(t.Context(), wishOf(1))
	wantKind(t, "wish", err, "")
	nowhere := wishOf(2)
	nowhere.Region = "제주"
	_, err = s.Wish(t.Context(), nowhere)
	wantKind(t, "a region without a clinic", err, booking.NoSuchArea)
	again := wishOf(1)
	again.At, again.Code, again.Sealed = Now.Add(time.Hour), booking.HashText("newer"), []byte("sealed anew")
	kept, err := s.Wish(t.Context(), again)
	if wantKind(t, "wish again", err, ""); !kept.At.Equal(wishOf(1).At) {
		t.Fatalf("asked at %v", kept.At)
	}
	wantKind(t, "close", s.Close(), "")
	s = open(t, dir)
	defer s.Close()
	read, err := s.WishOf(t.Context(), Opening, Person(1))
	if wantKind(t, "read", err, ""); string(read.Sealed) != "sealed anew" || !read.At.Equal(wishOf(1).At) || read.Code != again.Code {
		t.Fatalf("%+v", read)
	}
	wantKind(t, "the old code", s.Unwish(t.Context(), wishOf(1).Code, Now), booking.NoSuchWish)
	wantKind(t, "unwish", s.Unwish(t.Context(), again.Code, Now), "")
	wantKind(t, "unwish again", s.Unwish(t.Context(), again.Code, Now), booking.NoSuchWish)
	_, err = s.WishOf(t.Context(), Opening, Person(1))
	wantKind(t, "read what ended", err, booking.NoSuchWish)
	if n := len(offerAll(t, s, Now)); n != 0 {
		t.Fatalf("%d offers to people who no longer wish", n)
	}
	_, _, err = s.OfferOf(t.Context(), booking.HashText("no code"), Now)
	wantKind(t, "no offer", err, booking.NoSuchOffer)
}
