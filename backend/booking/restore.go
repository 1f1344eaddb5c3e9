package booking

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/roster"
)

// RestoreSupply puts back what a store read from its disk about one opening, without a word in the ledger. Supplies
// come first, then admissions and offers, then bookings, then what is set apart.
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
	s.people(a.Opening).put(&a)
	supply.doses.admitted.Add(1)
	s.inside.enter(instantOf(a.ExpiresAt))
	return nil
}

// RestoreBooking puts back one booking.
func (s *State) RestoreBooking(b Booking) error {
	supply := s.catalog.Opening(b.Opening)
	if supply == nil || supply.Slot(b.Slot) == nil {
		return fmt.Errorf("booking: %s names the unknown slot %q of opening %q", b.No, b.Slot, b.Opening)
	}
	if s.admitted[b.Opening].row(b.Subject) == nil && s.left.offers[b.PassHash] == nil {
		return fmt.Errorf("booking: %s rests on no admission to, or offer of, opening %q", b.No, b.Opening)
	}
	at, err := s.bookings.put(&b)
	if err != nil {
		return err
	}
	if b.Dose == FirstDose {
		s.keys[key{b.Subject, b.KeyHash}] = at
	}
	if b.Status != Booked {
		return nil
	}
	s.active[dose{b.Subject, b.Dose}] = at
	supply.take(supply.Slot(b.Slot), b.Dose, 1)
	if b.Dose == FirstDose {
		s.inside.leave(s.passEnd(b.Opening, b.Subject))
	}
	return nil
}

// RestoreHold puts back one hold, be it over or not: that is for the first decision to see.
func (s *State) RestoreHold(h Hold) error {
	supply := s.catalog.Opening(h.Opening)
	if supply == nil || supply.Slot(h.Slot) == nil || h.Second != "" && supply.Slot(h.Second) == nil {
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

// RestoreWish puts back one wish.
func (s *State) RestoreWish(w Wish) {
	w.Sealed = nil
	s.left.wish(&w)
}

// RestoreOffer puts back one offer, in the order in which they were made.
func (s *State) RestoreOffer(o Offer) { s.left.offered(&o) }

// RestoreSpare puts back how many doses of a slot are set apart.
func (s *State) RestoreSpare(spare Spare) error {
	supply := s.catalog.Opening(spare.Opening)
	if supply == nil || supply.Slot(spare.Slot) == nil {
		return fmt.Errorf("booking: a leftover dose is of the unknown slot %q of opening %q", spare.Slot, spare.Opening)
	}
	supply.take(supply.Slot(spare.Slot), FirstDose, spare.Doses)
	s.setApart(supply, supply.Slot(spare.Slot), spare.Doses)
	return nil
}

// Spares returns what is set apart in slots still to come, by opening and slot.
func (s *State) Spares(now time.Time) []Spare {
	var out []Spare
	for _, opening := range slices.Sorted(maps.Keys(s.left.spares)) {
		supply := s.catalog.Opening(opening)
		for _, slot := range slices.Sorted(maps.Keys(s.left.spares[opening])) {
			if supply.Slot(slot).At().After(now) {
				out = append(out, Spare{Opening: opening, Slot: slot, Doses: s.left.spare(opening, slot)})
			}
		}
	}
	return out
}
