package loadlab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/daemun/daemun/loadlab/invariant"
)

// evidenceFolder is where the run's evidence is left, inside the folder of its results.
const evidenceFolder = "evidence"

// audited lets the program under test export its evidence while the servers still run, and puts the auditor's three
// questions to it, as anybody can do afterwards.
func (r *run) audited(ctx context.Context) (invariant.Audit, error) {
	dir := filepath.Join(r.o.out, evidenceFolder)
	if err := os.RemoveAll(dir); err != nil {
		return invariant.Audit{}, fmt.Errorf("evidence of an earlier run: %w", err)
	}
	operators := filepath.Join(r.o.data, "demo", "operators")
	text, err := exec.CommandContext(ctx, r.o.binary, "audit", "export", "--out", dir, "--control", "https://"+r.servers.control,
		"--cert", filepath.Join(operators, "supervisor.pem"), "--ca", filepath.Join(operators, "ca.pem"), "--public", r.servers.url()).CombinedOutput()
	if err != nil {
		return invariant.Audit{}, fmt.Errorf("audit export: %w: %s", err, text)
	}
	var all invariant.Audit
	for _, part := range []string{"verify", "draw", "reconcile"} {
		one, err := r.auditPart(ctx, part, dir)
		if err != nil {
			return all, err
		}
		all.Add(part, one)
	}
	return all, nil
}

func (r *run) auditPart(ctx context.Context, part, dir string) (invariant.AuditReport, error) {
	var report invariant.AuditReport
	cmd := exec.CommandContext(ctx, r.o.binary, "audit", part, "--json", "--bundle", dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return report, fmt.Errorf("audit %s: %w", part, err)
	}
	if wrong := json.Unmarshal(out.Bytes(), &report); wrong != nil {
		return report, fmt.Errorf("audit %s: %w: %s", part, errors.Join(err, wrong), errs.Bytes())
	}
	if code := cmd.ProcessState.ExitCode(); code != report.Code {
		return report, fmt.Errorf("audit %s ended with %d and says %d", part, code, report.Code)
	}
	return report, nil
}
