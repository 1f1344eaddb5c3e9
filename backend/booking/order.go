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
	if at, ok := s.keys[k]; ok {
		placed, err := s.replay(s.bookings.at(at), &o)
		return placed, nil, err
	}
	held := s.holds.of[holder{o.Opening, o.Subject}]
	s.release(held) // what was kept for this
	offer := s.offerFor(&o)
	want, err := s.orderable(&o, offer, held)
	if err != nil {
		s.hold(held)
		return Placed{}, nil, err
	}
	b := o.Booking
	b.Status, b.EndedAt, b.Pair = Booked, time.Time{}, ""
	o.Booking = b
	var second *Booking
	records := [][]byte{b.record()}
	if want.second != nil {
		second = o.placeSecond(want.second)
		b.Pair = second.No
		records = append(records, second.record())
	}
	s.keys[k] = s.enlist(&b, want.slot, offer)
	if second != nil {
		s.enlist(second, want.second, nil)
	}
	end := s.passEnd(b.Opening, b.Subject)
	s.inside.leave(end)
	wish := s.left.wishes[wishKey{b.Opening, b.Subject}]
	if wish != nil {
		s.left.unwish(wish)
	}
	e := s.effects(b.BookedAt, ledger.KindBooking, records, func() {
		s.strike(second, want.second, nil)
		s.strike(&b, want.slot, offer)
		delete(s.keys, k)
		s.hold(held)
		s.inside.enter(end)
		if wish != nil {
			s.left.wish(wish)
		}
	})
	e.Booking, e.Second, e.Unwished = &b, second, wish
	if offer != nil {
		e.Spare = s.spare(b.Opening, b.Slot)
	}
	if held != nil {
		e.Released = &held.Hold
	}
	if second != nil {
		s.tell(e, o.Tell, TellBooked, &b, second)
	} else {
		s.tell(e, o.Tell, TellBooked, &b)
	}
	if offer != nil {
		s.dropOffers(e, b.Opening, b.Slot)
	}
	return placed(&b, second), e, nil
}

// enlist puts a new booking into the state, and returns where it stands; strike takes it out, nil is none. One that rests on an
// offer takes a dose that was set apart.
func (s *State) enlist(b *Booking, slot *SlotSupply, offer *Offer) uint32 {
	at, _ := s.bookings.put(b) // orderable looked at the number
	s.active[dose{b.Subject, b.Dose}] = at
	s.withdraw(b, slot, offer, 1)
	return at
}

// withdraw takes n doses of a slot for a booking.
func (s *State) withdraw(b *Booking, slot *SlotSupply, offer *Offer, n int64) {
	supply := s.catalog.Opening(b.Opening)
	if offer != nil {
		s.setApart(supply, slot, -n)
		return
	}
	supply.take(slot, b.Dose, n)
}

func (s *State) strike(b *Booking, slot *SlotSupply, offer *Offer) {
	if b == nil {
		return
	}
	s.bookings.remove(b.No)
	delete(s.active, dose{b.Subject, b.Dose})
	s.withdraw(b, slot, offer, -1)
}

// placed is the answer to an order that made those bookings; second is nil where there is none.
func placed(b, second *Booking) Placed {
	p := Placed{Booking: *b}
	p.Sealed = nil
	if second != nil {
		copied := *second // the disk reads the other
		copied.Sealed = nil
		p.Second = &copied
	}
	return p
}

func (s *State) replay(b *Booking, o *Order) (Placed, error) {
	if b.BodyHash != o.BodyHash || b.Opening != o.Opening {
		return Placed{}, Refuse(KeyReused)
	}
	p := placed(b, s.booking(b.Pair))
	p.Replayed = true
	return p, nil
}

// wanted are the slots of an order.
type wanted struct {
	slot, second *SlotSupply // second is nil where there is none
}

// orderable finds out why an order cannot be placed, in the order in which a person would want to know. held is what was
// kept for it.
func (s *State) orderable(o *Order, offer *Offer, held *heldDose) (want wanted, err error) {
	switch {
	case offer != nil && s.hasBooked(o.Subject):
		err = Refuse(AlreadyBooked)
	case offer == nil:
		err = s.mayOrder(o.Opening, o.Subject, o.PassHash)
	}
	if _, known := s.identities.of(o.Opening, o.Subject); err == nil && o.Identity && !known {
		err = Refuse(IdentityRequired)
	}
	if err == nil {
		want, err = s.slotsFor(o, offer, held)
	}
	if err == nil && s.taken(o, want.second != nil) {
		err = Refuse(NumberTaken)
	}
	return want, err
}

// taken tells whether an order's numbers are in use, or too long to be.
func (s *State) taken(o *Order, second bool) bool {
	free := func(no string) bool { return numberOf(no) != (number{}) && !s.bookings.has(no) }
	return !free(o.No) || second && !free(o.Second.No)
}

// slotsFor finds the slots of an order and whether they have a dose left.
func (s *State) slotsFor(o *Order, offer *Offer, held *heldDose) (want wanted, err error) {
	if offer != nil {
		want.slot, err = s.takeable(offer, o.BookedAt)
	} else {
		want.slot, err = s.catalog.Opening(o.Opening).free(o.Slot, FirstDose, o.BookedAt)
	}
	if err == nil {
		want.second, err = s.secondFor(o, want.slot, held)
	}
	if offer != nil && KindOf(err) == SecondDoseFull {
		err = nil // better the first dose alone than one thrown away
	}
	return want, err
}

// secondFor finds the slot of an order's second dose: the one that the person was told when it was held.
func (s *State) secondFor(o *Order, first *SlotSupply, held *heldDose) (*SlotSupply, error) {
	if held != nil && held.Slot == o.Slot && held.Second != "" {
		if slot := s.catalog.Opening(o.Opening).Slot(held.Second); slot.Left() > 0 {
			return slot, nil
		}
	}
	return second(first, o.Interval)
}

// mayOrder finds out why somebody cannot order anything: they were not let in with that pass, or have a booking.
func (s *State) mayOrder(opening string, who subject.ID, pass ledger.Hash) error {
	a := s.admitted[opening].row(who)
	if a == nil || (a.pass != pass && a.before != pass) {
		return Refuse(BadPass)
	}
	if _, second := s.active[dose{who, SecondDose}]; second || s.hasBooked(who) {
		return Refuse(AlreadyBooked)
	}
	return nil
}

// free returns a slot of a dose that has one left.
func (s *Supply) free(id string, dose int, now time.Time) (*SlotSupply, error) {
	slot := s.Slot(id)
	switch {
	case slot == nil || slot.Dose() != dose:
		return nil, Refuse(NoSuchSlot)
	case !slot.At().After(now):
		return nil, Refuse(TooLate)
	case dose == FirstDose && s.Left() <= 0 && s.Held() > 0:
		return nil, Refuse(StockHeld)
	case dose == FirstDose && s.Left() <= 0:
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
