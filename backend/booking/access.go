package booking

import (
	"context"
	"errors"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// Access is one look at somebody's personal data, or something done with it, by somebody else.
type Access struct {
	At     time.Time
	Who    string // the name in the certificate
	Role   string // call_centre, clinic
	From   string // address
	Whose  subject.ID
	Task   string
	Reason string
}

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

// Tasks of the lanes in the access log.
const (
	TaskBook   = "book"
	TaskLookup = "lookup"
	TaskCancel = "cancel"
	TaskDay    = "clinic_day"
	TaskVisit  = "visit"
	TaskJoin   = "join"   // by a gateway, from memory
	TaskRecall = "recall" // by a gateway, from memory: a place found again by its short code
	TaskEnter  = "enter"  // by a gateway
)

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
