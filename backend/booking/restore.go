package booking

import (
	"errors"
	"fmt"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/roster"
)

// RestoreSupply puts back what a store read from its disk about one opening, without a word in the ledger. Supplies
// come first, then admissions, then bookings.
func (s *State) RestoreSupply(in Import) {
	s.catalog = s.catalog.with(newSupply(in.Opening, in.Vaccine, in.Stock, 0).merge(in), nil)
}

// RestoreOpening is RestoreSupply for slots that need not all be at hand at once: put takes one after the other, about room
// of them, each of a clinic that the import names.
func (s *State) RestoreOpening(in Import, room int, slots func(put func(clinic.Slot)) error) error {
	made := newSupply(in.Opening, in.Vaccine, in.Stock, room)
	for _, c := range in.Clinics {
		made.putClinic(c)
	}
	var unknown error
	err := slots(func(slot clinic.Slot) {
		if made.Clinic(slot.Clinic) == nil {
			unknown = fmt.Errorf("booking: slot %q names the unknown clinic %q", slot.ID, slot.Clinic)
			return
		}
		made.putSlot(&slot, 0)
	})
	if err = errors.Join(err, unknown); err != nil {
		return err
	}
	made.sort()
	s.catalog = s.catalog.with(made, nil)
	return nil
}

// RestoreList puts back one list.
func (s *State) RestoreList(name string, people *roster.Set) {
	s.catalog = s.catalog.with(nil, roster.Lists{name: people})
}

// RestoreAdmission puts back one admission.
func (s *State) RestoreAdmission(a Admission) error {
	supply := s.catalog.Opening(a.Opening)
	if supply == nil {
		return fmt.Errorf("booking: an admission names the unknown opening %q", a.Opening)
	}
	s.people(a.Opening)[a.Subject] = &a
	supply.doses.admitted.Add(1)
	s.inside.enter(&a)
	return nil
}

// RestoreBooking puts back one booking.
func (s *State) RestoreBooking(b Booking) error {
	supply := s.catalog.Opening(b.Opening)
	if supply == nil || supply.Slot(b.Slot) == nil {
		return fmt.Errorf("booking: %s names the unknown slot %q of opening %q", b.No, b.Slot, b.Opening)
	}
	a := s.admitted[b.Opening][b.Subject]
	if a == nil {
		return fmt.Errorf("booking: %s rests on no admission to opening %q", b.No, b.Opening)
	}
	b.Sealed = nil
	s.bookings[b.No] = &b
	s.keys[key{b.Subject, b.KeyHash}] = b.No
	if b.Status != Booked {
		return nil
	}
	s.active[dose{b.Subject, b.Dose}] = b.No
	supply.take(supply.Slot(b.Slot), 1)
	s.inside.leave(a)
	return nil
}

// RestoreHold puts back one hold, be it over or not: that is for the first decision to see.
func (s *State) RestoreHold(h Hold) error {
	supply := s.catalog.Opening(h.Opening)
	if supply == nil || supply.Slot(h.Slot) == nil {
		return fmt.Errorf("booking: a hold names the unknown slot %q of opening %q", h.Slot, h.Opening)
	}
	s.hold(&heldDose{Hold: h})
	return nil
}

// RestoreNote remembers the id of an operator's change that the ledger has.
func (s *State) RestoreNote(id string) {
	if id != "" {
		s.noted[id] = true
	}
}
