package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/daemun/daemun/backend/booking"
)

const (
	sqlMessage  = `INSERT INTO outbox (number, channel, next_at, body, sealed) VALUES (?, ?, ?, ?, ?)`
	sqlFollowUp = `INSERT INTO outbox (number, channel, next_at, body, sealed)
		SELECT ?, channel, ?, ?, sealed FROM outbox WHERE number = ? AND state = 'pending'`
	sqlDrop = `UPDATE outbox SET state = 'dropped', ended_at = ?, sealed = NULL
		WHERE number >= ? AND number < ? AND state = 'pending'`
	sqlDelay = `UPDATE outbox SET attempts = ?, due_at = coalesce(due_at, next_at), next_at = ?, reason = ? WHERE number = ? AND state = 'pending'`
	// What went out although it was dropped meanwhile went out.
	sqlSettle = `UPDATE outbox SET state = ?1, attempts = ?2, ended_at = ?3, reason = ?4, sealed = NULL
		WHERE number = ?5 AND (state = 'pending' OR state = 'dropped' AND ?1 = 'sent')`
	sqlDue = `SELECT number, body, sealed, next_at, coalesce(due_at, next_at), attempts FROM outbox
		WHERE state = 'pending' AND channel = ? AND next_at <= ? ORDER BY next_at, due_at, number LIMIT ?`
	sqlBacklog = `SELECT count(*) FILTER (WHERE due <= ?1), min(due) FILTER (WHERE due <= ?1), count(*) FILTER (WHERE due > ?1)
		FROM (SELECT coalesce(due_at, next_at) AS due FROM outbox WHERE state = 'pending' AND channel = ?2)`
	sqlFailed = `SELECT count(*) FROM outbox WHERE state = 'failed' AND channel = ?`
	sqlTold   = `SELECT body ->> 'about', number FROM outbox WHERE state = 'pending'`
)

// outbox writes what one operation changed of it.
func (c *connection) outbox(e *booking.Effect) error {
	for i := range e.Messages {
		if err := c.message(&e.Messages[i]); err != nil {
			return err
		}
	}
	for _, event := range e.Dropped {
		from, to := booking.MessagesOf(event)
		if err := c.dropMessages.exec(e.Record.At.UnixMilli(), int64(from), int64(to)); err != nil {
			return err
		}
	}
	for i := range e.Settled {
		if err := c.settle(&e.Settled[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *connection) message(m *booking.Message) error {
	c.body = m.Body.AppendJSON(c.body[:0])
	return c.putMessage.exec(int64(m.Number), string(m.Channel), m.NextAt.UnixMilli(), string(c.body), m.Sealed)
}

func (c *connection) settle(s *booking.Settlement) error {
	if s.State == booking.MessagePending {
		return c.delayMessage.exec(int64(s.Attempts), s.At.UnixMilli(), s.Reason, int64(s.Number))
	}
	for i := range s.Then {
		m := &s.Then[i]
		c.body = m.Body.AppendJSON(c.body[:0])
		if err := c.putFollowUp.exec(int64(m.Number), m.NextAt.UnixMilli(), string(c.body), int64(s.Number)); err != nil {
			return err
		}
	}
	return c.settleMessage.exec(string(s.State), int64(s.Attempts), s.At.UnixMilli(), s.Reason, int64(s.Number))
}

// Due reads up to limit messages of a channel that are to be sent by now.
func (s *Store) Due(ctx context.Context, channel booking.Channel, now time.Time, limit int) ([]booking.Message, error) {
	var out []booking.Message
	err := s.each(ctx, sqlDue, func(r *sql.Rows) error {
		m := booking.Message{Channel: channel}
		var body sql.RawBytes
		var next, due int64
		if err := r.Scan(&m.Number, &body, &m.Sealed, &next, &due, &m.Attempts); err != nil {
			return err
		}
		m.NextAt, m.DueAt = fromMilli(next), fromMilli(due)
		if err := json.Unmarshal(body, &m.Body); err != nil {
			return fmt.Errorf("message %d: %w", m.Number, err)
		}
		out = append(out, m)
		return nil
	}, string(channel), now.UnixMilli(), limit)
	return out, err
}

// Backlog counts what waits in a channel.
func (s *Store) Backlog(ctx context.Context, channel booking.Channel, now time.Time) (booking.Backlog, error) {
	var b booking.Backlog
	var oldest sql.NullInt64
	if err := s.db.QueryRowContext(ctx, sqlBacklog, now.UnixMilli(), string(channel)).Scan(&b.Due, &oldest, &b.Scheduled); err != nil {
		return b, err
	}
	if oldest.Valid {
		b.Oldest = fromMilli(oldest.Int64)
	}
	return b, s.db.QueryRowContext(ctx, sqlFailed, string(channel)).Scan(&b.Failed)
}

// loadTold reads which events have messages that are pending.
func (s *Store) loadTold(ctx context.Context, state *booking.State) error {
	return s.each(ctx, sqlTold, func(r *sql.Rows) error {
		var about string
		var number uint64
		err := r.Scan(&about, &number)
		state.RestoreTold(about, number)
		return err
	})
}
