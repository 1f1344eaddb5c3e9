package postgres

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// session is the writer's connection. It holds the writer's lock as long as it lives: when it is gone, all that it sent
// has been committed or will never be.
type session struct {
	conn       *pgx.Conn
	epoch      int64 // of the writer, see the table writer
	statements map[string]*pgconn.StatementDescription
	room       batch
}

// batch begins a round trip.
func (s *session) batch() *batch {
	s.room = batch{session: s, out: s.room.out[:0], params: s.room.params, buf: s.room.buf}
	return &s.room
}

const (
	// lockSpace and the schema's number make the key of the lock.
	lockSpace = 0x6461656d

	// openPatience is how long the lock may still be held by a process that was just killed, lockPatience by a session of
	// our own that was just ended.
	openPatience = 3 * time.Second
	lockPatience = 500 * time.Millisecond
	lockRetry    = 20 * time.Millisecond
)

// newName makes the application_name by which this process knows its own sessions.
func newName() string {
	id := make([]byte, 6)
	rand.Read(id)
	return "daemun-" + hex.EncodeToString(id)
}

// begin connects, takes the lock and becomes the writer.
func (d *disk) begin(ctx context.Context) (*session, error) {
	conn, err := d.target.connect(ctx, d.name)
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn}
	if err := d.become(ctx, s); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return s, nil
}

func (d *disk) become(ctx context.Context, s *session) error {
	if err := check(ctx, s.conn); err != nil {
		return err
	}
	if err := d.target.makeSchema(ctx, s.conn); err != nil {
		return err
	}
	if err := d.lock(ctx, s.conn); err != nil {
		return err
	}
	if !d.migrated {
		if err := d.target.migrateUp(ctx); err != nil {
			return err
		}
		d.migrated = true
	}
	const takeOver = "UPDATE writer SET epoch = epoch + 1, since = now(), name = $1 RETURNING epoch"
	if err := s.conn.QueryRow(ctx, takeOver, d.name).Scan(&s.epoch); err != nil {
		return fmt.Errorf("becoming the writer: %w", err)
	}
	return s.prepare(ctx)
}

func (s *session) prepare(ctx context.Context) error {
	s.statements = map[string]*pgconn.StatementDescription{}
	for _, text := range statements {
		prepared, err := s.conn.Prepare(ctx, text, text)
		if err != nil {
			return fmt.Errorf("preparing %q: %w", text, err)
		}
		s.statements[text] = prepared
	}
	return nil
}

// lock takes the writer's lock. A session of our own that lost its client holds it until the server notices; it is ended.
func (d *disk) lock(ctx context.Context, conn *pgx.Conn) error {
	const try = "SELECT pg_try_advisory_lock($1, (SELECT oid::int8::bit(32)::int4 FROM pg_namespace WHERE nspname = $2))"
	until := time.Now().Add(d.patience)
	for {
		var got bool
		if err := conn.QueryRow(ctx, try, int32(lockSpace), d.target.schema).Scan(&got); err != nil || got {
			return err
		}
		holder, err := d.endOwn(ctx, conn)
		if err != nil {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("%w: %s; stop that one, or name another database or schema (?search_path=)", ErrInUse, holder)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockRetry):
		}
	}
}

// endOwn tells who holds the lock, and ends it if it is this process's.
func (d *disk) endOwn(ctx context.Context, conn *pgx.Conn) (holder string, err error) {
	const query = `SELECT a.pid, coalesce(a.application_name, ''), coalesce(host(a.client_addr), 'this machine'), a.backend_start,
			CASE WHEN a.application_name = $3 THEN pg_terminate_backend(a.pid) END
		FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND l.objid = (SELECT oid FROM pg_namespace WHERE nspname = $2)`
	var pid int
	var name, from string
	var since *time.Time
	var ended *bool
	err = conn.QueryRow(ctx, query, int64(lockSpace), d.target.schema, d.name).Scan(&pid, &name, &from, &since, &ended)
	if errors.Is(err, pgx.ErrNoRows) { // just gone
		return "", nil
	}
	holder = fmt.Sprintf("server process %d, %s from %s", pid, name, from)
	if since != nil { // those of other users are not told
		holder += " since " + since.UTC().Format(time.DateTime) + " UTC"
	}
	return holder, err
}
