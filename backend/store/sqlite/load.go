package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
)

// disk is what the writer does to the file.
type disk struct{ *Store }

// Load reads what is needed to decide into a new state, and how far the newest checkpoint goes.
func (d disk) Load(ctx context.Context) (state *booking.State, signed uint64, err error) {
	head, err := d.Head(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("ledger: %w", err)
	}
	state = booking.NewState(head)
	for _, part := range []struct {
		name string
		load func(context.Context, *booking.State) error
	}{
		{"openings", d.loadOpenings}, {"lists", d.loadLists}, {"admissions", d.loadAdmissions}, {"offers", d.loadOffers},
		{"bookings", d.loadBookings}, {"holds", d.loadHolds}, {"wishes", d.loadWishes}, {"leftover doses", d.loadSpares}, {"operators' changes", d.loadNotes}, {"unused doses", d.loadUnused},
		{"identity checks", d.loadIdentities},
		{"messages", d.loadTold},
	} {
		if err := part.load(ctx, state); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", part.name, err)
		}
	}
	accessed, err := d.Accessed(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("log of accesses: %w", err)
	}
	state.RestoreAccessed(accessed)
	err = d.db.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM checkpoints").Scan(&signed)
	return state, signed, err
}

// Head reads how far the ledger goes.
func (d disk) Head(ctx context.Context) (ledger.Head, error) { return d.readHead(ctx) }

func (s *Store) readHead(ctx context.Context) (ledger.Head, error) {
	return s.lastOf(ctx, "SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1")
}

// lastOf reads how far a chain goes; the zero Head where there is nothing of it.
func (s *Store) lastOf(ctx context.Context, query string) (ledger.Head, error) {
	var head ledger.Head
	var hash []byte
	err := s.db.QueryRowContext(ctx, query).Scan(&head.Seq, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return head, nil
	}
	copy(head.Hash[:], hash)
	return head, err
}

// each runs a query and calls row for each of its rows.
func (s *Store) each(ctx context.Context, query string, row func(*sql.Rows) error, args ...any) error {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *Store) loadOpenings(ctx context.Context, state *booking.State) error {
	supplies := map[string]*booking.Import{}
	err := s.each(ctx, "SELECT id, vaccine, stock FROM openings", func(r *sql.Rows) error {
		var in booking.Import
		err := r.Scan(&in.Opening, &in.Vaccine, &in.Stock)
		supplies[in.Opening] = &in
		return err
	})
	if err != nil {
		return err
	}
	err = s.each(ctx, "SELECT opening, id, name, region, address, vaccine FROM clinics", func(r *sql.Rows) error {
		var opening string
		var c clinic.Clinic
		err := r.Scan(&opening, &c.ID, &c.Name, &c.Region, &c.Address, &c.Vaccine)
		supplies[opening].Clinics = append(supplies[opening].Clinics, c)
		return err
	})
	if err != nil {
		return err
	}
	for _, in := range supplies {
		if err := s.loadOpening(ctx, state, in); err != nil {
			return fmt.Errorf("opening %q: %w", in.Opening, err)
		}
	}
	return nil
}

func (s *Store) loadOpening(ctx context.Context, state *booking.State, in *booking.Import) error {
	var room int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM slots WHERE opening = ?", in.Opening).Scan(&room); err != nil {
		return err
	}
	return state.RestoreOpening(*in, room, func(put func(clinic.Slot)) error {
		const query = "SELECT id, clinic, at, vaccine, capacity, dose FROM slots WHERE opening = ?"
		return s.each(ctx, query, func(r *sql.Rows) error {
			var slot clinic.Slot
			var at int64
			if err := r.Scan(&slot.ID, &slot.Clinic, &at, &slot.Vaccine, &slot.Capacity, &slot.Dose); err != nil {
				return err
			}
			slot.At = fromMilli(at)
			put(slot)
			return nil
		}, in.Opening)
	})
}

func (s *Store) loadLists(ctx context.Context, state *booking.State) error {
	lists := map[string][]subject.ID{}
	err := s.each(ctx, "SELECT name, subjects FROM lists ORDER BY name, chunk", func(r *sql.Rows) error {
		var name string
		var chunk sql.RawBytes
		err := r.Scan(&name, &chunk)
		ids := lists[name]
		for ; len(chunk) >= len(subject.ID{}); chunk = chunk[len(subject.ID{}):] {
			ids = append(ids, subject.ID(chunk[:len(subject.ID{})]))
		}
		lists[name] = ids
		return err
	})
	for name, ids := range lists {
		state.RestoreList(name, roster.NewSet(ids))
	}
	return err
}

func (s *Store) loadAdmissions(ctx context.Context, state *booking.State) error {
	const query = `SELECT opening, subject, epoch, rank, schedule_version, pass, pass_before, admitted_at, expires_at FROM admissions`
	return s.each(ctx, query, func(r *sql.Rows) error {
		var a booking.Admission
		var who, before sql.RawBytes
		var rank, admitted, expires int64
		err := r.Scan(&a.Opening, &who, &a.Place.Epoch, &rank, &a.ScheduleVersion, &a.Pass, &before, &admitted, &expires)
		if err != nil {
			return err
		}
		copy(a.Subject[:], who)
		copy(a.Before[:], before)
		a.PassHash = booking.HashText(a.Pass)
		a.Place.Rank, a.AdmittedAt, a.ExpiresAt = uint64(rank), fromMilli(admitted), fromMilli(expires)
		return state.RestoreAdmission(a)
	})
}

func (s *Store) loadBookings(ctx context.Context, state *booking.State) error {
	// Without the personal data: nothing is decided from it.
	return s.each(ctx, "SELECT "+bookingColumns+", NULL FROM bookings", func(r *sql.Rows) error {
		b, err := scanBooking(r.Scan)
		if err != nil {
			return err
		}
		return state.RestoreBooking(b)
	})
}

func (s *Store) loadHolds(ctx context.Context, state *booking.State) error {
	return s.each(ctx, "SELECT opening, subject, slot, second, expires_at FROM holds", func(r *sql.Rows) error {
		var h booking.Hold
		var who sql.RawBytes
		var expires int64
		if err := r.Scan(&h.Opening, &who, &h.Slot, &h.Second, &expires); err != nil {
			return err
		}
		copy(h.Subject[:], who)
		h.ExpiresAt = fromMilli(expires)
		return state.RestoreHold(h)
	})
}

const bookingColumns = `no, opening, subject, dose, slot, status, epoch, rank, pass_sha256, key_sha256, body_hash,
	booked_at, ended_at, visit, pair`

func scanBooking(scan func(...any) error) (booking.Booking, error) {
	var b booking.Booking
	var who, pass, key, body []byte
	var rank, booked int64
	var ended sql.NullInt64
	err := scan(&b.No, &b.Opening, &who, &b.Dose, &b.Slot, &b.Status, &b.Place.Epoch, &rank, &pass, &key, &body,
		&booked, &ended, &b.Visit, &b.Pair, &b.Sealed)
	copy(b.Subject[:], who)
	copy(b.PassHash[:], pass)
	copy(b.KeyHash[:], key)
	copy(b.BodyHash[:], body)
	b.Place.Rank, b.BookedAt = uint64(rank), fromMilli(booked)
	if ended.Valid {
		b.EndedAt = fromMilli(ended.Int64)
	}
	return b, err
}

func fromMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
