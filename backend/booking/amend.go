package booking

import (
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Change decides on a move. Moving to the slot where the booking is already changes nothing.
func (s *State) Change(m Move) (Booking, *Effect, error) {
	s.Expire(m.At)
	old, supply, from, err := s.changeable(m.No, m.At)
	if err != nil {
		return Booking{}, nil, err
	}
	if old.Slot == m.Slot {
		return *old, nil, nil
	}
	to, err := supply.freeToMove(m.Slot, m.At)
	if err != nil {
		return Booking{}, nil, err
	}
	moved := *old
	moved.Slot = m.Slot
	data := mustJSON(ledger.Change{No: old.No, Opening: old.Opening, Subject: old.Subject, From: old.Slot, To: m.Slot})
	s.bookings[m.No] = &moved
	supply.take(from, -1)
	supply.take(to, 1)
	e := s.effect(m.At, ledger.KindChange, data, func() {
		s.bookings[m.No] = old
		supply.take(to, -1)
		supply.take(from, 1)
	})
	e.Booking = &moved
	s.tell(e, m.Tell, TellChanged, &moved)
	return moved, e, nil
}

// freeToMove is free for somebody who has a dose already: the opening's stock does not matter.
func (s *Supply) freeToMove(id string, now time.Time) (*SlotSupply, error) {
	slot, err := s.free(id, now)
	if kind := KindOf(err); kind != StockGone && kind != StockHeld {
		return slot, err
	}
	if slot = s.Slot(id); slot.Left() == 0 {
		return nil, Refuse(SlotFull)
	}
	return slot, nil
}

// changeable returns an active booking that is not too near to change.
func (s *State) changeable(no string, now time.Time) (*Booking, *Supply, *SlotSupply, error) {
	b := s.bookings[no]
	if b == nil || b.Status != Booked {
		return nil, nil, nil, Refuse(NoSuchBooking)
	}
	supply := s.catalog.Opening(b.Opening)
	slot := supply.Slot(b.Slot)
	if now.After(ChangeBy(slot.At())) {
		return nil, nil, nil, Refuse(TooLate)
	}
	return b, supply, slot, nil
}

// ChangeBy is the last second in which the booking of a slot may be changed or cancelled: the end, in Korea, of the
// second day before the slot's.
func ChangeBy(slot time.Time) time.Time {
	return subject.DateOf(slot).AddDays(-1).At(0, 0).Add(-time.Second)
}

// Cancel decides on a withdrawal; slot and stock get the dose back, or, where nobody can book it any more in the line, it is
// set apart as a leftover dose. The effect is nil when it was withdrawn before.
func (s *State) Cancel(w Withdrawal) (Booking, *Effect, error) {
	s.Expire(w.At)
	if b := s.bookings[w.No]; b != nil && b.Status == Cancelled {
		return *b, nil, nil
	}
	old, supply, slot, err := s.changeable(w.No, w.At)
	if err != nil {
		return Booking{}, nil, err
	}
	ended := *old
	ended.Status, ended.EndedAt = Cancelled, w.At
	d := dose{old.Subject, old.Dose}
	leftover := old.Dose == FirstDose && (w.Closed || supply.Left()+supply.Held() <= 0)
	data := mustJSON(ledger.Cancel{No: old.No, Opening: old.Opening, Subject: old.Subject, Slot: old.Slot, By: w.By, Agent: w.Agent, Leftover: leftover})
	s.bookings[w.No] = &ended
	delete(s.active, d)
	var spare *Spare
	if leftover {
		spare = s.setApart(supply, slot, 1)
	} else {
		supply.take(slot, -1)
	}
	admission := s.admitted[old.Opening][old.Subject]
	s.inside.enter(admission)
	e := s.effect(w.At, ledger.KindCancel, data, func() {
		s.bookings[w.No], s.active[d] = old, old.No
		if leftover {
			s.setApart(supply, slot, -1)
		} else {
			supply.take(slot, 1)
		}
		s.inside.leave(admission)
	})
	e.Booking, e.Spare = &ended, spare
	s.tell(e, w.Tell, TellCancelled, &ended)
	return ended, e, nil
}
