package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// BookingsAt reads the active bookings of some slots of an opening with their sealed data.
func (s *Store) BookingsAt(ctx context.Context, opening string, slots []string) ([]booking.Booking, error) {
	const query = "SELECT " + bookingColumns + ", sealed FROM bookings WHERE no = ANY($1) AND status = 'booked' AND slot = ANY($2)"
	numbers, err := s.BookedAt(ctx, opening, slots)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	var r bookingRow
	var out []booking.Booking
	rows, err := s.pool.Query(ctx, query, numbers, slots)
	if err == nil {
		_, err = pgx.ForEachRow(rows, r.columns(), func() error { out = append(out, r.booking()); return nil })
	}
	if err != nil {
		return nil, &booking.Error{Kind: booking.Unavailable, Err: fmt.Errorf("reading bookings of slots: %w", explain(err))}
	}
	return out, nil
}

// loadUnused reads which doses clinics have reported as unused.
func loadUnused(ctx context.Context, q querier, state *booking.State) error {
	var seq uint64
	var at int64
	var data pgtype.DriverBytes
	return each(ctx, q, "SELECT seq, at, data FROM ledger WHERE kind = 'unused'", []any{&seq, &at, &data}, func() error {
		var u ledger.Unused
		if err := json.Unmarshal(data, &u); err != nil {
			return fmt.Errorf("ledger record %d: %w", seq, err)
		}
		state.RestoreUnused(u, time.Unix(0, at).UTC())
		return nil
	})
}
