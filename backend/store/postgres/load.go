package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
)

// Load reads what is needed to decide into a new state, and how far the newest checkpoint goes: all of one moment, row
// by row, however many there are.
func (d *disk) Load(ctx context.Context) (state *booking.State, signed uint64, err error) {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = d.bulk(ctx, options, func(ctx context.Context, tx pgx.Tx) error {
		head, err := readHead(ctx, tx)
		if err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		state = booking.NewState(head)
		for _, part := range []struct {
			name string
			load func(context.Context, querier, *booking.State) error
		}{
			{"openings", loadOpenings}, {"lists", loadLists}, {"admissions", loadAdmissions}, {"offers", loadOffers},
			{"bookings", loadBookings}, {"holds", loadHolds}, {"wishes", loadWishes}, {"leftover doses", loadSpares}, {"operators' changes", loadNotes}, {"unused doses", loadUnused},
			{"identity checks", loadIdentities},
			{"messages", loadTold},
		} {
			if err := part.load(ctx, tx, state); err != nil {
				return fmt.Errorf("%s: %w", part.name, err)
			}
		}
		accessed, err := lastOf(ctx, tx, sqlAccessed)
		if err != nil {
			return fmt.Errorf("log of accesses: %w", err)
		}
		state.RestoreAccessed(accessed)
		return tx.QueryRow(ctx, "SELECT coalesce(max(seq), 0) FROM checkpoints").Scan(&signed)
	})
	return state, signed, err
}

// querier is a connection, a pool or a transaction.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

func readHead(ctx context.Context, q querier) (ledger.Head, error) {
	return lastOf(ctx, q, "SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1")
}

// lastOf reads how far a chain goes; the zero Head where there is nothing of it.
func lastOf(ctx context.Context, q querier, query string) (ledger.Head, error) {
	var head ledger.Head
	var hash []byte
	err := q.QueryRow(ctx, query).Scan(&head.Seq, &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return head, nil
	}
	copy(head.Hash[:], hash)
	return head, err
}

// each runs a query and calls row for each of its rows, after it was read into the columns.
func each(ctx context.Context, q querier, query string, columns []any, row func() error, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, columns, row)
	return err
}

func loadOpenings(ctx context.Context, q querier, state *booking.State) error {
	supplies := map[string]*booking.Import{}
	var in booking.Import
	err := each(ctx, q, "SELECT id, vaccine, stock FROM openings", []any{&in.Opening, &in.Vaccine, &in.Stock}, func() error {
		copied := in
		supplies[in.Opening] = &copied
		return nil
	})
	if err != nil {
		return err
	}
	var opening string
	var c clinic.Clinic
	const clinics = "SELECT opening, id, name, region, address, vaccine FROM clinics"
	err = each(ctx, q, clinics, []any{&opening, &c.ID, &c.Name, &c.Region, &c.Address, &c.Vaccine}, func() error {
		supplies[opening].Clinics = append(supplies[opening].Clinics, c)
		return nil
	})
	if err != nil {
		return err
	}
	for _, in := range supplies {
		if err := loadOpening(ctx, q, state, in); err != nil {
			return fmt.Errorf("opening %q: %w", in.Opening, err)
		}
	}
	return nil
}

func loadOpening(ctx context.Context, q querier, state *booking.State, in *booking.Import) error {
	var room int
	if err := q.QueryRow(ctx, "SELECT count(*) FROM slots WHERE opening = $1", in.Opening).Scan(&room); err != nil {
		return err
	}
	return state.RestoreOpening(*in, room, func(put func(clinic.Slot)) error {
		var s clinic.Slot
		const query = "SELECT id, clinic, at, vaccine, capacity, dose FROM slots WHERE opening = $1"
		return each(ctx, q, query, []any{&s.ID, &s.Clinic, &s.At, &s.Vaccine, &s.Capacity, &s.Dose}, func() error {
			put(s)
			return nil
		}, in.Opening)
	})
}

func loadLists(ctx context.Context, q querier, state *booking.State) error {
	lists := map[string][]subject.ID{}
	var name string
	var chunk pgtype.DriverBytes
	err := each(ctx, q, "SELECT name, subjects FROM lists ORDER BY name, chunk", []any{&name, &chunk}, func() error {
		ids := lists[name]
		for ; len(chunk) >= len(subject.ID{}); chunk = chunk[len(subject.ID{}):] {
			ids = append(ids, subject.ID(chunk[:len(subject.ID{})]))
		}
		lists[name] = ids
		return nil
	})
	for name, ids := range lists {
		state.RestoreList(name, roster.NewSet(ids))
	}
	return err
}

func loadAdmissions(ctx context.Context, q querier, state *booking.State) error {
	const query = `SELECT opening, subject, epoch, rank, schedule_version, pass, pass_before, admitted_at, expires_at FROM admissions`
	var a booking.Admission
	var who, before pgtype.DriverBytes
	var rank int64
	columns := []any{&a.Opening, &who, &a.Place.Epoch, &rank, &a.ScheduleVersion, &a.Pass, &before, &a.AdmittedAt, &a.ExpiresAt}
	return each(ctx, q, query, columns, func() error {
		read := a
		copy(read.Subject[:], who)
		copy(read.Before[:], before)
		read.PassHash = booking.HashText(a.Pass)
		read.Place.Rank, read.AdmittedAt, read.ExpiresAt = uint64(rank), a.AdmittedAt.UTC(), a.ExpiresAt.UTC()
		return state.RestoreAdmission(read)
	})
}

// loadBookings leaves the personal data where it is: nothing is decided from it.
func loadBookings(ctx context.Context, q querier, state *booking.State) error {
	var r bookingRow
	return each(ctx, q, "SELECT "+bookingColumns+", NULL::bytea FROM bookings", r.columns(), func() error {
		return state.RestoreBooking(r.booking())
	})
}

const bookingColumns = `no, opening, subject, dose, slot, status, epoch, rank, pass_sha256, key_sha256, body_hash, booked_at, ended_at, visit, pair`

// bookingRow is a row of bookingColumns and the sealed data as it is read.
type bookingRow struct {
	b                          booking.Booking
	status                     string
	who, pass, key, body, kept pgtype.DriverBytes
	rank                       int64
	ended                      *time.Time
}

func (r *bookingRow) columns() []any {
	return []any{&r.b.No, &r.b.Opening, &r.who, &r.b.Dose, &r.b.Slot, &r.status, &r.b.Place.Epoch, &r.rank, &r.pass, &r.key, &r.body,
		&r.b.BookedAt, &r.ended, &r.b.Visit, &r.b.Pair, &r.kept}
}

// booking copies the row, which is read into again.
func (r *bookingRow) booking() booking.Booking {
	b := r.b
	copy(b.Subject[:], r.who)
	copy(b.PassHash[:], r.pass)
	copy(b.KeyHash[:], r.key)
	copy(b.BodyHash[:], r.body)
	b.Status, b.Place.Rank, b.BookedAt = booking.Status(r.status), uint64(r.rank), r.b.BookedAt.UTC()
	if r.ended != nil {
		b.EndedAt = r.ended.UTC()
	}
	if r.kept != nil {
		b.Sealed = append([]byte(nil), r.kept...)
	}
	return b
}

// loadNotes reads which of the operators' changes the ledger has.
func loadNotes(ctx context.Context, q querier, state *booking.State) error {
	var seq uint64
	var data pgtype.DriverBytes
	return each(ctx, q, "SELECT seq, data FROM ledger WHERE kind = 'opening'", []any{&seq, &data}, func() error {
		var n ledger.Opening
		if err := json.Unmarshal(data, &n); err != nil {
			return fmt.Errorf("ledger record %d: %w", seq, err)
		}
		state.RestoreNote(n.ID)
		return nil
	})
}
