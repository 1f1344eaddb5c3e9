package booking

import (
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Visit is what became of an appointment, by the word of its clinic; empty: nothing said yet.
type Visit string

// Visits.
const (
	Arrived    Visit = "arrived"
	Vaccinated Visit = "vaccinated"
	NoShow     Visit = "no_show"
)

// Mark is a clinic's word on one appointment.
type Mark struct {
	No     string
	Clinic string // whose word it is
	Visit  Visit
	By     string // of the clinic's certificate
	At     time.Time
}

// Mark decides on a clinic's word. Nobody's booking but the clinic's own can be marked, and only on its day and the one
// after it, for paperwork; a no-show not before its half hour. The newest word counts, each one is in the ledger; the
// effect is nil where it says what was said before.
func (s *State) Mark(m Mark) (Booking, *Effect, error) {
	old := s.booking(m.No)
	if old == nil || old.Status != Booked {
		return Booking{}, nil, Refuse(NoSuchBooking)
	}
	slot := s.catalog.Opening(old.Opening).Slot(old.Slot)
	if slot.Place.ID != m.Clinic {
		return Booking{}, nil, Refuse(NoSuchBooking)
	}
	day, today := subject.DateOf(slot.At()), subject.DateOf(m.At)
	switch {
	case m.Visit != Arrived && m.Visit != Vaccinated && m.Visit != NoShow:
		return Booking{}, nil, badField("visit", "unknown")
	case today != day && today != day.AddDays(1), m.Visit == NoShow && m.At.Before(slot.At()):
		return Booking{}, nil, Refuse(NotThatDay)
	case old.Visit == m.Visit:
		return *old, nil, nil
	}
	marked := *old
	marked.Visit = m.Visit
	s.bookings.replace(&marked)
	data := mustJSON(ledger.Visit{
		No: m.No, Opening: old.Opening, Subject: old.Subject, Clinic: m.Clinic, Slot: old.Slot, Visit: string(m.Visit), By: m.By,
	})
	e := s.effect(m.At, ledger.KindVisit, data, func() { s.bookings.replace(old) })
	e.Booking = &marked
	return marked, e, nil
}
