package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

const sqlCheckpoint = `INSERT INTO checkpoints (seq, at, hash, key, signature) VALUES (?, ?, ?, ?, ?)`

// Checkpoint writes a checkpoint in a transaction of its own.
func (d disk) Checkpoint(c *ledger.Checkpoint) error {
	return d.disk.commit(func() error {
		return d.disk.putCheckpoint.exec(int64(c.Seq), c.At.UnixNano(), c.Hash[:], int64(c.Key), c.Signature)
	})
}

// Checkpoints reads the checkpoints after the given record, in order.
func (s *Store) Checkpoints(ctx context.Context, after uint64) iter.Seq2[ledger.Checkpoint, error] {
	return checkpoints(ctx, s.db, after)
}

// SpentPasses reads up to limit passes that had expired at a time, after the one with the given number.
func (s *Store) SpentPasses(ctx context.Context, after uint64, expired time.Time, limit int) iter.Seq2[booking.SpentPass, error] {
	return spentPasses(ctx, s.db, after, expired, limit)
}

// query yields the rows of a query as scan reads them.
func query[T any](ctx context.Context, db *sql.DB, scan func(*sql.Rows, *T) error, text string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		rows, err := db.QueryContext(ctx, text, args...)
		if err != nil {
			yield(zero, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var v T
			if err := scan(rows, &v); err != nil {
				yield(zero, err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(zero, err)
		}
	}
}

func checkpoints(ctx context.Context, db *sql.DB, after uint64) iter.Seq2[ledger.Checkpoint, error] {
	return query(ctx, db, func(r *sql.Rows, c *ledger.Checkpoint) error {
		var at int64
		var hash []byte
		err := r.Scan(&c.Seq, &at, &hash, &c.Key, &c.Signature)
		c.At = time.Unix(0, at).UTC()
		copy(c.Hash[:], hash)
		return err
	}, "SELECT seq, at, hash, key, signature FROM checkpoints WHERE seq > ? ORDER BY seq, at", int64(after))
}

func spentPasses(ctx context.Context, db *sql.DB, after uint64, expired time.Time, limit int) iter.Seq2[booking.SpentPass, error] {
	return query(ctx, db, func(r *sql.Rows, p *booking.SpentPass) error { return r.Scan(&p.Number, &p.Text) },
		"SELECT rowid, pass FROM admissions WHERE rowid > ? AND expires_at <= ? ORDER BY rowid LIMIT ?",
		int64(after), expired.UnixMilli(), limit)
}

// loadNotes reads which of the operators' changes the ledger has.
func (s *Store) loadNotes(ctx context.Context, state *booking.State) error {
	for r, err := range s.Notes(ctx) {
		if err != nil {
			return err
		}
		var n ledger.Opening
		if err := json.Unmarshal(r.Data, &n); err != nil {
			return fmt.Errorf("ledger record %d: %w", r.Seq, err)
		}
		state.RestoreNote(n.ID)
	}
	return nil
}
