package versus

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// peer books as one would write it by hand with care: prepared statements, a pool of as many connections as suits it best,
// room in the pages for rows that change often; in one statement and so one round trip for each booking, or in several as
// most would. It does less than the store: it checks neither pass nor stock, looks up no idempotency keys and chains no
// hashes, and in one statement it keeps no record beside the booking.
type peer struct {
	address, schema string
	pool            *pgxpool.Pool
}

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
	WITH seat AS (UPDATE slots SET taken = taken + 1 WHERE id = $5 AND taken < capacity RETURNING id)
	INSERT INTO bookings (no, opening, subject, dose, slot, status, epoch, rank, pass_sha256, key_sha256, body_hash, booked_at, sealed)
	SELECT $1, $2, $3, $4, seat.id, 'booked', $6, $7, $8, $9, $10, $11, $12 FROM seat`

// The same in a statement for each step, and a record of it.
const (
	peerSeat = `UPDATE slots SET taken = taken + 1 WHERE id = $1 AND taken < capacity`
	peerMake = `INSERT INTO bookings (no, opening, subject, dose, slot, status, epoch, rank, pass_sha256, key_sha256, body_hash, booked_at, sealed)
		VALUES ($1, $2, $3, $4, $5, 'booked', $6, $7, $8, $9, $10, $11, $12)`
	peerRecord = `INSERT INTO ledger (at, kind, data) VALUES ($1, 'booking', $2)`
)

// newPeer makes the peer's tables in a schema of its own, with the slots of an import.
func newPeer(ctx context.Context, address, schema string, in booking.Import) (*peer, error) {
	p := &peer{address: address, schema: schema}
	if err := p.connect(ctx, 4); err != nil {
		return nil, err
	}
	if _, err := p.pool.Exec(ctx, fmt.Sprintf(peerTables, schema), pgx.QueryExecModeSimpleProtocol); err != nil {
		p.pool.Close()
		return nil, err
	}
	for part := range slices.Chunk(in.Slots, 10_000) {
		_, err := p.pool.CopyFrom(ctx, pgx.Identifier{"slots"}, []string{"id", "capacity", "taken"},
			pgx.CopyFromSlice(len(part), func(i int) ([]any, error) { return []any{part[i].ID, int64(part[i].Capacity), int64(0)}, nil }))
		if err != nil {
			p.pool.Close()
			return nil, err
		}
	}
	return p, nil
}

// connect makes a pool of that many connections, in the place of the one there was.
func (p *peer) connect(ctx context.Context, connections int32) error {
	cfg, err := pgxpool.ParseConfig(p.address)
	if err != nil {
		return err
	}
	cfg.MaxConns, cfg.MinConns = connections, connections
	cfg.ConnConfig.RuntimeParams["search_path"] = p.schema
	if p.pool != nil {
		p.pool.Close()
	}
	p.pool, err = pgxpool.NewWithConfig(ctx, cfg)
	return err
}

func (p *peer) kept(ctx context.Context) (n int, err error) {
	err = p.pool.QueryRow(ctx, "SELECT count(*) FROM bookings").Scan(&n)
	return n, err
}

// inOneStatement books in one statement.
func (p *peer) inOneStatement(ctx context.Context, o *booking.Order) error {
	tag, err := p.pool.Exec(ctx, peerBook, columns(o)...)
	if err == nil && tag.RowsAffected() == 0 {
		return errFull
	}
	return err
}

// inSteps books in a statement for each step.
func (p *peer) inSteps(ctx context.Context, o *booking.Order) error {
	return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, peerSeat, o.Slot)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return errFull
		}
		if _, err := tx.Exec(ctx, peerMake, columns(o)...); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, peerRecord, o.BookedAt.UnixNano(), record(o))
		return err
	})
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
