package versus

import (
	"context"
	"database/sql"
	"errors"
	"net/url"

	"github.com/daemun/daemun/backend/booking"

	_ "modernc.org/sqlite" // the driver that the store uses, too
)

// sqlitePeer books in one transaction for each booking, over one connection with prepared statements: SQLite has one
// writer at a time whatever one does, and several connections would only wait for each other's lock.
type sqlitePeer struct {
	db        *sql.DB
	seat, row *sql.Stmt
}

const sqlitePeerTables = `
	CREATE TABLE slots (id TEXT PRIMARY KEY, capacity INTEGER NOT NULL, taken INTEGER NOT NULL) WITHOUT ROWID;
	CREATE TABLE bookings (
		no TEXT NOT NULL, opening TEXT NOT NULL, subject BLOB NOT NULL, dose INTEGER NOT NULL, slot TEXT NOT NULL, status TEXT NOT NULL,
		epoch INTEGER NOT NULL, rank INTEGER NOT NULL, pass_sha256 BLOB NOT NULL, key_sha256 BLOB NOT NULL, body_hash BLOB NOT NULL,
		booked_at INTEGER NOT NULL, ended_at INTEGER, sealed BLOB NOT NULL);
	CREATE UNIQUE INDEX booking_no ON bookings (no);
	CREATE UNIQUE INDEX booking_of ON bookings (subject, dose) WHERE status = 'booked';`

const (
	sqlitePeerSeat = `UPDATE slots SET taken = taken + 1 WHERE id = ? AND taken < capacity`
	sqlitePeerRow  = `INSERT INTO bookings (no, opening, subject, dose, slot, status, epoch, rank, pass_sha256, key_sha256, body_hash, booked_at, sealed)
		VALUES (?, ?, ?, ?, ?, 'booked', ?, ?, ?, ?, ?, ?, ?)`
)

// newSQLitePeer makes the peer's file, with the store's own settings: WAL, and synced at each commit.
func newSQLitePeer(ctx context.Context, path string, in booking.Import) (*sqlitePeer, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(4000)", "cache_size(-65536)", "temp_store(MEMORY)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	p := &sqlitePeer{db: db}
	return p, errors.Join(p.fill(ctx, in), p.prepare(ctx))
}

func (p *sqlitePeer) fill(ctx context.Context, in booking.Import) error {
	if _, err := p.db.ExecContext(ctx, sqlitePeerTables); err != nil {
		return err
	}
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for i := range in.Slots {
		if _, err := tx.ExecContext(ctx, "INSERT INTO slots VALUES (?, ?, 0)", in.Slots[i].ID, in.Slots[i].Capacity); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

func (p *sqlitePeer) prepare(ctx context.Context) (err error) {
	if p.seat, err = p.db.PrepareContext(ctx, sqlitePeerSeat); err != nil {
		return err
	}
	p.row, err = p.db.PrepareContext(ctx, sqlitePeerRow)
	return err
}

func (p *sqlitePeer) kept(ctx context.Context) (n int, err error) {
	err = p.db.QueryRowContext(ctx, "SELECT count(*) FROM bookings").Scan(&n)
	return n, err
}

func (p *sqlitePeer) book(ctx context.Context, o *booking.Order) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := p.steps(ctx, tx, o); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (p *sqlitePeer) steps(ctx context.Context, tx *sql.Tx, o *booking.Order) error {
	done, err := tx.StmtContext(ctx, p.seat).ExecContext(ctx, o.Slot)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errFull)
	}
	_, err = tx.StmtContext(ctx, p.row).ExecContext(ctx, o.No, o.Opening, o.Subject[:], o.Dose, o.Slot, int64(o.Place.Epoch), int64(o.Place.Rank),
		o.PassHash[:], o.KeyHash[:], o.BodyHash[:], o.BookedAt.UnixMilli(), o.Sealed)
	return err
}
