package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/daemun/daemun/gateway/api"
)

// page is what somebody with a ticket sees while they wait.
func (s *site) page(ticket string) string {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+s.public+"/wait", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Cookie", "daemun_ticket="+ticket)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("the waiting page: %d %v", resp.StatusCode, err)
	}
	return string(body)
}

// TestProtectionByHand gives the orders of the overload page over the wire: what they change is seen by those who wait, is
// in the ledger, and outlives the gateway.
func TestProtectionByHand(t *testing.T) {
	s := newSite(t)
	s.up()
	eligible, _ := s.citizens()
	ticket := s.join(eligible[0])
	step, shown := 3, func() api.Overload {
		var seen api.Snapshot
		s.command("viewer", "GET", "/control/v1/snapshot", nil, &seen)
		return seen.Overload
	}
	if code, body := s.command("operator", "PUT", "/control/v1/brownout", api.BrownoutCommand{Reason: "개통 대비", Step: &step}, nil); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	if o := shown(); o.Brownout.Step != 3 || o.Brownout.Held == nil || o.Brownout.Held.By != "demo-operator" || len(o.Instances) != 1 || len(o.Levels) != 4 {
		t.Errorf("%+v", o)
	}
	if !strings.Contains(s.page(ticket), "data-plain") {
		t.Error("the waiting page is not the prepared one")
	}
	set := api.OverloadCommand{Reason: "줄을 짧게", Set: map[string]float64{"queue.length": 77}}
	if code, body := s.command("operator", "PUT", "/control/v1/overload", set, nil); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	only := api.BackendCommand{Reason: "점검", URL: shown().Instances[0].URL}
	if code, body := s.command("operator", "DELETE", "/control/v1/backends", only, nil); code != http.StatusConflict || !strings.Contains(body, "last_backend") {
		t.Errorf("the last backend: %d %s", code, body)
	}
	for _, want := range []string{`"action":"brownout"`, `"action":"overload"`, "개통 대비", "줄을 짧게"} {
		s.eventually("the ledger holds "+want, func() bool {
			_, ledger := s.command("viewer", "GET", "/control/v1/ledger?after=0&limit=100000", nil, nil)
			return strings.Contains(ledger, want)
		})
	}

	s.kill()
	s.up()
	if o := shown(); o.Brownout.Step != 3 || o.Brownout.Held == nil || len(o.Changed) != 1 || o.Changed[0].Value != 77 {
		t.Errorf("after a restart: %+v", o)
	}
	if code, body := s.command("operator", "PUT", "/control/v1/brownout", api.BrownoutCommand{Reason: "끝"}, nil); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	if o := shown(); o.Brownout.Held != nil || o.Brownout.Step != 3 {
		t.Errorf("released, it jumped: %+v", o.Brownout)
	}
}
