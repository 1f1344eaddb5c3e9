package group

import (
	"time"

	"github.com/daemun/daemun/backend/booking"
)

// batch is what one transaction takes: operations that were decided together, and what they changed.
type batch struct {
	ops     []*op
	effects []*booking.Effect
	seq     uint64 // how far the ledger goes with it
}

// answer tells everybody what became of their operation. Where the batch failed that holds for refusals, too: they may
// rest on what could not be written.
func (b *batch) answer(err error) {
	for _, o := range b.ops {
		if err != nil {
			o.err = err
		}
		o.answer()
	}
	clear(b.ops)
	clear(b.effects)
	b.ops, b.effects = b.ops[:0], b.effects[:0]
}

// silent tells whether the ledger hears nothing of a batch, so that it cannot tell either whether the batch took effect: of
// holds and of what ends them, wherever nobody booked in the same transaction.
func (b *batch) silent() bool {
	for _, e := range b.effects {
		if e.Record.Kind != "" {
			return false
		}
	}
	return true
}

func (b *batch) undo(state *booking.State) {
	for i := len(b.effects) - 1; i >= 0; i-- {
		state.Undo(b.effects[i])
	}
}

// written is how a write ended.
type written struct {
	err  error
	took time.Duration
}

// write is the goroutine that waits for the disk. It has at most one batch at a time.
func (w *Writer) write() {
	for effects := range w.toDisk {
		started := time.Now()
		err := w.disk.Write(effects)
		w.onDisk <- written{err, time.Since(started)}
	}
}

// run is the writer. Groups form by themselves: what arrives while one is on its way to the disk makes up the next. Where
// the disk is fast those are small, and Gather makes them larger.
func (w *Writer) run() {
	defer close(w.stopped)
	defer close(w.toDisk)
	for {
		ops := w.ops
		if len(w.next.ops) >= groupMax {
			ops = nil
		}
		select {
		case o := <-ops:
			w.take(o)
			w.takeWaiting()
		case r := <-w.onDisk:
			w.landed(r)
			w.takeWaiting()
		case <-w.enough.C:
		case <-w.doubt.retry():
			_ = w.trust() // whoever asks next is told
		case <-w.quit:
			for w.takeWaiting() {
				w.drain()
			}
			w.drain()
			return
		}
		if wait := w.gather(); wait > 0 {
			w.enough.Reset(wait)
			continue
		}
		w.launch()
	}
}

// gather tells how long the next batch still waits for company. What writes nothing does not wait.
func (w *Writer) gather() time.Duration {
	b := w.next
	if w.under != nil || len(b.effects) == 0 || len(b.ops) >= Company {
		return 0
	}
	return time.Duration(w.pace.Load()) - time.Since(w.sent)
}

// takeWaiting takes what waits, up to a whole batch, and tells whether there was anything.
func (w *Writer) takeWaiting() (some bool) {
	for len(w.next.ops) < groupMax {
		select {
		case o := <-w.ops:
			w.take(o)
			some = true
		default:
			return some
		}
	}
	return some
}

// take decides an operation. One that needs a transaction of its own waits for all before it and is done at once.
func (w *Writer) take(o *op) {
	if o.alone != nil {
		w.drain()
		if o.err = w.trust(); o.err == nil {
			o.err = o.alone(w.state.Load())
		}
		o.answer()
		return
	}
	var e *booking.Effect
	if e, o.err = w.decide(o); e != nil {
		w.next.effects = append(w.next.effects, e)
	}
	w.next.ops = append(w.next.ops, o)
}

func (w *Writer) decide(o *op) (*booking.Effect, error) {
	if err := o.ctx.Err(); err != nil {
		return nil, &booking.Error{Kind: booking.Unavailable, Err: err} // nobody waits for the answer
	}
	if err := w.trust(); err != nil {
		return nil, err
	}
	return o.decide(w.state.Load())
}

// launch sends the next batch to the disk if nothing is on the way there. What changes nothing is answered at once.
func (w *Writer) launch() {
	b := w.next
	if w.under != nil || len(b.ops) == 0 {
		return
	}
	w.meters.waited(b.ops)
	if len(b.effects) == 0 {
		b.answer(nil)
		return
	}
	state := w.state.Load()
	if e := state.Sweep(); e != nil {
		b.effects = append(b.effects, e) // on the way of what is written anyway
	}
	b.seq = state.Head().Seq
	w.under, w.next, w.spare, w.sent = b, w.spare, nil, time.Now()
	w.toDisk <- b.effects
}

// landed ends the batch that was under way. If it failed, what was decided since rests on it, and fails with it.
func (w *Writer) landed(r written) {
	b := w.under
	if r.err == nil {
		w.meters.committed(r.took)
		w.seq.Store(b.seq)
		b.answer(nil)
	} else {
		w.doubt.raise(b.silent())
		state := w.state.Load()
		w.next.undo(state)
		b.undo(state)
		err := unavailable("commit", r.err)
		b.answer(err)
		w.next.answer(err)
	}
	w.under, w.spare = nil, b
}

// drain waits until all that was decided is on the disk, or has failed.
func (w *Writer) drain() {
	for {
		w.launch()
		if w.under == nil {
			return
		}
		w.landed(<-w.onDisk)
	}
}
