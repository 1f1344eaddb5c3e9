package booking

import (
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Book decides on an order.
func (s *State) Book(o Order) (Placed, *Effect, error) {
	s.Expire(o.BookedAt)
	k := key{o.Subject, o.KeyHash}
	if no, ok := s.keys[k]; ok {
		placed, err := s.replay(no, &o)
		return placed, nil, err
	}
	held := s.holds.of[holder{o.Opening, o.Subject}]
	s.release(held) // what was kept for this
	offer := s.offerFor(&o)
	supply, slot, err := s.orderable(&o, offer)
	if err != nil {
		s.hold(held)
		return Placed{}, nil, err
	}
	b := o.Booking
	b.Status, b.EndedAt = Booked, time.Time{}
	d := dose{b.Subject, b.Dose}
	kept := b
	kept.Sealed = nil
	s.bookings[b.No], s.active[d], s.keys[k] = &kept, b.No, b.No
	var spare *Spare
	if offer == nil {
		supply.take(slot, 1)
	} else {
		spare = s.setApart(supply, slot, -1)
	}
	admission := s.admitted[b.Opening][b.Subject]
	s.inside.leave(admission)
	wish := s.left.wishes[wishKey{b.Opening, b.Subject}]
	if wish != nil {
		s.left.unwish(wish)
	}
	e := s.effect(b.BookedAt, ledger.KindBooking, b.record(), func() {
		delete(s.bookings, b.No)
		delete(s.active, d)
		delete(s.keys, k)
		if offer == nil {
			supply.take(slot, -1)
		} else {
			s.setApart(supply, slot, 1)
		}
		s.hold(held)
		s.inside.enter(admission)
		if wish != nil {
			s.left.wish(wish)
		}
	})
	e.Booking, e.Spare, e.Unwished = &b, spare, wish
	if held != nil {
		e.Released = &held.Hold
	}
	s.tell(e, o.Tell, TellBooked, &kept)
	if offer != nil {
		s.dropOffers(e, b.Opening, b.Slot)
	}
	return Placed{Booking: kept}, e, nil
}

func (s *State) replay(no string, o *Order) (Placed, error) {
	b := s.bookings[no]
	if b.BodyHash != o.BodyHash || b.Opening != o.Opening {
		return Placed{}, Refuse(KeyReused)
	}
	return Placed{Booking: *b, Replayed: true}, nil
}

// orderable finds out why an order cannot be placed, in the order in which a person would want to know.
func (s *State) orderable(o *Order, offer *Offer) (supply *Supply, slot *SlotSupply, err error) {
	if offer == nil {
		err = s.mayOrder(o.Opening, o.Subject, o.PassHash)
	} else if s.hasBooked(o.Subject) {
		err = Refuse(AlreadyBooked)
	}
	if err != nil {
		return nil, nil, err
	}
	if _, known := s.identities.of(o.Opening, o.Subject); o.Identity && !known {
		return nil, nil, Refuse(IdentityRequired)
	}
	if offer != nil {
		supply, slot, err = s.takeable(offer, o.BookedAt)
	} else {
		supply = s.catalog.Opening(o.Opening)
		slot, err = supply.free(o.Slot, o.BookedAt)
	}
	if err != nil {
		return nil, nil, err
	}
	if s.bookings[o.No] != nil {
		return nil, nil, Refuse(NumberTaken)
	}
	return supply, slot, nil
}

// mayOrder finds out why somebody cannot order anything: they were not let in with that pass, or have a booking.
func (s *State) mayOrder(opening string, who subject.ID, pass ledger.Hash) error {
	a := s.admitted[opening][who]
	if a == nil || (a.PassHash != pass && a.Before != pass) {
		return Refuse(BadPass)
	}
	if s.hasBooked(who) {
		return Refuse(AlreadyBooked)
	}
	return nil
}

// free returns a slot that has a dose left.
func (s *Supply) free(id string, now time.Time) (*SlotSupply, error) {
	slot := s.Slot(id)
	switch {
	case slot == nil:
		return nil, Refuse(NoSuchSlot)
	case !slot.At().After(now):
		return nil, Refuse(TooLate)
	case s.Left() <= 0 && s.Held() > 0:
		return nil, Refuse(StockHeld)
	case s.Left() <= 0:
		return nil, Refuse(StockGone)
	case slot.Left() == 0:
		return nil, Refuse(SlotFull)
	}
	return slot, nil
}

func (b *Booking) record() []byte {
	r := ledger.Booking{
		No: b.No, Opening: b.Opening, Subject: b.Subject, Dose: b.Dose, Slot: b.Slot,
		Epoch: b.Place.Epoch, Rank: ledger.Rank(b.Place.Rank), PassSHA256: b.PassHash, KeySHA256: b.KeyHash,
		Via: b.Via.Lane, Agent: b.Via.Agent,
	}
	return r.AppendJSON(make([]byte, 0, 384))
}
