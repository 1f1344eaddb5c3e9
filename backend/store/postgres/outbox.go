package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/daemun/daemun/backend/booking"
)

const (
	sqlMessage = `INSERT INTO outbox (number, channel, next_at, body, sealed)
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::json[], $5::bytea[])`
	sqlFollowUp = `INSERT INTO outbox (number, channel, next_at, body, sealed)
		SELECT f.number, o.channel, f.next_at, f.body, o.sealed
		FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::json[]) AS f (after, number, next_at, body)
		JOIN outbox o ON o.number = f.after AND o.state = 'pending'`
	sqlDrop = `UPDATE outbox o SET state = 'dropped', ended_at = d.at, sealed = NULL
		FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS d (first, beyond, at)
		WHERE o.number >= d.first AND o.number < d.beyond AND o.state = 'pending'`
	// What went out although it was dropped meanwhile went out.
	sqlSettle = `UPDATE outbox o SET state = s.state, attempts = s.attempts, reason = s.reason,
			next_at = CASE s.state WHEN 'pending' THEN s.at ELSE o.next_at END,
			due_at = CASE s.state WHEN 'pending' THEN coalesce(o.due_at, o.next_at) ELSE o.due_at END,
			ended_at = CASE s.state WHEN 'pending' THEN NULL ELSE s.at END,
			sealed = CASE s.state WHEN 'pending' THEN o.sealed END
		FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[]) AS s (number, state, attempts, at, reason)
		WHERE o.number = s.number AND (o.state = 'pending' OR o.state = 'dropped' AND s.state = 'sent')`
	sqlDue = `SELECT number, body, sealed, next_at, coalesce(due_at, next_at), attempts FROM outbox
		WHERE state = 'pending' AND channel = $1 AND next_at <= $2 ORDER BY next_at, number LIMIT $3`
	sqlBacklog = `SELECT count(*) FILTER (WHERE due <= $1), min(due) FILTER (WHERE due <= $1), count(*) FILTER (WHERE due > $1),
			(SELECT count(*) FROM outbox WHERE state = 'failed' AND channel = $2)
		FROM (SELECT coalesce(due_at, next_at) AS due FROM outbox WHERE state = 'pending' AND channel = $2) AS waiting`
	sqlTold = `SELECT body ->> 'about', number FROM outbox WHERE state = 'pending'`
)

// outboxRows are what one group leaves in the outbox.
type outboxRows struct {
	messages  []*booking.Message
	dropped   []drop
	settled   []*booking.Settlement
	followUps []followUp
}

type followUp struct {
	after uint64
	*booking.Message
}

type drop struct {
	event uint64
	at    time.Time
}

func (r *outboxRows) reset() {
	r.messages, r.dropped, r.settled, r.followUps = r.messages[:0], r.dropped[:0], r.settled[:0], r.followUps[:0]
}

func (r *outboxRows) add(e *booking.Effect) {
	for i := range e.Messages {
		r.messages = append(r.messages, &e.Messages[i])
	}
	for _, event := range e.Dropped {
		r.dropped = append(r.dropped, drop{event, e.Record.At})
	}
	for i := range e.Settled {
		s := &e.Settled[i]
		r.settled = append(r.settled, s)
		for i := range s.Then {
			r.followUps = append(r.followUps, followUp{s.Number, &s.Then[i]})
		}
	}
}

// queue puts new messages first: what tells of a booking may be dropped in the very group that brings it.
func (r *outboxRows) queue(b *batch) {
	if len(r.messages) > 0 {
		queueMessages(b, r.messages)
	}
	if len(r.dropped) > 0 {
		first := column(r.dropped, func(d drop) int64 { from, _ := booking.MessagesOf(d.event); return int64(from) })
		beyond := column(r.dropped, func(d drop) int64 { _, to := booking.MessagesOf(d.event); return int64(to) })
		b.Queue(sqlDrop, first, beyond, column(r.dropped, func(d drop) time.Time { return d.at }))
	}
	if len(r.settled) > 0 {
		queueFollowUps(b, r.followUps)
		queueSettled(b, r.settled)
	}
}

func queueMessages(b *batch, ms []*booking.Message) {
	b.Queue(sqlMessage,
		column(ms, func(m *booking.Message) int64 { return int64(m.Number) }),
		column(ms, func(m *booking.Message) string { return string(m.Channel) }),
		column(ms, func(m *booking.Message) time.Time { return m.NextAt }),
		column(ms, func(m *booking.Message) []byte { return m.Body.AppendJSON(nil) }),
		column(ms, func(m *booking.Message) []byte { return m.Sealed }))
}

func queueFollowUps(b *batch, fs []followUp) {
	if len(fs) == 0 {
		return
	}
	b.Queue(sqlFollowUp,
		column(fs, func(f followUp) int64 { return int64(f.after) }),
		column(fs, func(f followUp) int64 { return int64(f.Number) }),
		column(fs, func(f followUp) time.Time { return f.NextAt }),
		column(fs, func(f followUp) []byte { return f.Body.AppendJSON(nil) }))
}

func queueSettled(b *batch, ss []*booking.Settlement) {
	b.Queue(sqlSettle,
		column(ss, func(s *booking.Settlement) int64 { return int64(s.Number) }),
		column(ss, func(s *booking.Settlement) string { return string(s.State) }),
		column(ss, func(s *booking.Settlement) int64 { return int64(s.Attempts) }),
		column(ss, func(s *booking.Settlement) time.Time { return s.At }),
		column(ss, func(s *booking.Settlement) string { return s.Reason }))
}

// Due reads up to limit messages of a channel that are to be sent by now.
func (s *Store) Due(ctx context.Context, channel booking.Channel, now time.Time, limit int) ([]booking.Message, error) {
	var out []booking.Message
	var m booking.Message
	var body, sealed pgtype.DriverBytes
	err := each(ctx, s.pool, sqlDue, []any{&m.Number, &body, &sealed, &m.NextAt, &m.DueAt, &m.Attempts}, func() error {
		read := m
		read.Channel, read.Sealed, read.NextAt, read.DueAt = channel, append([]byte(nil), sealed...), m.NextAt.UTC(), m.DueAt.UTC()
		if err := json.Unmarshal(body, &read.Body); err != nil {
			return fmt.Errorf("message %d: %w", m.Number, err)
		}
		out = append(out, read)
		return nil
	}, string(channel), now, limit)
	return out, explain(err)
}

// Backlog counts what waits in a channel.
func (s *Store) Backlog(ctx context.Context, channel booking.Channel, now time.Time) (booking.Backlog, error) {
	var b booking.Backlog
	var oldest *time.Time
	err := s.pool.QueryRow(ctx, sqlBacklog, now, string(channel)).Scan(&b.Due, &oldest, &b.Scheduled, &b.Failed)
	if oldest != nil {
		b.Oldest = oldest.UTC()
	}
	return b, explain(err)
}

// loadTold reads which events have messages that are pending.
func loadTold(ctx context.Context, q querier, state *booking.State) error {
	var about string
	var number uint64
	return each(ctx, q, sqlTold, []any{&about, &number}, func() error {
		state.RestoreTold(about, number)
		return nil
	})
}
