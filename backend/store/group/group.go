// Package group is the writer that all stores share: it decides and commits many operations at a time.
//
// One goroutine takes whatever operations wait, decides them one after the other in memory, has the disk write all that
// was accepted in one transaction, and answers once that is safe. What a slot holds is counted in memory, so an opening
// that everybody wants costs no more than any other.
//
// While one group is on its way to the disk the next is decided already, on top of it. It is sent only when the one before
// is safe, so that the disk never holds a decision without those that it rests on; if that one fails, both are taken back.
//
// After a write that failed nobody knows whether it took effect. Until memory and disk were compared, and memory was read
// again if they differ, nothing is decided. They are compared by how far the ledger goes; after a write of which the ledger
// hears nothing, memory is read again in any case.
package group

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

const (
	queueLen   = 4096                  // operations that may wait for the writer
	groupMax   = 512                   // operations in one transaction
	retryAfter = 50 * time.Millisecond // between two tries to read from a disk that failed
)

// Company is how many operations wait for no more of them: see Writer.Gather.
const Company = 32

// Pace is what a backend that serves many people gives to Gather: it costs nobody more than this. In a surge, ending
// many small transactions took more of the processor than what they wrote.
const Pace = 5 * time.Millisecond

// Disk is what one store does its own way. One goroutine at a time calls it.
type Disk interface {
	// Load reads what is needed to decide into a new state, and how far the newest checkpoint goes.
	Load(ctx context.Context) (state *booking.State, signed uint64, err error)
	// Head reads how far the ledger goes, once nothing that was under way can change it any more. It mends what Write
	// found broken.
	Head(ctx context.Context) (ledger.Head, error)
	// Accessed reads how far the log of accesses goes, as Head does; the zero Head is an empty one's.
	Accessed(ctx context.Context) (ledger.Head, error)
	// Write writes what operations changed, in order and in one transaction, and returns when it is safe. An error says
	// nothing about whether it took effect.
	Write(effects []*booking.Effect) error
	// Import writes an import as Write does.
	Import(in *booking.Imported) error
	// Reseal replaces sealed data as Write does, where it is as it was read, and returns of how many rows.
	Reseal(rows []booking.Resealed) (int, error)
	// Checkpoint writes a checkpoint as Write does.
	Checkpoint(c *ledger.Checkpoint) error
}

// Between stands between a writer and its disk: what makes faults in tests comes in where a disk does.
type Between func(Disk) Disk

// Writer is the part of a booking.Store that decides and writes.
type Writer struct {
	name string
	disk Disk

	ops      chan *op
	answered sync.Pool // channels of operations that were answered
	closing  sync.Once
	quit     chan struct{}
	stopped  chan struct{}

	state   atomic.Pointer[booking.State]   // replaced by the writer alone
	catalog atomic.Pointer[booking.Catalog] // replaced by the writer alone
	seq     atomic.Uint64
	pace    atomic.Int64 // nanoseconds: see Gather
	meters  meters

	// All that follows is the writer's goroutine's.
	doubt  doubt
	signed uint64 // how far the newest checkpoint goes
	next   *batch // decided, and waiting for under
	under  *batch // on its way to the disk; nil: none
	spare  *batch // empty, with room
	toDisk chan []*booking.Effect
	onDisk chan written
	sent   time.Time   // when the last batch went to the disk
	enough *time.Timer // ends the wait for company
}

// Start reads what the disk holds, begins its ledger if it has none, dated now, and starts to write. name is what Stats
// calls the store. What goes to the disk passes between, the first one first.
func Start(ctx context.Context, name string, disk Disk, now time.Time, between ...Between) (*Writer, error) {
	for _, b := range slices.Backward(between) {
		disk = b(disk)
	}
	w := &Writer{
		name: name, disk: disk, ops: make(chan *op, queueLen),
		quit: make(chan struct{}), stopped: make(chan struct{}),
		next: &batch{}, spare: &batch{}, toDisk: make(chan []*booking.Effect), onDisk: make(chan written, 1),
		enough: time.NewTimer(0),
	}
	state, signed, err := disk.Load(ctx)
	if err != nil {
		return nil, err
	}
	if state.Head().Seq == 0 {
		if err := disk.Write([]*booking.Effect{{Record: state.Genesis(now)}}); err != nil {
			return nil, fmt.Errorf("beginning the ledger: %w", err)
		}
	}
	w.install(state)
	w.signed = signed
	go w.write()
	go w.run()
	return w, nil
}

// Gather has transactions begin at least pace apart, unless many operations wait already. An operation that comes when the
// last transaction began longer ago does not wait. Zero, with which a Writer starts, waits for nobody.
func (w *Writer) Gather(pace time.Duration) { w.pace.Store(int64(pace)) }

// Close lets the writer finish what it has. The disk is not touched afterwards.
func (w *Writer) Close() {
	w.closing.Do(func() { close(w.quit) })
	<-w.stopped
}

// install makes a state the one that counts.
func (w *Writer) install(state *booking.State) {
	w.state.Store(state)
	w.catalog.Store(state.Catalog())
	w.seq.Store(state.Head().Seq)
}

// commit runs one write. Its error is Unavailable, and memory is in doubt after it.
func (w *Writer) commit(write func() error) error {
	started := time.Now()
	if err := write(); err != nil {
		w.doubt.raise(false)
		return unavailable("commit", err)
	}
	w.meters.committed(time.Since(started))
	return nil
}

// trust makes sure that memory is what the disk says.
func (w *Writer) trust() error {
	return w.doubt.settle(func() error {
		ctx := context.Background()
		head, err := w.disk.Head(ctx)
		if err != nil {
			return unavailable("reading how far the ledger goes", err)
		}
		accessed, err := w.disk.Accessed(ctx)
		if err != nil {
			return unavailable("reading how far the log of accesses goes", err)
		}
		if head == w.state.Load().Head() && !w.doubt.silent {
			w.state.Load().RestoreAccessed(accessed) // nothing else rests on it
			return nil
		}
		state, signed, err := w.disk.Load(ctx)
		if err != nil {
			return unavailable("reading the data again", err)
		}
		w.install(state)
		w.signed = signed
		return nil
	})
}

func unavailable(doing string, err error) error {
	return &booking.Error{Kind: booking.Unavailable, Err: fmt.Errorf("%s: %w", doing, err)}
}

var (
	errClosed = errors.New("the store is closed")
	errFull   = fmt.Errorf("%d writes wait already", queueLen)
)
