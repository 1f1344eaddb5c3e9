package booking

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// State decides. It holds in memory everything that a decision needs, so that a store has only to write down what was
// decided. One goroutine at a time may call it; what Catalog returns may be read by all meanwhile.
//
// Each accepted operation comes back as an Effect and is already in the state. A store that cannot write the effects
// down calls Undo for each, newest first, and the state is as it was.
type State struct {
	head     ledger.Head
	catalog  *Catalog
	admitted map[string]map[subject.ID]*Admission // by opening
	bookings map[string]*Booking                  // by number; replaced, never changed
	active   map[dose]string                      // number of the active booking
	keys     map[key]string                       // number of the booking that the key made
	inside   passClock
}

type dose struct {
	person subject.ID
	n      int
}

// key is an idempotency key with its owner: what one person sends can never collide with what another does.
type key struct {
	person subject.ID
	hash   ledger.Hash
}

// Effect is what one accepted operation changed: the ledger record, and the row that stands beside it (after Record.Kind).
type Effect struct {
	Record    ledger.Record
	Admission *Admission // of admission, readmission
	Booking   *Booking   // of booking, cancel, change: as it is now

	undo func()
}

// NewState returns an empty state whose ledger goes as far as head.
func NewState(head ledger.Head) *State {
	return &State{
		head:     head,
		catalog:  &Catalog{openings: map[string]*Supply{}},
		admitted: map[string]map[subject.ID]*Admission{},
		bookings: map[string]*Booking{},
		active:   map[dose]string{},
		keys:     map[key]string{},
		inside:   passClock{ending: map[int64]int64{}},
	}
}

// Head is how far the ledger goes.
func (s *State) Head() ledger.Head { return s.head }

// Catalog returns what can be booked.
func (s *State) Catalog() *Catalog { return s.catalog }

// Genesis starts an empty ledger.
func (s *State) Genesis(at time.Time) ledger.Record {
	return s.append(at, ledger.KindGenesis, mustJSON(ledger.Genesis{Format: 1}))
}

func (s *State) append(at time.Time, kind string, data []byte) ledger.Record {
	r := ledger.Next(s.head, at.UTC(), kind, data)
	s.head = r.Head()
	return r
}

// effect appends a record and makes the effect that takes it back again.
func (s *State) effect(at time.Time, kind string, data []byte, undo func()) *Effect {
	before := s.head
	return &Effect{Record: s.append(at, kind, data), undo: func() {
		undo()
		s.head = before
	}}
}

// Undo takes an effect back. It must be the newest that was not taken back yet.
func (s *State) Undo(e *Effect) { e.undo() }

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("booking: a record of the ledger does not marshal: %v", err)) // only strings and numbers in it
	}
	return b
}

// Admit decides on an admission; the effect is nil when the recorded pass is handed out again.
func (s *State) Admit(a Admission) (Admitted, *Effect, error) {
	supply := s.catalog.Opening(a.Opening)
	if supply == nil {
		return Admitted{}, nil, &Error{Kind: BadPass, Err: fmt.Errorf("nothing was imported for opening %q", a.Opening)}
	}
	people := s.people(a.Opening)
	known := people[a.Subject]
	if known == nil {
		return s.admitFirst(supply, people, a)
	}
	if !known.ExpiresAt.Before(a.AdmittedAt.Add(RenewBefore)) {
		return Admitted{Admission: *known, Again: true}, nil, nil
	}
	now := a.AdmittedAt
	a.AdmittedAt, a.Before = known.AdmittedAt, known.PassHash
	renewed := &a
	people[a.Subject] = renewed
	s.inside.move(known, renewed, s.hasBooked(a.Subject))
	e := s.effect(now, ledger.KindReadmission, renewed.record(), func() {
		people[a.Subject] = known
		s.inside.move(renewed, known, s.hasBooked(a.Subject))
	})
	e.Admission = renewed
	return Admitted{Admission: *renewed}, e, nil
}

func (s *State) admitFirst(supply *Supply, people map[subject.ID]*Admission, a Admission) (Admitted, *Effect, error) {
	first := &a
	people[a.Subject] = first
	supply.doses.admitted.Add(1)
	s.inside.enter(first)
	e := s.effect(a.AdmittedAt, ledger.KindAdmission, first.record(), func() {
		delete(people, a.Subject)
		supply.doses.admitted.Add(-1)
		s.inside.leave(first)
	})
	e.Admission = first
	return Admitted{Admission: *first}, e, nil
}

func (s *State) people(opening string) map[subject.ID]*Admission {
	people := s.admitted[opening]
	if people == nil {
		people = map[subject.ID]*Admission{}
		s.admitted[opening] = people
	}
	return people
}

func (s *State) hasBooked(person subject.ID) bool {
	_, ok := s.active[dose{person, FirstDose}]
	return ok
}

func (a *Admission) record() []byte {
	r := ledger.Admission{
		Opening: a.Opening, Subject: a.Subject, Epoch: a.Place.Epoch, Rank: ledger.Rank(a.Place.Rank),
		ScheduleVersion: a.ScheduleVersion, ExpiresAt: a.ExpiresAt.UTC(), PassSHA256: a.PassHash,
	}
	return r.AppendJSON(make([]byte, 0, 320))
}

// Book decides on an order.
func (s *State) Book(o Order) (Placed, *Effect, error) {
	k := key{o.Subject, o.KeyHash}
	if no, ok := s.keys[k]; ok {
		placed, err := s.replay(no, &o)
		return placed, nil, err
	}
	supply, slot, err := s.orderable(&o)
	if err != nil {
		return Placed{}, nil, err
	}
	b := o.Booking
	b.Status, b.EndedAt = Booked, time.Time{}
	d := dose{b.Subject, b.Dose}
	kept := b
	kept.Sealed = nil
	s.bookings[b.No], s.active[d], s.keys[k] = &kept, b.No, b.No
	supply.take(slot, 1)
	admission := s.admitted[b.Opening][b.Subject]
	s.inside.leave(admission)
	e := s.effect(b.BookedAt, ledger.KindBooking, b.record(), func() {
		delete(s.bookings, b.No)
		delete(s.active, d)
		delete(s.keys, k)
		supply.take(slot, -1)
		s.inside.enter(admission)
	})
	e.Booking = &b
	return Placed{Booking: kept}, e, nil
}

func (s *State) replay(no string, o *Order) (Placed, error) {
	b := s.bookings[no]
	if b.BodyHash != o.BodyHash || b.Opening != o.Opening {
		return Placed{}, Refuse(KeyReused)
	}
	return Placed{Booking: *b, Replayed: true}, nil
}

// orderable finds out why an order cannot be placed, in the order in which a person would want to know.
func (s *State) orderable(o *Order) (*Supply, *SlotSupply, error) {
	a := s.admitted[o.Opening][o.Subject]
	if a == nil || (a.PassHash != o.PassHash && a.Before != o.PassHash) {
		return nil, nil, Refuse(BadPass)
	}
	if _, ok := s.active[dose{o.Subject, o.Dose}]; ok {
		return nil, nil, Refuse(AlreadyBooked)
	}
	supply := s.catalog.Opening(o.Opening)
	slot, err := supply.free(o.Slot, o.BookedAt)
	if err != nil {
		return nil, nil, err
	}
	if s.bookings[o.No] != nil {
		return nil, nil, Refuse(NumberTaken)
	}
	return supply, slot, nil
}

// free returns a slot that has a dose left.
func (s *Supply) free(id string, now time.Time) (*SlotSupply, error) {
	slot := s.Slot(id)
	switch {
	case slot == nil:
		return nil, Refuse(NoSuchSlot)
	case !slot.At.After(now):
		return nil, Refuse(TooLate)
	case s.Left() <= 0:
		return nil, Refuse(StockGone)
	case slot.Left() == 0:
		return nil, Refuse(SlotFull)
	}
	return slot, nil
}

func (b *Booking) record() []byte {
	r := ledger.Booking{
		No: b.No, Opening: b.Opening, Subject: b.Subject, Dose: b.Dose, Slot: b.Slot,
		Epoch: b.Place.Epoch, Rank: ledger.Rank(b.Place.Rank), PassSHA256: b.PassHash, KeySHA256: b.KeyHash,
	}
	return r.AppendJSON(make([]byte, 0, 384))
}

// Change decides on a move. Moving to the slot where the booking is already changes nothing.
func (s *State) Change(m Move) (Booking, *Effect, error) {
	old, supply, from, err := s.changeable(m.No, m.At)
	if err != nil {
		return Booking{}, nil, err
	}
	if old.Slot == m.Slot {
		return *old, nil, nil
	}
	to, err := supply.freeToMove(m.Slot, m.At)
	if err != nil {
		return Booking{}, nil, err
	}
	moved := *old
	moved.Slot = m.Slot
	data := mustJSON(ledger.Change{No: old.No, Opening: old.Opening, Subject: old.Subject, From: old.Slot, To: m.Slot})
	s.bookings[m.No] = &moved
	supply.take(from, -1)
	supply.take(to, 1)
	e := s.effect(m.At, ledger.KindChange, data, func() {
		s.bookings[m.No] = old
		supply.take(to, -1)
		supply.take(from, 1)
	})
	e.Booking = &moved
	return moved, e, nil
}

// freeToMove is free for somebody who has a dose already: the opening's stock does not matter.
func (s *Supply) freeToMove(id string, now time.Time) (*SlotSupply, error) {
	slot, err := s.free(id, now)
	if KindOf(err) != StockGone {
		return slot, err
	}
	if slot = s.Slot(id); slot.Left() == 0 {
		return nil, Refuse(SlotFull)
	}
	return slot, nil
}

// changeable returns an active booking that is not too near to change.
func (s *State) changeable(no string, now time.Time) (*Booking, *Supply, *SlotSupply, error) {
	b := s.bookings[no]
	if b == nil || b.Status != Booked {
		return nil, nil, nil, Refuse(NoSuchBooking)
	}
	supply := s.catalog.Opening(b.Opening)
	slot := supply.Slot(b.Slot)
	if now.After(ChangeBy(slot.At)) {
		return nil, nil, nil, Refuse(TooLate)
	}
	return b, supply, slot, nil
}

// ChangeBy is the last second in which the booking of a slot may be changed or cancelled: the end, in Korea, of the
// second day before the slot's.
func ChangeBy(slot time.Time) time.Time {
	return subject.DateOf(slot).AddDays(-1).At(0, 0).Add(-time.Second)
}

// Cancel decides on a withdrawal; slot and stock get the dose back. The effect is nil when it was withdrawn before.
func (s *State) Cancel(w Withdrawal) (Booking, *Effect, error) {
	if b := s.bookings[w.No]; b != nil && b.Status == Cancelled {
		return *b, nil, nil
	}
	old, supply, slot, err := s.changeable(w.No, w.At)
	if err != nil {
		return Booking{}, nil, err
	}
	ended := *old
	ended.Status, ended.EndedAt = Cancelled, w.At
	d := dose{old.Subject, old.Dose}
	data := mustJSON(ledger.Cancel{No: old.No, Opening: old.Opening, Subject: old.Subject, Slot: old.Slot, By: w.By})
	s.bookings[w.No] = &ended
	delete(s.active, d)
	supply.take(slot, -1)
	admission := s.admitted[old.Opening][old.Subject]
	s.inside.enter(admission)
	e := s.effect(w.At, ledger.KindCancel, data, func() {
		s.bookings[w.No], s.active[d] = old, old.No
		supply.take(slot, 1)
		s.inside.leave(admission)
	})
	e.Booking = &ended
	return ended, e, nil
}

// Note records an operator's change.
func (s *State) Note(n ledger.Opening, at time.Time) (*Effect, error) {
	data, err := json.Marshal(n)
	if err != nil {
		return nil, badField("event", "before or after is not JSON: %w", err)
	}
	return s.effect(at, ledger.KindOpening, data, func() {}), nil
}

// ActivePasses is how many people are inside at that time: pass valid, nothing booked yet. It may be called by any
// goroutine.
func (s *State) ActivePasses(now time.Time) int64 { return s.inside.count(now) }

// RestoreSupply puts back what a store read from its disk about one opening, without a word in the ledger. Supplies
// come first, then admissions, then bookings.
func (s *State) RestoreSupply(in Import) {
	s.catalog = s.catalog.with(newSupply(in.Opening, in.Vaccine, in.Stock).merge(in), nil)
}

// RestoreRoster puts back the sorted roster.
func (s *State) RestoreRoster(ids []subject.ID) { s.catalog.roster = ids }

// RestoreAdmission puts back one admission.
func (s *State) RestoreAdmission(a Admission) error {
	supply := s.catalog.Opening(a.Opening)
	if supply == nil {
		return fmt.Errorf("booking: an admission names the unknown opening %q", a.Opening)
	}
	s.people(a.Opening)[a.Subject] = &a
	supply.doses.admitted.Add(1)
	s.inside.enter(&a)
	return nil
}

// RestoreBooking puts back one booking.
func (s *State) RestoreBooking(b Booking) error {
	supply := s.catalog.Opening(b.Opening)
	if supply == nil || supply.Slot(b.Slot) == nil {
		return fmt.Errorf("booking: %s names the unknown slot %q of opening %q", b.No, b.Slot, b.Opening)
	}
	a := s.admitted[b.Opening][b.Subject]
	if a == nil {
		return fmt.Errorf("booking: %s rests on no admission to opening %q", b.No, b.Opening)
	}
	b.Sealed = nil
	s.bookings[b.No] = &b
	s.keys[key{b.Subject, b.KeyHash}] = b.No
	if b.Status != Booked {
		return nil
	}
	s.active[dose{b.Subject, b.Dose}] = b.No
	supply.take(supply.Slot(b.Slot), 1)
	s.inside.leave(a)
	return nil
}

// sortedUnion merges sorted a with b in any order, without doubles.
func sortedUnion(a, b []subject.ID) []subject.ID {
	out := slices.Concat(a, b)
	slices.SortFunc(out, compareIDs)
	return slices.Compact(out)
}
