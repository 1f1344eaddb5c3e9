package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// connection is the writer's own: the driver's, without database/sql between, because a booking's cost is that of its
// few inserts and the pool, the locks and the conversions around each would double it.
type connection struct {
	conn                          driver.Conn
	beginTx, commitTx, rollbackTx *statement
	putRecord, putAdmission       *statement
	putBooking, setBooking        *statement
	putOpening, putClinic         *statement
	putSlot                       *statement
	putList, dropList             *statement
	putCheckpoint, putAccess      *statement
	putHold, dropHold, sweepHolds *statement
	putWish, dropWish             *statement
	putOffer                      *statement
	putSpare, dropSpare           *statement
	putIdentity                   *statement
	putMessage, dropMessages      *statement
	delayMessage, settleMessage   *statement
	putFollowUp                   *statement
	body                          []byte // room for that of one message
	reseal                        map[booking.SealedTable]*statement
	all                           []*statement
}

// statement is a prepared statement with room for its arguments.
type statement struct {
	stmt driver.Stmt
	args []driver.NamedValue
}

const (
	sqlRecord    = `INSERT INTO ledger (seq, at, kind, data, hash) VALUES (?, ?, ?, ?, ?)`
	sqlAdmission = `INSERT INTO admissions (opening, subject, epoch, rank, schedule_version, pass, pass_before, admitted_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (subject, opening) DO UPDATE SET epoch = excluded.epoch, rank = excluded.rank,
		schedule_version = excluded.schedule_version, pass = excluded.pass, pass_before = excluded.pass_before,
		expires_at = excluded.expires_at`
	sqlBooking = `INSERT INTO bookings (no, opening, subject, dose, slot, status, epoch, rank, pass_sha256, key_sha256, body_hash, booked_at, sealed, pair)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	sqlSetBooking = `UPDATE bookings SET slot = ?, status = ?, ended_at = ?, visit = ? WHERE no = ?`
	sqlOpening    = `INSERT OR REPLACE INTO openings (id, vaccine, stock) VALUES (?, ?, ?)`
	sqlClinic     = `INSERT OR REPLACE INTO clinics (opening, id, name, region, address, vaccine) VALUES (?, ?, ?, ?, ?, ?)`
	sqlSlot       = `INSERT OR REPLACE INTO slots (opening, id, clinic, at, vaccine, capacity, dose) VALUES (?, ?, ?, ?, ?, ?, ?)`
	sqlList       = `INSERT INTO lists (name, chunk, subjects) VALUES (?, ?, ?)`
	sqlDropList   = `DELETE FROM lists WHERE name = ?`
	sqlHold       = `INSERT OR REPLACE INTO holds (opening, subject, slot, second, expires_at) VALUES (?, ?, ?, ?, ?)`
	sqlDropHold   = `DELETE FROM holds WHERE subject = ? AND opening = ?`
	sqlSweepHolds = `DELETE FROM holds WHERE expires_at <= ?`
)

func connect(d driver.Driver, dsn string) (*connection, error) {
	conn, err := d.Open(dsn)
	if err != nil {
		return nil, err
	}
	c := &connection{conn: conn}
	for _, p := range []struct {
		to   **statement
		text string
	}{
		{&c.beginTx, "BEGIN IMMEDIATE"}, {&c.commitTx, "COMMIT"}, {&c.rollbackTx, "ROLLBACK"},
		{&c.putRecord, sqlRecord}, {&c.putAdmission, sqlAdmission}, {&c.putBooking, sqlBooking}, {&c.setBooking, sqlSetBooking},
		{&c.putOpening, sqlOpening}, {&c.putClinic, sqlClinic}, {&c.putSlot, sqlSlot},
		{&c.putList, sqlList}, {&c.dropList, sqlDropList}, {&c.putCheckpoint, sqlCheckpoint}, {&c.putAccess, sqlAccess},
		{&c.putHold, sqlHold}, {&c.dropHold, sqlDropHold}, {&c.sweepHolds, sqlSweepHolds},
		{&c.putWish, sqlWish}, {&c.dropWish, sqlUnwish}, {&c.putOffer, sqlOffer}, {&c.putSpare, sqlSpare}, {&c.dropSpare, sqlNoSpare},
		{&c.putIdentity, sqlIdentity},
		{&c.putMessage, sqlMessage}, {&c.putFollowUp, sqlFollowUp}, {&c.dropMessages, sqlDrop}, {&c.delayMessage, sqlDelay}, {&c.settleMessage, sqlSettle},
	} {
		stmt, err := conn.Prepare(p.text)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("preparing %q: %w", p.text, err), c.close())
		}
		*p.to = &statement{stmt: stmt}
		c.all = append(c.all, *p.to)
	}
	return c, c.prepareReseal()
}

func (c *connection) close() error {
	errs := make([]error, 0, len(c.all)+1)
	for _, s := range c.all {
		errs = append(errs, s.stmt.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}

func (s *statement) bind(args []driver.Value) []driver.NamedValue {
	s.args = s.args[:0]
	for i, a := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.args
}

func (s *statement) exec(args ...driver.Value) error {
	_, err := s.stmt.(driver.StmtExecContext).ExecContext(context.Background(), s.bind(args))
	return err
}

// Write writes what operations changed in one transaction and waits for the disk.
func (d disk) Write(effects []*booking.Effect) error {
	return d.disk.commit(func() error {
		for _, e := range effects {
			if err := d.disk.effect(e); err != nil {
				return fmt.Errorf("writing %s: %w", e.Record.Kind, err)
			}
		}
		return nil
	})
}

// Import writes an import in one transaction.
func (d disk) Import(in *booking.Imported) error {
	return d.disk.commit(func() error { return d.disk.imported(in) })
}

// commit runs one transaction.
func (c *connection) commit(fill func() error) error {
	err := c.beginTx.exec()
	if err != nil {
		return err
	}
	if err = fill(); err == nil {
		err = c.commitTx.exec()
	}
	if err != nil {
		// Some errors have ended the transaction already; then there is nothing to roll back, which is no error.
		_ = c.rollbackTx.exec()
	}
	return err
}

// effect writes down what one operation changed.
func (c *connection) effect(e *booking.Effect) error {
	if err := c.outbox(e); err != nil {
		return err
	}
	for i := range e.Earlier {
		if err := c.record(&e.Earlier[i]); err != nil {
			return err
		}
	}
	if e.Record.Kind != "" {
		if err := c.record(&e.Record); err != nil {
			return err
		}
	}
	if err := c.accesses(e.Accesses); err != nil {
		return err
	}
	if err := c.holds(e); err != nil {
		return err
	}
	if err := c.leftover(e); err != nil {
		return err
	}
	switch e.Record.Kind {
	case ledger.KindAdmission, ledger.KindReadmission:
		return c.admission(e.Admission)
	case ledger.KindBooking:
		return c.each(e, c.booking)
	case ledger.KindIdentity:
		return c.identity(e.Identified)
	case ledger.KindChange, ledger.KindCancel, ledger.KindVisit:
		return c.each(e, c.amend)
	}
	return nil
}

// each writes both doses that an operation changed.
func (c *connection) each(e *booking.Effect, write func(*booking.Booking) error) error {
	if err := write(e.Booking); err != nil || e.Second == nil {
		return err
	}
	return write(e.Second)
}

func (c *connection) amend(b *booking.Booking) error {
	return c.setBooking.exec(b.Slot, string(b.Status), optionalTime(b.EndedAt), string(b.Visit), b.No)
}

// holds writes down which doses are kept for somebody, and which no longer.
func (c *connection) holds(e *booking.Effect) error {
	if h := e.Released; h != nil {
		if err := c.dropHold.exec(h.Subject[:], h.Opening); err != nil {
			return err
		}
	}
	if h := e.Hold; h != nil {
		if err := c.putHold.exec(h.Opening, h.Subject[:], h.Slot, h.Second, h.ExpiresAt.UnixMilli()); err != nil {
			return err
		}
	}
	if e.Swept.IsZero() {
		return nil
	}
	return c.sweepHolds.exec(e.Swept.UnixMilli())
}

func (c *connection) record(r *ledger.Record) error {
	return c.putRecord.exec(int64(r.Seq), r.At.UnixNano(), r.Kind, string(r.Data), r.Hash[:])
}

func (c *connection) admission(a *booking.Admission) error {
	var before driver.Value
	if a.Before != (ledger.Hash{}) {
		before = a.Before[:]
	}
	return c.putAdmission.exec(a.Opening, a.Subject[:], int64(a.Place.Epoch), int64(a.Place.Rank), int64(a.ScheduleVersion),
		a.Pass, before, a.AdmittedAt.UnixMilli(), a.ExpiresAt.UnixMilli())
}

func (c *connection) booking(b *booking.Booking) error {
	return c.putBooking.exec(b.No, b.Opening, b.Subject[:], int64(b.Dose), b.Slot, string(b.Status),
		int64(b.Place.Epoch), int64(b.Place.Rank), b.PassHash[:], b.KeyHash[:], b.BodyHash[:], b.BookedAt.UnixMilli(), b.Sealed, b.Pair)
}

func optionalTime(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}
