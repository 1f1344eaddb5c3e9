// Package audit holds an opening's evidence against itself: the ledger's chain and the signatures on it, the draw and
// everything that it was drawn from, and every booking against the way by which its person came in. It does no I/O:
// whoever calls it hands in records, seals, sketches and keys, from wherever they are kept.
//
// Three questions, three functions:
//
//	Verify     is the ledger what was written, whole and in order?
//	Draw       does the order follow from the seeds and the people, and was it kept to?
//	Reconcile  did every booking come in by a lawful way?
//
// Each answers with a Report. What does not hold is a Finding that names the record, seal or booking. What could not be
// looked at is named too and never counts as proven.
package audit

import (
	"crypto/ed25519"
	"fmt"
	"iter"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/queue"
)

// Evidence is what there is to look at. What is nil is not at hand.
type Evidence struct {
	// Records yields the ledger in the order in which it is kept. An *Unreadable among its errors is a finding; any other
	// error ends the audit.
	Records iter.Seq2[ledger.Record, error]
	// Checkpoints yields the checkpoints in order, like Records.
	Checkpoints iter.Seq2[ledger.Checkpoint, error]
	// LedgerKeys and PassKeys are the public keys of checkpoints and of passes, by number.
	LedgerKeys, PassKeys map[byte]ed25519.PublicKey
	// Published is what the gateway published of each opening.
	Published []Published
	// Sketches gives the sketches that a seal was made from, by gateway; false where they are not at hand.
	Sketches func(opening string, epoch uint32) (byGateway map[string][]byte, ok bool, err error)
	// Passes yields the text of passes that have expired.
	Passes iter.Seq2[string, error]
	// Unrecorded are moves of cursors, by opening, that were on their way to the ledger when the servers ended.
	Unrecorded map[string]ledger.Moves
}

// Published is one opening as it was published: its anchor in hex, and its seals in order (nil: not at hand).
type Published struct {
	Opening string
	Anchor  string
	Seals   []api.Seal
}

// Unreadable is a line of evidence that says nothing.
type Unreadable struct {
	Line   int // 1 for the first; 0: unknown
	Reason string
}

func (u *Unreadable) Error() string { return fmt.Sprintf("line %d: %s", u.Line, u.Reason) }

// Options are how an audit looks.
type Options struct {
	// Tolerance is by how much the clocks of gateways, shared state and backend may differ. 0 where they are one machine.
	Tolerance time.Duration
	// Until is the last record that is judged; 0: all are. What comes behind it proves and is not proven: where the servers
	// run, the newest people came in by turns that have yet to be recorded.
	Until uint64
	// Progress is told now and then how many records have been read; nil: nobody is.
	Progress func(records uint64)
}

func (o *Options) progress(n uint64) {
	if o.Progress != nil && n%20_000 == 0 {
		o.Progress(n)
	}
}

// judged tells whether a record is to be looked at for its own sake.
func (o *Options) judged(record uint64) bool { return o.Until == 0 || record <= o.Until }

// place is where in the line somebody stands.
type place = queue.Cursor
