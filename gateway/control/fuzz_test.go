package control_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/admission"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/control"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/meter"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/state"
	"github.com/daemun/daemun/gateway/upstream"
)

// room is a control room over a real shared state, with a backend that is not there.
func room(f testing.TB) (*control.Control, *node.Node) {
	f.Helper()
	return roomOver(f, "a", state.Options{Dir: f.TempDir() + "/nats"})
}

// roomOver is a control room of a gateway by name.
func roomOver(f testing.TB, name string, over state.Options) (*control.Control, *node.Node) {
	f.Helper()
	ring, err := keyring.Open(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	over.Node, over.Log = name, zap.NewNop()
	shared, err := state.Open(context.Background(), over)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(shared.Close)
	up, err := upstream.New(upstream.Options{URLs: []string{"http://127.0.0.1:1"}, Gate: shed.Default(), Clock: time.Now, Log: zap.NewNop()})
	if err != nil {
		f.Fatal(err)
	}
	start := time.Now()
	schedule := &cohort.Schedule{Version: 1, Name: "시험", Openings: []cohort.Opening{{
		ID: "now", Name: "지금", LobbyAt: start.Add(-time.Hour), OpensAt: start.Add(time.Hour), ClosesAt: start.Add(24 * time.Hour),
		Order: cohort.OrderDraw, Vaccine: "모더나", Stock: 10,
		Cohorts: []cohort.Cohort{{ID: "c", Name: "67년생", BornFrom: subject.Date{Year: 1967, Month: 1, Day: 1}, BornTo: subject.Date{Year: 1967, Month: 12, Day: 31}}},
	}}}
	n, err := node.New(node.Options{
		Name: name, Schedule: schedule, Roster: &roster.Filter{}, Ring: ring, Shared: shared, Backend: up, Meter: &meter.Meter{},
		Admission: admission.Default(), Clock: time.Now, Log: zap.NewNop(),
	})
	if err != nil {
		f.Fatal(err)
	}
	return control.New(control.Options{Node: n, Shared: shared, Backend: up, Clock: time.Now, ClockOff: func() time.Duration { return 0 }, Log: zap.NewNop()}), n
}

var calls = [...]struct{ method, path string }{
	{"POST", "/control/v1/openings/now/postpone"}, {"POST", "/control/v1/openings/now/open"},
	{"POST", "/control/v1/openings/now/pause"}, {"POST", "/control/v1/openings/now/resume"},
	{"POST", "/control/v1/openings/now/cohorts/c/pause"}, {"POST", "/control/v1/openings/now/cohorts/c/resume"},
	{"PUT", "/control/v1/openings/now/rate"}, {"POST", "/control/v1/notices"}, {"POST", "/control/v1/openings/none/pause"},
	{"PUT", "/control/v1/overload"}, {"PUT", "/control/v1/brownout"}, {"POST", "/control/v1/backends"}, {"DELETE", "/control/v1/backends"},
}

// FuzzBodies gives any order with any body, by two operators in turn. Whatever comes, the answer is a whole document and
// never a fault of ours, and the opening stays one that can be published.
func FuzzBodies(f *testing.F) {
	for which, body := range map[int]string{
		0: `{"reason":"점검","opens_at":"2999-01-01T00:00:00Z"}`, 1: `{"reason":"r"}`, 2: `{"reason":"\u0000"}`, 3: `{"reason":"\ud800"}`,
		4: `{"reason":"r","opens_at":null}`, 5: `{}`, 6: `{"reason":"r","per_s":1e-300}`, 7: `{"text":"안내","text_en":"<b>"}`, 8: `[`,
		9: `{"reason":"r","set":{"limit.max":2048,"queue.length":1e308},"modes":{"limit":"dry-run"},"reset":["lag_ms"]}`, 10: `{"reason":"r","step":4}`,
		11: `{"reason":"r","url":"http://127.0.0.1:9091"}`, 12: `{"reason":"r","url":"http://[::1]:1"}`,
	} {
		f.Add(which, body)
	}
	c, n := room(f)
	turn := 0
	f.Fuzz(func(t *testing.T, which int, body string) {
		call := calls[uint(which)%uint(len(calls))]
		r := httptest.NewRequest(call.method, call.path, strings.NewReader(body))
		turn++
		r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{Subject: pkix.Name{
			CommonName: []string{"one", "two"}[turn%2], OrganizationalUnit: []string{keyring.RoleSupervisor},
		}}}}}
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if w.Code >= 300 {
			var p api.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Code == "" || p.Detail == "" || p.DetailEn == "" || w.Code >= 500 {
				t.Fatalf("%s with %q: %d %s", call.path, body, w.Code, w.Body)
			}
		} else if !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s with %q: %s", call.path, body, w.Body)
		}
		n.Renew()
		for _, o := range n.Snapshot().Openings {
			if o.OpensAt.Before(o.LobbyAt) || !o.OpensAt.Before(o.ClosesAt) || o.State == "" {
				t.Fatalf("%s with %q left %+v", call.path, body, o)
			}
		}
	})
}
