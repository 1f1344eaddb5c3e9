package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/group"
)

const (
	sqlLedger      = "SELECT seq, at, kind, data, hash FROM ledger WHERE seq > $1 ORDER BY seq LIMIT $2"
	sqlCheckpoints = "SELECT seq, at, hash, key, signature FROM checkpoints WHERE seq > $1 ORDER BY seq, at"
	sqlPasses      = "SELECT seq, pass FROM admissions WHERE seq > $1 AND expires_at <= $2 ORDER BY seq LIMIT $3"
)

// Booking reads one booking with its sealed data.
func (s *Store) Booking(ctx context.Context, no string) (booking.Booking, error) {
	var r bookingRow
	var b booking.Booking
	rows, err := s.pool.Query(ctx, "SELECT "+bookingColumns+", sealed FROM bookings WHERE no = $1", no)
	if err == nil {
		// Copied before the row is let go of.
		_, err = pgx.ForEachRow(rows, r.columns(), func() error { b = r.booking(); return nil })
	}
	switch {
	case err != nil:
		return b, &booking.Error{Kind: booking.Unavailable, Err: fmt.Errorf("reading a booking: %w", explain(err))}
	case b.No == "":
		return b, booking.Refuse(booking.NoSuchBooking)
	}
	return b, nil
}

// Ledger reads up to limit records after the given number, in order.
func (s *Store) Ledger(ctx context.Context, after uint64, limit int) iter.Seq2[ledger.Record, error] {
	return records(ctx, s.pool, sqlLedger, after, limit)
}

// Notes reads the operators' changes, in order.
func (s *Store) Notes(ctx context.Context) iter.Seq2[ledger.Record, error] {
	const query = "SELECT seq, at, kind, data, hash FROM ledger WHERE kind = 'opening' AND seq > $1 ORDER BY seq LIMIT $2"
	return records(ctx, s.pool, query, 0, -1)
}

// Rehearsals reads the records of rehearsals, in order.
func (s *Store) Rehearsals(ctx context.Context) iter.Seq2[ledger.Record, error] {
	const query = "SELECT seq, at, kind, data, hash FROM ledger WHERE kind = 'rehearsal' AND seq > $1 ORDER BY seq LIMIT $2"
	return records(ctx, s.pool, query, 0, -1)
}

// Schedules reads the records of the schedules that came into force, in order.
func (s *Store) Schedules(ctx context.Context) iter.Seq2[ledger.Record, error] {
	const query = "SELECT seq, at, kind, data, hash FROM ledger WHERE kind = 'schedule' AND seq > $1 ORDER BY seq LIMIT $2"
	return records(ctx, s.pool, query, 0, -1)
}

// Anchors reads how far the log of accesses went, in order.
func (s *Store) Anchors(ctx context.Context) iter.Seq2[ledger.Record, error] {
	const query = "SELECT seq, at, kind, data, hash FROM ledger WHERE kind = 'accesses' AND seq > $1 ORDER BY seq LIMIT $2"
	return records(ctx, s.pool, query, 0, -1)
}

func records(ctx context.Context, q querier, query string, after uint64, limit int) iter.Seq2[ledger.Record, error] {
	return group.Pages(after, limit, func(after uint64, want int) ([]ledger.Record, error) {
		rows, err := q.Query(ctx, query, int64(after), want)
		if err != nil {
			return nil, explain(err)
		}
		page, err := pgx.CollectRows(rows, scanRecord)
		return page, explain(err)
	})
}

func scanRecord(row pgx.CollectableRow) (ledger.Record, error) {
	var r ledger.Record
	var at int64
	var data, hash []byte
	err := row.Scan(&r.Seq, &at, &r.Kind, &data, &hash)
	r.At, r.Data = time.Unix(0, at).UTC(), json.RawMessage(data)
	copy(r.Hash[:], hash)
	return r, err
}

// Checkpoints reads the checkpoints after the given record, in order.
func (s *Store) Checkpoints(ctx context.Context, after uint64) iter.Seq2[ledger.Checkpoint, error] {
	return query(ctx, s.pool, scanCheckpoint, sqlCheckpoints, int64(after))
}

func scanCheckpoint(row pgx.CollectableRow) (ledger.Checkpoint, error) {
	var c ledger.Checkpoint
	var at int64
	var hash []byte
	var key int16
	err := row.Scan(&c.Seq, &at, &hash, &key, &c.Signature)
	c.At, c.Key = time.Unix(0, at).UTC(), byte(key)
	copy(c.Hash[:], hash)
	return c, err
}

// SpentPasses reads up to limit passes that had expired at a time, after the one with the given number.
func (s *Store) SpentPasses(ctx context.Context, after uint64, expired time.Time, limit int) iter.Seq2[booking.SpentPass, error] {
	return query(ctx, s.pool, scanPass, sqlPasses, int64(after), expired, limit)
}

func scanPass(row pgx.CollectableRow) (booking.SpentPass, error) {
	var p booking.SpentPass
	err := row.Scan(&p.Number, &p.Text)
	return p, err
}

// query yields the rows of a query as scan reads them.
func query[T any](ctx context.Context, q querier, scan func(pgx.CollectableRow) (T, error), text string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		rows, err := q.Query(ctx, text, args...)
		if err != nil {
			yield(zero, explain(err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			v, err := scan(rows)
			if !yield(v, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(zero, explain(err))
		}
	}
}
