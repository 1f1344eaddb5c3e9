package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daemun/daemun/backend/store/pgtest"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/audit"
)

func postgresServer(t *testing.T) *pgtest.Server {
	t.Helper()
	pg, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pg.Close() })
	return pg
}

// TestBookingsInPostgres plays an opening with crashes of everything, the database too, and audits what is left.
func TestBookingsInPostgres(t *testing.T) {
	pg := postgresServer(t)
	t.Setenv("DAEMUN_STORE", pg.URL("postgres"))
	s, _ := playOpening(t)
	if code, _, text := auditRun(t, "", "verify", "--data", s.data); code != audit.CannotBeTold || !strings.Contains(text, "--control") {
		t.Errorf("servers at work: %d %s", code, text)
	}
	if err := pg.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := pg.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	eligible, _ := s.citizens()
	kept := s.book(eligible[50], s.join(eligible[50]), 11)
	s.kill()
	s.up()
	var found api.Booking
	s.do(200, "POST", "/v1/bookings/lookup", "", api.LookupRequest{No: kept.No, Name: eligible[50].Name, RRN: eligible[50].Number.Digits()}, &found)
	if found.State != "booked" || found.Slot != kept.Slot {
		t.Errorf("the booking after the crashes: %+v", found)
	}
	s.eventually("the last seals are in the ledger", func() bool {
		code, _, _ := auditRun(t, "", append([]string{"reconcile"}, s.sources()...)...)
		return code == audit.Holds
	})
	for _, p := range s.parts {
		if code := p.stop(t); code != 0 {
			t.Errorf("exit code %d:\n%s", code, p.output)
		}
	}
	if folder(s.data).exists("backend", "daemun.db") {
		t.Error("bookings were kept in the folder all the same")
	}
	wantAudits(t, audit.Holds, "--data", s.data)
}

// TestPasswordsStayHidden starts everything with a password in the address: who gave it is told that others can read it,
// and it goes no further.
func TestPasswordsStayHidden(t *testing.T) {
	pg := postgresServer(t)
	s := newSite(t)
	address := strings.Replace(pg.URL("postgres"), "postgres@", "postgres:hunter2@", 1)
	p := start(t, "up", "--separate", "--demo", "--data", s.data, "--listen", s.public, "--control", s.control, "--store", address)
	s.parts = []*process{p}
	s.eventually("it is ready", func() bool { return strings.Contains(p.output.String(), "daemun: ready") })
	if out := p.output.String(); !strings.Contains(out, "PGPASSFILE") || strings.Contains(out, "hunter2") {
		t.Errorf("said of a password that others can read:\n%s", out)
	}
	seen := 0
	for _, args := range childrensArguments(t, p.cmd.Process.Pid) {
		seen++
		if strings.Contains(args, "hunter2") {
			t.Errorf("a child was started with %q", args)
		}
	}
	if seen != 2 {
		t.Errorf("%d children, want backend and gateway", seen)
	}
	if code := p.stop(t); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.output)
	}
}

// childrensArguments are the command lines of what a process started, whichever of its threads did.
func childrensArguments(t *testing.T, pid int) (all []string) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		text, _ := os.ReadFile(list) // a thread may have ended
		for _, child := range strings.Fields(string(text)) {
			args, err := os.ReadFile("/proc/" + child + "/cmdline")
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, strings.ReplaceAll(string(args), "\x00", " "))
		}
	}
	return all
}

func TestStoresThatCannotBe(t *testing.T) {
	for _, c := range []struct{ store, word string }{
		{"mysql://daemun:hunter2@db/daemun", "postgres://user@host"},
		{"oracle", "--store sqlite"},
		{"postgres://daemun:hunter2@127.0.0.1:1/daemun", "refused"},
	} {
		s := newSite(t)
		p := start(t, "backend", "--data", s.data, "--demo", "--listen", s.backend, "--store", c.store)
		<-p.ended
		out := p.output.String()
		if code := p.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(out, c.word) || strings.Contains(out, "hunter2") {
			t.Errorf("--store %s: %d %s", c.store, code, out)
		}
	}
}
