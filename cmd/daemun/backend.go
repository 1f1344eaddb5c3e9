package main

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/backend/web"
	"github.com/daemun/daemun/gateway/clock"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/porch"
	"github.com/daemun/daemun/gateway/pressure"
)

// backendOptions are the backend's flags.
type backendOptions struct {
	listen   string
	data     folder
	schedule string
	identity string
	store    storeName
	notify   notifyOptions
	demo     bool
	standby  bool
	guard    guardOptions
}

func backendCommand() *cobra.Command {
	var o backendOptions
	cmd := &cobra.Command{
		Use: "backend", Short: "run the booking backend alone", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(o.store.check(), o.notify.check(), o.guard.check()); err != nil {
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
	identityFlag(f, &o.identity)
	o.notify.flags(f)
	o.guard.flags(f)
	f.BoolVar(&o.standby, "standby", false, "while another backend works on the bookings wait, and take over when it is gone")
	f.BoolVar(&o.demo, "demo", false, "take in the data folder's demo clinics, slots and roster")
	return cmd
}

// backendProgram is a backend with its listener open.
type backendProgram struct {
	log      *zap.Logger
	clock    *clock.Clock
	listener net.Listener
	porch    *porch.Porch
	drain    porch.Drain
	store    booking.Store
	service  *booking.Service
	checks   *identity.Service
	notary   *notary
	courier  *messenger
	handler  http.Handler
	desk     *desk
}

func (o *backendOptions) start(ctx context.Context) (*backendProgram, error) {
	pressure.WatchMemory(int64(o.guard.memory))
	b := &backendProgram{log: newLog("backend"), drain: o.guard.drain()}
	b.clock = steady(b.log)
	if err := b.open(ctx, o); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *backendProgram) open(ctx context.Context, o *backendOptions) (err error) {
	if b.porch, err = newInsidePorch("backend", b.log); err != nil {
		return err
	}
	if b.listener, err = listen("--listen", o.listen); err != nil {
		return err
	}
	ring, err := keyring.Open(string(o.data))
	if err != nil {
		return err
	}
	if b.store, err = o.openStore(ctx, b, ring.GatewayToken()); err != nil {
		return err
	}
	schedule, err := o.newest(ctx, b)
	if err != nil {
		return err
	}
	supply := func(ctx context.Context, s *cohort.Schedule) error {
		if b.checks != nil {
			warnOfMissing(b.log, b.checks, s, b.clock.Now())
		}
		return o.supply(ctx, b, s)
	}
	if err := supply(ctx, schedule); err != nil {
		return err
	}
	b.notary = &notary{store: b.store, ring: ring, clock: b.clock.Now, log: b.log}
	sealer, err := ring.Sealer()
	if err != nil {
		return err
	}
	b.service, err = booking.NewService(ctx, booking.Options{Store: b.store, Schedule: schedule, Supply: supply, SubjectKey: ring.SubjectKey(), Sealer: sealer, Accesses: b.store})
	if err != nil {
		return err
	}
	if b.desk, err = openDesk(o.data, ring, sealer, b.service, b.clock.Now, b.log); err != nil {
		return err
	}
	if b.checks, err = o.data.checks(o.identity, ring, b.service, b.clock.Now); err != nil {
		return err
	}
	if err := canShow(b.checks, schedule, b.clock.Now()); err != nil {
		return err
	}
	if b.courier, err = o.notify.messenger(o.demo, b.store, sealer, b.clock.Now, b.log); err != nil {
		return err
	}
	b.handler = web.New(web.Options{
		Notify: b.courier.Status, Inbox: b.courier.letters(),
		Service: b.service, Identity: b.checks, Verifier: ring.PassVerifier(), GatewayToken: ring.GatewayToken(), ProofKey: ring.ProofKey(),
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

// supply brings in what a schedule needs here: its lists, and what its openings have to give.
func (o *backendOptions) supply(ctx context.Context, b *backendProgram, s *cohort.Schedule) error {
	now := b.clock.Now()
	if o.demo {
		if err := o.data.stageDemo(s, now); err != nil {
			return err
		}
	}
	if err := takeSupplies(ctx, b.store, o.data, s, now, b.log); err != nil {
		return err
	}
	return importLists(ctx, b.store, o.data, s, now)
}

func (b *backendProgram) run(ctx context.Context) error {
	defer b.close()
	err := together(ctx,
		func(ctx context.Context) error { b.notary.run(ctx); return nil },
		func(ctx context.Context) error { b.checks.Watch(ctx); return nil },
		func(ctx context.Context) error { b.courier.Run(ctx); return nil },
		func(ctx context.Context) error { offering(ctx, b.service, b.clock.Now, b.log); return nil },
		b.desk.run,
		func(ctx context.Context) error {
			return serve(ctx, b.porch, b.listener, b.handler, nil, b.drain, b.log)
		},
	)
	b.notary.anchor(context.WithoutCancel(ctx)) // what the last requests left
	b.notary.sign(context.WithoutCancel(ctx))
	return err
}

func (b *backendProgram) close() {
	if b.listener != nil {
		b.listener.Close()
	}
	if b.desk != nil {
		b.desk.close()
	}
	if b.store != nil {
		if err := b.store.Close(); err != nil {
			b.log.Error("could not close the bookings", zap.Error(err))
		}
	}
}
