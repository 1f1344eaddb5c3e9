package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/daemun/daemun/backend/booking"
)

const sqlIdentity = `INSERT INTO identities (seq, opening, subject, provider, at)
	SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::timestamptz[])`

type identityRow struct {
	seq uint64
	*booking.Identified
}

func queueIdentities(b *batch, is []identityRow) {
	if len(is) == 0 {
		return
	}
	b.Queue(sqlIdentity,
		column(is, func(i identityRow) int64 { return int64(i.seq) }),
		column(is, func(i identityRow) string { return i.Opening }),
		column(is, func(i identityRow) []byte { return i.Subject[:] }),
		column(is, func(i identityRow) string { return i.Provider }),
		column(is, func(i identityRow) time.Time { return i.At }))
}

func loadIdentities(ctx context.Context, q querier, state *booking.State) error {
	var i booking.Identified
	var who pgtype.DriverBytes
	return each(ctx, q, "SELECT opening, subject, provider, at FROM identities", []any{&i.Opening, &who, &i.Provider, &i.At}, func() error {
		read := i
		copy(read.Subject[:], who)
		read.At = i.At.UTC()
		state.RestoreIdentified(read)
		return nil
	})
}
