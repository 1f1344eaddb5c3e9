// Package sqlite keeps the booking backend's data in one SQLite file.
//
// Package group decides and says what to write, over one connection; a booking and the ledger are read beside it through
// connections of their own.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/group"

	_ "modernc.org/sqlite" // the driver
)

const readers = 4 // connections beside the writer's

// Store is a booking.Store in one SQLite file.
type Store struct {
	*group.Writer
	path    string
	lock    *os.File
	db      *sql.DB // reads
	booking *sql.Stmt
	disk    *connection
}

var _ booking.Store = (*Store)(nil)

// Open opens the file at path, makes it if it is missing (its folder too), and reads what is needed to decide into
// memory. now dates the first record of a new ledger. The error wraps ErrInUse while another process has it open. What the
// writer sends to the disk passes between, the first one first: see group.Between.
func Open(ctx context.Context, path string, now time.Time, between ...group.Between) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path}
	if err := s.open(ctx, now, between); err != nil {
		return nil, errors.Join(fmt.Errorf("booking data %s: %w", path, err), s.release())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, now time.Time, between []group.Between) error {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	var err error
	if s.lock, err = lock(s.path + ".lock"); err != nil {
		return err
	}
	if s.db, err = sql.Open("sqlite", dsn(s.path)); err != nil {
		return err
	}
	s.db.SetMaxOpenConns(readers)
	s.db.SetMaxIdleConns(readers)
	if err := migrateUp(ctx, s.db); err != nil {
		return err
	}
	if s.booking, err = s.db.PrepareContext(ctx, "SELECT "+bookingColumns+", sealed FROM bookings WHERE no = ?"); err != nil {
		return err
	}
	if s.disk, err = connect(s.db.Driver(), dsn(s.path)); err != nil {
		return err
	}
	s.Writer, err = group.Start(ctx, "sqlite", disk{s}, now, between...)
	return err
}

func dsn(path string) string {
	q := url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)",
		"wal_autocheckpoint(2000)", "cache_size(-65536)", "temp_store(MEMORY)",
		"secure_delete(1)", // what was erased is overwritten
	}, "_txlock": {"immediate"}}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// Close lets the writer finish what it has, then lets go of the file.
func (s *Store) Close() error {
	s.Writer.Close()
	return s.release()
}

func (s *Store) release() error {
	var errs []error
	if s.disk != nil {
		errs = append(errs, s.disk.close())
		s.disk = nil
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
		s.lock = nil
	}
	return errors.Join(errs...)
}
