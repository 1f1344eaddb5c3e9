package sqlite

import (
	"context"
	"database/sql"

	"github.com/daemun/daemun/backend/booking"
)

const sqlIdentity = `INSERT INTO identities (opening, subject, provider, at) VALUES (?, ?, ?, ?)`

func (c *connection) identity(i *booking.Identified) error {
	return c.putIdentity.exec(i.Opening, i.Subject[:], i.Provider, i.At.UnixMilli())
}

func (s *Store) loadIdentities(ctx context.Context, state *booking.State) error {
	return s.each(ctx, "SELECT opening, subject, provider, at FROM identities", func(r *sql.Rows) error {
		var i booking.Identified
		var who sql.RawBytes
		var at int64
		if err := r.Scan(&i.Opening, &who, &i.Provider, &at); err != nil {
			return err
		}
		copy(i.Subject[:], who)
		i.At = fromMilli(at)
		state.RestoreIdentified(i)
		return nil
	})
}
