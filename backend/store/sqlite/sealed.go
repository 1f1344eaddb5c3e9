package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/daemun/daemun/backend/booking"
)

// sealedTable says in SQL how the rows of a table with personal data are known by a text: ?1 in after, ?2 in is.
type sealedTable struct {
	key, order, after, is, subject string
}

var sealedTables = map[booking.SealedTable]sealedTable{
	booking.SealedBookings: {key: "no", order: "no", after: "no > ?1", is: "no = ?2", subject: "subject"},
	booking.SealedMessages: {key: "CAST(number AS TEXT)", order: "number", after: "number > CAST(?1 AS INTEGER)", is: "number = CAST(?2 AS INTEGER)",
		subject: "unhex(body ->> 'subject')"},
	booking.SealedWishes: {key: "opening || ' ' || lower(hex(subject))", order: "opening || ' ' || lower(hex(subject))",
		after: "opening || ' ' || lower(hex(subject)) > ?1", subject: "subject",
		is: "opening = substr(?2, 1, instr(?2, ' ') - 1) AND subject = unhex(substr(?2, instr(?2, ' ') + 1))"},
}

func (c *connection) prepareReseal() error {
	c.reseal = map[booking.SealedTable]*statement{}
	for table, t := range sealedTables {
		stmt, err := c.conn.Prepare(fmt.Sprintf("UPDATE %s SET sealed = ?1 WHERE %s AND sealed = ?3", table, t.is))
		if err != nil {
			return fmt.Errorf("preparing to seal %s anew: %w", table, err)
		}
		c.reseal[table] = &statement{stmt: stmt}
		c.all = append(c.all, c.reseal[table])
	}
	return nil
}

// Reseal replaces sealed data in one transaction.
func (d disk) Reseal(rows []booking.Resealed) (n int, err error) {
	err = d.disk.commit(func() error {
		n = 0
		for i := range rows {
			r := &rows[i]
			changed, err := d.disk.reseal[r.Table].change(append([]byte{}, r.New...), r.Key, r.Sealed) // empty, and not NULL
			if err != nil {
				return fmt.Errorf("sealing %s anew: %w", r.Table, err)
			}
			n += changed
		}
		return nil
	})
	return n, err
}

// change is exec that tells how many rows it changed.
func (s *statement) change(args ...driver.Value) (int, error) {
	result, err := s.stmt.(driver.StmtExecContext).ExecContext(context.Background(), s.bind(args))
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// BookingsAfter reads bookings with their sealed data by number.
func (s *Store) BookingsAfter(ctx context.Context, opening, after string, limit int) ([]booking.Booking, error) {
	const text = "SELECT " + bookingColumns + ", sealed FROM bookings WHERE no > ? AND (? = '' OR opening = ?) ORDER BY no LIMIT ?"
	var out []booking.Booking
	err := s.each(ctx, text, func(r *sql.Rows) error {
		b, err := scanBooking(r.Scan)
		out = append(out, b)
		return err
	}, after, opening, opening, limit)
	return out, unavailable("reading bookings", err)
}

// SealedAfter reads rows with personal data by key.
func (s *Store) SealedAfter(ctx context.Context, table booking.SealedTable, after string, limit int) ([]booking.SealedRow, error) {
	t, ok := sealedTables[table]
	if !ok {
		return nil, fmt.Errorf("no personal data is kept in a table %q", table)
	}
	text := fmt.Sprintf("SELECT %s, %s, sealed FROM %s WHERE %s AND length(sealed) > 0 ORDER BY %s LIMIT ?2", t.key, t.subject, table, t.after, t.order)
	var out []booking.SealedRow
	err := s.each(ctx, text, func(r *sql.Rows) error {
		row := booking.SealedRow{Table: table}
		var who sql.RawBytes
		err := r.Scan(&row.Key, &who, &row.Sealed)
		copy(row.Subject[:], who)
		out = append(out, row)
		return err
	}, after, limit)
	return out, unavailable("reading sealed data", err)
}

// KeysInUse counts sealed rows by the number of their key.
func (s *Store) KeysInUse(ctx context.Context) (map[byte]int64, error) {
	count := map[byte]int64{}
	for table := range sealedTables {
		text := fmt.Sprintf("SELECT substr(sealed, 1, 1), count(*) FROM %s WHERE length(sealed) > 0 GROUP BY 1", table)
		err := s.each(ctx, text, func(r *sql.Rows) error {
			var key sql.RawBytes
			var n int64
			err := r.Scan(&key, &n)
			if err == nil {
				count[key[0]] += n
			}
			return err
		})
		if err != nil {
			return nil, unavailable("counting keys in use", err)
		}
	}
	return count, nil
}

func unavailable(doing string, err error) error {
	if err == nil {
		return nil
	}
	return &booking.Error{Kind: booking.Unavailable, Err: fmt.Errorf("%s: %w", doing, err)}
}
