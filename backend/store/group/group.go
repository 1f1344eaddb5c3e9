// Package group is the writer that all stores share: it decides and commits many operations at a time.
//
// One goroutine takes whatever operations wait, decides them one after the other in memory, has the disk write all that
// was accepted in one transaction, and answers once that is safe. What a slot holds is counted in memory, so an opening
// that everybody wants costs no more than any other.
//
// After a write that failed nobody knows whether it took effect. Until memory and disk were compared, and memory was read
// again if they differ, nothing is decided.
package group

import (
	"context"
	"errors"
	"fmt"
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
	// Checkpoint writes a checkpoint as Write does.
	Checkpoint(c *ledger.Checkpoint) error
}

// Writer is the part of a booking.Store that decides and writes.
type Writer struct {
	name string
	disk Disk

	ops     chan *op
	closing sync.Once
	quit    chan struct{}
	stopped chan struct{}

	state   atomic.Pointer[booking.State]   // replaced by the writer alone
	catalog atomic.Pointer[booking.Catalog] // replaced by the writer alone
	seq     atomic.Uint64
	meters  meters
	doubt   doubt
	signed  uint64 // how far the newest checkpoint goes
}

// Start reads what the disk holds, begins its ledger if it has none, dated now, and starts to write. name is what Stats
// calls the store.
func Start(ctx context.Context, name string, disk Disk, now time.Time) (*Writer, error) {
	w := &Writer{
		name: name, disk: disk, ops: make(chan *op, queueLen),
		quit: make(chan struct{}), stopped: make(chan struct{}),
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
	go w.run()
	return w, nil
}

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

// run is the writer. Groups form by themselves: what arrives while one is on its way to the disk makes up the next.
func (w *Writer) run() {
	defer close(w.stopped)
	group := make([]*op, 0, groupMax)
	for {
		select {
		case o := <-w.ops:
			group = w.gather(append(group[:0], o))
			w.process(group)
		case <-w.doubt.retry():
			_ = w.trust() // whoever asks next is told
		case <-w.quit:
			for group = w.gather(group[:0]); len(group) > 0; group = w.gather(group[:0]) {
				w.process(group)
			}
			return
		}
	}
}

// gather adds what waits, up to a whole group.
func (w *Writer) gather(group []*op) []*op {
	for len(group) < groupMax {
		select {
		case o := <-w.ops:
			group = append(group, o)
		default:
			return group
		}
	}
	return group
}

// process decides a group, writes it down and answers. Operations that need a transaction of their own cut it in two.
func (w *Writer) process(group []*op) {
	w.meters.waited(group)
	start := 0
	for i, o := range group {
		if o.alone != nil {
			w.together(group[start:i])
			w.byItself(o)
			start = i + 1
		}
	}
	w.together(group[start:])
}

func (w *Writer) byItself(o *op) {
	if o.err = w.trust(); o.err == nil {
		o.err = o.alone(w.state.Load())
	}
	close(o.done)
}

func (w *Writer) together(group []*op) {
	if len(group) == 0 {
		return
	}
	err := w.trust()
	if err == nil {
		err = w.decide(group)
	}
	for _, o := range group {
		if err != nil {
			// Refusals too: they may rest on what could not be written.
			o.err = err
		}
		close(o.done)
	}
}

// decide decides all operations of a group and writes down what they changed. The error, if any, holds for all.
func (w *Writer) decide(group []*op) error {
	state := w.state.Load()
	effects := make([]*booking.Effect, 0, len(group))
	for _, o := range group {
		if err := o.ctx.Err(); err != nil {
			o.err = &booking.Error{Kind: booking.Unavailable, Err: err} // nobody waits for the answer
			continue
		}
		var e *booking.Effect
		if e, o.err = o.decide(state); e != nil {
			effects = append(effects, e)
		}
	}
	if len(effects) == 0 {
		return nil
	}
	if e := state.Sweep(); e != nil {
		effects = append(effects, e) // on the way of what is written anyway
	}
	err := w.commit(func() error { return w.disk.Write(effects) })
	if err == nil {
		w.seq.Store(state.Head().Seq)
		return nil
	}
	for i := len(effects) - 1; i >= 0; i-- {
		state.Undo(effects[i])
	}
	return err
}

// commit runs one write. Its error is Unavailable, and memory is in doubt after it.
func (w *Writer) commit(write func() error) error {
	started := time.Now()
	if err := write(); err != nil {
		w.doubt.raise()
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
		if head == w.state.Load().Head() {
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
