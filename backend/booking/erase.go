package booking

import (
	"context"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/access"
)

// Erasure is how far erasing is.
type Erasure struct {
	Looked int64 `json:"looked"` // rows with personal data
	Due    int64 `json:"due"`    // of them over for long enough
	Erased int64 `json:"erased"`
}

// Erase removes the personal data of everything that was over before a time: bookings that were cancelled, or whose dose was
// due, before it, and wishes for leftover doses of openings whose last dose was. The rows stay without the data, and the
// ledger as it is. Dry, it only counts. tell hears how far it is, now and then.
func (s *Service) Erase(ctx context.Context, o Officer, before time.Time, dry bool, clock func() time.Time, tell func(Erasure)) (Erasure, error) {
	var e Erasure
	if err := o.check(); err != nil {
		return e, err
	}
	do := func(due []Resealed) error {
		e.Due += int64(len(due))
		if !dry {
			n, err := s.eraseRows(ctx, o, due, clock())
			if e.Erased += int64(n); err != nil {
				return err
			}
		}
		tell(e)
		return nil
	}
	if err := s.eachEndedBooking(ctx, before, &e.Looked, do); err != nil {
		return e, err
	}
	return e, s.eachEndedWish(ctx, before, &e.Looked, do)
}

func (s *Service) eraseRows(ctx context.Context, o Officer, due []Resealed, now time.Time) (int, error) {
	if len(due) == 0 {
		return 0, nil
	}
	seen := make([]Access, len(due))
	for i := range due {
		seen[i] = o.access(access.TaskErase, due[i].Subject, now)
	}
	if err := s.record(ctx, seen...); err != nil {
		return 0, err
	}
	return s.store.Reseal(ctx, due)
}

func (s *Service) eachEndedBooking(ctx context.Context, before time.Time, looked *int64, do func([]Resealed) error) error {
	for after := ""; ; {
		page, err := s.store.BookingsAfter(ctx, "", after, pageLen)
		if err != nil {
			return err
		}
		var due []Resealed
		for i := range page {
			b := &page[i]
			if after = b.No; b.Erased() {
				continue
			}
			*looked++
			ended, err := s.bothEnded(ctx, b, before)
			if err != nil {
				return err
			}
			if ended {
				due = append(due, Resealed{SealedRow: SealedRow{SealedBookings, b.No, b.Subject, b.Sealed}})
			}
		}
		if err := do(due); err != nil {
			return err
		}
		if len(page) < pageLen {
			return nil
		}
	}
}

// bothEnded tells whether a booking was over before a time, and the second dose with it: as long as that is to come, people
// look up both by the first one's number.
func (s *Service) bothEnded(ctx context.Context, b *Booking, before time.Time) (bool, error) {
	if !s.endedBefore(b, before) || b.Dose != FirstDose || b.Pair == "" {
		return s.endedBefore(b, before), nil
	}
	second, err := s.store.Booking(ctx, b.Pair)
	if err != nil {
		return false, err
	}
	return s.endedBefore(&second, before), nil
}

// endedBefore tells whether a booking was over before a time. One whose slot is unknown never is.
func (s *Service) endedBefore(b *Booking, before time.Time) bool {
	if b.Status == Cancelled {
		return b.EndedAt.Before(before)
	}
	supply := s.store.Catalog().Opening(b.Opening)
	if supply == nil {
		return false
	}
	slot := supply.Slot(b.Slot)
	return slot != nil && slot.At().Before(before)
}

func (s *Service) eachEndedWish(ctx context.Context, before time.Time, looked *int64, do func([]Resealed) error) error {
	over := map[string]bool{}
	for id, supply := range s.store.Catalog().Openings() {
		over[id] = supply.lastSlot().Before(before)
	}
	for after := ""; ; {
		page, err := s.store.SealedAfter(ctx, SealedWishes, after, pageLen)
		if err != nil {
			return err
		}
		var due []Resealed
		for _, row := range page {
			*looked++
			after = row.Key
			if opening, _, _ := strings.Cut(row.Key, " "); over[opening] {
				due = append(due, Resealed{SealedRow: row})
			}
		}
		if err := do(due); err != nil {
			return err
		}
		if len(page) < pageLen {
			return nil
		}
	}
}

// lastSlot is when the last dose of an opening is due.
func (s *Supply) lastSlot() (last time.Time) {
	for _, c := range s.Clinics {
		if n := len(c.Slots); n > 0 && c.Slots[n-1].At().After(last) {
			last = c.Slots[n-1].At()
		}
	}
	return last
}
