package group

import (
	"context"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// op is one operation on its way to the writer.
type op struct {
	ctx    context.Context
	queued time.Time
	// decide runs in the writer. Its error is the refusal; its effect, if any, is written with the rest of the group.
	decide func(*booking.State) (*booking.Effect, error)
	// alone, in the place of decide, is an operation with a transaction of its own.
	alone func(*booking.State) error
	err   error
	done  chan struct{} // has room for the answer; nil: nobody waits for it
}

// answer lets the caller go on. The operation is theirs again.
func (o *op) answer() {
	if o.done != nil {
		o.done <- struct{}{}
	}
}

// submit sends an operation to the writer and waits for the disk. When the caller goes away first, whether the
// operation was done stays unknown to it.
func submit[T any](ctx context.Context, w *Writer, decide func(*booking.State) (T, *booking.Effect, error)) (T, error) {
	var out, zero T
	o := &op{ctx: ctx, decide: func(st *booking.State) (e *booking.Effect, err error) {
		out, e, err = decide(st)
		return e, err
	}}
	if err := w.wait(o); err != nil {
		return zero, err
	}
	return out, nil
}

// channel returns one to be answered by, used before if possible.
func (w *Writer) channel() chan struct{} {
	if c, ok := w.answered.Get().(chan struct{}); ok {
		return c
	}
	return make(chan struct{}, 1)
}

func (w *Writer) wait(o *op) error {
	o.queued, o.done = time.Now(), w.channel()
	select {
	case <-w.quit:
		return &booking.Error{Kind: booking.Unavailable, Err: errClosed}
	default:
	}
	select {
	case w.ops <- o:
	default:
		return &booking.Error{Kind: booking.Overloaded, Err: errFull}
	}
	select {
	case <-o.done:
		w.answered.Put(o.done)
		return o.err
	case <-o.ctx.Done():
		return &booking.Error{Kind: booking.Unavailable, Err: o.ctx.Err()}
	case <-w.stopped:
	}
	select { // the writer answers before it stops
	case <-o.done:
		return o.err
	default:
		return &booking.Error{Kind: booking.Unavailable, Err: errClosed}
	}
}

// Catalog returns what can be booked.
func (w *Writer) Catalog() *booking.Catalog { return w.catalog.Load() }

// Admit records an admission.
func (w *Writer) Admit(ctx context.Context, a booking.Admission) (booking.Admitted, error) {
	return submit(ctx, w, func(st *booking.State) (booking.Admitted, *booking.Effect, error) { return st.Admit(a) })
}

// Book places an order.
func (w *Writer) Book(ctx context.Context, o booking.Order) (booking.Placed, error) {
	return submit(ctx, w, func(st *booking.State) (booking.Placed, *booking.Effect, error) { return st.Book(o) })
}

// Change moves a booking.
func (w *Writer) Change(ctx context.Context, m booking.Move) (booking.Booking, error) {
	return submit(ctx, w, func(st *booking.State) (booking.Booking, *booking.Effect, error) { return st.Change(m) })
}

// Cancel withdraws a booking.
func (w *Writer) Cancel(ctx context.Context, o booking.Withdrawal) (booking.Booking, error) {
	return submit(ctx, w, func(st *booking.State) (booking.Booking, *booking.Effect, error) { return st.Cancel(o) })
}

// Mark records what a clinic says of one of its appointments.
func (w *Writer) Mark(ctx context.Context, m booking.Mark) (booking.Booking, error) {
	return submit(ctx, w, func(st *booking.State) (booking.Booking, *booking.Effect, error) { return st.Mark(m) })
}

// ReportUnused records doses that a clinic says stay unused.
func (w *Writer) ReportUnused(ctx context.Context, u booking.Unused) (booking.Unused, error) {
	return submit(ctx, w, func(st *booking.State) (booking.Unused, *booking.Effect, error) { return st.ReportUnused(u) })
}

// UnusedDoses is how many doses are reported as unused of each of the slots.
func (w *Writer) UnusedDoses(ctx context.Context, opening string, slots []string) ([]int, error) {
	return submit(ctx, w, func(st *booking.State) ([]int, *booking.Effect, error) {
		doses := make([]int, len(slots))
		for i, slot := range slots {
			doses[i] = st.UnusedDoses(opening, slot)
		}
		return doses, nil, nil
	})
}

// BookedAt returns the numbers of the active bookings of some slots of an opening, in no order.
func (w *Writer) BookedAt(ctx context.Context, opening string, slots []string) ([]string, error) {
	return submit(ctx, w, func(st *booking.State) ([]string, *booking.Effect, error) { return st.Booked(opening, slots), nil, nil })
}

// Identify records that a provider found a person to be who they are.
func (w *Writer) Identify(ctx context.Context, i booking.Identified) (booking.Identified, error) {
	return submit(ctx, w, func(st *booking.State) (booking.Identified, *booking.Effect, error) { return st.Identify(i) })
}

// Settle notes what became of messages.
func (w *Writer) Settle(ctx context.Context, settled []booking.Settlement) error {
	_, err := submit(ctx, w, func(st *booking.State) (struct{}, *booking.Effect, error) {
		return struct{}{}, st.Settle(settled), nil
	})
	return err
}

// Note records an operator's change.
func (w *Writer) Note(ctx context.Context, n ledger.Opening, at time.Time) error {
	_, err := submit(ctx, w, func(st *booking.State) (struct{}, *booking.Effect, error) {
		e, err := st.Note(n, at)
		return struct{}{}, e, err
	})
	return err
}

// Append records entries as they are.
func (w *Writer) Append(ctx context.Context, entries []ledger.Entry, at time.Time) error {
	_, err := submit(ctx, w, func(st *booking.State) (struct{}, *booking.Effect, error) {
		return struct{}{}, st.Append(entries, at), nil
	})
	return err
}

// Record keeps accesses to personal data.
func (w *Writer) Record(ctx context.Context, accesses []booking.Access) error {
	_, err := submit(ctx, w, func(st *booking.State) (struct{}, *booking.Effect, error) {
		return struct{}{}, st.Record(accesses), nil
	})
	return err
}

// Anchor records in the ledger how far the log of accesses goes.
func (w *Writer) Anchor(ctx context.Context, at time.Time) error {
	_, err := submit(ctx, w, func(st *booking.State) (struct{}, *booking.Effect, error) {
		return struct{}{}, st.Anchor(at), nil
	})
	return err
}

// Reseal replaces sealed data, in a transaction of its own.
func (w *Writer) Reseal(ctx context.Context, rows []booking.Resealed) (n int, err error) {
	if len(rows) == 0 {
		return 0, nil
	}
	err = w.wait(&op{ctx: ctx, alone: func(*booking.State) error {
		return w.commit(func() (err error) {
			n, err = w.disk.Reseal(rows)
			return err
		})
	}})
	return n, err
}

// Checkpoint signs how far the ledger goes on the disk, in a transaction of its own.
func (w *Writer) Checkpoint(ctx context.Context, sign func(ledger.Head) ledger.Checkpoint) error {
	return w.wait(&op{ctx: ctx, alone: func(state *booking.State) error {
		head := state.Head()
		if head.Seq == w.signed {
			return nil
		}
		c := sign(head)
		err := w.commit(func() error { return w.disk.Checkpoint(&c) })
		if err == nil {
			w.signed = head.Seq
		}
		return err
	}})
}

// Import makes an opening known, or changes what it has to give, in one transaction.
func (w *Writer) Import(ctx context.Context, in booking.Import) error {
	return w.wait(&op{ctx: ctx, alone: func(state *booking.State) error {
		prepared, err := state.PrepareImport(in)
		if err != nil || prepared.Empty() {
			return err
		}
		if err := w.commit(func() error { return w.disk.Import(prepared) }); err != nil {
			return err
		}
		state.Install(prepared)
		w.install(state)
		return nil
	}})
}

// Alone runs do in the writer's goroutine while nothing else is on its way to the disk.
func (w *Writer) Alone(ctx context.Context, do func() error) error {
	return w.wait(&op{ctx: ctx, alone: func(*booking.State) error { return do() }})
}

// Wish records a person's wish for a leftover dose.
func (w *Writer) Wish(ctx context.Context, wish booking.Wish) (booking.Wish, error) {
	return submit(ctx, w, func(st *booking.State) (booking.Wish, *booking.Effect, error) { return st.Wish(wish) })
}

// Unwish ends a wish.
func (w *Writer) Unwish(ctx context.Context, code ledger.Hash, at time.Time) error {
	_, err := submit(ctx, w, func(st *booking.State) (struct{}, *booking.Effect, error) {
		e, err := st.Unwish(code, at)
		return struct{}{}, e, err
	})
	return err
}

// Offer records offers of one leftover dose.
func (w *Writer) Offer(ctx context.Context, offers []booking.Offer) error {
	_, err := submit(ctx, w, func(st *booking.State) (struct{}, *booking.Effect, error) {
		e, err := st.Offer(offers)
		return struct{}{}, e, err
	})
	return err
}

// DueOffers finds to whom leftover doses should be offered now.
func (w *Writer) DueOffers(ctx context.Context, now time.Time) ([]booking.Offer, error) {
	return submit(ctx, w, func(st *booking.State) ([]booking.Offer, *booking.Effect, error) {
		return st.DueOffers(now), nil, nil
	})
}

// OfferOf finds an offer by its code.
func (w *Writer) OfferOf(ctx context.Context, code ledger.Hash, now time.Time) (offer booking.Offer, state booking.OfferState, err error) {
	_, err = submit(ctx, w, func(st *booking.State) (struct{}, *booking.Effect, error) {
		found, how := st.OfferOf(code, now)
		if found == nil {
			return struct{}{}, nil, booking.Refuse(booking.NoSuchOffer)
		}
		offer, state = *found, how
		return struct{}{}, nil, nil
	})
	return offer, state, err
}

// Spares are the leftover doses of slots to come.
func (w *Writer) Spares(ctx context.Context, now time.Time) ([]booking.Spare, error) {
	return submit(ctx, w, func(st *booking.State) ([]booking.Spare, *booking.Effect, error) { return st.Spares(now), nil, nil })
}
