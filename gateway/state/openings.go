package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/opening"
)

// held is the value of an opening's key: what it is, and the changes that made it so and have not become events yet. They
// are written as one, so that no change can be without its event, whoever dies when.
type held struct {
	opening.Opening
	Outbox []outgoing `json:"outbox,omitempty"`
}

// outgoing is an event with the key that it will have.
type outgoing struct {
	Key   string          `json:"key"`
	Event json.RawMessage `json:"event"` // ledger.Opening
}

// Decision is what becomes of an opening, with the changes for the ledger; without any nothing is written.
type Decision func(opening.Opening) (opening.Opening, []opening.Change, error)

// ChangeOpening applies a decision to an opening and returns it before and after. If somebody else changes the same
// opening meanwhile it is tried again on the new state; an error from decide ends it.
func (s *Store) ChangeOpening(ctx context.Context, id string, now time.Time, decide Decision) (before, after opening.Opening, err error) {
	key := "opening." + id
	for range 8 {
		was, revision, err := s.opening(ctx, key)
		if err != nil {
			return before, after, err
		}
		before = was.Opening
		after, changes, err := decide(before.Clone())
		if err != nil || len(changes) == 0 {
			return before, after, err
		}
		next := held{Opening: after, Outbox: was.Outbox}
		for i := range changes {
			out, err := outgoingOf(id, now, i, &changes[i])
			if err != nil {
				return before, after, err
			}
			next.Outbox = append(next.Outbox, out)
		}
		if err = s.swapOpening(ctx, id, next, revision); !errors.Is(err, ErrConflict) && !errors.Is(err, ErrExists) {
			return before, after, err
		}
	}
	return before, after, ErrConflict
}

func outgoingOf(id string, now time.Time, n int, c *opening.Change) (outgoing, error) {
	before, errBefore := json.Marshal(c.Before)
	after, errAfter := json.Marshal(c.After)
	event, err := json.Marshal(ledger.Opening{
		Opening: id, Cohort: c.Cohort, Action: c.Action, By: c.By, Role: c.Role, Reason: c.Reason, Before: before, After: after, At: c.At.UTC(),
	})
	if err := errors.Join(errBefore, errAfter, err); err != nil {
		return outgoing{}, fmt.Errorf("write down that %s did %s: %w", c.By, c.Action, err)
	}
	return outgoing{Key: fmt.Sprintf("event.%019d.%s.%d", now.UnixNano(), id, n), Event: event}, nil
}

// swapOpening writes an opening if it is still at the revision, and lets the model know at once.
func (s *Store) swapOpening(ctx context.Context, id string, next held, revision uint64) error {
	err := s.swap(ctx, "opening."+id, next, revision)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.model.hold(id, next)
	}
	return err
}

func (s *Store) opening(ctx context.Context, key string) (h held, revision uint64, err error) {
	revision, err = s.get(ctx, key, &h)
	return h, revision, err
}

func (m *Model) applyOpening(id string, value []byte) error {
	var h held
	if err := json.Unmarshal(value, &h); err != nil {
		return err
	}
	m.hold(id, h)
	return nil
}

func (m *Model) hold(id string, h held) {
	m.Openings[id] = h.Opening
	if m.outboxes[id] = h.Outbox; len(h.Outbox) == 0 {
		delete(m.outboxes, id)
	}
}

// Post makes events of the changes that have not become events yet. Done again after a crash it writes the same keys.
func (s *Store) Post(ctx context.Context) error {
	waiting := map[string][]outgoing{}
	s.Read(func(m *Model) {
		for id, outbox := range m.outboxes {
			waiting[id] = outbox
		}
	})
	errs := []error{s.postSchedule(ctx), s.postOverload(ctx)}
	for id, outbox := range waiting {
		errs = append(errs, s.post(ctx, id, outbox))
	}
	return errors.Join(errs...)
}

func (s *Store) post(ctx context.Context, id string, outbox []outgoing) error {
	for _, out := range outbox {
		if err := s.put(ctx, out.Key, out.Event); err != nil {
			return err
		}
	}
	for range 8 {
		h, revision, err := s.opening(ctx, "opening."+id)
		if err != nil {
			return err
		}
		h.Outbox = unposted(h.Outbox, outbox)
		if err = s.swapOpening(ctx, id, h, revision); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return ErrConflict
}

// unposted is what is left of an outbox when some of it has been posted.
func unposted(all, posted []outgoing) (left []outgoing) {
	for _, out := range all {
		if !slices.ContainsFunc(posted, func(p outgoing) bool { return p.Key == out.Key }) {
			left = append(left, out)
		}
	}
	return left
}
