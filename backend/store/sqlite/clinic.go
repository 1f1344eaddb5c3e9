package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// BookingsAt reads the active bookings of some slots of an opening with their sealed data.
func (s *Store) BookingsAt(ctx context.Context, opening string, slots []string) ([]booking.Booking, error) {
	const query = "SELECT " + bookingColumns + ", sealed FROM bookings WHERE no IN (SELECT value FROM json_each(?)) AND status = 'booked'"
	numbers, err := s.BookedAt(ctx, opening, slots)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	wanted, err := json.Marshal(numbers)
	if err != nil {
		return nil, err
	}
	var out []booking.Booking
	err = s.each(ctx, query, func(r *sql.Rows) error {
		b, err := scanBooking(r.Scan)
		if slices.Contains(slots, b.Slot) { // not changed to another since
			out = append(out, b)
		}
		return err
	}, string(wanted))
	if err != nil {
		return nil, &booking.Error{Kind: booking.Unavailable, Err: fmt.Errorf("reading bookings of slots: %w", err)}
	}
	return out, nil
}

// loadUnused reads which doses clinics have reported as unused.
func (s *Store) loadUnused(ctx context.Context, state *booking.State) error {
	return s.each(ctx, "SELECT seq, at, data FROM ledger WHERE kind = 'unused'", func(r *sql.Rows) error {
		var seq uint64
		var at int64
		var data sql.RawBytes
		if err := r.Scan(&seq, &at, &data); err != nil {
			return err
		}
		var u ledger.Unused
		if err := json.Unmarshal(data, &u); err != nil {
			return fmt.Errorf("ledger record %d: %w", seq, err)
		}
		state.RestoreUnused(u, time.Unix(0, at).UTC())
		return nil
	})
}
