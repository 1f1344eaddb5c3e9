package booking

import (
	"context"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// Moves are the days of a clinic to which a booking may move.
type Moves struct {
	Clinic *ClinicSupply
	Days   []DaySupply
}

// Moves finds where a booking may move to: at its own clinic, or at another one of its opening. A second dose stays within
// its time after the first.
func (s *Service) Moves(ctx context.Context, no, clinic string, c Caller, now time.Time) (Moves, error) {
	d, err := s.read(ctx, no, c) // nothing personal of it is shown
	if err != nil {
		return Moves{}, err
	}
	if d.Status != Booked {
		return Moves{}, Refuse(NoSuchBooking)
	}
	place := d.Place.Place
	if clinic != "" {
		if place = s.store.Catalog().Opening(d.Opening).Clinic(clinic); place == nil {
			return Moves{}, badField("clinic", "the opening has none such")
		}
	}
	days := place.DaysOf(d.Dose)
	if d.Dose == SecondDose && d.Pair != "" {
		first, err := s.store.Booking(ctx, d.Pair)
		if err != nil {
			return Moves{}, err
		}
		at, err := s.slotOf(first.Opening, first.Slot)
		if err != nil {
			return Moves{}, err
		}
		days = within(days, at, s.interval(d.Opening, now))
	}
	return Moves{Clinic: place, Days: days}, nil
}

// Elsewhere is where a booking may move to another clinic: what its opening has to give, and which dose and vaccine it needs.
type Elsewhere struct {
	Supply  *Supply
	Dose    int
	Vaccine string
}

// Elsewhere finds where else a booking may go; Moves then says on which days.
func (s *Service) Elsewhere(ctx context.Context, no string, c Caller) (Elsewhere, error) {
	d, err := s.read(ctx, no, c) // nothing personal of it is shown
	if err != nil {
		return Elsewhere{}, err
	}
	if d.Status != Booked {
		return Elsewhere{}, Refuse(NoSuchBooking)
	}
	return Elsewhere{Supply: s.store.Catalog().Opening(d.Opening), Dose: d.Dose, Vaccine: d.Place.Vaccine()}, nil
}

// within are the days on which a second dose may be.
func within(days []DaySupply, first *SlotSupply, interval int) []DaySupply {
	from, to := window(first, interval)
	if interval <= 0 {
		from, to = subject.DateOf(first.At()).AddDays(1), subject.Date{Year: 9999, Month: 12, Day: 31}
	}
	return slices.DeleteFunc(slices.Clone(days), func(d DaySupply) bool {
		return d.Day < from.String() || to.String() < d.Day
	})
}
