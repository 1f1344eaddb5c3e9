package booking

import (
	"encoding/json"
	"time"

	"github.com/daemun/daemun/backend/ledger"
)

// Note records an operator's change; the effect is nil when the ledger has it already.
func (s *State) Note(n ledger.Opening, at time.Time) (*Effect, error) {
	if s.noted[n.ID] {
		return nil, nil
	}
	data, err := json.Marshal(n)
	if err != nil {
		return nil, badField("event", "before or after is not JSON: %w", err)
	}
	s.RestoreNote(n.ID)
	return s.effect(at, ledger.KindOpening, data, func() { delete(s.noted, n.ID) }), nil
}

// Append records entries as they are, in their order; the effect is nil where there are none.
func (s *State) Append(entries []ledger.Entry, at time.Time) *Effect {
	if len(entries) == 0 {
		return nil
	}
	before := s.head
	e := &Effect{undo: func() { s.head = before }}
	for _, entry := range entries[:len(entries)-1] {
		e.Earlier = append(e.Earlier, s.append(at, entry.Kind, entry.Data))
	}
	last := entries[len(entries)-1]
	e.Record = s.append(at, last.Kind, last.Data)
	return e
}
