package booking

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
)

// schedules are the schedule in force and the newest one known, which is the same but for the moment before it comes into
// force. Never changed once made.
type schedules struct {
	before *cohort.Schedule // nil where newest always was
	newest *cohort.Schedule
	from   time.Time // of newest
	sha256 string    // of newest, hex; empty: read from a file that no gateway has brought
}

func (s *schedules) at(now time.Time) *cohort.Schedule {
	if s.before != nil && now.Before(s.from) {
		return s.before
	}
	return s.newest
}

// Newest returns the newest schedule that the ledger tells of, nil where it tells of none.
func Newest(ctx context.Context, store Store) (*cohort.Schedule, error) {
	known, err := fromLedger(ctx, store, nil)
	if known == nil {
		return nil, err
	}
	return known.newest, err
}

// fromLedger reads which schedules were in force. What a file says counts only as long as the ledger says nothing.
func fromLedger(ctx context.Context, store Store, known *schedules) (*schedules, error) {
	first := true
	for r, err := range store.Schedules(ctx) {
		if err != nil {
			return nil, fmt.Errorf("reading the schedules: %w", err)
		}
		var l ledger.Schedule
		if err := json.Unmarshal(r.Data, &l); err != nil {
			return nil, fmt.Errorf("ledger record %d: %w", r.Seq, err)
		}
		s, err := cohort.Parse([]byte(l.Text))
		if err != nil {
			return nil, fmt.Errorf("schedule in ledger record %d: %w", r.Seq, err)
		}
		next := &schedules{newest: s, from: l.From, sha256: l.SHA256}
		if !first {
			next.before = known.newest
		}
		known, first = next, false
	}
	return known, nil
}

// Schedule records a schedule that comes into force and heeds it from its instant on. Brought again it changes nothing.
func (s *Service) Schedule(ctx context.Context, l ledger.Schedule, now time.Time) error {
	next, err := readSchedule(&l)
	if err != nil {
		return err
	}
	s.scheduling.Lock()
	defer s.scheduling.Unlock()
	known := s.schedules.Load()
	if known.sha256 != "" && l.Version <= known.newest.Version {
		if l.SHA256 == known.sha256 || l.Version < known.newest.Version {
			return nil // recorded before
		}
		return badField("schedule", "version %d is in force with another text", l.Version)
	}
	if s.supply != nil {
		if err := s.supply(ctx, next); err != nil {
			return &Error{Kind: Unavailable, Err: fmt.Errorf("make the openings of schedule %d bookable: %w", l.Version, err)}
		}
	}
	data, err := json.Marshal(l)
	if err != nil {
		return badField("schedule", "does not marshal: %w", err)
	}
	if err := s.store.Append(ctx, []ledger.Entry{{Kind: ledger.KindSchedule, Data: data}}, now); err != nil {
		return err
	}
	s.schedules.Store(&schedules{before: known.at(now), newest: next, from: l.From, sha256: l.SHA256})
	return nil
}

func readSchedule(l *ledger.Schedule) (*cohort.Schedule, error) {
	sum := sha256.Sum256([]byte(l.Text))
	if hex.EncodeToString(sum[:]) != l.SHA256 || l.From.IsZero() {
		return nil, badField("schedule", "needs from, and the SHA-256 of its text")
	}
	next, err := cohort.Parse([]byte(l.Text))
	if err != nil {
		return nil, badField("schedule", "cannot be read: %w", err)
	}
	if next.Version != l.Version {
		return nil, badField("schedule", "version %d is not the text's, %d", l.Version, next.Version)
	}
	return next, nil
}
