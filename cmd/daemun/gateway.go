package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/admission"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/clock"
	"github.com/daemun/daemun/gateway/control"
	"github.com/daemun/daemun/gateway/edge"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/lane"
	"github.com/daemun/daemun/gateway/meter"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/porch"
	"github.com/daemun/daemun/gateway/pressure"
	"github.com/daemun/daemun/gateway/probe"
	"github.com/daemun/daemun/gateway/state"
	"github.com/daemun/daemun/gateway/upstream"
)

// gatewayOptions are the gateway's flags.
type gatewayOptions struct {
	listen, control string
	backends        []string
	backendCA       string
	data            folder
	schedule        string
	nats            string
	admission       admission.Config
	lanes           laneOptions
	guard           guardOptions
}

func (o *gatewayOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	o.admission = admission.Default()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`address` for citizens")
	f.StringVar(&o.control, "control", "127.0.0.1:8443", "`address` for the control room (mutual TLS)")
	o.lanes.flags(cmd)
	o.guard.flags(f)
	o.guard.citizens(f)
	dataFlag(cmd, &o.data)
	f.StringVar(&o.schedule, "schedule", "", "schedule `file` (default: schedule.yaml in the data folder)")
	f.StringVar(&o.nats, "nats", "embedded", "shared state: embedded, or the `URL` of a NATS server with JetStream")
	f.Float64Var(&o.admission.Start, "admission-start", o.admission.Start, "people called in per `second` to begin with")
	f.Float64Var(&o.admission.Max, "admission-max", o.admission.Max, "people called in per `second` at most")
	f.Int64Var(&o.admission.Inside, "admission-inside", o.admission.Inside, "`people` inside at once at most; 0: as many as the backend bears")
}

func (o *gatewayOptions) check() error {
	if o.admission.Inside < 0 {
		return fmt.Errorf("--admission-inside %d: want 0 or more", o.admission.Inside)
	}
	if a := o.admission; a.Start <= 0 || a.Max < a.Start || a.Max > 1e6 {
		return fmt.Errorf("--admission-start %g and --admission-max %g: want 0 < start ≤ max ≤ 1000000", a.Start, a.Max)
	}
	for _, address := range o.backends {
		if err := upstream.CheckURL(address); err != nil {
			return fmt.Errorf("--backend: %w", err)
		}
	}
	if _, err := o.readBackendCA(); err != nil {
		return err
	}
	return errors.Join(o.lanes.check(), o.guard.check())
}

// readBackendCA reads whom backends with https are believed by; nil: whom this machine trusts.
func (o *gatewayOptions) readBackendCA() ([]byte, error) {
	if o.backendCA == "" {
		return nil, nil
	}
	ca, err := os.ReadFile(o.backendCA)
	if err != nil {
		return nil, fmt.Errorf("--backend-ca: %w", err)
	}
	return ca, nil
}

func dataFlag(cmd *cobra.Command, into *folder) {
	cmd.Flags().StringVar((*string)(into), "data", "daemun-data", "data `folder`; keys, places and bookings live here")
}

func gatewayCommand() *cobra.Command {
	var o gatewayOptions
	cmd := &cobra.Command{
		Use: "gateway", Short: "run the gateway alone", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if err := o.data.open(); err != nil {
				return err
			}
			g, err := o.start(cmd.Context())
			if err != nil {
				return err
			}
			cmd.Println("daemun: gateway at http://" + g.public.Addr().String())
			cmd.Println("daemun: control at https://" + g.controlRoom.Addr().String())
			if lanes := lanesAddress(g.laneRoom); lanes != "" {
				cmd.Println("daemun: lanes at https://" + lanes)
			}
			return g.run(cmd.Context())
		},
	}
	cmd.SetOut(stdout)
	o.flags(cmd)
	cmd.Flags().StringSliceVar(&o.backends, "backend", []string{"http://127.0.0.1:9090"}, "a backend instance's `URL`, http or https; give it again, or more after commas, for more instances of one backend")
	cmd.Flags().StringVar(&o.backendCA, "backend-ca", "", "`file` with the certificates (PEM) of who vouches for backends with https; empty: those that this machine trusts")
	return cmd
}

// gatewayProgram is a gateway with its listeners open: who connects waits until it runs.
type gatewayProgram struct {
	log                 *zap.Logger
	clock               *clock.Clock
	public, controlRoom net.Listener
	laneRoom            net.Listener // nil: no lanes
	lanes               *lane.Lane
	unlock              func()
	shared              *state.Store
	backend             *upstream.Pool
	node                *node.Node
	edge                *edge.Edge
	control             *control.Control
	doors               *probe.Watch
	porches             porches
	drain               porch.Drain
	secured             *tls.Config
}

// start opens everything a gateway needs. The listeners come first, so that after a crash people wait a moment
// instead of being refused.
func (o *gatewayOptions) start(ctx context.Context) (*gatewayProgram, error) {
	pressure.WatchMemory(int64(o.guard.memory))
	g := &gatewayProgram{log: newLog("gateway"), drain: o.guard.drain()}
	g.clock = steady(g.log)
	if err := g.open(ctx, o); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

func (g *gatewayProgram) open(ctx context.Context, o *gatewayOptions) (err error) {
	if g.unlock, err = o.data.lock("gateway"); err != nil {
		return err
	}
	if g.porches, err = o.guard.newPorches(g.log); err != nil {
		return err
	}
	if g.public, err = listen("--listen", o.listen); err != nil {
		return err
	}
	if g.controlRoom, err = listen("--control", o.control); err != nil {
		return err
	}
	if err := g.openLanes(&o.lanes); err != nil {
		return err
	}
	ring, err := keyring.Open(string(o.data))
	if err != nil {
		return err
	}
	authority, err := ring.Authority(time.Now())
	if err != nil {
		return err
	}
	if g.secured, err = authority.ServerTLS(time.Now()); err != nil {
		return err
	}
	return g.assemble(ctx, o, ring)
}

func (g *gatewayProgram) assemble(ctx context.Context, o *gatewayOptions, ring *keyring.Ring) error {
	name, err := o.data.node()
	if err != nil {
		return err
	}
	g.shared, err = state.Open(ctx, state.Options{URL: o.nats, Dir: o.data.path("gateway", "nats"), Node: name, Log: g.log, Clock: g.clock.Now})
	if err != nil {
		return err
	}
	schedule, current, err := o.inForce(ctx, g.shared, g.clock.Now(), g.log)
	if err != nil {
		return err
	}
	lists, err := o.data.lists(schedule)
	if err != nil {
		return err
	}
	ca, err := o.readBackendCA()
	if err != nil {
		return err
	}
	g.backend, err = upstream.New(upstream.Options{
		URLs: o.backends, CA: ca, Token: ring.GatewayToken(), Gate: o.lanes.gate(), Clock: g.clock.Now, Log: g.log,
	})
	if err != nil {
		return err
	}
	counts := &meter.Meter{}
	g.node, err = node.New(node.Options{
		Name: name, Schedule: schedule, Status: node.StatusOf(&current), Lists: lists, LoadLists: o.data.lists, Ring: ring, Shared: g.shared, Backend: g.backend,
		Meter: counts, Admission: o.admission, Backends: o.backends, Clock: g.clock.Now, Log: g.log,
	})
	if err != nil {
		return err
	}
	g.node.Protect(o.guard.part(g.porches.citizens))
	g.edge, err = edge.New(edge.Options{Node: g.node, Backend: g.backend, Passes: ring.PassVerifier(), Meter: counts, Log: g.log})
	if err != nil {
		return err
	}
	if err := g.assembleLanes(&o.lanes, ring, counts); err != nil {
		return err
	}
	keys := api.PublicKeys{}
	if keys.Pass, err = ring.Public("pass"); err != nil {
		return err
	}
	if keys.Ledger, err = ring.Public("ledger"); err != nil {
		return err
	}
	g.doors = probe.NewWatch(g.outside(o, ring), g.clock.Now, g.log)
	g.node.ShowDoors(g.doors.Status)
	g.control = control.New(control.Options{
		Node: g.node, Shared: g.shared, Backend: g.backend, Keys: keys, Clock: g.clock.Now, ClockOff: g.clock.Off, Log: g.log, Revoked: ring.Revocations().Has, Metrics: []prometheus.Collector{g.doors, porch.Collector{g.porches.citizens, g.porches.control, g.porches.lanes}},
	})
	return nil
}

// run serves until ctx ends; what was counted is handed in before it returns.
func (g *gatewayProgram) run(ctx context.Context) error {
	defer g.close()
	return outlasting(ctx, g.work, g.serve)
}

// work is what goes on while people are answered, to the last of them.
func (g *gatewayProgram) work(ctx context.Context) error {
	return together(ctx,
		func(ctx context.Context) error { g.backend.Watch(ctx); return nil },
		func(ctx context.Context) error { g.node.Run(ctx); return nil },
		func(ctx context.Context) error { g.doors.Run(ctx); return nil },
	)
}

func (g *gatewayProgram) serve(ctx context.Context) error {
	return together(ctx,
		func(ctx context.Context) error {
			return g.porches.citizens.ServeFast(ctx, g.public, g.edge.Server(), g.drain)
		},
		func(ctx context.Context) error {
			return serve(ctx, g.porches.control, g.controlRoom, g.control, g.secured, g.drain, g.log)
		},
		g.serveLanes,
	)
}

func (g *gatewayProgram) close() {
	for _, l := range []net.Listener{g.public, g.controlRoom, g.laneRoom} {
		if l != nil {
			l.Close()
		}
	}
	if g.shared != nil {
		g.shared.Close()
	}
	if g.unlock != nil {
		g.unlock()
	}
}
