package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/daemun/daemun/backend/web"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/edge"
	"github.com/daemun/daemun/gateway/route"
)

// TestTheTwoTablesFit holds what the gateway passes on against what the backend takes: the same requests, of the same
// class, and at the backend never behind a weaker guard.
func TestTheTwoTablesFit(t *testing.T) {
	taken := map[string]route.Route{}
	for _, r := range web.Routes() {
		taken[r.Method+" "+r.Pattern] = r
		if r.Guard == route.Open && r.Class != route.W {
			t.Errorf("%s %s is open to everybody", r.Method, r.Pattern)
		}
	}
	passedOn := 0
	for _, r := range edge.Table() {
		back, ok := taken[r.Method+" "+r.Pattern]
		switch {
		case r.Class == route.W && ok && !strings.HasSuffix(r.Pattern, "z"), r.Class != route.W && !ok && r.Pattern != "/v1/queue/enter":
			t.Errorf("%s %s: only one side knows it", r.Method, r.Pattern)
		case r.Class == route.W || !ok:
			continue
		case back.Class != r.Class:
			t.Errorf("%s %s: class %s at the gateway, %s at the backend", r.Method, r.Pattern, r.Class, back.Class)
		case back.Guard != r.Guard && !(r.Guard == route.Open && back.Guard == route.Token):
			t.Errorf("%s %s: guard %s at the gateway, %s at the backend", r.Method, r.Pattern, r.Guard, back.Guard)
		}
		passedOn++
	}
	if passedOn < 7 {
		t.Errorf("only %d routes lead on", passedOn)
	}
}

// TestTheGatewayFindsItsOwnDoorsShut runs the standing probes against real servers, and the command from outside.
func TestTheGatewayFindsItsOwnDoorsShut(t *testing.T) {
	s := newSite(t)
	s.up()
	var snapshot api.Snapshot
	s.eventually("the doors were tried", func() bool {
		s.command("viewer", "GET", "/control/v1/snapshot", nil, &snapshot)
		return !snapshot.Doors.TriedAt.IsZero()
	})
	if d := snapshot.Doors; len(d.Open) != 0 || d.Untried != 0 || d.Tried < 90 {
		t.Errorf("%+v", d)
	}
	if _, text := s.command("viewer", "GET", "/metrics", nil, nil); !strings.Contains(text, "daemun_doors_open 0") || !strings.Contains(text, "daemun_doors_tried_total") {
		t.Error("the metrics say nothing of the doors")
	}
	ajar := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer ajar.Close()
	for _, row := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--public", "http://" + s.public, "--control", "https://" + s.control, "--lanes", "https://" + s.lanes, "--backend", "http://" + s.backend}, 0, "0 open"},
		{[]string{"--public", "http://" + s.public, "--backend", ajar.URL}, 1, "OPEN"},
		{[]string{"--public", "http://" + freePort(t), "--control", "https://" + s.control}, 2, "could not be tried"},
		{nil, 1, "--public"},
	} {
		p := start(t, append([]string{"probe"}, row.args...)...)
		<-p.ended
		if code := p.cmd.ProcessState.ExitCode(); code != row.code || !strings.Contains(p.output.String(), row.says) {
			t.Errorf("%v: exit code %d\n%s", row.args, code, p.output)
		}
	}
}

// TestStaffRehearseBeforeTheOpening takes two operators and somebody who tries everything, kills the servers on the way,
// and finds nothing taken when the opening begins.
func TestStaffRehearseBeforeTheOpening(t *testing.T) {
	s := newSiteOpening(t, "25s")
	s.up()
	eligible, others := s.citizens()
	var openings []api.Opening
	s.do(200, "GET", "/v1/openings", "", nil, &openings)
	req := api.RehearsalRequest{Name: "개통 전 점검", Opening: openings[0].ID, RRN: eligible[0].Number.Digits(), Minutes: 60, Reason: "두 시간 전 점검"}
	const path = "/control/v1/rehearsals"
	var r api.Rehearsal
	for name, row := range map[string]struct {
		role   string
		change func(*api.RehearsalRequest)
		code   int
	}{
		"a viewer":     {"viewer", func(*api.RehearsalRequest) {}, 403},
		"no name":      {"operator", func(r *api.RehearsalRequest) { r.Name = " " }, 400},
		"no reason":    {"operator", func(r *api.RehearsalRequest) { r.Reason = "" }, 400},
		"too long":     {"operator", func(r *api.RehearsalRequest) { r.Minutes = 241 }, 400},
		"no number":    {"operator", func(r *api.RehearsalRequest) { r.RRN = "1" }, 422},
		"no opening":   {"operator", func(r *api.RehearsalRequest) { r.Opening = "none" }, 404},
		"not eligible": {"operator", func(r *api.RehearsalRequest) { r.RRN = others[0].Number.Digits() }, 403},
	} {
		bad := req
		row.change(&bad)
		if code, body := s.command(row.role, "POST", path, bad, nil); code != row.code || strings.Contains(body, bad.RRN) && bad.RRN != "1" {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	for range 2 { // asking twice is still one person
		if code, body := s.command("operator", "POST", path, req, &r); code != 202 || r.Pass != "" || r.Pending == nil || r.Pending.By != "demo-operator" {
			t.Fatalf("asked: %d %s", code, body)
		}
	}
	other := req
	other.Minutes = 30
	if code, _ := s.command("supervisor", "POST", path, other, &r); code != 202 { // another wish confirms nothing
		t.Errorf("another wish: %d", code)
	}
	if code, body := s.command("operator", "POST", path, other, &r); code != 200 || r.Pass == "" || r.ExpiresAt == nil || r.ExpiresAt.After(openings[0].OpensAt) {
		t.Fatalf("confirmed: %d %s", code, body)
	}
	if code, _ := s.command("operator", "POST", path, req, nil); code != 409 {
		t.Errorf("a second one of that name: %d", code)
	}
	pass := "Pass " + r.Pass
	rehearse := func() {
		var clinics api.ClinicList
		s.do(200, "GET", "/v1/clinics", pass, nil, &clinics)
		var slots api.SlotList
		s.do(200, "GET", "/v1/clinics/"+clinics.Clinics[0].ID+"/slots", pass, nil, &slots)
		var b api.Booking
		s.do(201, "POST", "/v1/bookings", pass, api.BookingRequest{Slot: slots.Slots[0].ID, Name: "홍길동", RRN: eligible[0].Number.Digits(), Phone: "010-0000-1234"}, &b)
		if b.State != "rehearsal" {
			t.Errorf("%+v", b)
		}
	}
	rehearse()
	s.kill()
	s.up()
	rehearse()
	var list []api.Rehearsal
	if code, body := s.command("viewer", "GET", path, nil, &list); code != 200 || len(list) != 1 || list[0].Pass != "" || list[0].ExpiresAt == nil || strings.Contains(body, eligible[0].Number.Digits()) {
		t.Errorf("listed: %d %s", code, body)
	}
	if k := s.kept(); k.admissions+k.bookings+k.changes != 0 {
		t.Errorf("a rehearsal left %+v", k)
	}
	s.eventually("the rehearsal ends with the opening", func() bool {
		status, _ := s.try("GET", "/v1/clinics", pass, nil)
		return status == 401
	})
	if code, _ := s.command("operator", "POST", path, other, nil); code != 409 {
		t.Errorf("a rehearsal of an opening that has begun: %d", code)
	}
	b := s.book(eligible[0], s.join(eligible[0]), 0) // and for real
	if b.State != "booked" {
		t.Errorf("%+v", b)
	}
	for _, p := range s.parts {
		p.stop(t)
	}
	audit := start(t, "audit", "reconcile", "--data", s.data)
	<-audit.ended
	if !strings.Contains(audit.output.String(), "0 wrong") { // the ledger ends too soon to prove the last admission
		t.Errorf("the audit of a rehearsal and a booking:\n%s", audit.output)
	}
}
