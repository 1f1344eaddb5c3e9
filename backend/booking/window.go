package booking

import (
	"context"
	"encoding/json"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
)

// Actions of operators that move the time from which bookings are taken.
const (
	actionOpen     = "open"     // opens now, whatever the schedule says
	actionPostpone = "postpone" // opens at what "after" names as opens_at
)

// Note records an operator's change in the ledger and heeds it.
func (s *Service) Note(ctx context.Context, n ledger.Opening, now time.Time) error {
	if n.Opening == "" || n.Action == "" || n.By == "" {
		return badField("event", "needs opening, action and by")
	}
	if err := s.store.Note(ctx, n, now); err != nil {
		return err
	}
	s.heed(&n, now)
	return nil
}

func (s *Service) heed(n *ledger.Opening, at time.Time) {
	switch n.Action {
	case actionOpen:
	case actionPostpone:
		var after struct {
			OpensAt time.Time `json:"opens_at"`
		}
		if json.Unmarshal(n.After, &after) != nil || after.OpensAt.IsZero() {
			return
		}
		at = after.OpensAt
	default:
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened[n.Opening] = at
}

func (s *Service) opensAt(o *cohort.Opening) time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if at, ok := s.opened[o.ID]; ok {
		return at
	}
	return o.OpensAt
}
