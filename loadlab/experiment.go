package loadlab

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/loadlab/bench"
	"github.com/daemun/daemun/loadlab/overload"
	"github.com/daemun/daemun/loadlab/overload/report"
	"github.com/daemun/daemun/loadlab/overload/result"
	"github.com/daemun/daemun/loadlab/verdict"
)

func experimentCommand() *cobra.Command {
	o := overload.Options{}
	var seconds int
	var rows string
	c := &cobra.Command{
		Use:   "experiment NAME…|all",
		Short: "measure what gateways do when more is asked than the backend can do",
		Long: `Starts a backend of known capacity, our gateway and others before it, and offers each of them in turns more than the backend
can do. Experiments: ` + strings.Join(overload.ExperimentNames(), ", ") + `.

Leaves result.json, report.html and the programs' logs in the folder given with --out.
Exit codes: 0 pass, 1 an invariant broke, 2 a service level was missed, 4 inconclusive.`,
		Args:          cobra.MinimumNArgs(1),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			o.Names, o.Say, o.Command = args, cmd.OutOrStdout(), strings.Join(os.Args, " ")
			if len(args) == 1 && args[0] == "all" {
				o.Names = overload.ExperimentNames()
			}
			o.Measure = time.Duration(seconds) * time.Second
			if err := o.Settle(); err != nil {
				return err
			}
			r, err := overload.Run(ctx, o)
			if err == nil {
				err = errors.Join(result.Save(o.Out, r), report.WriteFile(o.Out, r), result.Text(cmd.OutOrStdout(), r), putRows(cmd, rows, r))
			}
			switch {
			case err != nil:
				cmd.PrintErrln("daemun: experiment:", err)
				return &Exit{Verdict: verdict.Inconclusive, Err: fmt.Errorf("experiment: %w", err)}
			case r.Verdict != verdict.Pass:
				return &Exit{Verdict: r.Verdict}
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&o.Out, "out", "build/overload", "`folder` for result, report and logs")
	f.StringVar(&rows, "rows", "", "put comparisons with the other gateways into this `file`, as make bench does")
	f.StringVar(&o.Binary, "binary", "", "the daemun `program` to test (default: this one)")
	f.IntVar(&o.Repeats, "repeats", 3, "how `often` everything is measured")
	f.IntVar(&seconds, "seconds", 8, "`length` of each measurement, after its warm-up")
	f.Float64SliceVar(&o.Points, "points", nil, "`multiples` of the capacity for the curve (default: "+fmt.Sprint(overload.CurvePoints)+")")
	f.StringSliceVar(&o.Systems, "systems", nil, "`names` of what to measure (default: all that there are): "+strings.Join(overload.SystemNames(), ", "))
	f.BoolVar(&o.Short, "short", false, "fewer points and shorter runs: a few minutes for all")
	f.IntVar(&o.Site.Places, "places", 16, "`requests` that the backend works on at once")
	f.Float64Var(&o.Site.ServiceMS, "service-ms", 20, "work of a request, `ms`")
	f.Float64Var(&o.Site.Spread, "spread", 0, "`sigma` of the logarithm of the work; 0: all requests are the same work")
	f.BoolVar(&o.Site.Report, "report-wait", false, "let the backend tell our gateway how long requests wait in it")
	f.IntVar(&o.Limit, "limit", 64, "`requests` under way at once, where it has to be set by hand")
	o.Site.Speed = 1
	return c
}

func putRows(cmd *cobra.Command, file string, r *result.Result) error {
	if file == "" {
		return nil
	}
	rows := result.BenchRows(r)
	if err := bench.Put(file, rows); err != nil {
		return fmt.Errorf("rows of the benchmark: %w", err)
	}
	return bench.Print(cmd.OutOrStdout(), rows)
}
