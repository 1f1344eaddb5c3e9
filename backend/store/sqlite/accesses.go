package sqlite

import (
	"context"
	"database/sql"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

const sqlAccess = `INSERT INTO accesses (seq, at, who, role, origin, whose, task, reason, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (c *connection) accesses(rs []access.Record) error {
	for i := range rs {
		r := &rs[i]
		err := c.putAccess.exec(int64(r.Seq), r.At.UnixNano(), r.Who, r.Role, r.From, r.Whose[:], r.Task, r.Reason, r.Hash[:])
		if err != nil {
			return err
		}
	}
	return nil
}

// Accessed reads how far the log of accesses goes.
func (d disk) Accessed(ctx context.Context) (ledger.Head, error) {
	return d.lastOf(ctx, "SELECT seq, hash FROM accesses ORDER BY seq DESC LIMIT 1")
}

// Accesses reads up to limit records of the log of accesses after the given number that a filter picks, in order.
func (s *Store) Accesses(ctx context.Context, f access.Filter, after uint64, limit int) iter.Seq2[access.Record, error] {
	where, args := []string{"seq > ?"}, []any{int64(after)}
	add := func(condition string, arg any) { where, args = append(where, condition), append(args, arg) }
	if f.Whose != (subject.ID{}) {
		add("whose = ?", f.Whose[:])
	}
	if f.Who != "" {
		add("who = ?", f.Who)
	}
	if !f.From.IsZero() {
		add("at >= ?", f.From.UnixNano())
	}
	if !f.To.IsZero() {
		add("at < ?", f.To.UnixNano())
	}
	if limit < 0 {
		limit = math.MaxInt32
	}
	text := "SELECT seq, at, who, role, origin, whose, task, reason, hash FROM accesses WHERE " + strings.Join(where, " AND ") + " ORDER BY seq LIMIT ?"
	return query(ctx, s.db, scanAccess, text, append(args, limit)...)
}

func scanAccess(row *sql.Rows, r *access.Record) error {
	var at int64
	var whose, hash sql.RawBytes
	err := row.Scan(&r.Seq, &at, &r.Who, &r.Role, &r.From, &whose, &r.Task, &r.Reason, &hash)
	r.At = time.Unix(0, at).UTC()
	copy(r.Whose[:], whose)
	copy(r.Hash[:], hash)
	return err
}
