package booking

import (
	"context"
	"encoding/json"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
)

// Note records an operator's change in the ledger and heeds it.
func (s *Service) Note(ctx context.Context, n ledger.Opening, now time.Time) error {
	if n.Opening == "" && !n.Everywhere() || n.Action == "" || n.By == "" {
		return badField("event", "needs opening, action and by")
	}
	if err := s.store.Note(ctx, n, now); err != nil {
		return err
	}
	if n.Opening != "" {
		s.heed(&n)
	}
	return nil
}

// heed takes over when an opening begins and ends, where operators moved that. What they only asked for and nobody confirmed
// leaves the state after it as it was. What has opened is open, however this machine's clock is set later.
func (s *Service) heed(n *ledger.Opening) {
	var after struct {
		State    string    `json:"state"`
		OpensAt  time.Time `json:"opens_at"`
		ClosesAt time.Time `json:"closes_at"`
		Reached  string    `json:"reached"`
	}
	if json.Unmarshal(n.After, &after) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case after.Reached == reachedOpen:
		s.opened[n.Opening] = time.Time{}
	case !after.OpensAt.IsZero():
		s.opened[n.Opening] = after.OpensAt
	}
	switch {
	case after.State == stateClosed || after.Reached == stateClosed:
		s.closed[n.Opening] = time.Time{}
	case !after.ClosesAt.IsZero():
		s.closed[n.Opening] = after.ClosesAt
	default:
		delete(s.closed, n.Opening)
	}
}

// How the gateway says that an opening has begun, or is over: gateway/opening.
const (
	reachedOpen = "open"
	stateClosed = "closed"
)

func (s *Service) opensAt(o *cohort.Opening) time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if at, ok := s.opened[o.ID]; ok {
		return at
	}
	return o.OpensAt
}

// isClosed tells whether an opening is over; one that no schedule has any more is.
func (s *Service) isClosed(opening string, now time.Time) bool {
	o := s.schedules.Load().at(now).Opening(opening)
	if o == nil {
		return true
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if at, ok := s.closed[opening]; ok {
		return !now.Before(at)
	}
	return !now.Before(o.ClosesAt)
}
