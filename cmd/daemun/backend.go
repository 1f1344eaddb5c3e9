package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/backend/web"
	"github.com/daemun/daemun/gateway/clock"
	"github.com/daemun/daemun/gateway/keyring"
)

// backendOptions are the backend's flags.
type backendOptions struct {
	listen   string
	data     folder
	schedule string
	store    storeName
	demo     bool
}

func backendCommand() *cobra.Command {
	var o backendOptions
	cmd := &cobra.Command{
		Use: "backend", Short: "run the booking backend alone", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.store.check(); err != nil {
				return err
			}
			o.store.warn(cmd)
			if err := o.data.open(); err != nil {
				return err
			}
			b, err := o.start(cmd.Context())
			if err != nil {
				return err
			}
			cmd.Println("daemun: backend at http://" + b.listener.Addr().String())
			return b.run(cmd.Context())
		},
	}
	cmd.SetOut(stdout)
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:9090", "`address` for the gateway; nobody else should reach it")
	dataFlag(cmd, &o.data)
	f.StringVar(&o.schedule, "schedule", "", "schedule `file` (default: schedule.yaml in the data folder)")
	storeFlag(f, &o.store)
	f.BoolVar(&o.demo, "demo", false, "import the data folder's demo clinics, slots and roster")
	return cmd
}

// backendProgram is a backend with its listener open.
type backendProgram struct {
	log      *zap.Logger
	clock    *clock.Clock
	listener net.Listener
	store    booking.Store
	notary   *notary
	handler  http.Handler
}

func (o *backendOptions) start(ctx context.Context) (*backendProgram, error) {
	b := &backendProgram{log: newLog("backend")}
	b.clock = steady(b.log)
	if err := b.open(ctx, o); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *backendProgram) open(ctx context.Context, o *backendOptions) (err error) {
	if b.listener, err = listen("--listen", o.listen); err != nil {
		return err
	}
	ring, err := keyring.Open(string(o.data))
	if err != nil {
		return err
	}
	if b.store, err = o.store.open(ctx, o.data, b.clock.Now()); err != nil {
		return err
	}
	schedule, err := o.newest(ctx, b)
	if err != nil {
		return err
	}
	supply := func(ctx context.Context, s *cohort.Schedule) error { return o.supply(ctx, b, ring, s) }
	if err := supply(ctx, schedule); err != nil {
		return err
	}
	b.notary = &notary{store: b.store, ring: ring, clock: b.clock.Now, log: b.log}
	sealer, err := ring.Sealer()
	if err != nil {
		return err
	}
	service, err := booking.NewService(ctx, booking.Options{Store: b.store, Schedule: schedule, Supply: supply, SubjectKey: ring.SubjectKey(), Sealer: sealer, Accesses: accessLog{b.log}})
	if err != nil {
		return err
	}
	b.handler = web.New(web.Options{
		Service: service, Verifier: ring.PassVerifier(), GatewayToken: ring.GatewayToken(), ProofKey: ring.ProofKey(),
		Clock: b.clock.Now, Log: b.log,
	})
	return nil
}

// newest is the schedule that the backend begins with: the ledger's newest, and before there is one the file's.
func (o *backendOptions) newest(ctx context.Context, b *backendProgram) (*cohort.Schedule, error) {
	known, err := booking.Newest(ctx, b.store)
	if known != nil || err != nil {
		return known, err
	}
	return o.data.schedule(o.schedule)
}

// supply brings in what a schedule needs here: its lists, and in a demo what its openings have to give.
func (o *backendOptions) supply(ctx context.Context, b *backendProgram, ring *keyring.Ring, s *cohort.Schedule) error {
	now := b.clock.Now()
	if o.demo {
		if err := importDemo(ctx, b.store, o.data, ring, s, now); err != nil {
			return err
		}
	}
	return importLists(ctx, b.store, o.data, s, now)
}

// importDemo gives every opening that is not over the demo's clinics, slots and people.
func importDemo(ctx context.Context, store booking.Store, data folder, ring *keyring.Ring, s *cohort.Schedule, now time.Time) error {
	clinics, err := readCSV(data.path("demo", demo.ClinicsFile), demo.ReadClinics)
	if err != nil {
		return err
	}
	slots, err := readCSV(data.path("demo", demo.SlotsFile), demo.ReadSlots)
	if err != nil {
		return err
	}
	people, err := data.eligible(ring)
	if err != nil {
		return err
	}
	if data.exists("lists", cohort.RosterList+listSuffix) {
		people = nil // a roster that was imported counts
	}
	for _, o := range s.Openings {
		if !now.Before(o.ClosesAt) {
			continue
		}
		in := booking.Import{Opening: o.ID, Vaccine: o.Vaccine, Stock: o.Stock, Clinics: clinics, Slots: slots, Roster: people, At: now}
		if err := store.Import(ctx, in); err != nil {
			return fmt.Errorf("import the demo into opening %s: %w", o.ID, err)
		}
	}
	return nil
}

func readCSV[T clinic.Clinic | clinic.Slot](path string, read func(io.Reader) ([]T, error)) ([]T, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the demo: %w; start with --demo or run daemun seed", err)
	}
	defer file.Close()
	rows, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return rows, nil
}

func (b *backendProgram) run(ctx context.Context) error {
	defer b.close()
	tuneMemory()
	err := together(ctx,
		func(ctx context.Context) error { b.notary.run(ctx); return nil },
		func(ctx context.Context) error { return serve(ctx, b.listener, b.handler, nil, b.log) },
	)
	b.notary.sign(context.WithoutCancel(ctx)) // what the last requests left
	return err
}

func (b *backendProgram) close() {
	if b.listener != nil {
		b.listener.Close()
	}
	if b.store != nil {
		if err := b.store.Close(); err != nil {
			b.log.Error("could not close the bookings", zap.Error(err))
		}
	}
}
