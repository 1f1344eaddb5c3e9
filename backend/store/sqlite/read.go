package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/group"
)

// Booking reads one booking with its sealed data.
func (s *Store) Booking(ctx context.Context, no string) (booking.Booking, error) {
	b, err := scanBooking(s.booking.QueryRowContext(ctx, no).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return b, booking.Refuse(booking.NoSuchBooking)
	case err != nil:
		return b, &booking.Error{Kind: booking.Unavailable, Err: fmt.Errorf("reading a booking: %w", err)}
	}
	return b, nil
}

// Ledger reads up to limit records after the given number, in order.
func (s *Store) Ledger(ctx context.Context, after uint64, limit int) iter.Seq2[ledger.Record, error] {
	return s.records(ctx, "SELECT seq, at, kind, data, hash FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)
}

// Notes reads the operators' changes, in order.
func (s *Store) Notes(ctx context.Context) iter.Seq2[ledger.Record, error] {
	const query = "SELECT seq, at, kind, data, hash FROM ledger WHERE kind = 'opening' AND seq > ? ORDER BY seq LIMIT ?"
	return s.records(ctx, query, 0, -1)
}

// Rehearsals reads what was rehearsed, in order.
func (s *Store) Rehearsals(ctx context.Context) iter.Seq2[ledger.Record, error] {
	const query = "SELECT seq, at, kind, data, hash FROM ledger WHERE kind = 'rehearsal' AND seq > ? ORDER BY seq LIMIT ?"
	return s.records(ctx, query, 0, -1)
}

// Schedules reads the schedules that came into force, in order.
func (s *Store) Schedules(ctx context.Context) iter.Seq2[ledger.Record, error] {
	const query = "SELECT seq, at, kind, data, hash FROM ledger WHERE kind = 'schedule' AND seq > ? ORDER BY seq LIMIT ?"
	return s.records(ctx, query, 0, -1)
}

// Anchors reads how far the log of accesses went, in order.
func (s *Store) Anchors(ctx context.Context) iter.Seq2[ledger.Record, error] {
	const query = "SELECT seq, at, kind, data, hash FROM ledger WHERE kind = 'accesses' AND seq > ? ORDER BY seq LIMIT ?"
	return s.records(ctx, query, 0, -1)
}

func (s *Store) records(ctx context.Context, query string, after uint64, limit int) iter.Seq2[ledger.Record, error] {
	return group.Pages(after, limit, func(after uint64, want int) ([]ledger.Record, error) { return s.page(ctx, query, after, want) })
}

func (s *Store) page(ctx context.Context, query string, after uint64, limit int) ([]ledger.Record, error) {
	var out []ledger.Record
	err := s.each(ctx, query, func(r *sql.Rows) error {
		var rec ledger.Record
		var at int64
		var data string
		var hash sql.RawBytes
		if err := r.Scan(&rec.Seq, &at, &rec.Kind, &data, &hash); err != nil {
			return err
		}
		rec.At, rec.Data = time.Unix(0, at).UTC(), json.RawMessage(data)
		copy(rec.Hash[:], hash)
		out = append(out, rec)
		return nil
	}, int64(after), limit)
	return out, err
}
