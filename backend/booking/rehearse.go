package booking

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/pass"
)

// Rehearsed is the status of a booking that was checked like a real one and not made.
const Rehearsed Status = "rehearsal"

const (
	longestRehearsal = 4 * time.Hour
	longestTitle     = 60  // characters of a rehearsal's name
	rehearsalsMost   = 500 // bookings tried with one pass: the ledger is no place to count to a million
)

// rehearsals are the rehearsal passes that the ledger knows and that have not run out.
type rehearsals struct {
	mu     sync.Mutex
	issued map[ledger.Hash]*rehearsal
}

type rehearsal struct {
	ledger.Rehearsal
	used int
}

// load reads what the ledger has of them.
func (r *rehearsals) load(ctx context.Context, store Store) error {
	r.issued = map[ledger.Hash]*rehearsal{}
	for rec, err := range store.Rehearsals(ctx) {
		if err != nil {
			return fmt.Errorf("reading the rehearsals: %w", err)
		}
		var known ledger.Rehearsal
		if err := json.Unmarshal(rec.Data, &known); err != nil {
			return fmt.Errorf("ledger record %d: %w", rec.Seq, err)
		}
		if known.Action == ledger.RehearsalIssued {
			r.issued[known.PassSHA256] = &rehearsal{Rehearsal: known}
		} else if issued := r.issued[known.PassSHA256]; issued != nil {
			issued.used++
		}
	}
	return nil
}

func (r *rehearsals) find(hash ledger.Hash) *rehearsal {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.issued[hash]
}

// add remembers a pass, and forgets those that have run out.
func (r *rehearsals) add(issued ledger.Rehearsal, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for hash, old := range r.issued {
		if !now.Before(old.ExpiresAt) {
			delete(r.issued, hash)
		}
	}
	r.issued[issued.PassSHA256] = &rehearsal{Rehearsal: issued}
}

// take counts a use; false when there were too many.
func (r *rehearsals) take(hash ledger.Hash) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	issued := r.issued[hash]
	if issued == nil || issued.used >= rehearsalsMost {
		return false
	}
	issued.used++
	return true
}

// IssueRehearsal records a rehearsal pass before anybody is given it. The pass must have been verified. Without a record
// it opens nothing.
func (s *Service) IssueRehearsal(ctx context.Context, p *pass.Pass, text string, r ledger.Rehearsal, now time.Time) error {
	o, err := s.OpeningOf(p, now)
	if err != nil {
		return err
	}
	name, err := cleanText("rehearsal", r.Name, longestTitle)
	switch {
	case err != nil:
		return err
	case !p.Rehearsal:
		return badField("rehearsal", "the pass is a real one")
	case len(r.By) != 2 || r.By[0] == "" || r.By[1] == "" || r.By[0] == r.By[1]:
		return badField("rehearsal", "two people are needed")
	case !now.Before(s.opensAt(o)):
		return badField("rehearsal", "the opening has begun")
	case p.ExpiresAt.After(now.Add(longestRehearsal)):
		return badField("rehearsal", "the pass is good for too long")
	}
	hash := HashText(text)
	if s.rehearsals.find(hash) != nil {
		return nil
	}
	r.Name, r.Opening, r.Subject, r.Action, r.ExpiresAt, r.PassSHA256 = name, o.ID, p.Subject, ledger.RehearsalIssued, p.ExpiresAt.UTC(), hash
	if err := s.recordRehearsal(ctx, r, now); err != nil {
		return err
	}
	s.rehearsals.add(r, now)
	return nil
}

func (s *Service) recordRehearsal(ctx context.Context, r ledger.Rehearsal, now time.Time) error {
	return s.store.Append(ctx, []ledger.Entry{{Kind: ledger.KindRehearsal, Data: mustJSON(r)}}, onDisk(now))
}

// Rehearsing tells whether a rehearsal pass, which must have been verified, is good now: the ledger knows it, and its
// opening has not begun. Once people may book, nobody rehearses.
func (s *Service) Rehearsing(p *pass.Pass, text string, now time.Time) (*cohort.Opening, error) {
	o, err := s.OpeningOf(p, now)
	if err != nil {
		return nil, err
	}
	known := s.rehearsals.find(HashText(text))
	if !p.Rehearsal || known == nil || known.Opening != o.ID || known.Subject != p.Subject {
		return nil, &Error{Kind: BadPass, Err: errors.New("no such rehearsal was issued")}
	}
	if !now.Before(s.opensAt(o)) {
		return nil, &Error{Kind: BadPass, Err: errors.New("the opening has begun: the rehearsal is over")}
	}
	return o, nil
}

// Rehearse checks a request as Book does, records that it was tried, and makes nothing of it. The number that it answers
// with can never be a booking's.
func (s *Service) Rehearse(ctx context.Context, p *pass.Pass, text string, r Request, now time.Time) (Detail, error) {
	o, err := s.Rehearsing(p, text, now)
	if err != nil {
		return Detail{}, err
	}
	who, err := s.readRequest(&r)
	if err != nil {
		return Detail{}, err
	}
	if err := s.fits(o, p, who); err != nil {
		return Detail{}, err
	}
	supply := s.store.Catalog().Opening(o.ID)
	if supply == nil {
		return Detail{}, Refuse(NoSuchSlot)
	}
	slot, second, err := supply.both(r.Slot, o.DoseIntervalDays, now)
	if err != nil {
		return Detail{}, err
	}
	hash := HashText(text)
	known := s.rehearsals.find(hash)
	if known == nil || !s.rehearsals.take(hash) {
		return Detail{}, &Error{Kind: BadPass, Err: errors.New("the rehearsal was used too often")}
	}
	used := known.Rehearsal
	used.Action, used.Slot, used.Reason = ledger.RehearsalUsed, r.Slot, ""
	if err := s.recordRehearsal(ctx, used, now); err != nil {
		return Detail{}, err
	}
	b := Booking{No: rehearsalNumber(), Opening: o.ID, Subject: p.Subject, Dose: FirstDose, Slot: r.Slot, Status: Rehearsed, BookedAt: onDisk(now)}
	d := Detail{Booking: b, Personal: who.Personal, Place: slot}
	if second != nil {
		d.Second = &Appointment{Dose: SecondDose, Place: second}
	}
	return d, nil
}

// rehearsalNumber is longer than any booking number, so that none is ever taken for one.
func rehearsalNumber() string { return "REHEARSAL-" + rand.Text()[:numberHalf] }
