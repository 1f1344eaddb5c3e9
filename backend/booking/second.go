package booking

import (
	"math"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// SecondDose follows from the first: whoever books that has this one booked at the same clinic. It takes a dose of its slot
// and none of the opening's stock.
const SecondDose = 2

// secondWithin is how many days later than the interval asks a second dose may be.
const secondWithin = 14

// Kinds of refusal.
const (
	SecondDoseFull     Kind = "second_dose_full"     // the clinic has no second dose left in time for the first
	SecondDoseInterval Kind = "second_dose_interval" // too soon or too late after the first dose
)

// Second is what the caller of an order brings for the second dose, should there be one.
type Second struct {
	No     string // a fresh number
	Sealed []byte // personal data, encrypted for that number
}

// window are the days on which a second dose may be, first and last.
func window(first *SlotSupply, interval int) (from, to subject.Date) {
	from = subject.DateOf(first.At()).AddDays(interval)
	return from, from.AddDays(secondWithin)
}

// fits tells whether a second dose may be in a slot.
func (s *SlotSupply) fits(first *SlotSupply, interval int) bool {
	from, to := window(first, interval)
	day := subject.DateOf(s.At())
	return !day.Before(from) && !to.Before(day) && s.vaccine == first.vaccine
}

// second finds the slot of the second dose that goes with a first one: at the same clinic, of the same vaccine, on the
// first day after the interval on which a dose is left, and then nearest to the same time of day. It is nil where the clinic
// gives no second doses at all; where it has none left in time, the error is SecondDoseFull.
func second(first *SlotSupply, interval int) (*SlotSupply, error) {
	place := first.Place
	if interval <= 0 || len(place.Second) == 0 {
		return nil, nil
	}
	from, to := window(first, interval)
	for day := from; !to.Before(day); day = day.AddDays(1) {
		found := findDay(place.SecondDays, day.String())
		if found == nil {
			continue
		}
		same := day.At(0, 0).Add(first.At().Sub(subject.DateOf(first.At()).At(0, 0)))
		if slot := found.nearest(same, first); slot != nil {
			return slot, nil
		}
	}
	return nil, Refuse(SecondDoseFull)
}

// both returns a slot of first doses that has one left, and the slot of the second dose that goes with it.
func (s *Supply) both(id string, interval int, now time.Time) (first, then *SlotSupply, err error) {
	if first, err = s.free(id, FirstDose, now); err == nil {
		then, err = second(first, interval)
	}
	return first, then, err
}

// nearest returns the slot of the day with a dose of the same vaccine left that is nearest to a time, the earlier of two.
func (d *DaySupply) nearest(at time.Time, first *SlotSupply) *SlotSupply {
	var best *SlotSupply
	away := time.Duration(math.MaxInt64)
	for i := range d.Slots {
		s := &d.Slots[i]
		if by := s.At().Sub(at).Abs(); by < away && s.Left() > 0 && s.vaccine == first.vaccine {
			best, away = s, by
		}
	}
	return best
}

// secondOf returns the active second dose of a booking, nil where there is none.
func (s *State) secondOf(b *Booking) *Booking {
	if other := s.booking(b.Pair); b.Dose == FirstDose && other != nil && other.Status == Booked {
		return other
	}
	return nil
}

// placeSecond is the second booking of an order.
func (o *Order) placeSecond(slot *SlotSupply) *Booking {
	b := o.Booking
	b.No, b.Pair, b.Sealed = o.Second.No, o.No, o.Second.Sealed
	b.Dose, b.Slot = SecondDose, slot.ID
	return &b
}

// secondMove says where the second dose of a booking goes when its first dose moves: nowhere, mostly. It goes along to
// another clinic where that has room, and must move where the interval would no longer fit.
func (s *State) secondMove(b *Booking, to *SlotSupply, interval int) (*SlotSupply, error) {
	at := s.catalog.Opening(b.Opening).Slot(b.Slot)
	stays := interval <= 0 || at.fits(to, interval)
	if stays && (interval <= 0 || at.Place == to.Place) {
		return at, nil
	}
	found, err := second(to, interval)
	switch {
	case found != nil:
		return found, nil
	case stays:
		return at, nil
	case err == nil: // the clinic gives no second doses
		err = Refuse(SecondDoseFull)
	}
	return nil, err
}

// movable finds the slot to which a booking may move by itself.
func (s *State) movable(b *Booking, m *Move) (*SlotSupply, error) {
	supply := s.catalog.Opening(b.Opening)
	to, err := supply.freeToMove(m.Slot, b.Dose, m.At)
	if err != nil || b.Dose == FirstDose {
		return to, err
	}
	first := s.booking(b.Pair)
	if first == nil {
		return to, nil
	}
	at := supply.Slot(first.Slot)
	if m.Interval > 0 && !to.fits(at, m.Interval) || !at.At().Before(to.At()) {
		return nil, Refuse(SecondDoseInterval)
	}
	return to, nil
}

// moved is a booking in another slot, with what the ledger says of it.
func moved(old *Booking, to *SlotSupply) (*Booking, []byte) {
	b := *old
	b.Slot = to.ID
	return &b, mustJSON(ledger.Change{No: old.No, Opening: old.Opening, Subject: old.Subject, From: old.Slot, To: to.ID})
}
