package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// disk is what the writer does to the database.
type disk struct {
	target   *target
	name     string
	session  *session // nil: has to be made
	migrated bool
	patience time.Duration // with who holds the lock
	rows     rows          // room for those of one group
}

func openDisk(ctx context.Context, t *target) (*disk, error) {
	d := &disk{target: t, name: newName(), patience: openPatience}
	var err error
	d.session, err = d.begin(ctx)
	d.patience = lockPatience
	return d, err
}

func (d *disk) close() error {
	if d == nil || d.session == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	return d.session.conn.Close(ctx)
}

// drop gives a session up that may be broken. Nothing is written until there is another.
func (d *disk) drop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = d.session.conn.Close(ctx) // broken or not, it is not used again
	d.session = nil
}

var errNoSession = errors.New("no connection to the server")

// Write writes what operations changed: one round trip, one transaction.
func (d *disk) Write(effects []*booking.Effect) error {
	d.rows.reset()
	for _, e := range effects {
		d.rows.add(e)
	}
	return d.send(d.rows.queue)
}

// Checkpoint writes a checkpoint.
func (d *disk) Checkpoint(c *ledger.Checkpoint) error {
	return d.send(func(b *batch) {
		b.Queue(sqlCheckpoint, int64(c.Seq), c.At.UnixNano(), c.Hash[:], int64(c.Key), c.Signature)
	})
}

// send runs prepared statements in one round trip, which without more makes them one transaction: the server commits
// when it has done the last, and answers when that is safe. Any failure ends the session.
func (d *disk) send(fill func(*batch)) error {
	if d.session == nil {
		return errNoSession
	}
	ctx, cancel := context.WithTimeout(context.Background(), statementTimeout+connectTimeout)
	defer cancel()
	b := d.session.batch()
	b.Queue(sqlHold, d.session.epoch)
	fill(b)
	if err := b.finish(ctx); err != nil {
		d.drop()
		return explain(err)
	}
	return nil
}

// Head reads how far the ledger goes. A session that was lost is made anew first: whoever has the lock knows that
// nothing that was under way can commit any more.
func (d *disk) Head(ctx context.Context) (ledger.Head, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout+lockPatience+statementTimeout)
	defer cancel()
	if d.session == nil {
		s, err := d.begin(ctx)
		if err != nil {
			return ledger.Head{}, explain(err)
		}
		d.session = s
	}
	head, err := readHead(ctx, d.session.conn)
	if err != nil {
		d.drop()
	}
	return head, explain(err)
}

// bulk runs one transaction that may take its time.
func (d *disk) bulk(ctx context.Context, options pgx.TxOptions, do func(context.Context, pgx.Tx) error) error {
	if d.session == nil {
		return errNoSession
	}
	ctx, cancel := context.WithTimeout(ctx, bulkTimeout)
	defer cancel()
	err := pgx.BeginTxFunc(ctx, d.session.conn, options, func(tx pgx.Tx) error {
		limits := fmt.Sprintf("SET LOCAL statement_timeout = %d; SET LOCAL idle_in_transaction_session_timeout = 0", bulkTimeout.Milliseconds())
		if _, err := tx.Exec(ctx, limits); err != nil {
			return err
		}
		return do(ctx, tx)
	})
	if err != nil {
		d.drop()
	}
	return explain(err)
}
