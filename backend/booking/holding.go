package booking

import (
	"context"
	"time"

	"github.com/daemun/daemun/gateway/pass"
)

// HoldDetail is a hold with all that its holder may see.
type HoldDetail struct {
	Hold
	Place  *SlotSupply
	Second *Appointment // the second dose that goes with it; nil: none
}

// Hold keeps a dose for the holder of a pass, which must have been verified, while they fill the form.
func (s *Service) Hold(ctx context.Context, p *pass.Pass, text, slot string, now time.Time) (HoldDetail, error) {
	o, err := s.OpeningOf(p, now)
	switch {
	case err != nil:
		return HoldDetail{}, err
	case now.Before(s.opensAt(o)):
		return HoldDetail{}, Refuse(NotOpenYet)
	case slot == "":
		return HoldDetail{}, badField("slot", "empty")
	}
	held, err := s.store.Hold(ctx, Claim{
		Hold:     Hold{Opening: o.ID, Subject: p.Subject, Slot: slot, ExpiresAt: holdEnd(o.HoldFor(), p, now)},
		PassHash: HashText(text), Interval: o.DoseIntervalDays, At: onDisk(now),
	})
	if err != nil {
		return HoldDetail{}, err
	}
	return s.holdDetail(&held)
}

// holdEnd is when a hold ends that is made now: with the pass at the latest.
func holdEnd(lasts time.Duration, p *pass.Pass, now time.Time) time.Time {
	end := now.Add(lasts)
	if p.ExpiresAt.Before(end) {
		end = p.ExpiresAt
	}
	return onDisk(end)
}

// RehearseHold checks what Hold checks, for the pass of a rehearsal, and holds nothing.
func (s *Service) RehearseHold(p *pass.Pass, text, slot string, now time.Time) (HoldDetail, error) {
	o, err := s.Rehearsing(p, text, now)
	if err != nil {
		return HoldDetail{}, err
	}
	if slot == "" {
		return HoldDetail{}, badField("slot", "empty")
	}
	supply := s.store.Catalog().Opening(o.ID)
	if supply == nil {
		return HoldDetail{}, Refuse(NoSuchSlot)
	}
	_, second, err := supply.both(slot, o.DoseIntervalDays, now)
	if err != nil {
		return HoldDetail{}, err
	}
	h := Hold{Opening: o.ID, Subject: p.Subject, Slot: slot, ExpiresAt: holdEnd(o.HoldFor(), p, now)}
	if second != nil {
		h.Second = second.ID
	}
	return s.holdDetail(&h)
}

// Holding tells what the holder of a pass, which must have been verified, keeps; NoHold where that is nothing.
func (s *Service) Holding(ctx context.Context, p *pass.Pass, now time.Time) (HoldDetail, error) {
	o, err := s.OpeningOf(p, now)
	if err != nil {
		return HoldDetail{}, err
	}
	held, err := s.store.Holding(ctx, o.ID, p.Subject, now)
	if err != nil {
		return HoldDetail{}, err
	}
	return s.holdDetail(&held)
}

// Release gives back what the holder of a pass, which must have been verified, keeps; nothing is no error.
func (s *Service) Release(ctx context.Context, p *pass.Pass, now time.Time) error {
	o, err := s.OpeningOf(p, now)
	if err != nil {
		return err
	}
	return s.store.Release(ctx, o.ID, p.Subject, now)
}

func (s *Service) holdDetail(h *Hold) (HoldDetail, error) {
	place, err := s.slotOf(h.Opening, h.Slot)
	if err != nil || h.Second == "" {
		return HoldDetail{Hold: *h, Place: place}, err
	}
	second, err := s.slotOf(h.Opening, h.Second)
	return HoldDetail{Hold: *h, Place: place, Second: &Appointment{Dose: SecondDose, Place: second}}, err
}
