package state

import (
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/overload"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/wait"
)

// Cursor is how far a line is served, as the leader wrote it. Moved and Moves are the store's own: see MoveCursor.
type Cursor struct {
	Epoch uint32    `json:"epoch"`
	Rank  uint64    `json:"rank,string"`
	Speed float64   `json:"speed"`
	At    time.Time `json:"at"`
	Moved uint64    `json:"moved"`           // how often it has moved
	Moves []Move    `json:"moves,omitempty"` // the newest moves, up to Moved: those that the ledger is not known to have
	// Waits is what the leader knows about waits; it goes with this very cursor. Nil: nothing yet.
	Waits *wait.Published `json:"waits,omitempty"`
}

// Move is one move of a cursor.
type Move struct {
	At    time.Time `json:"at"`
	Epoch uint32    `json:"epoch"`
	Rank  uint64    `json:"rank,string"`
}

// Progress is how much of an opening's draw and turns the ledger has.
type Progress struct {
	Anchor bool   `json:"anchor"`
	Seals  uint32 `json:"seals"` // the epoch after the newest recorded seal
	Moves  uint64 `json:"moves"` // number of the newest recorded move
}

// Leader names the gateway that leads, and until when if it does not say so again.
type Leader struct {
	Node  string    `json:"node"`
	Until time.Time `json:"until"`
}

// Model is the shared state as this gateway last heard it. Maps are by opening ID.
type Model struct {
	Openings map[string]opening.Opening
	Cursors  map[string]Cursor
	Seals    map[string]*queue.Seals
	Recorded map[string]Progress
	// Sketches are handed in by opening, epoch and gateway.
	Sketches map[string]map[uint32]map[string][]byte
	Leader   Leader
	Nodes    map[string]time.Time // gateways by name, when they last said that they are there
	Notices  []api.Notice
	// Events are changes that the ledger has not recorded yet, by key; keys sort by time.
	Events map[string][]byte
	// Rehearsals are those asked for and those issued, by key.
	Rehearsals map[string]Rehearsal
	// Schedules are in force or about to be; Proposal is a schedule that gateways are asked to get ready for, and Ready
	// what they answered, by name.
	Schedules Schedules
	Proposal  Proposal
	Ready     map[string]Readiness
	// Overload is what operators have said about protection.
	Overload overload.Standing
	// SeenAt is when the shared state last said anything.
	SeenAt time.Time

	outboxes       map[string][]outgoing // by opening ID: changes that have not become events yet
	scheduleOutbox []outgoing
	overloadOutbox []outgoing
	revisions      map[string]uint64
}

func newModel() *Model {
	return &Model{
		Openings: map[string]opening.Opening{}, Cursors: map[string]Cursor{}, Seals: map[string]*queue.Seals{},
		Recorded: map[string]Progress{},
		Sketches: map[string]map[uint32]map[string][]byte{}, Nodes: map[string]time.Time{}, Events: map[string][]byte{},
		Rehearsals: map[string]Rehearsal{},
		Ready:      map[string]Readiness{}, outboxes: map[string][]outgoing{}, revisions: map[string]uint64{},
	}
}

func (m *Model) sketch(opening string, epoch uint32, node string, b []byte) {
	epochs := m.Sketches[opening]
	if epochs == nil {
		epochs = map[uint32]map[string][]byte{}
		m.Sketches[opening] = epochs
	}
	if b == nil {
		delete(epochs[epoch], node)
		if len(epochs[epoch]) == 0 {
			delete(epochs, epoch)
		}
		return
	}
	if epochs[epoch] == nil {
		epochs[epoch] = map[string][]byte{}
	}
	epochs[epoch][node] = b
}
