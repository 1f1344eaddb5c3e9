package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
)

const (
	sqlWish    = `INSERT OR REPLACE INTO wishes (opening, subject, region, clinic, code_sha256, at, sealed) VALUES (?, ?, ?, ?, ?, ?, ?)`
	sqlUnwish  = `DELETE FROM wishes WHERE opening = ? AND subject = ?`
	sqlOffer   = `INSERT INTO offers (code_sha256, opening, slot, subject, at, until, event) VALUES (?, ?, ?, ?, ?, ?, ?)`
	sqlSpare   = `INSERT OR REPLACE INTO spares (opening, slot, doses) VALUES (?, ?, ?)`
	sqlNoSpare = `DELETE FROM spares WHERE opening = ? AND slot = ?`
)

// leftover writes down what an operation changed of leftover doses; most change nothing of them.
func (c *connection) leftover(e *booking.Effect) error {
	if w := e.Wish; w != nil {
		if err := c.putWish.exec(w.Opening, w.Subject[:], w.Region, w.Clinic, w.Code[:], w.At.UnixMilli(), w.Sealed); err != nil {
			return err
		}
	}
	if w := e.Unwished; w != nil {
		if err := c.dropWish.exec(w.Opening, w.Subject[:]); err != nil {
			return err
		}
	}
	for i := range e.Offers {
		o := &e.Offers[i]
		if err := c.putOffer.exec(o.Code[:], o.Opening, o.Slot, o.Subject[:], o.At.UnixMilli(), o.Until.UnixMilli(), int64(o.Event)); err != nil {
			return err
		}
	}
	switch s := e.Spare; {
	case s == nil:
		return nil
	case s.Doses == 0:
		return c.dropSpare.exec(s.Opening, s.Slot)
	default:
		return c.putSpare.exec(s.Opening, s.Slot, s.Doses)
	}
}

// WishOf reads a person's wish with its sealed data.
func (s *Store) WishOf(ctx context.Context, opening string, who subject.ID) (booking.Wish, error) {
	w := booking.Wish{Opening: opening, Subject: who}
	var code []byte
	var at int64
	err := s.db.QueryRowContext(ctx, "SELECT region, clinic, code_sha256, at, sealed FROM wishes WHERE opening = ? AND subject = ?", opening, who[:]).
		Scan(&w.Region, &w.Clinic, &code, &at, &w.Sealed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return w, booking.Refuse(booking.NoSuchWish)
	case err != nil:
		return w, &booking.Error{Kind: booking.Unavailable, Err: fmt.Errorf("reading a wish: %w", err)}
	}
	copy(w.Code[:], code)
	w.At = fromMilli(at)
	return w, nil
}

func (s *Store) loadWishes(ctx context.Context, state *booking.State) error {
	return s.each(ctx, "SELECT opening, subject, region, clinic, code_sha256, at FROM wishes", func(r *sql.Rows) error {
		var w booking.Wish
		var who, code sql.RawBytes
		var at int64
		err := r.Scan(&w.Opening, &who, &w.Region, &w.Clinic, &code, &at)
		copy(w.Subject[:], who)
		copy(w.Code[:], code)
		w.At = fromMilli(at)
		state.RestoreWish(w)
		return err
	})
}

func (s *Store) loadOffers(ctx context.Context, state *booking.State) error {
	return s.each(ctx, "SELECT code_sha256, opening, slot, subject, at, until, event FROM offers ORDER BY n", func(r *sql.Rows) error {
		var o booking.Offer
		var code, who sql.RawBytes
		var at, until int64
		err := r.Scan(&code, &o.Opening, &o.Slot, &who, &at, &until, &o.Event)
		copy(o.Code[:], code)
		copy(o.Subject[:], who)
		o.At, o.Until = fromMilli(at), fromMilli(until)
		state.RestoreOffer(o)
		return err
	})
}

func (s *Store) loadSpares(ctx context.Context, state *booking.State) error {
	return s.each(ctx, "SELECT opening, slot, doses FROM spares", func(r *sql.Rows) error {
		var spare booking.Spare
		if err := r.Scan(&spare.Opening, &spare.Slot, &spare.Doses); err != nil {
			return err
		}
		return state.RestoreSpare(spare)
	})
}
