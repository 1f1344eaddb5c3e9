package group

import (
	"context"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
)

// Hold keeps a dose for a while.
func (w *Writer) Hold(ctx context.Context, c booking.Claim) (booking.Hold, error) {
	return submit(ctx, w, func(st *booking.State) (booking.Hold, *booking.Effect, error) { return st.Hold(c) })
}

// Holding tells what somebody holds.
func (w *Writer) Holding(ctx context.Context, opening string, who subject.ID, now time.Time) (booking.Hold, error) {
	return submit(ctx, w, func(st *booking.State) (booking.Hold, *booking.Effect, error) {
		h, err := st.Holding(opening, who, now)
		return h, nil, err
	})
}

// Release gives back what somebody holds.
func (w *Writer) Release(ctx context.Context, opening string, who subject.ID, now time.Time) error {
	_, err := submit(ctx, w, func(st *booking.State) (struct{}, *booking.Effect, error) {
		return struct{}{}, st.Release(opening, who, now), nil
	})
	return err
}

// Expire has the writer let holds end whose time is over, if there are any. Nobody waits for it, and where too much waits
// already, the next decision does it.
func (w *Writer) Expire(now time.Time) {
	if !w.state.Load().HoldsEnd(now) {
		return
	}
	expire := func(st *booking.State) (*booking.Effect, error) {
		st.Expire(now)
		return nil, nil
	}
	select {
	case w.ops <- &op{ctx: context.Background(), queued: time.Now(), decide: expire}:
	default:
	}
}
