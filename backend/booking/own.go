package booking

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/subject"
)

// Caller is who asks about a booking: somebody who proved it theirs, or the holder of a pass.
type Caller struct {
	Proven  bool       // proved it for this very booking
	Subject subject.ID // of the pass, where not Proven
	Shown   string     // what they showed: ShownPass, ShownProof, ShownNumber
	From    string     // address
	Via     Via        // whose hand, where it is not the person's own
}

// by says whose hand acts, as the ledger has it.
func (c Caller) by() (hand, agent string) {
	if c.Via.Lane == "" {
		return ByPerson, ""
	}
	return c.Via.Lane, c.Via.Agent
}

func (c Caller) owns(b *Booking) bool {
	return c.Proven || subtle.ConstantTimeCompare(c.Subject[:], b.Subject[:]) == 1
}

// ByPerson is the hand that cancels when it is the person's own.
const ByPerson = "person"

// Lookup finds a booking by what its owner knows; from is where they ask. Whatever does not match, the answer is
// NoSuchBooking.
func (s *Service) Lookup(ctx context.Context, no, name, rrn, from string, now time.Time) (Detail, error) {
	n, err := subject.ParseNumber(rrn)
	if err != nil {
		return Detail{}, &Error{Kind: BadNumber, Err: err}
	}
	if name, err = cleanText("name", name, longestName); err != nil {
		return Detail{}, err
	}
	c := Caller{Subject: s.subjects.Subject(n), Shown: ShownNumber, From: from}
	d, err := s.read(ctx, no, c)
	if err != nil {
		return Detail{}, err
	}
	if !sameName(d.Name, name) {
		return Detail{}, Refuse(NoSuchBooking)
	}
	return s.traced(ctx, d, c.access(access.TaskLookup, d.Subject, now))
}

// traced hands out what was read once the log of accesses knows of it.
func (s *Service) traced(ctx context.Context, d Detail, a Access) (Detail, error) {
	if err := s.record(ctx, a); err != nil {
		return Detail{}, err
	}
	return d, nil
}

// Get reads a booking for its owner.
func (s *Service) Get(ctx context.Context, no string, c Caller, now time.Time) (Detail, error) {
	d, err := s.read(ctx, no, c)
	if err != nil {
		return Detail{}, err
	}
	return s.traced(ctx, d, c.access(access.TaskView, d.Subject, now))
}

// read is Get without a trace: who calls it leaves one before anything of it is shown.
func (s *Service) read(ctx context.Context, no string, c Caller) (Detail, error) {
	b, err := s.store.Booking(ctx, no)
	if err != nil {
		return Detail{}, err
	}
	if !c.owns(&b) || b.Erased() {
		return Detail{}, Refuse(NoSuchBooking)
	}
	p, err := openPersonal(s.sealer, &b)
	if err != nil {
		return Detail{}, err
	}
	return s.withSecond(ctx, &b, p)
}

// Change moves a booking to another slot of its opening.
func (s *Service) Change(ctx context.Context, no, slot string, c Caller, now time.Time) (Detail, error) {
	d, err := s.read(ctx, no, c)
	if err == nil {
		err = s.record(ctx, c.access(access.TaskChange, d.Subject, now))
	}
	if err != nil {
		return Detail{}, err
	}
	moved, err := s.store.Change(ctx, Move{No: no, Slot: slot, Interval: s.interval(d.Opening, now), At: onDisk(now), Tell: s.recipient(&d.Personal, d.Subject)})
	if err != nil {
		return Detail{}, err
	}
	return s.withSecond(ctx, &moved, d.Personal)
}

// Cancel withdraws a booking.
func (s *Service) Cancel(ctx context.Context, no string, c Caller, now time.Time) (Detail, error) {
	d, err := s.read(ctx, no, c)
	if err != nil {
		return Detail{}, err
	}
	return s.cancel(ctx, d, c, c.access(access.TaskCancel, d.Subject, now))
}

// cancel withdraws what was read, once the log of accesses knows of it.
func (s *Service) cancel(ctx context.Context, d Detail, c Caller, a Access) (Detail, error) {
	if err := s.record(ctx, a); err != nil {
		return Detail{}, err
	}
	by, agent := c.by()
	ended, err := s.store.Cancel(ctx, Withdrawal{
		No: d.No, By: by, Agent: agent, Closed: s.isClosed(d.Opening, a.At), At: onDisk(a.At), Tell: s.recipient(&d.Personal, d.Subject),
	})
	if err != nil {
		return Detail{}, err
	}
	return s.withSecond(ctx, &ended, d.Personal)
}
