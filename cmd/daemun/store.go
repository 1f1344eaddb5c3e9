package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/group"
	"github.com/daemun/daemun/backend/store/postgres"
	"github.com/daemun/daemun/backend/store/sqlite"
)

// storeName is where bookings are kept: sqlite, or the address of a PostgreSQL database.
type storeName string

const inFolder storeName = "sqlite"

func storeFlag(flags *pflag.FlagSet, into *storeName) {
	flags.StringVar((*string)(into), "store", string(inFolder),
		"where bookings are kept: sqlite (in the data folder), or the `address` of a PostgreSQL database, postgres://user@host:5432/database, its password in PGPASSWORD or the file that PGPASSFILE names")
}

func (s storeName) check() error {
	if s == inFolder || s.isPostgres() {
		return nil
	}
	if before, _, found := strings.Cut(string(s), "://"); found { // behind it a password may stand
		s = storeName(before + "://…")
	}
	return fmt.Errorf("--store %s: bookings are kept in sqlite or in PostgreSQL; use --store sqlite or --store postgres://user@host:5432/database", s)
}

func (s storeName) isPostgres() bool {
	return strings.HasPrefix(string(s), "postgres://") || strings.HasPrefix(string(s), "postgresql://")
}

// warn tells who gave a password on the command line that others can read it there.
func (s storeName) warn(cmd *cobra.Command) {
	u, err := url.Parse(string(s))
	if err != nil {
		return // told when it is opened
	}
	_, inUser := u.User.Password()
	if !inUser && !u.Query().Has("password") {
		return
	}
	for _, arg := range os.Args {
		if strings.Contains(arg, string(s)) {
			cmd.PrintErrln("daemun: every user of this machine can read the password in --store (ps): put it in PGPASSWORD, in the file that PGPASSFILE names, or give the address in DAEMUN_STORE")
			return
		}
	}
}

// open opens the store; now dates a new ledger.
func (s storeName) open(ctx context.Context, data folder, now time.Time) (booking.Store, error) {
	if s.isPostgres() {
		return opened(postgres.Open(ctx, string(s), now))
	}
	if err := os.MkdirAll(data.path("backend"), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of bookings: %w", err)
	}
	return opened(sqlite.Open(ctx, data.path("backend", "daemun.db"), now))
}

// opened has a store gather what many people write, and makes sure that no store is none, and not one of some type that is
// nil.
func opened(s interface {
	booking.Store
	Gather(pace time.Duration)
}, err error) (booking.Store, error) {
	if err != nil {
		return nil, err
	}
	s.Gather(group.Pace)
	return s, nil
}

// evidence is what a store tells of itself while nobody works on it.
type evidence interface {
	Ledger(ctx context.Context) iter.Seq2[ledger.Record, error]
	Checkpoints(ctx context.Context) iter.Seq2[ledger.Checkpoint, error]
	SpentPasses(ctx context.Context, expired time.Time) iter.Seq2[booking.SpentPass, error]
	io.Closer
}

// read opens the store's evidence.
func (s storeName) read(ctx context.Context, data folder) (evidence, error) {
	if s.isPostgres() {
		return postgres.Read(ctx, string(s))
	}
	return sqlite.Read(ctx, data.path("backend", "daemun.db"))
}
