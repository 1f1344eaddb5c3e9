package loadlab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/loadlab/fault"
	"github.com/daemun/daemun/loadlab/hostile"
	"github.com/daemun/daemun/loadlab/scenario"
	"github.com/daemun/daemun/loadlab/verdict"
)

// hostileOptions are the flags of hostile.
type hostileOptions struct {
	options
	each        time.Duration
	rate        int
	connections int
	only        []string
}

func hostileCommand() *cobra.Command {
	var o hostileOptions
	c := &cobra.Command{
		Use:   "hostile",
		Short: "let hostile clients loose on the listeners while honest citizens ask",
		Long: `Starts the servers on free ports of this machine and lets one kind of hostile client after another loose on them: floods of
connections, slow headers, bodies and readers, huge headers, garbage, floods of HTTP/2 streams taken back. Beside each, citizens
ask at a steady rate, once from an address of their own and once from the attackers'; what they see is held against what they
see without attackers. Programs of others (slowhttptest, h2load) join in where they are installed.

Leaves result.json, report.html and the servers' logs in the folder given with --out.
Exit codes: 0 pass, 2 citizens were not served, 4 inconclusive.`,
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			r, err := o.run(ctx)
			if err != nil {
				return &Exit{Verdict: verdict.Inconclusive, Err: err}
			}
			r.Text(cmd.OutOrStdout())
			if r.Verdict != verdict.Pass {
				return &Exit{Verdict: r.Verdict}
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&o.out, "out", "build/hostile", "folder for result, report and logs")
	f.StringVar(&o.binary, "binary", "", "the daemun program to test (default: this one)")
	f.StringVar(&o.data, "data", "", "folder for the servers' data, made anew (default: data inside --out)")
	f.Uint64Var(&o.seed, "seed", 20210719, "seed of the people")
	f.DurationVar(&o.each, "each", 5*time.Second, "how long each attack lasts")
	f.IntVar(&o.rate, "rate", 300, "honest requests a second")
	f.IntVar(&o.connections, "connections", 4000, "connections that a patient attack holds at once")
	f.StringSliceVar(&o.only, "only", nil, "attacks to run (default: all)")
	return c
}

func (o *hostileOptions) check() (err error) {
	if o.each < time.Second || o.rate < 1 || o.rate > 5000 || o.connections < 1 || o.connections > 30000 {
		return errors.New("want --each of at least 1s, --rate of 1 to 5000 and --connections of 1 to 30000")
	}
	if o.binary == "" {
		if o.binary, err = os.Executable(); err != nil {
			return fmt.Errorf("find this program: %w", err)
		}
	}
	if o.data == "" {
		o.data = filepath.Join(o.out, "data")
	}
	return nil
}

// field is the place of the run: the servers, what is attacked and who asks.
type field struct {
	o      *hostileOptions
	s      servers
	target hostile.Target
	honest hostile.Honest
}

func (o *hostileOptions) run(ctx context.Context) (*hostile.Result, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	f := &field{o: o}
	defer f.s.stop()
	if err := f.prepare(ctx); err != nil {
		return nil, err
	}
	r := &hostile.Result{Rate: o.rate}
	f.honest.From = net.IPv4(127, 0, 0, 9)
	f.honest.Ask(ctx, time.Second) // warms up
	r.Baseline = f.honest.Ask(ctx, 2*o.each)
	f.attack(ctx, r)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.After = f.honest.Ask(ctx, o.each)
	r.Judge()
	return r, r.Write(o.out)
}

// attackers are where they come from.
var attackers = []net.IP{net.IPv4(127, 0, 0, 2), net.IPv4(127, 0, 0, 3), net.IPv4(127, 0, 0, 4)}

func (f *field) attack(ctx context.Context, r *hostile.Result) {
	for _, a := range hostile.Attacks(f.o.connections) {
		for _, shared := range []bool{false, true} {
			if f.wanted(a.Name) {
				r.Rounds = append(r.Rounds, f.round(ctx, a.Name, shared, func(ctx context.Context, n *hostile.Tally) { a.Run(ctx, &f.target, attackers, n) }))
			}
		}
	}
	for _, u := range hostile.Tools() {
		switch {
		case !f.wanted(u.Name):
		case !u.Installed():
			r.LeftOut = append(r.LeftOut, u.Name)
		default:
			r.Rounds = append(r.Rounds, f.round(ctx, u.Name, false, func(ctx context.Context, n *hostile.Tally) { u.Run(ctx, &f.target, f.o.each, f.o.connections, n) }))
		}
	}
}

func (f *field) wanted(name string) bool {
	return len(f.o.only) == 0 || slices.Contains(f.o.only, name)
}

// round lets one attack loose while citizens ask. It has a moment to unfold first.
func (f *field) round(ctx context.Context, name string, shared bool, attack func(context.Context, *hostile.Tally)) hostile.Round {
	n := &hostile.Tally{}
	raging, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { attack(raging, n); close(ended) }()
	select {
	case <-ctx.Done():
	case <-time.After(500 * time.Millisecond):
	}
	h := f.honest
	if shared {
		h.From = attackers[0]
	}
	began := time.Now()
	seen := h.Ask(ctx, f.o.each)
	v := hostile.Round{Attack: name, Shared: shared, Seconds: time.Since(began).Seconds(), Honest: seen}
	v.Opened, v.Cut, v.Refused, v.Answered, v.Streams = n.Opened.Load(), n.Cut.Load(), n.Refused.Load(), n.Answered.Load(), n.Streams.Load()
	stop()
	<-ended
	return v
}

func (f *field) prepare(ctx context.Context) error {
	if err := os.MkdirAll(f.o.out, 0o755); err != nil {
		return fmt.Errorf("make the folder of the run: %w", err)
	}
	if err := freshFolder(f.o.data); err != nil {
		return err
	}
	if err := seed(ctx, f.o.options, scenario.Plan{Eligible: 500, NotEligible: 1, Clinics: 10, Stock: 1000}, time.Hour); err != nil {
		return err
	}
	if err := f.start(ctx); err != nil {
		return err
	}
	if err := f.secure(); err != nil {
		return err
	}
	return f.people(ctx)
}

func (f *field) start(ctx context.Context) error {
	ports, err := fault.FreePorts(4)
	if err != nil {
		return err
	}
	f.s.public, f.s.control, f.s.backendAt, f.target.Lanes = ports[0], ports[1], ports[2], ports[3]
	f.target.Public, f.target.Big = f.s.public, "/"
	f.s.backend, err = fault.Start(fault.Spec{Name: "backend", Binary: f.o.binary, Log: filepath.Join(f.o.out, "backend.log"), Ready: "http://" + f.s.backendAt + "/readyz",
		Args: []string{"backend", "--listen", f.s.backendAt, "--data", f.o.data, "--demo"}})
	if err != nil {
		return err
	}
	if err := f.s.backend.WaitReady(ctx, time.Minute); err != nil {
		return err
	}
	f.s.gateway, err = fault.Start(fault.Spec{Name: "gateway", Binary: f.o.binary, Log: filepath.Join(f.o.out, "gateway.log"), Ready: f.s.url() + "/readyz",
		Args: []string{"gateway", "--listen", f.s.public, "--control", f.s.control, "--lanes", f.target.Lanes, "--backend", "http://" + f.s.backendAt, "--data", f.o.data}})
	if err != nil {
		return err
	}
	if err := f.s.gateway.WaitReady(ctx, time.Minute); err != nil {
		return err
	}
	return f.s.findOpening(ctx)
}

// secure reads what opens the lanes.
func (f *field) secure() error {
	dir := filepath.Join(f.o.data, "demo", "operators")
	text, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return fmt.Errorf("read the lanes' authority: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	agent := filepath.Join(dir, "call_centre.pem")
	cert, err := tls.LoadX509KeyPair(agent, agent)
	if err != nil {
		return fmt.Errorf("read an agent's certificate: %w", err)
	}
	f.target.Stranger = &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", NextProtos: []string{"h2"}}
	f.target.Known = f.target.Stranger.Clone()
	f.target.Known.Certificates = []tls.Certificate{cert}
	return nil
}

// people reads who is on the roster and lets some of them join.
func (f *field) people(ctx context.Context) error {
	file, err := os.Open(filepath.Join(f.o.data, "demo", "citizens.csv"))
	if err != nil {
		return fmt.Errorf("read the people: %w", err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return fmt.Errorf("read the people: %w", err)
	}
	f.honest = hostile.Honest{Base: f.s.url(), Opening: f.s.opening.ID, Rate: f.o.rate}
	for _, row := range rows[1:] {
		if on, err := strconv.ParseBool(row[4]); err != nil || !on {
			continue
		}
		f.honest.Numbers = append(f.honest.Numbers, row[0])
	}
	for _, number := range f.honest.Numbers[:50] {
		ticket, err := f.join(ctx, number)
		if err != nil {
			return err
		}
		f.honest.Tickets = append(f.honest.Tickets, ticket)
	}
	return nil
}

func (f *field) join(ctx context.Context, number string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.s.url()+"/v1/queue/join", strings.NewReader(fmt.Sprintf(`{"rrn":%q}`, number)))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", fmt.Errorf("join: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	var p api.Place
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || resp.StatusCode != http.StatusOK || p.Ticket == "" {
		return "", fmt.Errorf("join: %s, no ticket (%v)", resp.Status, err)
	}
	return p.Ticket, nil
}
