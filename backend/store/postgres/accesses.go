package postgres

import (
	"context"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

const (
	sqlAccess = `INSERT INTO accesses (seq, at, who, role, origin, whose, task, reason, hash)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::text[], $9::bytea[])`
	sqlAccesses = `SELECT seq, at, who, role, origin, whose, task, reason, hash FROM accesses WHERE seq > $1
		AND ($2::bytea IS NULL OR whose = $2) AND ($3 = '' OR who = $3) AND ($4::bigint IS NULL OR at >= $4) AND ($5::bigint IS NULL OR at < $5)
		ORDER BY seq LIMIT $6`
)

func queueAccesses(b *batch, rs []*access.Record) {
	b.Queue(sqlAccess,
		column(rs, func(r *access.Record) int64 { return int64(r.Seq) }),
		column(rs, func(r *access.Record) int64 { return r.At.UnixNano() }),
		column(rs, func(r *access.Record) string { return r.Who }),
		column(rs, func(r *access.Record) string { return r.Role }),
		column(rs, func(r *access.Record) string { return r.From }),
		column(rs, func(r *access.Record) []byte { return r.Whose[:] }),
		column(rs, func(r *access.Record) string { return r.Task }),
		column(rs, func(r *access.Record) string { return r.Reason }),
		column(rs, func(r *access.Record) []byte { return r.Hash[:] }))
}

// Accessed reads how far the log of accesses goes, by the session that Head has seen to.
func (d *disk) Accessed(ctx context.Context) (ledger.Head, error) {
	if d.session == nil {
		return ledger.Head{}, errNoSession
	}
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	head, err := lastOf(ctx, d.session.conn, sqlAccessed)
	if err != nil {
		d.drop()
	}
	return head, explain(err)
}

const sqlAccessed = "SELECT seq, hash FROM accesses ORDER BY seq DESC LIMIT 1"

// Accesses reads up to limit records of the log of accesses after the given number that a filter picks, in order.
func (s *Store) Accesses(ctx context.Context, f access.Filter, after uint64, limit int) iter.Seq2[access.Record, error] {
	var whose []byte
	if f.Whose != (subject.ID{}) {
		whose = f.Whose[:]
	}
	var most *int
	if limit >= 0 {
		most = &limit
	}
	return query(ctx, s.pool, scanAccess, sqlAccesses, int64(after), whose, f.Who, nanoseconds(f.From), nanoseconds(f.To), most)
}

func nanoseconds(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ns := t.UnixNano()
	return &ns
}

func scanAccess(row pgx.CollectableRow) (access.Record, error) {
	var r access.Record
	var at int64
	var whose, hash []byte
	err := row.Scan(&r.Seq, &at, &r.Who, &r.Role, &r.From, &whose, &r.Task, &r.Reason, &hash)
	r.At = time.Unix(0, at).UTC()
	copy(r.Whose[:], whose)
	copy(r.Hash[:], hash)
	return r, err
}
