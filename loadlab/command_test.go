package loadlab

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daemun/daemun/loadlab/fault"
	"github.com/daemun/daemun/loadlab/verdict"
)

func TestOnlyItsOwnFolderIsEmptied(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := freshFolder(dir); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, "left")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := freshFolder(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Error("what an earlier run left is still there")
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "precious"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := freshFolder(foreign); err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(filepath.Join(foreign, "precious")); err != nil {
		t.Error(err)
	}
}

func TestCommandRefusesWhatCannotBeJudged(t *testing.T) {
	for want, args := range map[string][]string{
		"no scenario":     {"run", "--scenario", "none"},
		"at least 20000":  {"run", "--requests", "100"},
		"at least 10":     {"run", "--seconds", "3"},
		"at least 100":    {"run", "--scenario", "attacks", "--tries", "3"},
		"no finished run": {"report", "--out", t.TempDir()},
	} {
		c := Command()
		var out bytes.Buffer
		c.SetOut(&out)
		c.SetErr(&out)
		c.SetArgs(args)
		if err := c.Execute(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error is %v", args, err)
		}
	}
}

func TestASeedThatFailsIsToldWithItsWords(t *testing.T) {
	dir := t.TempDir()
	c := Command()
	c.SilenceErrors = true
	c.SetArgs([]string{"run", "--requests", "20000", "--out", filepath.Join(dir, "out"), "--binary", "/bin/false"})
	var out bytes.Buffer
	c.SetOut(&out)
	err := c.Execute()
	if err == nil || !strings.Contains(err.Error(), "/bin/false seed") {
		t.Errorf("error is %v", err)
	}
	var code interface{ ExitCode() int }
	if !errors.As(err, &code) || code.ExitCode() != 4 {
		t.Errorf("a run that never began ends with %v", code)
	}
}

func TestExitCodes(t *testing.T) {
	for o, want := range map[verdict.Outcome]int{verdict.Broken: 1, verdict.Missed: 2, verdict.Regressed: 3, verdict.Inconclusive: 4} {
		var code interface{ ExitCode() int }
		if err := error(&Exit{Verdict: o}); !errors.As(err, &code) || code.ExitCode() != want {
			t.Errorf("%v ends with %d", o, code.ExitCode())
		}
	}
}

func TestFreePortsDiffer(t *testing.T) {
	ports, err := fault.FreePorts(3)
	if err != nil || len(ports) != 3 || ports[0] == ports[1] || ports[1] == ports[2] {
		t.Errorf("%v, %v", ports, err)
	}
}
