package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/daemun/daemun/loadlab/overload/result"
)

// The experiments as anybody runs them, with few and short measurements: what they leave is whole. Nothing is asserted of how
// fast anything was, nor of the verdict, which this machine may be too busy for.
func TestOverloadExperiments(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers and measures for half a minute")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	out := t.TempDir()
	cmd := exec.CommandContext(ctx, program(t), "loadlab", "experiment", "curve", "shed", "--out", out, "--repeats", "1", "--seconds", "1",
		"--points", "0.5", "--places", "2", "--service-ms", "50", "--systems", "ours,fixed,failsafe,gradient2", "--rows", filepath.Join(out, "bench.json"))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it ends what it started
	cmd.WaitDelay = 20 * time.Second
	text, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && (!errors.As(err, &ended) || ended.ExitCode() != 1 && ended.ExitCode() != 2 && ended.ExitCode() != 4) {
		t.Fatalf("%v\n%s", err, text)
	}
	r, err := result.Load(out)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	curve := r.Experiment("curve")
	if curve == nil || r.Experiment("shed") == nil || len(curve.Rows) == 0 || curve.Rows[0].Figures == nil || len(r.Lines) == 0 {
		t.Fatalf("the result is not whole: %+v\n%s", r, text)
	}
	if f := curve.Rows[0].Figures; f.Originals == 0 || f.Counts[0]["good"] == 0 {
		t.Errorf("ours answered nobody at half of the capacity: %+v\n%s", f, text)
	}
	for _, name := range []string{"report.html", "bench.json", "ours.log", "site.log"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Errorf("%v", err)
		}
	}
}
