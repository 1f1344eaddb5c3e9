// Package loadlab is the load lab's command: it starts the servers as a stranger would, replays an opening against
// them, strikes them on the way, and holds what the citizens saw against what the servers kept.
package loadlab

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/loadlab/overload/peer"
	"github.com/daemun/daemun/loadlab/overload/site"
	"github.com/daemun/daemun/loadlab/report"
	"github.com/daemun/daemun/loadlab/scenario"
	"github.com/daemun/daemun/loadlab/verdict"
)

// Exit is a run whose verdict is not a pass. The program ends with its code.
type Exit struct {
	Verdict verdict.Outcome
	Err     error // why the run could not be judged, if it could not
}

// Error names the verdict or says what went wrong.
func (e *Exit) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	return "the verdict is: " + e.Verdict.String()
}

// Unwrap returns what went wrong.
func (e *Exit) Unwrap() error { return e.Err }

// ExitCode is 1 for a broken invariant, 2 a missed service level, 3 a regression, 4 inconclusive.
func (e *Exit) ExitCode() int { return int(e.Verdict) }

// Command is `loadlab` with its subcommands, ready to be mounted.
func Command() *cobra.Command {
	c := &cobra.Command{Use: "loadlab", Short: "replay an opening with citizens, cheaters and faults, and judge what happened"}
	c.AddCommand(runCommand(), simulateCommand(), reportCommand(), leaksCommand(), hostileCommand(), experimentCommand(), site.Command(), peer.Command())
	return c
}

type options struct {
	scenario string
	requests uint64
	out      string
	binary   string
	data     string
	seed     uint64
	seconds  int
	earlier  []string
	tries    int
}

func runCommand() *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:   "run",
		Short: "start the servers, replay a scenario against them, and write a verdict",
		Long: `Seeds a data folder, starts a gateway and a backend on free ports of this machine, measures how much the machine
answers, and replays the scenario with exactly the requests asked for: citizens that wait, refresh, book and give up,
people who are not eligible, cheaters, and both servers killed on the way. Afterwards every acknowledged booking is
looked for in the ledger and every invariant is checked from outside.

Leaves verdict.json, report.html, run.json and the servers' logs in the folder given with --out.
Exit codes: 0 pass, 1 an invariant broke, 2 a service level was missed, 3 regression, 4 inconclusive.`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if o.scenario == scenario.Attacks().Name && !cmd.Flags().Changed("out") {
				o.out = "build/attacks"
			}
			plan, err := o.plan()
			if err != nil {
				return err
			}
			r := &run{o: o, plan: plan, out: cmd.OutOrStdout(), began: time.Now()}
			replay := r.do
			if plan.Name == scenario.Attacks().Name {
				replay = r.breakIn
			}
			d, err := replay(ctx)
			switch {
			case err != nil:
				return &Exit{Verdict: verdict.Inconclusive, Err: err}
			case d.Verdict.Verdict != verdict.Pass:
				return &Exit{Verdict: d.Verdict.Verdict}
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&o.scenario, "scenario", "surge", "what to replay: surge (19 July 2021), or attacks (every known way in, tried at every door)")
	f.IntVar(&o.tries, "tries", 100_000, "scenario attacks: how often each attack is tried at each door")
	f.Uint64Var(&o.requests, "requests", 10_000_000, "how many requests; people shrink with them")
	f.StringVar(&o.out, "out", "build/surge", "folder for verdict, report and logs (scenario attacks: build/attacks)")
	f.StringVar(&o.binary, "binary", "", "the daemun program to test (default: this one)")
	f.StringVar(&o.data, "data", "", "folder for the servers' data, made anew (default: data inside --out)")
	f.Uint64Var(&o.seed, "seed", 20210719, "seed of everything that is drawn by lot on the citizens' side")
	f.IntVar(&o.seconds, "seconds", 0, "length of the attack; 0: what its size needs, 235 at full size, more on a slow machine")
	f.StringArrayVar(&o.earlier, "baseline", nil, "verdict.json of an earlier run to compare work counters with; may be given more than once")
	return c
}

// leastRequests is too few for a crowd that shows anything.
const leastRequests = 20_000

func (o *options) plan() (scenario.Plan, error) {
	s, err := scenario.Named(o.scenario)
	if err != nil {
		return scenario.Plan{}, err
	}
	if o.requests < leastRequests {
		return scenario.Plan{}, fmt.Errorf("--requests %d: at least %d are needed for a verdict", o.requests, leastRequests)
	}
	if o.seconds != 0 && o.seconds < 10 {
		return scenario.Plan{}, errors.New("--seconds: at least 10, so that both faults have room")
	}
	if o.binary == "" {
		if o.binary, err = os.Executable(); err != nil {
			return scenario.Plan{}, fmt.Errorf("find this program: %w", err)
		}
	}
	if o.data == "" {
		o.data = filepath.Join(o.out, "data")
	}
	if s.Name == scenario.Attacks().Name {
		return o.planAttacks(s)
	}
	return s.Scale(o.requests), nil
}

func reportCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:          "report",
		Short:        "show the verdict of a finished run again and draw its report anew",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := report.Load(filepath.Join(out, "run.json"))
			if err != nil {
				return err
			}
			if err := report.WriteFile(filepath.Join(out, "report.html"), d); err != nil {
				return err
			}
			return report.Text(cmd.OutOrStdout(), d)
		},
	}
	c.Flags().StringVar(&out, "out", "build/surge", "folder of the run")
	return c
}
