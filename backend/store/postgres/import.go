package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

const (
	portionLen = 5000 // rows in one statement of an import
	chunkLen   = 4096 // people of a list in one row

	sqlOpening = `INSERT INTO openings (id, vaccine, stock) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET vaccine = excluded.vaccine, stock = excluded.stock`
	sqlClinics = `INSERT INTO clinics (opening, id, name, region, address, vaccine)
		SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
		ON CONFLICT (opening, id) DO UPDATE SET name = excluded.name, region = excluded.region, address = excluded.address,
			vaccine = excluded.vaccine`
	sqlSlots = `INSERT INTO slots (opening, id, clinic, at, vaccine, capacity, dose)
		SELECT $1, * FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bigint[])
		ON CONFLICT (opening, id) DO UPDATE SET clinic = excluded.clinic, at = excluded.at, vaccine = excluded.vaccine,
			capacity = excluded.capacity, dose = excluded.dose`
)

// Import writes an import in one transaction.
func (d *disk) Import(in *booking.Imported) error {
	return d.bulk(context.Background(), pgx.TxOptions{}, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlHold, d.session.epoch); err != nil {
			return err
		}
		if in.Opening != "" {
			if err := putSupply(ctx, tx, in); err != nil {
				return fmt.Errorf("opening %q: %w", in.Opening, err)
			}
		}
		for name, people := range in.Lists {
			if err := putList(ctx, tx, name, people.IDs()); err != nil {
				return fmt.Errorf("list %q: %w", name, err)
			}
		}
		return putRecords(ctx, tx, in.Records)
	})
}

func putSupply(ctx context.Context, tx pgx.Tx, in *booking.Imported) error {
	if _, err := tx.Exec(ctx, sqlOpening, in.Opening, in.Vaccine, in.Stock); err != nil {
		return err
	}
	for part := range slices.Chunk(in.Clinics, portionLen) {
		_, err := tx.Exec(ctx, sqlClinics, in.Opening,
			column(part, func(c clinic.Clinic) string { return c.ID }),
			column(part, func(c clinic.Clinic) string { return c.Name }),
			column(part, func(c clinic.Clinic) string { return c.Region }),
			column(part, func(c clinic.Clinic) string { return c.Address }),
			column(part, func(c clinic.Clinic) string { return c.Vaccine }))
		if err != nil {
			return fmt.Errorf("clinics from %q on: %w", part[0].ID, err)
		}
	}
	for part := range slices.Chunk(in.Slots, portionLen) {
		_, err := tx.Exec(ctx, sqlSlots, in.Opening,
			column(part, func(s clinic.Slot) string { return s.ID }),
			column(part, func(s clinic.Slot) string { return s.Clinic }),
			column(part, func(s clinic.Slot) time.Time { return s.At }),
			column(part, func(s clinic.Slot) string { return s.Vaccine }),
			column(part, func(s clinic.Slot) int64 { return int64(s.Capacity) }),
			column(part, func(s clinic.Slot) int64 { return int64(s.DoseOrFirst()) }))
		if err != nil {
			return fmt.Errorf("slots from %q on: %w", part[0].ID, err)
		}
	}
	return nil
}

// putList writes a whole list in the place of what stood under its name. An empty list has one empty row, so that it is
// known from one that was never imported.
func putList(ctx context.Context, tx pgx.Tx, name string, ids []subject.ID) error {
	if _, err := tx.Exec(ctx, "DELETE FROM lists WHERE name = $1", name); err != nil {
		return err
	}
	chunks := slices.Collect(slices.Chunk(ids, chunkLen))
	if len(chunks) == 0 {
		chunks = [][]subject.ID{nil}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"lists"}, []string{"name", "chunk", "subjects"},
		pgx.CopyFromSlice(len(chunks), func(i int) ([]any, error) {
			blob := make([]byte, 0, len(chunks[i])*len(subject.ID{}))
			for _, id := range chunks[i] {
				blob = append(blob, id[:]...)
			}
			return []any{name, int64(i), blob}, nil
		}))
	return err
}

func putRecords(ctx context.Context, tx pgx.Tx, records []ledger.Record) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"ledger"}, []string{"seq", "at", "kind", "data", "hash"},
		pgx.CopyFromSlice(len(records), func(i int) ([]any, error) {
			r := &records[i]
			return []any{int64(r.Seq), r.At.UnixNano(), r.Kind, []byte(r.Data), r.Hash[:]}, nil
		}))
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}
