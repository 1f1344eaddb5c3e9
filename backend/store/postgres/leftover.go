package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
)

const (
	sqlWish = `INSERT INTO wishes (opening, subject, region, clinic, code_sha256, at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (opening, subject) DO UPDATE SET region = excluded.region, clinic = excluded.clinic,
			code_sha256 = excluded.code_sha256, at = excluded.at, sealed = excluded.sealed`
	sqlUnwish = `DELETE FROM wishes WHERE opening = $1 AND subject = $2`
	sqlOffer  = `INSERT INTO offers (code_sha256, opening, slot, subject, at, until, event) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlSpare  = `INSERT INTO spares (opening, slot, doses) VALUES ($1, $2, $3) ON CONFLICT (opening, slot) DO UPDATE SET doses = excluded.doses`
)

// queueLeftover adds what an operation changed of leftover doses; most change nothing of them.
func queueLeftover(b *batch, e *booking.Effect) {
	if w := e.Wish; w != nil {
		b.Queue(sqlWish, w.Opening, w.Subject[:], w.Region, w.Clinic, w.Code[:], w.At, w.Sealed)
	}
	if w := e.Unwished; w != nil {
		b.Queue(sqlUnwish, w.Opening, w.Subject[:])
	}
	for i := range e.Offers {
		o := &e.Offers[i]
		b.Queue(sqlOffer, o.Code[:], o.Opening, o.Slot, o.Subject[:], o.At, o.Until, int64(o.Event))
	}
	if s := e.Spare; s != nil {
		b.Queue(sqlSpare, s.Opening, s.Slot, s.Doses)
	}
}

// WishOf reads a person's wish with its sealed data.
func (s *Store) WishOf(ctx context.Context, opening string, who subject.ID) (booking.Wish, error) {
	w := booking.Wish{Opening: opening, Subject: who}
	found := false
	var code, sealed pgtype.DriverBytes
	const query = "SELECT region, clinic, code_sha256, at, sealed FROM wishes WHERE opening = $1 AND subject = $2"
	err := each(ctx, s.pool, query, []any{&w.Region, &w.Clinic, &code, &w.At, &sealed}, func() error {
		found = true
		copy(w.Code[:], code)
		w.At, w.Sealed = w.At.UTC(), append([]byte(nil), sealed...)
		return nil
	}, opening, who[:])
	switch {
	case err != nil:
		return w, &booking.Error{Kind: booking.Unavailable, Err: fmt.Errorf("reading a wish: %w", explain(err))}
	case !found:
		return w, booking.Refuse(booking.NoSuchWish)
	}
	return w, nil
}

func loadWishes(ctx context.Context, q querier, state *booking.State) error {
	var w booking.Wish
	var who, code pgtype.DriverBytes
	columns := []any{&w.Opening, &who, &w.Region, &w.Clinic, &code, &w.At}
	return each(ctx, q, "SELECT opening, subject, region, clinic, code_sha256, at FROM wishes", columns, func() error {
		read := w
		copy(read.Subject[:], who)
		copy(read.Code[:], code)
		read.At = w.At.UTC()
		state.RestoreWish(read)
		return nil
	})
}

func loadOffers(ctx context.Context, q querier, state *booking.State) error {
	var o booking.Offer
	var code, who pgtype.DriverBytes
	var at, until time.Time
	columns := []any{&code, &o.Opening, &o.Slot, &who, &at, &until, &o.Event}
	return each(ctx, q, "SELECT code_sha256, opening, slot, subject, at, until, event FROM offers ORDER BY n", columns, func() error {
		read := o
		copy(read.Code[:], code)
		copy(read.Subject[:], who)
		read.At, read.Until = at.UTC(), until.UTC()
		state.RestoreOffer(read)
		return nil
	})
}

func loadSpares(ctx context.Context, q querier, state *booking.State) error {
	var s booking.Spare
	return each(ctx, q, "SELECT opening, slot, doses FROM spares WHERE doses > 0", []any{&s.Opening, &s.Slot, &s.Doses}, func() error {
		return state.RestoreSpare(s)
	})
}
