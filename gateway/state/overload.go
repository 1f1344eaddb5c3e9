package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/overload"
)

const overloadKey = "overload"

// overloadEvent stands in the keys of events about protection where others have an opening. No opening has such an ID.
const overloadEvent = "_overload"

// heldOverload is the value of overload's key, with the events of its changes until they are posted.
type heldOverload struct {
	overload.Standing
	Outbox []outgoing `json:"outbox,omitempty"`
}

// Ordering is what becomes of what operators have said, and the action by which the ledger knows it.
type Ordering func(overload.Standing) (next overload.Standing, action string, err error)

// ChangeOverload carries out an order about protection, in one write with its event for the ledger. If somebody else gives one
// meanwhile it is tried again on the new state; an error from decide ends it.
func (s *Store) ChangeOverload(ctx context.Context, said overload.Said, decide Ordering) (overload.Standing, error) {
	for range 8 {
		var h heldOverload
		revision, err := s.get(ctx, overloadKey, &h)
		if err != nil {
			return h.Standing, err
		}
		next, action, err := decide(h.Standing.Clone())
		if err != nil {
			return h.Standing, err
		}
		out, err := overloadOut(action, revision, said, &h.Standing, &next)
		if err != nil {
			return h.Standing, err
		}
		changed := heldOverload{next, append(h.Outbox, out)}
		if err = s.swapOverload(ctx, changed, revision); !errors.Is(err, ErrConflict) && !errors.Is(err, ErrExists) {
			return next, err
		}
	}
	return overload.Standing{}, ErrConflict
}

// overloadOut is the event of an order. Its key has the revision that the order replaced, of which there is one.
func overloadOut(action string, revision uint64, said overload.Said, before, after *overload.Standing) (outgoing, error) {
	was, errBefore := json.Marshal(before)
	is, errAfter := json.Marshal(after)
	event, err := json.Marshal(ledger.Opening{Action: action, By: said.By, Role: said.Role, Reason: said.Reason, Before: was, After: is, At: said.At.UTC()})
	if err := errors.Join(errBefore, errAfter, err); err != nil {
		return outgoing{}, fmt.Errorf("write down that %s did %s: %w", said.By, action, err)
	}
	return outgoing{Key: fmt.Sprintf("event.%019d.%s.%d", said.At.UnixNano(), overloadEvent, revision), Event: event}, nil
}

func (s *Store) swapOverload(ctx context.Context, h heldOverload, revision uint64) error {
	err := s.swap(ctx, overloadKey, h, revision)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.model.holdOverload(h)
	}
	return err
}

func (m *Model) applyOverload(value []byte) error {
	var h heldOverload
	if err := json.Unmarshal(value, &h); err != nil {
		return err
	}
	m.holdOverload(h)
	return nil
}

func (m *Model) holdOverload(h heldOverload) { m.Overload, m.overloadOutbox = h.Standing, h.Outbox }

// postOverload makes events of the orders that have not become events yet.
func (s *Store) postOverload(ctx context.Context) error {
	var outbox []outgoing
	s.Read(func(m *Model) { outbox = m.overloadOutbox })
	for _, out := range outbox {
		if err := s.put(ctx, out.Key, out.Event); err != nil {
			return err
		}
	}
	if len(outbox) == 0 {
		return nil
	}
	var h heldOverload
	revision, err := s.get(ctx, overloadKey, &h)
	if err != nil {
		return err
	}
	h.Outbox = unposted(h.Outbox, outbox)
	if err := s.swapOverload(ctx, h, revision); !errors.Is(err, ErrConflict) { // else the next round
		return err
	}
	return nil
}
