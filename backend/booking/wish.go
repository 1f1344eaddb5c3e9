package booking

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/ledger"
)

// Wish decides on a wish. Wishing the same again answers the first one, with the newer code.
func (s *State) Wish(w Wish) (Wish, *Effect, error) {
	supply := s.catalog.Opening(w.Opening)
	if supply == nil || !supply.gives(w.Region, w.Clinic) {
		return Wish{}, nil, Refuse(NoSuchArea)
	}
	if s.hasBooked(w.Subject) {
		return Wish{}, nil, Refuse(AlreadyBooked)
	}
	old, now := s.left.wishes[wishKey{w.Opening, w.Subject}], w.At
	if old != nil && old.Region == w.Region && old.Clinic == w.Clinic {
		w.At = old.At
	}
	kept := w
	kept.Sealed = nil
	if old != nil {
		s.left.unwish(old)
	}
	s.left.wish(&kept)
	data := mustJSON(ledger.Wish{Opening: w.Opening, Subject: w.Subject, Region: w.Region, Clinic: w.Clinic})
	e := s.effect(now, ledger.KindWish, data, func() {
		s.left.unwish(&kept)
		if old != nil {
			s.left.wish(old)
		}
	})
	e.Wish = &w
	return kept, e, nil
}

// Unwish decides on the end of a wish. Whose it is says the code; ending it again answers the same and changes nothing.
func (s *State) Unwish(code ledger.Hash, at time.Time) (*Effect, error) {
	w := s.left.byCode[code]
	if w == nil {
		return nil, Refuse(NoSuchWish)
	}
	s.left.unwish(w)
	data := mustJSON(ledger.Wish{Opening: w.Opening, Subject: w.Subject, Over: true})
	e := s.effect(at, ledger.KindWish, data, func() { s.left.wish(w) })
	e.Unwished = w
	return e, nil
}

// gives tells whether an opening has a clinic in a region.
func (s *Supply) gives(region, clinic string) bool {
	if clinic != "" {
		c := s.Clinic(clinic)
		return c != nil && c.Region == region
	}
	for _, c := range s.Clinics {
		if c.Region == region {
			return true
		}
	}
	return false
}

// Offer decides on offers of one leftover dose, made at one time to several people.
func (s *State) Offer(offers []Offer) (*Effect, error) {
	first := &offers[0]
	if s.left.spare(first.Opening, first.Slot) == 0 {
		return nil, Refuse(SlotFull)
	}
	record := ledger.Offer{Opening: first.Opening, Slot: first.Slot, Until: first.Until}
	for i := range offers {
		offers[i].Event = s.head.Seq + 1
		s.left.offered(&offers[i])
		record.To = append(record.To, ledger.Offered{Subject: offers[i].Subject, CodeSHA256: offers[i].Code})
	}
	e := s.effect(first.At, ledger.KindOffer, mustJSON(record), func() {
		for i := len(offers) - 1; i >= 0; i-- {
			s.left.unoffered(&offers[i])
		}
	})
	e.Offers = offers
	for i := range offers {
		e.tellOffer(&offers[i])
	}
	return e, nil
}

// tellOffer adds the messages of an offer.
func (e *Effect) tellOffer(o *Offer) {
	for _, channel := range o.Tell.Channels {
		e.Messages = append(e.Messages, Message{
			Number: numberMessage(o.Event, len(e.Messages)), Channel: channel, DueAt: o.At, NextAt: o.At, Sealed: o.Tell.Sealed,
			Body: Body{
				Kind: TellOffer, Lang: o.Tell.Lang, About: hex.EncodeToString(o.Code[:aboutOffer]), Subject: o.Subject,
				Opening: o.Opening, Doses: []DoseFact{{Dose: FirstDose, Slot: o.Slot}}, Until: o.Until,
			},
		})
	}
}

// aboutOffer is how many bytes of a code's hash name its messages.
const aboutOffer = 6

// dropOffers keeps messages from going out that offer what was just taken.
func (s *State) dropOffers(e *Effect, opening, slot string) {
	if s.left.spare(opening, slot) > 0 {
		return
	}
	for _, o := range s.left.asked[spot{opening, slot}] {
		if !slices.Contains(e.Dropped, o.Event) {
			e.Dropped = append(e.Dropped, o.Event)
		}
	}
}
