package booking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Officer is who acts by an operator's command, by their certificate, and why. A reason is always needed.
type Officer struct {
	Name   string
	Role   string
	From   string
	Reason string
}

func (o *Officer) access(task string, whose subject.ID, at time.Time) Access {
	return Access{At: at, Who: o.Name, Role: o.Role, From: o.From, Whose: whose, Task: task, Reason: o.Reason}
}

var errNoReason = errors.New("a reason is needed: it stands in the log of accesses")

func (o *Officer) check() error {
	if o.Name == "" || o.Reason == "" {
		return &Error{Kind: BadRequest, Field: "reason", Err: errNoReason}
	}
	return nil
}

// Trace keeps in the log of accesses that an officer did something that is about everybody.
func (s *Service) Trace(ctx context.Context, o Officer, task string, now time.Time) error {
	if err := o.check(); err != nil {
		return err
	}
	return s.record(ctx, o.access(task, subject.ID{}, now))
}

// Accesses reads the log of accesses for an officer: what a filter picks, and with a booking's number what was done with the
// data of its person. The look stands in the log itself.
func (s *Service) Accesses(ctx context.Context, o Officer, f access.Filter, no string, now time.Time) (iter.Seq2[access.Record, error], error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if no != "" {
		b, err := s.store.Booking(ctx, no)
		if err != nil {
			return nil, err
		}
		f.Whose = b.Subject
	}
	if err := s.record(ctx, o.access(access.TaskAccesses, f.Whose, now)); err != nil {
		return nil, err
	}
	return s.store.Accesses(ctx, f, 0, -1), nil
}

// Verified is what came of following the log of accesses.
type Verified struct {
	Records uint64 `json:"records"`
	Anchors int    `json:"anchors"` // places where the ledger confirms it
}

// VerifyAccesses follows the log of accesses from its beginning and holds it against what the ledger says of how far it
// went. The error wraps access.ErrBroken where it is not what it was.
func (s *Service) VerifyAccesses(ctx context.Context) (Verified, error) {
	anchors, err := s.anchors(ctx)
	if err != nil {
		return Verified{}, err
	}
	var v Verified
	end, err := access.Verify(s.store.Accesses(ctx, access.Filter{}, 0, -1), func(h ledger.Head) error {
		want, ok := anchors[h.Seq]
		if ok && want != h.Hash {
			return fmt.Errorf("%w: record %d is not the one that the ledger knows", access.ErrBroken, h.Seq)
		}
		if ok {
			v.Anchors++
		}
		return nil
	})
	v.Records = end.Seq
	if err != nil {
		return v, err
	}
	for seq := range anchors {
		if seq > end.Seq {
			return v, fmt.Errorf("%w: it ends with record %d, but the ledger knows of record %d", access.ErrBroken, end.Seq, seq)
		}
	}
	return v, nil
}

// anchors reads the hashes that the ledger has of the log, by number.
func (s *Service) anchors(ctx context.Context) (map[uint64]ledger.Hash, error) {
	out := map[uint64]ledger.Hash{}
	for r, err := range s.store.Anchors(ctx) {
		if err != nil {
			return nil, fmt.Errorf("reading what the ledger says of the log of accesses: %w", err)
		}
		var a ledger.Accesses
		if err := json.Unmarshal(r.Data, &a); err != nil {
			return nil, fmt.Errorf("ledger record %d: %w", r.Seq, err)
		}
		out[a.Seq] = a.Hash
	}
	return out, nil
}

// pageLen is how many bookings are read, decrypted and logged at a time.
const pageLen = 500

// Export yields the bookings of an opening with their personal data, by number; those whose data was erased come without.
// Each person is in the log of accesses before anything of them is yielded.
func (s *Service) Export(ctx context.Context, o Officer, opening string, clock func() time.Time) (iter.Seq2[Detail, error], error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if s.store.Catalog().Opening(opening) == nil {
		return nil, badField("opening", "there is no opening %q", opening)
	}
	return func(yield func(Detail, error) bool) {
		for after := ""; ; {
			page, err := s.exportPage(ctx, o, opening, after, clock())
			for i := range page {
				if !yield(page[i], nil) {
					return
				}
				after = page[i].No
			}
			if err != nil {
				yield(Detail{}, err)
			}
			if err != nil || len(page) < pageLen {
				return
			}
		}
	}, nil
}

func (s *Service) exportPage(ctx context.Context, o Officer, opening, after string, now time.Time) ([]Detail, error) {
	bookings, err := s.store.BookingsAfter(ctx, opening, after, pageLen)
	if err != nil {
		return nil, err
	}
	page, seen := make([]Detail, 0, len(bookings)), make([]Access, 0, len(bookings))
	for i := range bookings {
		b := &bookings[i]
		p, err := openPersonal(s.sealer, b)
		if err != nil {
			return nil, err
		}
		d, err := s.detail(b, nil, p)
		if err != nil {
			return nil, err
		}
		page = append(page, d)
		if !b.Erased() {
			seen = append(seen, o.access(access.TaskExport, b.Subject, now))
		}
	}
	return page, s.record(ctx, seen...)
}
