// Package postgres keeps the booking backend's data in a PostgreSQL database.
//
// Package group decides and says what to write. One connection writes: it holds a lock of the database for as long as it
// lives, so that there is one writer at a time, and it writes what a whole group of operations changed in one round trip
// and one transaction, a statement for each table and not for each operation. A booking and the ledger are read beside it
// through a pool of connections.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/group"
)

const readers = 4 // connections beside the writer's

// Store is a booking.Store in one schema of a PostgreSQL database.
type Store struct {
	*group.Writer
	pool *pgxpool.Pool // reads
	disk *disk
}

var _ booking.Store = (*Store)(nil)

// Open connects to the database that an address (postgres://user@host:port/database) or the environment that libpq knows
// (PGHOST, PGPASSFILE, PGSERVICE, …) names, makes its tables if they are missing, and reads what is needed to decide into
// memory. The tables stand in the schema daemun, or in the one that the address names with ?search_path=. now dates the first
// record of a new ledger. The error wraps ErrInUse while another backend works on them. What the writer sends to the
// database passes between, the first one first: see group.Between.
func Open(ctx context.Context, address string, now time.Time, between ...group.Between) (*Store, error) {
	t, err := parse(address)
	if err != nil {
		return nil, err
	}
	s := &Store{}
	if err := s.open(ctx, t, now, between); err != nil {
		return nil, errors.Join(fmt.Errorf("booking data in %s: %w", t, explain(err)), s.release())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, t *target, now time.Time, between []group.Between) error {
	var err error
	if s.disk, err = openDisk(ctx, t); err != nil {
		return err
	}
	pool, err := pgxpool.ParseConfig("")
	if err != nil {
		return err
	}
	pool.ConnConfig, pool.MaxConns = t.conn.Copy(), readers
	pool.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	pool.AfterConnect = func(ctx context.Context, c *pgx.Conn) error { return t.prepare(ctx, c) }
	if s.pool, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		return err
	}
	s.Writer, err = group.Start(ctx, "postgres", s.disk, now, between...)
	return err
}

// Close lets the writer finish what it has, then lets go of the database.
func (s *Store) Close() error {
	s.Writer.Close()
	return s.release()
}

func (s *Store) release() error {
	if s.pool != nil {
		s.pool.Close()
	}
	if s.disk != nil {
		return s.disk.close()
	}
	return nil
}
