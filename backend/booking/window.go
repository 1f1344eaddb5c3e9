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
	if n.Opening == "" && n.Action != ledger.ActionNotice || n.Action == "" || n.By == "" {
		return badField("event", "needs opening, action and by")
	}
	if err := s.store.Note(ctx, n, now); err != nil {
		return err
	}
	s.heed(&n)
	return nil
}

// heed takes over when an opening begins, where operators moved that. What they only asked for and nobody confirmed
// leaves the state after it as it was. What has opened is open, however this machine's clock is set later.
func (s *Service) heed(n *ledger.Opening) {
	var after struct {
		OpensAt time.Time `json:"opens_at"`
		Reached string    `json:"reached"`
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
}

// reachedOpen is how the gateway says that an opening has begun: gateway/opening.
const reachedOpen = "open"

func (s *Service) opensAt(o *cohort.Opening) time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if at, ok := s.opened[o.ID]; ok {
		return at
	}
	return o.OpensAt
}
