package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
)

// activate runs daemun schedule activate with one of the demo's certificates.
func (s *site) activate(role string, schedule *cohort.Schedule, more ...string) (string, error) {
	s.t.Helper()
	text, err := schedule.Marshal()
	if err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.t.TempDir(), "next.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
	operators := folder(s.data).path("demo", "operators")
	args := append([]string{"schedule", "activate", file, "--control", "https://" + s.control, "--reason", "추가 개통",
		"--cert", filepath.Join(operators, role+".pem"), "--ca", filepath.Join(operators, "ca.pem")}, more...)
	out, err := exec.Command(program(s.t), args...).CombinedOutput()
	return string(out), err
}

// second is the running schedule with one opening more, of which the demo has given nobody a word.
func (s *site) second(opens time.Time) *cohort.Schedule {
	s.t.Helper()
	next, err := folder(s.data).schedule("")
	if err != nil {
		s.t.Fatal(err)
	}
	o := next.Openings[0]
	o.ID, o.Name, o.NameEn = "second", "추가 개통", "The second one"
	o.LobbyAt, o.OpensAt, o.ClosesAt = opens.Add(-2*time.Second), opens, opens.Add(6*time.Hour)
	next.Version++
	next.Openings = append(next.Openings, o)
	return next
}

func (s *site) scheduleVersion() uint32 {
	var d api.ScheduleDocument
	s.command("viewer", "GET", "/control/v1/schedule", nil, &d)
	return d.Version
}

// TestActivatedWhileItRuns puts a schedule with a new opening in force on a running site, books in the new opening, and
// starts everything again on the old file.
func TestActivatedWhileItRuns(t *testing.T) {
	s := newSite(t)
	s.up()
	eligible, _ := s.citizens()
	held := s.join(eligible[0])
	before := s.place(held)
	if out, err := s.activate("operator", s.second(time.Now().Add(time.Hour))); err == nil || !strings.Contains(out, "role_too_low") {
		t.Fatalf("an operator activated: %s", out)
	}
	broken := s.second(time.Now().Add(time.Hour))
	broken.Openings[0].OpensAt = broken.Openings[0].OpensAt.Add(time.Hour)
	if out, err := s.activate("supervisor", broken); err == nil || !strings.Contains(out, "schedule_not_usable") {
		t.Fatalf("moved under people who wait: %s", out)
	}
	if code, body := s.command("supervisor", "POST", "/control/v1/schedule/check", api.ScheduleRequest{Text: "version: 2\nname: [\n"}, nil); code != 422 || !regexp.MustCompile(`"line":\d+,"column":\d+`).MatchString(body) {
		t.Fatalf("a file that is none: %d %s", code, body)
	}
	var preview api.SchedulePreview
	text, _ := s.second(time.Now()).Marshal()
	ask := api.ScheduleRequest{Text: string(text), Lang: "en", Cases: []api.ScheduleCase{{BirthDate: eligible[0].Birth.String(), At: time.Now().Add(time.Minute)}}}
	if code, body := s.command("viewer", "POST", "/control/v1/schedule/preview", ask, &preview); code != 200 || len(preview.Answers) != 1 || len(preview.Answers[0].Openings) != 2 || !strings.Contains(preview.Picture, "<svg") || preview.Table == "" {
		t.Fatalf("preview: %d %s", code, body)
	}
	if v := s.scheduleVersion(); v != 1 {
		t.Fatalf("version %d is in force though nothing was activated", v)
	}

	next := s.second(time.Now().Add(6 * time.Second))
	if out, err := s.activate("supervisor", next); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s.eventually("the new schedule is in force", func() bool { return s.scheduleVersion() == 2 })
	if p := s.place(held); p.Opening != before.Opening {
		t.Errorf("the ticket was for %s and is for %s", before.Opening, p.Opening)
	}
	var ticket api.Place
	s.eventually("the second lobby opens", func() bool {
		status, _ := s.try("POST", "/v1/queue/join", "", api.JoinRequest{RRN: eligible[1].Number.Digits(), Opening: "second"})
		return status == 200
	})
	s.do(200, "POST", "/v1/queue/join", "", api.JoinRequest{RRN: eligible[1].Number.Digits(), Opening: "second"}, &ticket)
	if b := s.book(eligible[1], ticket.Ticket, 3); b.Opening != "second" {
		t.Errorf("booked in %s", b.Opening)
	}

	s.kill()
	s.up() // on the file of before
	if v := s.scheduleVersion(); v != 2 {
		t.Errorf("after a restart version %d is in force", v)
	}
	if out := s.parts[1].output.String(); !strings.Contains(out, "going on with the schedule in force") {
		t.Errorf("the log does not say which schedule holds:\n%s", out)
	}
	_, ledger := s.command("viewer", "GET", "/control/v1/ledger?after=0&limit=100000", nil, nil)
	if n := strings.Count(ledger, `"kind":"schedule"`); n != 2 || !strings.Contains(ledger, `"by":"demo-supervisor"`) {
		t.Errorf("%d schedules in the ledger", n)
	}
}
