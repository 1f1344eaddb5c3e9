package booking

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/daemun/daemun/backend/access"
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
	accessed ledger.Head // how far the log of accesses goes
	anchored ledger.Head // how far the ledger says that it does, as far as this process knows
	catalog  *Catalog
	admitted map[string]*admitted // by opening
	bookings bookings
	active   map[dose]uint32 // the active booking
	keys     map[key]uint32  // the booking that the key made
	noted    map[string]bool // ids of the operators' changes that the ledger has
	unused   unused
	inside   passClock
	holds    holds
	left     leftovers

	identities *identities
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
	Earlier   []ledger.Record // records of the same operation that come before Record
	Record    ledger.Record   // without a kind where the ledger hears nothing of it
	Accesses  []access.Record // in the log of accesses
	Admission *Admission      // of admission, readmission
	Booking   *Booking        // of booking, cancel, change, visit: as it is now
	Second    *Booking        // the other dose, where the same operation changed it; its record is in Earlier or is Record
	Hold      *Hold           // kept from now on, in the place of what the person held before
	Released  *Hold           // given back, or used up by Booking
	Swept     time.Time       // what was held until then at the latest has run out; zero: nothing
	Wish      *Wish           // of a wish: as it is now
	Unwished  *Wish           // the wish that ended
	Offers    []Offer         // of an offer: new ones
	Spare     *Spare          // how many doses of a slot are set apart now

	Identified *Identified // of identity

	Messages []Message    // for the outbox
	Dropped  []uint64     // events whose pending messages are dropped, see MessagesOf; older than this one
	Settled  []Settlement // what became of messages; such an effect has no record

	undo func()
}

// NewState returns an empty state whose ledger goes as far as head.
func NewState(head ledger.Head) *State {
	known := newIdentities()
	s := &State{
		head:     head,
		accessed: access.Origin,
		anchored: access.Origin,
		catalog:  &Catalog{openings: map[string]*Supply{}, identities: known},
		admitted: map[string]*admitted{},
		bookings: newBookings(),
		active:   map[dose]uint32{},
		keys:     map[key]uint32{},
		noted:    map[string]bool{},
		inside:   passClock{ending: map[int64]int64{}},
		holds:    holds{of: map[holder]*heldDose{}},
		left:     newLeftovers(),

		identities: known,
	}
	s.holds.setDue()
	return s
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
	return s.effects(at, kind, [][]byte{data}, undo)
}

// effects is effect for an operation of several records of a kind.
func (s *State) effects(at time.Time, kind string, data [][]byte, undo func()) *Effect {
	before := s.head
	e := &Effect{undo: func() {
		undo()
		s.head = before
	}}
	last := len(data) - 1
	for _, d := range data[:last] {
		e.Earlier = append(e.Earlier, s.append(at, kind, d))
	}
	e.Record = s.append(at, kind, data[last])
	return e
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

// ActivePasses is how many people are inside at that time: pass valid, nothing booked yet. It may be called by any
// goroutine.
func (s *State) ActivePasses(now time.Time) int64 { return s.inside.count(now) }
