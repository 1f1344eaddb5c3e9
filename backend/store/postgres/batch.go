package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
)

// batch is one round trip on the writer's connection: prepared statements with their arguments, and rows for COPY, which
// costs the server less than any statement with as many rows. All are sent before anything is answered, so the rows of a
// COPY do not wait for the server to ask for them; where it does not ask, because something failed, it skips them.
type batch struct {
	session *session
	out     []byte // what is to be sent; the driver's own would be made anew for every batch
	params  [][]byte
	buf     []byte
	err     error // the first, of what cannot be sent
}

var binaryFormat = []int16{pgtype.BinaryFormatCode}

// Queue adds one of the prepared statements.
func (b *batch) Queue(text string, args ...any) {
	s := b.session.statements[text]
	if s == nil {
		b.fail(fmt.Errorf("not prepared: %s", text))
		return
	}
	b.params, b.buf = b.params[:0], b.buf[:0]
	for i, arg := range args {
		from := len(b.buf)
		buf, err := b.session.conn.TypeMap().Encode(s.ParamOIDs[i], pgtype.BinaryFormatCode, arg, b.buf)
		if err != nil {
			b.fail(fmt.Errorf("argument %d of %s: %w", i+1, text, err))
			return
		}
		if buf == nil {
			b.params = append(b.params, nil)
			continue
		}
		b.buf = buf
		b.params = append(b.params, buf[from:])
	}
	b.add(&pgproto3.Bind{PreparedStatement: s.Name, ParameterFormatCodes: binaryFormat, Parameters: b.params})
	b.add(&pgproto3.Execute{})
}

// add adds one message.
func (b *batch) add(m pgproto3.FrontendMessage) {
	out, err := m.Encode(b.out)
	if err != nil {
		b.fail(err)
		return
	}
	b.out = out
}

func (b *batch) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Copy adds rows for a prepared COPY, which are there to be used again.
func (b *batch) Copy(text string, rows *copyRows) {
	s := b.session.statements[text]
	if s == nil {
		b.fail(fmt.Errorf("not prepared: %s", text))
		return
	}
	b.add(&pgproto3.Bind{PreparedStatement: s.Name})
	b.add(&pgproto3.Execute{})
	b.add(&pgproto3.CopyData{Data: rows.end()})
	b.add(&pgproto3.CopyDone{})
}

// finish sends what was added as one transaction and waits until that is committed. After an error the session cannot be
// used any more.
func (b *batch) finish(ctx context.Context) error {
	b.add(&pgproto3.Sync{})
	if b.err != nil {
		return b.err
	}
	if err := b.flush(ctx); err != nil {
		return err
	}
	var failed error
	for {
		message, err := b.session.conn.PgConn().ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		switch m := message.(type) {
		case *pgproto3.ErrorResponse:
			if failed == nil {
				failed = pgconn.ErrorResponseToPgError(m)
			}
		case *pgproto3.ReadyForQuery:
			return failed
		}
	}
}

func (b *batch) flush(ctx context.Context) error {
	deadline, _ := ctx.Deadline() // zero: none
	conn := b.session.conn.PgConn().Conn()
	if err := conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	if _, err := conn.Write(b.out); err != nil {
		return err
	}
	return conn.SetWriteDeadline(time.Time{})
}

// copyRows are rows in the binary format of COPY.
type copyRows struct {
	buf []byte
	n   int
}

const copyHeader = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// row begins a row of so many columns.
func (r *copyRows) row(columns int) {
	if r.n == 0 {
		r.buf = append(r.buf[:0], copyHeader...)
	}
	r.n++
	r.buf = binary.BigEndian.AppendUint16(r.buf, uint16(columns))
}

// end ends the rows and returns them; what is added then begins anew.
func (r *copyRows) end() []byte {
	r.n = 0
	r.buf = binary.BigEndian.AppendUint16(r.buf, 0xffff)
	return r.buf
}

func (r *copyRows) text(s string) {
	r.buf = append(binary.BigEndian.AppendUint32(r.buf, uint32(len(s))), s...)
}

func (r *copyRows) bytes(b []byte) {
	r.buf = append(binary.BigEndian.AppendUint32(r.buf, uint32(len(b))), b...)
}

func (r *copyRows) bigint(n int64) {
	r.buf = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(r.buf, 8), uint64(n))
}

func (r *copyRows) null() { r.buf = binary.BigEndian.AppendUint32(r.buf, 0xffffffff) }

// time writes a timestamptz: microseconds from the first of January 2000 in UTC.
func (r *copyRows) time(t time.Time) { r.bigint(t.UnixMicro() - 946_684_800_000_000) }

func (r *copyRows) optionalTime(t time.Time) {
	if t.IsZero() {
		r.null()
		return
	}
	r.time(t)
}
