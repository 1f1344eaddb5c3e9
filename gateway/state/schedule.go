package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/daemun/daemun/backend/ledger"
)

const (
	scheduleKey = "schedule"
	proposalKey = "proposal"
	// ProposalLasts is how long a proposal that nobody carried through keeps others from proposing.
	ProposalLasts = 10 * time.Second
)

// Schedule is a schedule with who put it in force, why, and from when. By is empty where the file of a first start did.
type Schedule struct {
	Text    string    `json:"text"`
	SHA256  string    `json:"sha256"` // hex, of Text
	Version uint32    `json:"version"`
	Name    string    `json:"name"`
	By      string    `json:"by,omitempty"`
	Role    string    `json:"role,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	From    time.Time `json:"from"`
}

// Sum is the SHA-256 by which a schedule is known, in hex.
func Sum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Schedules is the schedule in force and, for the moment between a commit and its instant, the one that follows.
type Schedules struct {
	InForce Schedule  `json:"in_force"`
	Next    *Schedule `json:"next,omitempty"`
}

// At is the schedule in force at an instant; nil while there is none at all.
func (s *Schedules) At(now time.Time) *Schedule {
	switch {
	case s.Next != nil && !now.Before(s.Next.From):
		return s.Next
	case s.InForce.SHA256 == "":
		return nil
	}
	return &s.InForce
}

// heldSchedules is the value of the schedules' key, with the event of the newest until it is posted.
type heldSchedules struct {
	Schedules
	Outbox []outgoing `json:"outbox,omitempty"`
}

// Proposal asks every gateway to get ready for a schedule.
type Proposal struct {
	ID       string    `json:"id"`
	Schedule Schedule  `json:"schedule"`
	At       time.Time `json:"at"`
}

// Readiness is a gateway's answer to a proposal. Refusal says why it cannot; empty: it is ready.
type Readiness struct {
	Proposal string `json:"proposal"`
	Refusal  string `json:"refusal,omitempty"`
}

// FirstSchedule puts a schedule in force where there is none yet, and returns what is in force.
func (s *Store) FirstSchedule(ctx context.Context, first Schedule) (Schedules, error) {
	h, revision, err := s.schedules(ctx)
	if err != nil || revision > 0 {
		return h.Schedules, err
	}
	err = s.commit(ctx, heldSchedules{Schedules: Schedules{InForce: first}}, &first, first.From, 0)
	if errors.Is(err, ErrExists) { // another gateway came first
		h, _, err = s.schedules(ctx)
		return h.Schedules, err
	}
	return Schedules{InForce: first}, err
}

// Commit lets next follow the schedule base, by its SHA-256, at its instant; ErrConflict if another one is in force by now
// or is about to be. It is one write: it happens or it does not.
func (s *Store) Commit(ctx context.Context, now time.Time, base string, next Schedule) error {
	h, revision, err := s.schedules(ctx)
	if err != nil {
		return err
	}
	current := h.At(now)
	if current == nil || current.SHA256 != base || h.Next != nil && current != h.Next {
		return ErrConflict
	}
	h.InForce, h.Next = *current, &next
	return s.commit(ctx, h, &next, now, revision)
}

// Settle makes the schedule that has come into force the only one, so that no clock can bring the one before it back.
func (s *Store) Settle(ctx context.Context, now time.Time) error {
	h, revision, err := s.schedules(ctx)
	if err != nil || h.Next == nil || h.At(now) != h.Next {
		return err
	}
	h.InForce, h.Next = *h.Next, nil
	return s.swapSchedules(ctx, h, revision)
}

// commit writes schedules together with the event of the newest one.
func (s *Store) commit(ctx context.Context, h heldSchedules, newest *Schedule, now time.Time, revision uint64) error {
	key := fmt.Sprintf("event.%019d.%s", now.UnixNano(), ScheduleEvent)
	event, err := json.Marshal(ledger.Schedule{
		ID: key, Version: newest.Version, SHA256: newest.SHA256, Text: newest.Text, By: newest.By, Role: newest.Role,
		Reason: newest.Reason, From: newest.From.UTC(),
	})
	if err != nil {
		return fmt.Errorf("write down schedule %d: %w", newest.Version, err)
	}
	h.Outbox = append(h.Outbox, outgoing{Key: key, Event: event})
	return s.swapSchedules(ctx, h, revision)
}

// ScheduleEvent ends the key of an event that is a ledger.Schedule. No opening has such an ID.
const ScheduleEvent = "_schedule"

func (s *Store) swapSchedules(ctx context.Context, h heldSchedules, revision uint64) error {
	err := s.swap(ctx, scheduleKey, h, revision)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.model.holdSchedules(h)
	}
	return err
}

func (s *Store) schedules(ctx context.Context) (h heldSchedules, revision uint64, err error) {
	revision, err = s.get(ctx, scheduleKey, &h)
	return h, revision, err
}

// get reads a key that may not be there: revision 0 then.
func (s *Store) get(ctx context.Context, key string, into any) (revision uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	entry, err := s.kv.Get(ctx, key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("read %s: %w", key, err)
	}
	return entry.Revision(), json.Unmarshal(entry.Value(), into)
}

func (m *Model) applySchedules(value []byte) error {
	var h heldSchedules
	if err := json.Unmarshal(value, &h); err != nil {
		return err
	}
	m.holdSchedules(h)
	return nil
}

func (m *Model) holdSchedules(h heldSchedules) { m.Schedules, m.scheduleOutbox = h.Schedules, h.Outbox }

func (s *Store) postSchedule(ctx context.Context) error {
	var outbox []outgoing
	s.Read(func(m *Model) { outbox = m.scheduleOutbox })
	for _, out := range outbox {
		if err := s.put(ctx, out.Key, out.Event); err != nil {
			return err
		}
	}
	if len(outbox) == 0 {
		return nil
	}
	h, revision, err := s.schedules(ctx)
	if err != nil {
		return err
	}
	h.Outbox = unposted(h.Outbox, outbox)
	if err := s.swapSchedules(ctx, h, revision); !errors.Is(err, ErrConflict) { // else the next round
		return err
	}
	return nil
}

// Propose asks every gateway to get ready; ErrConflict while somebody else asks.
func (s *Store) Propose(ctx context.Context, p Proposal) error {
	var other Proposal
	revision, err := s.get(ctx, proposalKey, &other)
	if err != nil {
		return err
	}
	if age := p.At.Sub(other.At); revision > 0 && age < ProposalLasts && age > -ProposalLasts {
		return ErrConflict
	}
	err = s.swap(ctx, proposalKey, p, revision)
	if errors.Is(err, ErrExists) {
		return ErrConflict
	}
	return err
}

// Withdraw ends a proposal, carried through or not.
func (s *Store) Withdraw(ctx context.Context, id string) error {
	var p Proposal
	revision, err := s.get(ctx, proposalKey, &p)
	if err != nil || revision == 0 || p.ID != id {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := s.kv.Purge(ctx, proposalKey, jetstream.LastRevision(revision)); err != nil {
		return fmt.Errorf("withdraw the proposed schedule: %w", err)
	}
	return nil
}

// Answer says whether this gateway is ready.
func (s *Store) Answer(ctx context.Context, r Readiness) error {
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.put(ctx, "ready."+s.node, value)
}

// Leave says that this gateway is not there any more.
func (s *Store) Leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := s.kv.Purge(ctx, "node."+s.node); err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	return nil
}
