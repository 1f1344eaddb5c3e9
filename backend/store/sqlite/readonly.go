package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// Reader reads the evidence of a store that nobody has open, and changes nothing of it.
type Reader struct {
	store Store // with nothing but the connection for reads
	lock  *os.File
}

// Read opens the file at path for reading. The error wraps ErrInUse while a process works on it. The reader must be closed.
func Read(ctx context.Context, path string) (*Reader, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("booking data: %w", err)
	}
	r := &Reader{}
	if r.lock, err = lock(path + ".lock"); err != nil {
		return nil, fmt.Errorf("booking data %s: %w", path, err)
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "query_only(1)"}}
	r.store.db, err = sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String())
	if err == nil {
		_, err = r.store.readHead(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("booking data %s: %w", path, err), r.Close())
	}
	return r, nil
}

// Ledger reads the whole ledger.
func (r *Reader) Ledger(ctx context.Context) iter.Seq2[ledger.Record, error] {
	return r.store.Ledger(ctx, 0, -1)
}

// Checkpoints reads all checkpoints; there are none in data from before there were any.
func (r *Reader) Checkpoints(ctx context.Context) iter.Seq2[ledger.Checkpoint, error] {
	var n int
	const known = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'checkpoints'"
	if err := r.store.db.QueryRowContext(ctx, known).Scan(&n); err != nil || n == 0 {
		return func(yield func(ledger.Checkpoint, error) bool) {
			if err != nil {
				yield(ledger.Checkpoint{}, err)
			}
		}
	}
	return r.store.Checkpoints(ctx, 0)
}

// SpentPasses reads all passes that had expired at a time.
func (r *Reader) SpentPasses(ctx context.Context, expired time.Time) iter.Seq2[booking.SpentPass, error] {
	return r.store.SpentPasses(ctx, 0, expired, -1)
}

// Close lets go of the file.
func (r *Reader) Close() error {
	var errs []error
	if r.store.db != nil {
		errs = append(errs, r.store.db.Close())
	}
	if r.lock != nil {
		errs = append(errs, r.lock.Close())
	}
	return errors.Join(errs...)
}
