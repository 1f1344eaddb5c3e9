package audit

import (
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// leftover plays on: somebody cancels when the stock is gone, and the dose is offered and taken. spoil changes the records
// before they are written.
func (s *site) leftover(spoil func(w *ledger.Wish, c *ledger.Cancel, o *ledger.Offer, b *ledger.Booking)) {
	var old ledger.Booking
	edit(s, s.nth(ledger.KindBooking, s.bookings-1), func(b *ledger.Booking) { old = *b })
	who := subject.ID{1, 2, 3}
	code := ledger.Hash{7}
	s.now = s.now.Add(time.Minute)
	w := ledger.Wish{Opening: theOpening, Subject: who, Region: "서울"}
	c := ledger.Cancel{No: old.No, Opening: theOpening, Subject: old.Subject, Slot: old.Slot, By: "person", Leftover: true}
	o := ledger.Offer{Opening: theOpening, Slot: old.Slot, Until: s.now.Add(15 * time.Minute), To: []ledger.Offered{{Subject: who, CodeSHA256: code}}}
	b := ledger.Booking{No: "LEFT0-VER00", Opening: theOpening, Subject: who, Dose: 1, Slot: old.Slot, PassSHA256: code, KeySHA256: ledger.Hash{9}}
	spoil(&w, &c, &o, &b)
	s.add(ledger.KindWish, w)
	s.add(ledger.KindCancel, c)
	s.add(ledger.KindOffer, o)
	s.now = s.now.Add(time.Minute)
	s.add(ledger.KindBooking, b)
	s.now = s.now.Add(2 * atTheEnd)
	s.event("rate", `{}`)
}

// TestOffersTakeThePlaceOfAdmissions: a leftover dose taken by its rules is lawful, and each rule broken is named.
func TestOffersTakeThePlaceOfAdmissions(t *testing.T) {
	type (
		wish   = ledger.Wish
		cancel = ledger.Cancel
		offer  = ledger.Offer
		book   = ledger.Booking
	)
	for name, row := range map[string]struct {
		spoil func(*wish, *cancel, *offer, *book)
		says  string
	}{
		"lawful":                 {func(*wish, *cancel, *offer, *book) {}, ""},
		"to somebody else":       {func(_ *wish, _ *cancel, _ *offer, b *book) { b.Subject[0]++ }, "somebody else"},
		"of another slot":        {func(_ *wish, _ *cancel, o *offer, _ *book) { o.Slot = "another" }, "another time"},
		"to who had not asked":   {func(w *wish, _ *cancel, _ *offer, _ *book) { w.Over = true }, "had not asked"},
		"too late":               {func(_ *wish, _ *cancel, o *offer, _ *book) { o.Until = o.Until.Add(-15 * time.Minute) }, "was over"},
		"of a code never given":  {func(_ *wish, _ *cancel, _ *offer, b *book) { b.PassSHA256[0]++ }, "Nobody was admitted"},
		"of a dose that was not": {func(_ *wish, c *cancel, _ *offer, _ *book) { c.Leftover = false }, "does not have"},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(120, 3, 7)
			s.leftover(row.spoil)
			s.cover()
			r, err := Reconcile(s.evidence(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if row.says == "" {
				if r.Outcome() != Holds {
					t.Fatal(tellAll(r))
				}
				return
			}
			if r.Outcome() != DoesNotHold || !strings.Contains(tellAll(r), row.says) {
				t.Fatalf("%d: %s", r.Outcome(), tellAll(r))
			}
		})
	}
}
