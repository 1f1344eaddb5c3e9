package booking

import (
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Change decides on a move. Moving to the slot where the booking is already changes nothing. A second dose goes along where
// it must, and may move by itself within its time.
func (s *State) Change(m Move) (Booking, *Effect, error) {
	s.Expire(m.At)
	old, supply, from, err := s.changeable(m.No, m.At)
	if err != nil {
		return Booking{}, nil, err
	}
	if old.Slot == m.Slot {
		return *old, nil, nil
	}
	to, err := s.movable(old, &m)
	if err != nil {
		return Booking{}, nil, err
	}
	steps := []step{newStep(old, from, to)}
	if second := s.secondOf(old); second != nil {
		at := supply.Slot(second.Slot)
		then, err := s.secondMove(second, to, m.Interval)
		if err != nil {
			return Booking{}, nil, err
		}
		if then != at {
			steps = append(steps, newStep(second, at, then))
		}
	}
	e := s.amend(supply, m.At, ledger.KindChange, s.along(steps, m.Tell), func() {})
	s.tellSteps(e, m.Tell, TellChanged, steps)
	return *e.Booking, e, nil
}

// step is what becomes of one booking: now takes the place of old, and its dose is taken from one slot and put in another.
type step struct {
	old, now *Booking
	from, to *SlotSupply // to is nil where the booking ends
	apart    bool        // its dose is set apart as a leftover one
	data     []byte      // of the ledger's record; nil where nothing but what its person was told changes
}

func newStep(old *Booking, from, to *SlotSupply) step {
	now, data := moved(old, to)
	return step{old: old, now: now, from: from, to: to, data: data}
}

// amend carries out steps, the one that was asked for first.
func (s *State) amend(supply *Supply, at time.Time, kind string, steps []step, undo func()) *Effect {
	var records [][]byte
	for i := range steps {
		s.do(supply, &steps[i])
		if steps[i].data != nil {
			records = append(records, steps[i].data)
		}
	}
	e := s.effects(at, kind, records, func() {
		for i := range steps {
			s.undo(supply, &steps[len(steps)-1-i])
		}
		undo()
	})
	e.Booking = steps[0].now
	if len(steps) > 1 && steps[1].data != nil {
		e.Second = steps[1].now
	}
	if steps[0].apart {
		e.Spare = s.spare(supply.ID, steps[0].from.ID)
	}
	return e
}

func (s *State) do(supply *Supply, st *step) {
	s.bookings.replace(st.now)
	if st.data == nil {
		return
	}
	if st.apart {
		s.setApart(supply, st.from, 1)
	} else {
		supply.take(st.from, st.old.Dose, -1)
	}
	if st.to != nil {
		supply.take(st.to, st.old.Dose, 1)
	} else {
		delete(s.active, dose{st.old.Subject, st.old.Dose})
	}
}

func (s *State) undo(supply *Supply, st *step) {
	s.bookings.replace(st.old)
	if st.data == nil {
		return
	}
	if st.to != nil {
		supply.take(st.to, st.old.Dose, -1)
	} else {
		s.active[dose{st.old.Subject, st.old.Dose}] = s.bookings.byNumber[numberOf(st.old.No)]
	}
	if st.apart {
		s.setApart(supply, st.from, -1)
	} else {
		supply.take(st.from, st.old.Dose, 1)
	}
}

// freeToMove is free for somebody who has a dose already: the opening's stock does not matter.
func (s *Supply) freeToMove(id string, dose int, now time.Time) (*SlotSupply, error) {
	slot, err := s.free(id, dose, now)
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
	b := s.booking(no)
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
// set apart as a leftover dose. With the first dose goes the second. The effect is nil when it was withdrawn before.
func (s *State) Cancel(w Withdrawal) (Booking, *Effect, error) {
	s.Expire(w.At)
	if b := s.booking(w.No); b != nil && b.Status == Cancelled {
		return *b, nil, nil
	}
	old, supply, slot, err := s.changeable(w.No, w.At)
	if err != nil {
		return Booking{}, nil, err
	}
	leftover := old.Dose == FirstDose && (w.Closed || supply.Unbooked() <= 0)
	steps := []step{newEnd(old, slot, &w, leftover)}
	if second := s.secondOf(old); second != nil {
		steps = append(steps, newEnd(second, supply.Slot(second.Slot), &w, false))
	}
	undo := func() {}
	if old.Dose == FirstDose {
		end := s.passEnd(old.Opening, old.Subject)
		s.inside.enter(end)
		undo = func() { s.inside.leave(end) }
	}
	e := s.amend(supply, w.At, ledger.KindCancel, s.along(steps, w.Tell), undo)
	s.tellSteps(e, w.Tell, TellCancelled, steps)
	return *e.Booking, e, nil
}

func newEnd(old *Booking, slot *SlotSupply, w *Withdrawal, leftover bool) step {
	ended := *old
	ended.Status, ended.EndedAt = Cancelled, w.At
	data := mustJSON(ledger.Cancel{No: old.No, Opening: old.Opening, Subject: old.Subject, Slot: old.Slot, By: w.By, Agent: w.Agent, Leftover: leftover})
	return step{old: old, now: &ended, from: slot, apart: leftover, data: data}
}
