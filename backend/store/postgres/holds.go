package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/daemun/daemun/backend/booking"
)

const (
	sqlPutHold = `INSERT INTO holds (opening, subject, slot, second, expires_at)
		SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::timestamptz[])
		ON CONFLICT (subject, opening) DO UPDATE SET slot = excluded.slot, second = excluded.second, expires_at = excluded.expires_at`
	sqlDropHold = `DELETE FROM holds h USING unnest($1::text[], $2::bytea[]) AS n (opening, subject)
		WHERE h.subject = n.subject AND h.opening = n.opening`
	sqlSweepHolds = `DELETE FROM holds WHERE expires_at <= $1`
)

// holdRows are what one group leaves of the holds that it touches.
type holdRows struct {
	last  map[admissionKey]*booking.Hold // nil: none any more
	order []admissionKey
	swept time.Time
}

func (r *holdRows) reset() {
	if r.last == nil {
		r.last = map[admissionKey]*booking.Hold{}
	}
	clear(r.last)
	r.order, r.swept = r.order[:0], time.Time{}
}

func (r *holdRows) add(e *booking.Effect) {
	if e.Released != nil {
		r.set(admissionKey{e.Released.Opening, e.Released.Subject}, nil)
	}
	if e.Hold != nil {
		r.set(admissionKey{e.Hold.Opening, e.Hold.Subject}, e.Hold)
	}
	if r.swept.Before(e.Swept) {
		r.swept = e.Swept
	}
}

func (r *holdRows) set(k admissionKey, h *booking.Hold) {
	if _, ok := r.last[k]; !ok {
		r.order = append(r.order, k)
	}
	r.last[k] = h
}

// queue puts the statements; what was swept may be among what was put, which is then over too.
func (r *holdRows) queue(b *batch) {
	var dropped []admissionKey
	var put []*booking.Hold
	for _, k := range r.order {
		if h := r.last[k]; h != nil {
			put = append(put, h)
		} else {
			dropped = append(dropped, k)
		}
	}
	if len(dropped) > 0 {
		b.Queue(sqlDropHold, column(dropped, func(k admissionKey) string { return k.opening }),
			column(dropped, func(k admissionKey) []byte { return k.subject[:] }))
	}
	if len(put) > 0 {
		b.Queue(sqlPutHold,
			column(put, func(h *booking.Hold) string { return h.Opening }),
			column(put, func(h *booking.Hold) []byte { return h.Subject[:] }),
			column(put, func(h *booking.Hold) string { return h.Slot }),
			column(put, func(h *booking.Hold) string { return h.Second }),
			column(put, func(h *booking.Hold) time.Time { return h.ExpiresAt }))
	}
	if !r.swept.IsZero() {
		b.Queue(sqlSweepHolds, r.swept)
	}
}

func loadHolds(ctx context.Context, q querier, state *booking.State) error {
	var h booking.Hold
	var who pgtype.DriverBytes
	const query = "SELECT opening, subject, slot, second, expires_at FROM holds"
	return each(ctx, q, query, []any{&h.Opening, &who, &h.Slot, &h.Second, &h.ExpiresAt}, func() error {
		read := h
		copy(read.Subject[:], who)
		read.ExpiresAt = h.ExpiresAt.UTC()
		return state.RestoreHold(read)
	})
}
