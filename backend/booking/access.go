package booking

import (
	"context"
	"errors"
	"time"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Access is one look at somebody's personal data, or something done with it.
type Access = access.Access

// AccessLog keeps accesses. What it has taken is on the disk.
type AccessLog interface {
	Record(ctx context.Context, accesses []Access) error
}

// Hand is somebody of a reserved lane, by the certificate that the gateway verified, and why they act.
type Hand struct {
	Lane   string
	Name   string
	Clinic string // of a clinic
	From   string
	Reason string
}

func (h *Hand) via() Via { return Via{Lane: h.Lane, Agent: h.Name} }

func (h *Hand) access(task string, whose subject.ID, at time.Time) Access {
	return Access{At: at, Who: h.Name, Role: h.Lane, From: h.From, Whose: whose, Task: task, Reason: h.Reason}
}

// Record decides on what goes into the log of accesses: everything, in its order.
func (s *State) Record(accesses []Access) *Effect {
	if len(accesses) == 0 {
		return nil
	}
	before := s.accessed
	e := &Effect{Accesses: make([]access.Record, 0, len(accesses)), undo: func() { s.accessed = before }}
	for _, a := range accesses {
		r := access.Next(s.accessed, a)
		s.accessed = r.Head()
		e.Accesses = append(e.Accesses, r)
	}
	return e
}

// Anchor decides on a record of how far the log of accesses goes; the effect is nil when the newest says so already.
func (s *State) Anchor(at time.Time) *Effect {
	if s.accessed == s.anchored {
		return nil
	}
	before := s.anchored
	s.anchored = s.accessed
	data := mustJSON(ledger.Accesses{Seq: s.accessed.Seq, Hash: s.accessed.Hash})
	return s.effect(at, ledger.KindAccesses, data, func() { s.anchored = before })
}

// Accessed is how far the log of accesses goes.
func (s *State) Accessed() ledger.Head { return s.accessed }

// RestoreAccessed puts back how far the log of accesses goes; the zero Head is an empty one's.
func (s *State) RestoreAccessed(head ledger.Head) {
	if head == (ledger.Head{}) {
		head = access.Origin
	}
	s.accessed = head
}

var errNoAccessLog = errors.New("no log of accesses is kept, so nothing is shown")

// record keeps accesses before anything is shown or done: without a trace there is no access.
func (s *Service) record(ctx context.Context, accesses ...Access) error {
	if len(accesses) == 0 {
		return nil
	}
	if s.accesses == nil {
		return &Error{Kind: Unavailable, Err: errNoAccessLog}
	}
	return s.accesses.Record(ctx, accesses)
}

// access is what a person does with their own booking.
func (c Caller) access(task string, whose subject.ID, at time.Time) Access {
	return Access{At: at, Who: c.Shown, Role: access.RolePerson, From: c.From, Whose: whose, Task: task}
}

// What people show to see their own booking.
const (
	ShownPass   = "pass"
	ShownProof  = "proof"
	ShownNumber = "number" // of the registration
)
