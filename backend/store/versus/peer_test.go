package versus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// peer books as one would write it by hand with care: prepared statements, a pool, room in the pages for rows that change
// often; in one statement and so one round trip for each booking, or in several as most would. It does less than the
// store: it checks neither pass nor stock, keeps no idempotency keys and chains no hashes, each of which would cost more.
type peer struct{ pool *pgxpool.Pool }

const peerTables = `
	CREATE SCHEMA %[1]s;
	CREATE TABLE %[1]s.slots (id text COLLATE "C" PRIMARY KEY, capacity bigint NOT NULL, taken bigint NOT NULL) WITH (fillfactor = 50);
	CREATE TABLE %[1]s.bookings (
		no text COLLATE "C" PRIMARY KEY, opening text COLLATE "C" NOT NULL, subject bytea NOT NULL, dose bigint NOT NULL,
		slot text COLLATE "C" NOT NULL, status text COLLATE "C" NOT NULL, epoch bigint NOT NULL, rank bigint NOT NULL,
		pass_sha256 bytea NOT NULL, key_sha256 bytea NOT NULL, body_hash bytea NOT NULL, booked_at timestamptz NOT NULL,
		ended_at timestamptz, sealed bytea NOT NULL);
	CREATE UNIQUE INDEX booking_of ON %[1]s.bookings (subject, dose) WHERE status = 'booked';
	CREATE TABLE %[1]s.ledger (
		seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at bigint NOT NULL, kind text COLLATE "C" NOT NULL, data bytea NOT NULL);`

const peerBook = `
	WITH seat AS (UPDATE slots SET taken = taken + 1 WHERE id = $5 AND taken < capacity RETURNING id),
	made AS (
		INSERT INTO bookings (no, opening, subject, dose, slot, status, epoch, rank, pass_sha256, key_sha256, body_hash, booked_at, sealed)
		SELECT $1, $2, $3, $4, seat.id, 'booked', $6, $7, $8, $9, $10, $11, $12 FROM seat RETURNING no)
	INSERT INTO ledger (at, kind, data) SELECT $13, 'booking', $14 FROM made`

// The same in a statement for each step.
const (
	peerSeat = `UPDATE slots SET taken = taken + 1 WHERE id = $1 AND taken < capacity`
	peerMake = `INSERT INTO bookings (no, opening, subject, dose, slot, status, epoch, rank, pass_sha256, key_sha256, body_hash, booked_at, sealed)
		VALUES ($1, $2, $3, $4, $5, 'booked', $6, $7, $8, $9, $10, $11, $12)`
	peerRecord = `INSERT INTO ledger (at, kind, data) VALUES ($1, 'booking', $2)`
)

// newPeer makes the peer's tables in a schema of its own, with the slots of an import.
func newPeer(ctx context.Context, address, schema string, in booking.Import) (*peer, error) {
	cfg, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns, cfg.MinConns = clients, clients
	cfg.ConnConfig.RuntimeParams["search_path"] = schema
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	p := &peer{pool: pool}
	if _, err := pool.Exec(ctx, fmt.Sprintf(peerTables, schema), pgx.QueryExecModeSimpleProtocol); err != nil {
		pool.Close()
		return nil, err
	}
	for part := range slices.Chunk(in.Slots, 10_000) {
		_, err := pool.CopyFrom(ctx, pgx.Identifier{"slots"}, []string{"id", "capacity", "taken"},
			pgx.CopyFromSlice(len(part), func(i int) ([]any, error) { return []any{part[i].ID, int64(part[i].Capacity), int64(0)}, nil }))
		if err != nil {
			pool.Close()
			return nil, err
		}
	}
	return p, nil
}

// Book books in one statement; false means that the slot is full.
func (p *peer) Book(ctx context.Context, o *booking.Order) (bool, error) {
	tag, err := p.pool.Exec(ctx, peerBook, append(columns(o), o.BookedAt.UnixNano(), record(o))...)
	return tag.RowsAffected() == 1, err
}

// BookInSteps books in a statement for each step; false means that the slot is full.
func (p *peer) BookInSteps(ctx context.Context, o *booking.Order) (bool, error) {
	full := errors.New("full")
	err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, peerSeat, o.Slot)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return full
		}
		if _, err := tx.Exec(ctx, peerMake, columns(o)...); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, peerRecord, o.BookedAt.UnixNano(), record(o))
		return err
	})
	if errors.Is(err, full) {
		return false, nil
	}
	return err == nil, err
}

func columns(o *booking.Order) []any {
	return []any{o.No, o.Opening, o.Subject[:], int64(o.Dose), o.Slot, int64(o.Place.Epoch), int64(o.Place.Rank),
		o.PassHash[:], o.KeyHash[:], o.BodyHash[:], o.BookedAt, o.Sealed}
}

func record(o *booking.Order) []byte {
	r := ledger.Booking{
		No: o.No, Opening: o.Opening, Subject: o.Subject, Dose: o.Dose, Slot: o.Slot,
		Epoch: o.Place.Epoch, Rank: ledger.Rank(o.Place.Rank), PassSHA256: o.PassHash, KeySHA256: o.KeyHash,
	}
	return r.AppendJSON(nil)
}

// sealed is as long as personal data is once it is encrypted, and as hard to compress.
func sealed(n int) []byte {
	out := make([]byte, 0, 208)
	x := uint64(n + 1)
	for len(out) < cap(out) {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		out = binary.LittleEndian.AppendUint64(out, x)
	}
	return out
}
