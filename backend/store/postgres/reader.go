package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// Reader reads the evidence of a store that nobody has open, and changes nothing of it.
type Reader struct{ conn *pgx.Conn }

// Read connects as Open does, for reading. The error wraps ErrInUse while a backend works on the data. The reader must be
// closed; until then no backend can open the data.
func Read(ctx context.Context, address string) (*Reader, error) {
	t, err := parse(address)
	if err != nil {
		return nil, err
	}
	r := &Reader{}
	if err := r.open(ctx, t); err != nil {
		return nil, errors.Join(fmt.Errorf("booking data in %s: %w", t, explain(err)), r.Close())
	}
	return r, nil
}

func (r *Reader) open(ctx context.Context, t *target) error {
	d := &disk{target: t, name: newName()}
	var err error
	if r.conn, err = t.connect(ctx, d.name); err != nil {
		return err
	}
	if _, err := r.conn.Exec(ctx, "SET default_transaction_read_only = on"); err != nil {
		return err
	}
	if _, err := readHead(ctx, r.conn); err != nil {
		return err
	}
	return d.lock(ctx, r.conn)
}

// Ledger reads the whole ledger.
func (r *Reader) Ledger(ctx context.Context) iter.Seq2[ledger.Record, error] {
	return records(ctx, r.conn, sqlLedger, 0, -1)
}

// Checkpoints reads all checkpoints.
func (r *Reader) Checkpoints(ctx context.Context) iter.Seq2[ledger.Checkpoint, error] {
	return query(ctx, r.conn, scanCheckpoint, sqlCheckpoints, 0)
}

// SpentPasses reads all passes that had expired at a time.
func (r *Reader) SpentPasses(ctx context.Context, expired time.Time) iter.Seq2[booking.SpentPass, error] {
	return query(ctx, r.conn, scanPass, sqlPasses, 0, expired, nil)
}

// Close lets go of the database.
func (r *Reader) Close() error {
	if r.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	return r.conn.Close(ctx)
}
