package main

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/audit"
)

// outcome is what audit --json tells.
type outcome struct {
	Code     int `json:"exit_code"`
	Checks   []audit.Check
	Findings []audit.Finding
	Missing  []audit.Finding
	Notes    []audit.Note
}

// auditRun runs `daemun audit` and returns its exit code and what it told.
func auditRun(t *testing.T, stdin string, args ...string) (code int, o outcome, text string) {
	t.Helper()
	cmd := exec.Command(program(t), append([]string{"audit"}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(out.Bytes(), &o)
	return cmd.ProcessState.ExitCode(), o, out.String() + errs.String()
}

func (s *site) sources() []string {
	operators := folder(s.data).path("demo", "operators")
	return []string{"--control", "https://" + s.control, "--cert", filepath.Join(operators, "supervisor.pem"), "--ca", filepath.Join(operators, "ca.pem"), "--public", "http://" + s.public}
}

// wantAudits runs all three audits on a source and wants each to end with a code.
func wantAudits(t *testing.T, code int, source ...string) {
	t.Helper()
	for _, part := range []string{"verify", "draw", "reconcile"} {
		got, o, text := auditRun(t, "", append([]string{part, "--json"}, source...)...)
		if got != code || o.Code != code {
			t.Errorf("audit %s ended with %d, want %d: %.3000s", part, got, code, text)
		}
		for _, c := range o.Checks {
			if c.Checked == 0 && c.Name != "passes" {
				t.Errorf("audit %s: %s looked at nothing", part, c.Name)
			}
		}
	}
}

// playOpening lets people in on real servers: bookings, one cancelled, a pause in between, and a crash of everything.
func playOpening(t *testing.T) (s *site, ticket string) {
	s = newSite(t)
	s.up()
	eligible, _ := s.citizens()
	tickets := make([]string, 40)
	for i := range tickets {
		tickets[i] = s.join(eligible[i])
	}
	first := s.book(eligible[0], tickets[0], 0)
	base := "/control/v1/openings/" + first.Opening
	for _, action := range []string{"pause", "resume"} {
		if code, body := s.command("operator", "POST", base+"/"+action, api.Command{Reason: "점검합니다"}, nil); code != 200 {
			t.Fatalf("%s: %d %s", action, code, body)
		}
	}
	for i := 1; i < 5; i++ {
		s.book(eligible[i], tickets[i], i)
	}
	s.kill()
	s.up()
	for i := 5; i < 9; i++ {
		s.book(eligible[i], tickets[i], i)
	}
	s.book(eligible[200], s.join(eligible[200]), 20)
	var found api.Booking
	s.do(200, "POST", "/v1/bookings/lookup", "", api.LookupRequest{No: first.No, Name: eligible[0].Name, RRN: eligible[0].Number.Digits()}, &found)
	s.do(200, "DELETE", "/v1/bookings/"+first.No, "Proof "+found.Proof, nil, &found)
	return s, tickets[3]
}

// TestAudit plays an opening on real servers, audits it while they run and when they are stopped, and tampers with what they
// left behind.
func TestAudit(t *testing.T) {
	s, ticket := playOpening(t)
	out := filepath.Join(t.TempDir(), "evidence")

	t.Run("running servers", func(t *testing.T) {
		if code, _, text := auditRun(t, "", append([]string{"export", "--out", out}, s.sources()...)...); code != 0 {
			t.Fatalf("export ended with %d: %s", code, text)
		}
		wantAudits(t, audit.Holds, "--bundle", out)
		wantAudits(t, audit.Holds, s.sources()...)
		if code, _, text := auditRun(t, "", "verify", "--data", s.data); code != audit.CannotBeTold || !strings.Contains(text, "--control") {
			t.Errorf("a folder at work: %d %s", code, text)
		}
		if code, _, text := auditRun(t, "", append([]string{"draw"}, s.sources()[:6]...)...); code != audit.CannotBeTold || !strings.Contains(text, "--public") {
			t.Errorf("without the published seals: %d %s", code, text)
		}
	})
	t.Run("a ticket's place", func(t *testing.T) {
		code, o, text := auditRun(t, ticket+"\n", "draw", "--json", "--ticket", "-", "--bundle", out)
		told := fmt.Sprint(o.Notes)
		if code != 0 || !strings.Contains(told, "let in at this place") || strings.Contains(text, ticket) {
			t.Errorf("%d %s", code, text)
		}
		if code, _, text := auditRun(t, "nonsense", "draw", "--ticket", "-", "--bundle", out); code != audit.CannotBeTold || !strings.Contains(text, "72") {
			t.Errorf("no ticket at all: %d %s", code, text)
		}
	})
	t.Run("a bundle that was tampered with", func(t *testing.T) { tamperBundle(t, out) })
	s.kill()
	t.Run("killed servers", func(t *testing.T) { wantAudits(t, audit.Holds, "--data", s.data) })
	s.up()
	for _, p := range s.parts {
		p.stop(t)
	}
	t.Run("stopped servers", func(t *testing.T) {
		wantAudits(t, audit.Holds, "--data", s.data)
		if _, o, _ := auditRun(t, "", "verify", "--json", "--data", s.data); len(o.Notes) != 0 {
			t.Errorf("a clean end leaves something unsigned: %+v", o.Notes)
		}
	})
	t.Run("a store that was tampered with", func(t *testing.T) { tamperStore(t, s.data) })
}

func tamperBundle(t *testing.T, original string) {
	openings, err := filepath.Glob(filepath.Join(original, "seals-*.ndjson"))
	if err != nil || len(openings) != 1 {
		t.Fatal(openings, err)
	}
	seals := filepath.Base(openings[0])
	line := func(kind string) *regexp.Regexp {
		return regexp.MustCompile(`\{"seq":(\d+),[^\n]*"kind":"` + kind + `"[^\n]*\n`)
	}
	for name, row := range map[string]struct {
		file  string
		spoil func([]byte) []byte
		part  string
		says  string
	}{
		"a count": {seals, func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"epoch":0,"count":4`), []byte(`"epoch":0,"count":5`), 1)
		}, "draw", `"epoch":0`},
		"a booking taken out": {ledgerFile, func(b []byte) []byte { return bytes.Replace(b, line("booking").Find(b), nil, 1) }, "verify", `"what":"removed"`},
		"an admission doubled": {ledgerFile, func(b []byte) []byte {
			r := line("admission").Find(b)
			return bytes.Replace(b, r, append(bytes.Clone(r), r...), 1)
		}, "verify", `"what":"inserted"`},
		"an admission gone": {ledgerFile, func(b []byte) []byte { return bytes.Replace(b, line("admission").Find(b), nil, 1) }, "reconcile", `"booking":"`},
		"the end cut off":   {ledgerFile, func(b []byte) []byte { return b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1] }, "verify", `"files"`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			if err := os.CopyFS(dir, os.DirFS(original)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, row.file)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			after := row.spoil(bytes.Clone(before))
			if bytes.Equal(before, after) {
				t.Fatal("nothing was changed")
			}
			if err := os.WriteFile(path, after, 0o600); err != nil {
				t.Fatal(err)
			}
			code, o, text := auditRun(t, "", row.part, "--json", "--bundle", dir)
			if code != audit.DoesNotHold || !strings.Contains(text, row.says) || !strings.Contains(text, row.file) || len(o.Findings) == 0 {
				t.Errorf("ended with %d: %.2000s", code, text)
			}
		})
	}
}

func tamperStore(t *testing.T, original string) {
	for name, row := range map[string]struct {
		spoil func(*sql.DB) (named uint64, err error)
		part  string
		what  string
	}{
		"a booking changed": {func(db *sql.DB) (seq uint64, err error) {
			err = db.QueryRow("SELECT seq FROM ledger WHERE kind = 'booking' LIMIT 1").Scan(&seq)
			if err == nil {
				_, err = db.Exec(`UPDATE ledger SET data = replace(data, '"dose":1', '"dose":2') WHERE seq = ?`, seq)
			}
			return seq, err
		}, "verify", audit.Changed},
		"everything computed anew": {forge, "verify", audit.Rewritten},
		"the end cut off": {func(db *sql.DB) (seq uint64, err error) {
			if err = db.QueryRow("SELECT max(seq) FROM ledger").Scan(&seq); err == nil {
				_, err = db.Exec("DELETE FROM ledger WHERE seq = ?", seq)
			}
			return seq, err
		}, "verify", audit.Truncated},
		"a booking out of nowhere": {slip, "reconcile", audit.Unlawful},
		"a bit of a booking's pass": {func(db *sql.DB) (seq uint64, err error) {
			var text, no string
			const oldest = "SELECT a.pass, b.no FROM admissions a JOIN bookings b USING (opening, subject) ORDER BY a.rowid LIMIT 1"
			if err = db.QueryRow(oldest).Scan(&text, &no); err != nil {
				return 0, err
			}
			bent := []byte(text)
			bent[len(bent)/2] ^= 1
			if _, err = db.Exec("UPDATE admissions SET pass = ? WHERE pass = ?", string(bent), text); err != nil {
				return 0, err
			}
			hash := sha256.Sum256([]byte(text))
			err = db.QueryRow("SELECT seq FROM ledger WHERE kind IN ('admission', 'readmission') AND data LIKE ?", "%"+hex.EncodeToString(hash[:])+"%").Scan(&seq)
			return seq, err
		}, "reconcile", audit.Changed},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			if err := os.CopyFS(dir, os.DirFS(original)); err != nil {
				t.Fatal(err)
			}
			db, err := sql.Open("sqlite", filepath.Join(dir, "backend", "daemun.db"))
			if err != nil {
				t.Fatal(err)
			}
			seq, err := row.spoil(db)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			code, o, text := auditRun(t, "", row.part, "--json", "--data", dir)
			named := false
			for _, f := range o.Findings {
				named = named || f.What == row.what && f.Record <= seq && seq <= max(f.Record, f.To)
			}
			if code != audit.DoesNotHold || !named {
				t.Errorf("ended with %d, record %d is not named: %.2000s", code, seq, text)
			}
		})
	}
}

func readRecords(db *sql.DB) (all []ledger.Record, err error) {
	rows, err := db.Query("SELECT seq, at, kind, data, hash FROM ledger ORDER BY seq")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r ledger.Record
		var at int64
		var data string
		var hash []byte
		if err := rows.Scan(&r.Seq, &at, &r.Kind, &data, &hash); err != nil {
			return nil, err
		}
		r.At, r.Data = time.Unix(0, at).UTC(), json.RawMessage(data)
		copy(r.Hash[:], hash)
		all = append(all, r)
	}
	return all, rows.Err()
}

// forge changes a record early on and computes every hash behind it anew.
func forge(db *sql.DB) (uint64, error) {
	all, err := readRecords(db)
	if err != nil {
		return 0, err
	}
	head, changed := ledger.Head{}, uint64(0)
	for _, r := range all {
		if r.Kind == ledger.KindAdmission && changed == 0 {
			changed = r.Seq
			r.Data = bytes.Replace(r.Data, []byte(`"epoch":0`), []byte(`"epoch":1`), 1)
		}
		r = ledger.Next(head, r.At, r.Kind, r.Data)
		head = r.Head()
		if _, err := db.Exec("UPDATE ledger SET data = ?, hash = ? WHERE seq = ?", string(r.Data), r.Hash[:], r.Seq); err != nil {
			return 0, err
		}
	}
	return changed, nil
}

// slip adds a booking that rests on no admission, as well chained as any.
func slip(db *sql.DB) (uint64, error) {
	all, err := readRecords(db)
	if err != nil {
		return 0, err
	}
	var booking ledger.Record
	for _, r := range all {
		if r.Kind == ledger.KindBooking {
			booking = r
		}
	}
	var b ledger.Booking
	if err := json.Unmarshal(booking.Data, &b); err != nil {
		return 0, err
	}
	b.No, b.Subject[0], b.PassSHA256[0] = "AAAAA-AAAAA", b.Subject[0]+1, b.PassSHA256[0]+1
	r := ledger.Next(all[len(all)-1].Head(), time.Now().UTC(), ledger.KindBooking, b.AppendJSON(nil))
	_, err = db.Exec("INSERT INTO ledger (seq, at, kind, data, hash) VALUES (?, ?, ?, ?, ?)", r.Seq, r.At.UnixNano(), r.Kind, string(r.Data), r.Hash[:])
	return r.Seq, err
}

func TestAuditsThatCannotBe(t *testing.T) {
	empty := t.TempDir()
	for name, args := range map[string][]string{
		"no source":         {"verify"},
		"two sources":       {"verify", "--bundle", empty, "--data", empty},
		"no manifest":       {"draw", "--bundle", empty},
		"no data":           {"reconcile", "--data", empty},
		"no certificate":    {"verify", "--control", "https://127.0.0.1:1"},
		"public alone":      {"verify", "--bundle", empty, "--public", "http://127.0.0.1:1"},
		"nowhere to write":  {"export", "--data", empty},
		"bundle to export":  {"export", "--bundle", empty},
		"flag that is none": {"verify", "--bundel", empty},
	} {
		if code, _, text := auditRun(t, "", args...); code != audit.CannotBeTold || strings.Contains(text, "goroutine ") || len(text) < 40 {
			t.Errorf("%s: ended with %d: %s", name, code, text)
		}
	}
}
