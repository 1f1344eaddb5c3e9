// Package sqlite keeps the booking backend's data in one SQLite file.
//
// One goroutine, the writer, decides and writes: it takes whatever operations wait, decides them one after the other in
// memory, writes all that was accepted in one transaction, waits for the disk once, and answers. Reads of lists and
// counts never touch the disk; a booking and the ledger are read beside the writer through connections of their own.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"

	_ "modernc.org/sqlite" // the driver
)

const (
	queueLen = 4096 // operations that may wait for the writer
	groupMax = 512  // operations in one transaction
	readers  = 4    // connections beside the writer's
)

// Store is a booking.Store in one SQLite file.
type Store struct {
	path    string
	lock    *os.File
	db      *sql.DB // reads
	booking *sql.Stmt
	writer  *connection

	ops     chan *op
	closing sync.Once
	quit    chan struct{}
	stopped chan struct{}

	state   atomic.Pointer[booking.State]   // replaced by the writer alone
	catalog atomic.Pointer[booking.Catalog] // replaced by the writer alone
	suspect bool                            // the writer's: state and disk may differ, read it again before writing
	signed  uint64                          // the writer's: how far the newest checkpoint goes
	meters  meters
	seq     atomic.Uint64
}

var _ booking.Store = (*Store)(nil)

// Open opens the file at path, makes it if it is missing (its folder too), and reads what is needed to decide into
// memory. now dates the first record of a new ledger. The error wraps ErrInUse while another process has it open.
func Open(ctx context.Context, path string, now time.Time) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: path, ops: make(chan *op, queueLen),
		quit: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := s.open(ctx, now); err != nil {
		s.release()
		return nil, fmt.Errorf("booking data %s: %w", path, err)
	}
	go s.write()
	return s, nil
}

func (s *Store) open(ctx context.Context, now time.Time) error {
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
	if err := migrate(ctx, s.db); err != nil {
		return err
	}
	if s.booking, err = s.db.PrepareContext(ctx, "SELECT "+bookingColumns+", sealed FROM bookings WHERE no = ?"); err != nil {
		return err
	}
	if s.writer, err = connect(s.db.Driver(), dsn(s.path)); err != nil {
		return err
	}
	if err := s.load(ctx); err != nil {
		return err
	}
	return s.begin(now)
}

// begin starts the ledger of a new file.
func (s *Store) begin(now time.Time) error {
	state := s.state.Load()
	if state.Head().Seq > 0 {
		return nil
	}
	r := state.Genesis(now)
	s.seq.Store(r.Seq)
	return s.commit(func() error { return s.writer.record(&r) })
}

func dsn(path string) string {
	q := url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)",
		"wal_autocheckpoint(4000)", "cache_size(-65536)", "temp_store(MEMORY)",
	}, "_txlock": {"immediate"}}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// Close lets the writer finish what it has, then lets go of the file.
func (s *Store) Close() error {
	s.closing.Do(func() { close(s.quit) })
	<-s.stopped
	return s.release()
}

func (s *Store) release() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close())
		s.writer = nil
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

// Catalog returns what can be booked.
func (s *Store) Catalog() *booking.Catalog { return s.catalog.Load() }

// Admit records an admission.
func (s *Store) Admit(ctx context.Context, a booking.Admission) (booking.Admitted, error) {
	return submit(ctx, s, func(st *booking.State) (booking.Admitted, *booking.Effect, error) { return st.Admit(a) })
}

// Book places an order.
func (s *Store) Book(ctx context.Context, o booking.Order) (booking.Placed, error) {
	return submit(ctx, s, func(st *booking.State) (booking.Placed, *booking.Effect, error) { return st.Book(o) })
}

// Change moves a booking.
func (s *Store) Change(ctx context.Context, m booking.Move) (booking.Booking, error) {
	return submit(ctx, s, func(st *booking.State) (booking.Booking, *booking.Effect, error) { return st.Change(m) })
}

// Cancel withdraws a booking.
func (s *Store) Cancel(ctx context.Context, w booking.Withdrawal) (booking.Booking, error) {
	return submit(ctx, s, func(st *booking.State) (booking.Booking, *booking.Effect, error) { return st.Cancel(w) })
}

// Note records an operator's change.
func (s *Store) Note(ctx context.Context, n ledger.Opening, at time.Time) error {
	_, err := submit(ctx, s, func(st *booking.State) (struct{}, *booking.Effect, error) {
		e, err := st.Note(n, at)
		return struct{}{}, e, err
	})
	return err
}

// Append records entries as they are.
func (s *Store) Append(ctx context.Context, entries []ledger.Entry, at time.Time) error {
	_, err := submit(ctx, s, func(st *booking.State) (struct{}, *booking.Effect, error) {
		return struct{}{}, st.Append(entries, at), nil
	})
	return err
}
