package booking

import (
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Hold is a dose that is kept for somebody while they fill the form. There is at most one per (Opening, Subject). A dose
// that is held counts as not left, and is free again at ExpiresAt without anybody's doing.
type Hold struct {
	Opening   string
	Subject   subject.ID
	Slot      string
	Second    string // the slot of the second dose that goes with it; empty: none
	ExpiresAt time.Time
}

// Claim asks for a hold until ExpiresAt, under a pass that must have been verified. Second is the caller's to leave empty.
type Claim struct {
	Hold
	PassHash ledger.Hash
	Interval int // days to the second dose; 0: there is none
	At       time.Time
}

// Hold decides on a claim. Holding the slot that is held already changes nothing, its end included; another slot takes
// its place.
func (s *State) Hold(c Claim) (Hold, *Effect, error) {
	s.Expire(c.At)
	if err := s.mayOrder(c.Opening, c.Subject, c.PassHash); err != nil {
		return Hold{}, nil, err
	}
	old := s.holds.of[holder{c.Opening, c.Subject}]
	if old != nil && old.Slot == c.Slot {
		return old.Hold, nil, nil
	}
	s.release(old) // somebody's own hold is never in their way
	made := &heldDose{Hold: c.Hold}
	if err := s.holdable(made, &c); err != nil {
		s.hold(old)
		return Hold{}, nil, err
	}
	s.hold(made)
	e := &Effect{Hold: &made.Hold, undo: func() {
		s.release(made)
		s.hold(old)
	}}
	return made.Hold, e, nil
}

// holdable finds out why a dose cannot be held, and which second one goes with it.
func (s *State) holdable(h *heldDose, c *Claim) error {
	if !h.ExpiresAt.After(c.At) {
		return Refuse(BadPass)
	}
	_, second, err := s.catalog.Opening(h.Opening).both(h.Slot, c.Interval, c.At)
	if second != nil {
		h.Second = second.ID
	}
	return err
}

// Holding tells what somebody holds; NoHold where that is nothing.
func (s *State) Holding(opening string, who subject.ID, now time.Time) (Hold, error) {
	s.Expire(now)
	h := s.holds.of[holder{opening, who}]
	if h == nil {
		return Hold{}, Refuse(NoHold)
	}
	return h.Hold, nil
}

// Release gives back what somebody holds; the effect is nil where that is nothing.
func (s *State) Release(opening string, who subject.ID, now time.Time) *Effect {
	s.Expire(now)
	h := s.holds.of[holder{opening, who}]
	if h == nil {
		return nil
	}
	s.release(h)
	return &Effect{Released: &h.Hold, undo: func() { s.hold(h) }}
}

// Expire gives back what was held until now at the latest. Undo does not bring it back: time does not run back either.
func (s *State) Expire(now time.Time) {
	for {
		h := s.holds.first()
		if h == nil || h.ExpiresAt.After(now) {
			return
		}
		s.release(h)
		if s.holds.ended.Before(h.ExpiresAt) {
			s.holds.ended = h.ExpiresAt
		}
	}
}

// HoldsEnd tells whether Expire has anything to do. It may be called by any goroutine.
func (s *State) HoldsEnd(now time.Time) bool { return now.UnixNano() >= s.holds.due.Load() }

// Sweep returns the effect that takes the holds off the disk that have run out since the last one, nil where none have.
func (s *State) Sweep() *Effect {
	until := s.holds.ended
	if until.IsZero() {
		return nil
	}
	s.holds.ended = time.Time{}
	return &Effect{Swept: until, undo: func() {
		if s.holds.ended.Before(until) {
			s.holds.ended = until
		}
	}}
}

// hold puts a hold into the state and release takes it out; nil is none, and what has run out is out already.
func (s *State) hold(h *heldDose) {
	if h != nil {
		s.holds.put(h)
		s.setAside(h, 1)
	}
}

func (s *State) release(h *heldDose) {
	if h != nil && s.holds.of[holder{h.Opening, h.Subject}] == h {
		s.holds.remove(h)
		s.setAside(h, -1)
	}
}

func (s *State) setAside(h *heldDose, n int64) {
	supply := s.catalog.Opening(h.Opening)
	supply.keep(supply.Slot(h.Slot), n)
	if h.Second != "" {
		supply.keep(supply.Slot(h.Second), n)
	}
}
