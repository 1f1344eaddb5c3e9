package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/gateway/keyring"
)

var stdout = os.Stdout

// upOptions are the flags of up: the gateway's and what is its own.
type upOptions struct {
	gateway  gatewayOptions
	store    storeName
	identity string
	notify   notifyOptions
	demo     bool
	demoID   bool
	opensIn  time.Duration
	separate bool
}

func upCommand() *cobra.Command {
	var o upOptions
	cmd := &cobra.Command{
		Use: "up", Short: "run everything on one machine", Args: cobra.NoArgs,
		Long: `up runs gateway and backend in one process, or with --separate as two that it starts and stops. With --demo it fills a
new data folder with synthetic people, clinics, an opening that is about to open, and operators' certificates; started
again on the same folder it goes on where it was.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	cmd.SetOut(stdout)
	o.gateway.flags(cmd)
	f := cmd.Flags()
	storeFlag(f, &o.store)
	identityFlag(f, &o.identity)
	o.notify.flags(f)
	f.BoolVar(&o.demo, "demo", false, "fill a new data folder with synthetic people and an opening")
	f.BoolVar(&o.demoID, "demo-identity", false, "with --demo: the opening asks people who they are; an identity provider for the synthetic people runs beside")
	f.DurationVar(&o.opensIn, "opens-in", 20*time.Second, "when the demo's opening opens; its lobby is open at once")
	f.BoolVar(&o.separate, "separate", false, "run gateway and backend as processes of their own")
	return cmd
}

func (o *upOptions) run(cmd *cobra.Command) error {
	backend := backendOptions{
		listen: "127.0.0.1:0", data: o.gateway.data, schedule: o.gateway.schedule, store: o.store, identity: o.identity, notify: o.notify, demo: o.demo, guard: o.gateway.guard,
	}
	if o.demo && backend.notify.site == "" {
		backend.notify.site = "http://" + o.gateway.listen
	}
	if err := errors.Join(o.gateway.check(), o.store.check(), backend.notify.check(), o.check()); err != nil {
		return err
	}
	o.store.warn(cmd)
	if err := o.gateway.data.open(); err != nil {
		return err
	}
	if o.demo {
		if err := o.prepare(cmd); err != nil {
			return err
		}
	}
	run := o.runTogether
	if o.separate {
		run = o.runSeparate
	}
	if !o.demoID {
		return run(cmd.Context(), cmd, backend)
	}
	return o.withDemoProvider(cmd, backend, run)
}

// runTogether runs gateway and backend in this process.
func (o *upOptions) runTogether(ctx context.Context, cmd *cobra.Command, backend backendOptions) error {
	b, err := backend.start(ctx)
	if err != nil {
		return err
	}
	o.gateway.backends = []string{"http://" + b.listener.Addr().String()}
	g, err := o.gateway.start(ctx)
	if err != nil {
		b.close()
		return err
	}
	o.greet(cmd, g.public.Addr().String(), g.controlRoom.Addr().String(), lanesAddress(g.laneRoom))
	return outlasting(ctx, b.run, g.run)
}

func (o *upOptions) check() error {
	if o.demoID && (!o.demo || o.identity != "") {
		return errors.New("--demo-identity goes with --demo and without --identity")
	}
	if o.opensIn < 0 || o.opensIn > 30*24*time.Hour {
		return fmt.Errorf("--opens-in %s: want 0s to 720h", o.opensIn)
	}
	return nil
}

// prepare fills the folder under a lock of its own: a second start on the same folder must not rewrite what the first
// one works with.
func (o *upOptions) prepare(cmd *cobra.Command) error {
	unlock, err := o.gateway.data.lock("gateway")
	if err != nil {
		return err
	}
	defer unlock()
	ring, err := keyring.Open(string(o.gateway.data))
	if err != nil {
		return err
	}
	return o.gateway.data.prepare(ring, seed{options: demo.Options{}, opensIn: o.opensIn, ways: o.ways(), tell: func(format string, args ...any) { cmd.Printf(format+"\n", args...) }}, time.Now())
}

// outlasting runs the backend until the gateway has drained: who is inside must be able to finish.
func outlasting(ctx context.Context, backend, gateway func(context.Context) error) error {
	backendContext, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	return together(ctx,
		func(ctx context.Context) error {
			defer stop()
			return gateway(ctx)
		},
		func(context.Context) error { return backend(backendContext) },
	)
}

func (o *upOptions) greet(cmd *cobra.Command, public, controlRoom, lanes string) {
	cmd.Printf(`daemun: ready
  citizens      시민 페이지   http://%s/          (English: http://%s/?lang=en)
  API           공개 API      http://%s/v1/openings
  control room  관제          https://%s  (certificates: %s; make console)
`, public, public, public, controlRoom, o.gateway.data.path("demo", "operators"))
	if lanes != "" {
		cmd.Printf("  lanes         콜센터·의료기관  https://%s  (certificates call_centre.pem, clinic.pem there)\n", lanes)
	}
	if o.demo {
		cmd.Printf("  try it with   시연용 사람   %s (columns rrn,name,phone,birth_date,on_roster)\n", o.gateway.data.path("demo", demo.CitizensFile))
	}
	cmd.Println("  stop with Ctrl-C; places and bookings are kept in " + string(o.gateway.data))
}

// runSeparate starts gateway and backend as processes and ends them when it ends.
func (o *upOptions) runSeparate(ctx context.Context, cmd *cobra.Command, b backendOptions) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	free, err := listen("--listen", b.listen) // a port that nobody has; the backend takes it over in a moment
	if err != nil {
		return err
	}
	address := free.Addr().String()
	free.Close()
	args := func(part string, more ...string) []string {
		all := append([]string{part, "--data", string(b.data)}, more...)
		if b.schedule != "" {
			all = append(all, "--schedule", b.schedule)
		}
		return all
	}
	backendArgs := args("backend", append(b.notify.args(), "--listen", address, fmt.Sprintf("--demo=%t", b.demo), "--identity", b.identity)...)
	backendArgs = append(backendArgs, b.guard.args(false)...)
	gatewayArgs := args("gateway", "--listen", o.gateway.listen, "--control", o.gateway.control, "--backend", "http://"+address,
		"--nats", o.gateway.nats, "--admission-start", fmt.Sprint(o.gateway.admission.Start), "--admission-max", fmt.Sprint(o.gateway.admission.Max),
		"--admission-inside", fmt.Sprint(o.gateway.admission.Inside))
	gatewayArgs = append(append(gatewayArgs, o.gateway.lanes.args()...), o.gateway.guard.args(true)...)
	wait := o.gateway.guard.drainWait + drainTimeout + 5*time.Second
	return outlasting(ctx, child(self, wait, backendArgs, "DAEMUN_STORE="+string(b.store)), func(ctx context.Context) error {
		return together(ctx, child(self, wait, gatewayArgs), func(ctx context.Context) error {
			if answers(ctx, "http://"+o.gateway.listen+"/readyz") {
				o.greet(cmd, o.gateway.listen, o.gateway.control, o.gateway.lanes.listen)
			}
			return nil
		})
	})
}

// answers waits until an address answers; false means that ctx ended first.
func answers(ctx context.Context, address string) bool {
	for ctx.Err() == nil {
		if resp, err := http.Get(address); err == nil {
			resp.Body.Close()
			return true
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	return false
}

// child runs a process of this program until ctx ends, and asks it to stop before it ends it. What others must not read
// goes by its environment.
func child(program string, wait time.Duration, args []string, env ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		c := exec.CommandContext(ctx, program, args...)
		c.Stdout, c.Stderr = stdout, os.Stderr
		c.Env = append(os.Environ(), env...)
		c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
		c.WaitDelay = wait
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM} // Ctrl-C reaches us, we stop them in order
		if err := c.Run(); err != nil && ctx.Err() == nil {
			return fmt.Errorf("%s %s: %w", program, args[0], err)
		}
		return nil
	}
}
