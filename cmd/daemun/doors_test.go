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
		{[]string{"--public", "http://" + s.public, "--control", "https://" + s.control, "--backend", "http://" + s.backend}, 0, "0 open"},
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
