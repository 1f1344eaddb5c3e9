package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daemun/daemun/backend/booking"
)

// op is one operation on its way to the writer.
type op struct {
	ctx    context.Context
	queued time.Time
	// decide runs in the writer. Its error is the refusal; its effect, if any, is written with the rest of the group.
	decide func(*booking.State) (*booking.Effect, error)
	// alone, in the place of decide, is an operation with a transaction of its own.
	alone func() error
	err   error
	done  chan struct{}
}

var (
	errClosed = errors.New("the store is closed")
	errFull   = fmt.Errorf("%d writes wait already", queueLen)
)

// submit sends an operation to the writer and waits for the disk. When the caller goes away first, whether the
// operation was done stays unknown to it.
func submit[T any](ctx context.Context, s *Store, decide func(*booking.State) (T, *booking.Effect, error)) (T, error) {
	var out, zero T
	o := &op{ctx: ctx, decide: func(st *booking.State) (e *booking.Effect, err error) {
		out, e, err = decide(st)
		return e, err
	}}
	if err := s.wait(o); err != nil {
		return zero, err
	}
	return out, nil
}

func (s *Store) wait(o *op) error {
	o.queued, o.done = time.Now(), make(chan struct{})
	select {
	case <-s.quit:
		return &booking.Error{Kind: booking.Unavailable, Err: errClosed}
	default:
	}
	select {
	case s.ops <- o:
	default:
		return &booking.Error{Kind: booking.Overloaded, Err: errFull}
	}
	select {
	case <-o.done:
		return o.err
	case <-o.ctx.Done():
		return &booking.Error{Kind: booking.Unavailable, Err: o.ctx.Err()}
	case <-s.stopped:
	}
	select { // the writer answers before it stops
	case <-o.done:
		return o.err
	default:
		return &booking.Error{Kind: booking.Unavailable, Err: errClosed}
	}
}

// write is the writer. Groups form by themselves: what arrives while one is on its way to the disk makes up the next.
func (s *Store) write() {
	defer close(s.stopped)
	group := make([]*op, 0, groupMax)
	for {
		select {
		case o := <-s.ops:
			group = s.gather(append(group[:0], o))
			s.process(group)
		case <-s.quit:
			for group = s.gather(group[:0]); len(group) > 0; group = s.gather(group[:0]) {
				s.process(group)
			}
			return
		}
	}
}

// gather adds what waits, up to a whole group.
func (s *Store) gather(group []*op) []*op {
	for len(group) < groupMax {
		select {
		case o := <-s.ops:
			group = append(group, o)
		default:
			return group
		}
	}
	return group
}

// process decides a group, writes it down and answers. Operations that need a transaction of their own cut it in two.
func (s *Store) process(group []*op) {
	s.meters.waited(group)
	start := 0
	for i, o := range group {
		if o.alone != nil {
			s.together(group[start:i])
			s.byItself(o)
			start = i + 1
		}
	}
	s.together(group[start:])
}

func (s *Store) byItself(o *op) {
	if o.err = s.trust(); o.err == nil {
		o.err = o.alone()
	}
	close(o.done)
}

func (s *Store) together(group []*op) {
	if len(group) == 0 {
		return
	}
	err := s.trust()
	if err == nil {
		err = s.decide(group)
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
func (s *Store) decide(group []*op) error {
	state := s.state.Load()
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
	err := s.commit(func() error {
		for _, e := range effects {
			if err := s.writer.effect(e); err != nil {
				return fmt.Errorf("writing %s: %w", e.Record.Kind, err)
			}
		}
		return nil
	})
	if err == nil {
		s.seq.Store(state.Head().Seq)
		return nil
	}
	for i := len(effects) - 1; i >= 0; i-- {
		state.Undo(effects[i])
	}
	s.checkHead()
	return err
}

// commit runs one transaction. Its error is Unavailable.
func (s *Store) commit(fill func() error) error {
	started := time.Now()
	err := s.writer.beginTx.exec()
	if err == nil {
		if err = fill(); err == nil {
			err = s.writer.commitTx.exec()
		}
		if err != nil {
			// Some errors have ended the transaction already; then there is nothing to roll back, which is no error.
			_ = s.writer.rollbackTx.exec()
		}
	}
	if err != nil {
		return &booking.Error{Kind: booking.Unavailable, Err: fmt.Errorf("commit: %w", err)}
	}
	s.meters.committed(time.Since(started))
	return nil
}

// checkHead compares disk and memory after a commit that failed: in the rare case that it took effect all the same,
// or that nothing can be read, memory is read again from the disk before anything else is decided.
func (s *Store) checkHead() {
	seq, err := s.writer.headSeq.number()
	s.suspect = err != nil || uint64(seq) != s.state.Load().Head().Seq
}

// trust makes sure that memory is what the disk says.
func (s *Store) trust() error {
	if !s.suspect {
		return nil
	}
	if err := s.load(context.Background()); err != nil {
		return &booking.Error{Kind: booking.Unavailable, Err: fmt.Errorf("reading the data again: %w", err)}
	}
	s.suspect = false
	return nil
}
