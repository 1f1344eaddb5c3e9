package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/booking"
)

// sealedTable says in SQL how the rows of a table with personal data are known by a text: $1 in after, n.key in is.
type sealedTable struct {
	key, order, after, is, subject string
}

var sealedTables = map[booking.SealedTable]sealedTable{
	booking.SealedBookings: {key: "no", order: "no", after: "no > $1", is: "t.no = n.key", subject: "subject"},
	booking.SealedMessages: {key: "number::text", order: "number", after: "number > coalesce(nullif($1, '')::bigint, -1)",
		is: "t.number = n.key::bigint", subject: "decode(body ->> 'subject', 'hex')"},
	booking.SealedWishes: {key: "opening || ' ' || encode(subject, 'hex')", order: "(opening || ' ' || encode(subject, 'hex')) COLLATE \"C\"",
		after: "(opening || ' ' || encode(subject, 'hex')) COLLATE \"C\" > $1", subject: "subject",
		is: "t.opening = split_part(n.key, ' ', 1) AND t.subject = decode(split_part(n.key, ' ', 2), 'hex')"},
}

// Reseal replaces sealed data in one transaction.
func (d *disk) Reseal(rows []booking.Resealed) (n int, err error) {
	by := map[booking.SealedTable][]*booking.Resealed{}
	for i := range rows {
		by[rows[i].Table] = append(by[rows[i].Table], &rows[i])
	}
	err = d.bulk(context.Background(), pgx.TxOptions{}, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlHold, d.session.epoch); err != nil {
			return err
		}
		for table, some := range by {
			text := fmt.Sprintf(`UPDATE %s t SET sealed = n.new FROM unnest($1::text[], $2::bytea[], $3::bytea[]) AS n (key, old, new)
				WHERE %s AND t.sealed = n.old`, table, sealedTables[table].is)
			tag, err := tx.Exec(ctx, text,
				column(some, func(r *booking.Resealed) string { return r.Key }),
				column(some, func(r *booking.Resealed) []byte { return r.Sealed }),
				column(some, func(r *booking.Resealed) []byte { return append([]byte{}, r.New...) })) // empty, and not NULL
			if err != nil {
				return fmt.Errorf("sealing %s anew: %w", table, err)
			}
			n += int(tag.RowsAffected())
		}
		return nil
	})
	return n, err
}

// BookingsAfter reads bookings with their sealed data by number.
func (s *Store) BookingsAfter(ctx context.Context, opening, after string, limit int) ([]booking.Booking, error) {
	const text = "SELECT " + bookingColumns + ", sealed FROM bookings WHERE no > $1 AND ($2 = '' OR opening = $2) ORDER BY no LIMIT $3"
	var r bookingRow
	var out []booking.Booking
	err := each(ctx, s.pool, text, r.columns(), func() error { out = append(out, r.booking()); return nil }, after, opening, limit)
	return out, unavailable("reading bookings", err)
}

// SealedAfter reads rows with personal data by key.
func (s *Store) SealedAfter(ctx context.Context, table booking.SealedTable, after string, limit int) ([]booking.SealedRow, error) {
	t, ok := sealedTables[table]
	if !ok {
		return nil, fmt.Errorf("no personal data is kept in a table %q", table)
	}
	text := fmt.Sprintf("SELECT %s, %s, sealed FROM %s WHERE %s AND length(sealed) > 0 ORDER BY %s LIMIT $2", t.key, t.subject, table, t.after, t.order)
	rows, err := s.pool.Query(ctx, text, after, limit)
	if err != nil {
		return nil, unavailable("reading sealed data", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (booking.SealedRow, error) {
		r := booking.SealedRow{Table: table}
		var who []byte
		err := row.Scan(&r.Key, &who, &r.Sealed)
		copy(r.Subject[:], who)
		return r, err
	})
	return out, unavailable("reading sealed data", err)
}

// KeysInUse counts sealed rows by the number of their key.
func (s *Store) KeysInUse(ctx context.Context) (map[byte]int64, error) {
	count := map[byte]int64{}
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, fmt.Sprintf("SET LOCAL statement_timeout = %d", bulkTimeout.Milliseconds())); err != nil {
			return err
		}
		for table := range sealedTables {
			var key int
			var n int64
			text := fmt.Sprintf("SELECT get_byte(sealed, 0), count(*) FROM %s WHERE length(sealed) > 0 GROUP BY 1", table)
			if err := each(ctx, tx, text, []any{&key, &n}, func() error { count[byte(key)] += n; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, unavailable("counting keys in use", err)
	}
	return count, nil
}

func unavailable(doing string, err error) error {
	if err == nil {
		return nil
	}
	return &booking.Error{Kind: booking.Unavailable, Err: fmt.Errorf("%s: %w", doing, explain(err))}
}
