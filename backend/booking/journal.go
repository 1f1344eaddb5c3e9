package booking

import (
	"context"
	"time"

	"github.com/daemun/daemun/backend/ledger"
)

// Journal records what a gateway brings of the draw and the turns: anchor, seals, moves of the cursor.
func (s *Service) Journal(ctx context.Context, j *ledger.Journal, now time.Time) error {
	if j.Opening == "" {
		return badField("journal", "needs an opening")
	}
	if j.Moves != nil && j.Moves.From == 0 {
		return badField("journal", "the number of the first move is missing")
	}
	entries, err := j.Entries()
	if err != nil {
		return badField("journal", "does not marshal: %w", err)
	}
	return s.store.Append(ctx, entries, now)
}
