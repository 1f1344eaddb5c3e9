package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/backend/operator"
	"github.com/daemun/daemun/gateway/api"
)

// officer runs `daemun operator …` on the site's folder, with the demo's supervisor where nothing else is said.
func (s *site) officer(args ...string) (stdout, stderr string, err error) {
	s.t.Helper()
	all := append([]string{"operator"}, args...)
	all = append(all, "--data", s.data)
	cmd := exec.Command(program(s.t), all...)
	cmd.Env = append(os.Environ(), "DAEMUN_CERT="+filepath.Join(s.data, "demo", "operators", "supervisor.pem"))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func (s *site) mustCommand(args ...string) string {
	s.t.Helper()
	out, errs, err := s.officer(args...)
	if err != nil {
		s.t.Fatalf("daemun operator %s: %v\n%s%s", strings.Join(args, " "), err, out, errs)
	}
	return out
}

func (s *site) refusedCommand(says string, args ...string) {
	s.t.Helper()
	out, errs, err := s.officer(args...)
	if err == nil || !strings.Contains(errs, says) || strings.Contains(errs, "goroutine ") {
		s.t.Errorf("daemun operator %s does not say %q: %v\n%s%s", strings.Join(args, " "), says, err, out, errs)
	}
}

const because = "감사원 자료 요구 2026-17"

// TestOperatorsCommands books for two people, each of whom gets two doses, and does to their data what an operator may.
func TestOperatorsCommands(t *testing.T) {
	s := newSite(t)
	s.refusedCommand("no backend runs", "accesses", "--reason", because)
	s.up()
	eligible, _ := s.citizens()
	first := s.book(eligible[0], s.join(eligible[0]), 0)
	second := s.book(eligible[1], s.join(eligible[1]), 1)
	s.look(first.No, eligible[0])

	t.Run("accesses", func(t *testing.T) { s.on(t).readAccesses(first.No, second.No) })
	t.Run("export", func(t *testing.T) { s.on(t).export(first, eligible[:2]) })
	t.Run("keys", func(t *testing.T) { s.on(t).rotate(first.No, eligible[0]) })
	t.Run("retention", func(t *testing.T) {
		s := s.on(t)
		if out := s.mustCommand("retention", "--older-than", "1d", "--dry-run", "--reason", because); !strings.Contains(out, "of 0 of 4 rows") {
			t.Error(out)
		}
		s.refusedCommand("want days", "retention", "--older-than", "1h", "--reason", because)
	})
	t.Run("certificates", func(t *testing.T) { s.on(t).certificates() })
	out := s.mustCommand("accesses", "verify")
	if !strings.Contains(out, "records follow from each other") {
		t.Error(out)
	}
}

// on is the site in a part of a test.
func (s *site) on(t *testing.T) *site {
	part := *s
	part.t = t
	return &part
}

func (s *site) look(no string, c demo.Citizen) {
	s.t.Helper()
	var found api.Booking
	s.do(200, "POST", "/v1/bookings/lookup", "", api.LookupRequest{No: no, Name: c.Name, RRN: c.Number.Digits()}, &found)
}

func (s *site) readAccesses(mine, other string) {
	read := func(args ...string) (lines []operator.AccessLine) {
		for _, line := range strings.Split(strings.TrimSpace(s.mustCommand(append([]string{"accesses", "--reason", because}, args...)...)), "\n") {
			var l operator.AccessLine
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				s.t.Fatalf("%v: %s", err, line)
			}
			lines = append(lines, l)
		}
		return lines
	}
	got := read("--whose", mine)
	if len(got) != 2 || got[0].Task != "lookup" || got[0].Role != "person" || got[0].From != "127.0.0.1" || got[1].Task != "accesses" || got[1].Who != "demo-supervisor" || got[1].Reason != because {
		s.t.Errorf("%+v", got)
	}
	if got := read("--whose", other); len(got) != 1 {
		s.t.Errorf("%+v", got)
	}
	if got := read("--from", "2020-01-01", "--to", time.Now().Add(time.Hour).Format(time.RFC3339)); len(got) != 4 {
		s.t.Errorf("%+v", got)
	}
	s.refusedCommand("--reason", "accesses")
	s.refusedCommand("neither a day", "accesses", "--reason", because, "--from", "yesterday")
	s.refusedCommand("no such booking", "accesses", "--reason", because, "--whose", "00000-00000")
	s.refusedCommand("role supervisor", "accesses", "--reason", because, "--cert", filepath.Join(s.data, "demo", "operators", "viewer.pem"))
}

func (s *site) export(b api.Booking, people []demo.Citizen) {
	path := filepath.Join(s.t.TempDir(), "out.csv")
	s.mustCommand("export", "--opening", b.Opening, "--reason", because, "--out", path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		s.t.Fatal(info.Mode(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
	if err != nil || len(rows) != 1+2*len(people) {
		s.t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, c := range people {
		if !bytes.Contains(text, []byte(c.Number.Digits())) || !bytes.Contains(text, []byte(c.Name)) {
			s.t.Error("somebody is missing")
		}
	}
	s.refusedCommand("is there already", "export", "--opening", b.Opening, "--reason", because, "--out", path)
	missing := filepath.Join(s.t.TempDir(), "none.csv")
	s.refusedCommand("no opening", "export", "--opening", "none", "--reason", because, "--out", missing)
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(missing), "*")); len(left) > 0 {
		s.t.Errorf("a refused export left %v", left)
	}
}

func (s *site) rotate(no string, c demo.Citizen) {
	s.mustCommand("keys", "rotate", "personal", "--reason", because)
	s.eventually("everything is under the new key", func() bool {
		out := s.mustCommand("keys", "list")
		return strings.Contains(out, "personal 001  0건") && !strings.Contains(out, "encrypting anew")
	})
	s.look(no, c)
	s.refusedCommand("less than a minute", "keys", "retire", "personal", "1", "--reason", because)
	s.refusedCommand("in use", "keys", "retire", "ledger", "1")
	for _, family := range []string{"ticket", "pass", "ledger"} {
		s.mustCommand("keys", "rotate", family)
	}
	s.refusedCommand("people have tickets", "keys", "retire", "ticket", "1")
	s.refusedCommand("no such family", "keys", "rotate", "subject")
}

// certificates issues one, uses it at the control room and for a command, and takes it back: both refuse it at once, also on
// a connection that there was.
func (s *site) certificates() {
	path := filepath.Join(s.t.TempDir(), "kim.pem")
	s.mustCommand("certificate", "issue", "--name", "kim", "--role", "supervisor", "--out", path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		s.t.Fatal(info, err)
	}
	client, err := controlClient(path, filepath.Join(s.data, "demo", "operators", "ca.pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	status := func() int {
		resp, err := client.Get("https://" + s.control + "/control/v1/whoami")
		if err != nil {
			return 0
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is used again
		return resp.StatusCode
	}
	if got := status(); got != http.StatusOK {
		s.t.Fatalf("a good certificate: %d", got)
	}
	s.mustCommand("accesses", "verify", "--cert", path)
	if out := s.mustCommand("certificate", "list"); !strings.Contains(out, "good") || !strings.Contains(out, "kim") {
		s.t.Error(out)
	}
	s.mustCommand("certificate", "revoke", "--name", "kim", "--reason", "퇴직")
	if got := status(); got != http.StatusForbidden {
		s.t.Errorf("a revoked certificate on a connection that there was: %d", got)
	}
	client.CloseIdleConnections()
	if got := status(); got != 0 {
		s.t.Errorf("a revoked certificate on a new connection: %d", got)
	}
	s.refusedCommand("does not take the certificate", "accesses", "verify", "--cert", path)
	if out := s.mustCommand("certificate", "list"); !strings.Contains(out, "revoked") {
		s.t.Error(out)
	}
	s.refusedCommand("nobody named", "certificate", "revoke", "--name", "kim", "--reason", "again")
	s.refusedCommand("is there already", "certificate", "issue", "--name", "kim", "--role", "viewer", "--out", path)
	s.mustCommand("certificate", "issue", "--name", "desk", "--role", "clinic", "--clinic", "c0001", "--days", "7", "--out", path+"3")
	s.refusedCommand("--clinic", "certificate", "issue", "--name", "desk", "--role", "clinic", "--out", path+"4")
	s.refusedCommand("--role", "certificate", "issue", "--name", "kim", "--role", "king", "--out", path+"2")
}
