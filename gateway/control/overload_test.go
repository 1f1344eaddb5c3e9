package control_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/control"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/overload"
	"github.com/daemun/daemun/gateway/state"
)

// ask gives an order as somebody with a role, and reads the answer.
func ask(t *testing.T, c *control.Control, who, role, method, path string, body, into any) (int, string) {
	t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, strings.NewReader(string(encoded)))
	r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{Subject: pkix.Name{CommonName: who, OrganizationalUnit: []string{role}}}}}}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	if into != nil && w.Code < 300 {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return w.Code, w.Body.String()
}

func parameter(s *api.OverloadSettings, name string) api.OverloadParameter {
	for _, p := range s.Parameters {
		if p.Name == name {
			return p
		}
	}
	return api.OverloadParameter{}
}

func rule(rules []api.RuleStatus, name string) api.RuleStatus {
	i := slices.IndexFunc(rules, func(r api.RuleStatus) bool { return r.Name == name })
	return rules[i]
}

func TestWhoMayChangeProtection(t *testing.T) {
	c, _ := room(t)
	step := 2
	for _, row := range []struct {
		method, path, least string
		body                any
	}{
		{"GET", "/control/v1/overload", keyring.RoleViewer, nil},
		{"GET", "/control/v1/backends", keyring.RoleViewer, nil},
		{"PUT", "/control/v1/overload", keyring.RoleOperator, api.OverloadCommand{Reason: "r", Set: map[string]float64{"queue.length": 99}}},
		{"PUT", "/control/v1/brownout", keyring.RoleOperator, api.BrownoutCommand{Reason: "r", Step: &step}},
		{"POST", "/control/v1/backends", keyring.RoleSupervisor, api.BackendCommand{Reason: "r", URL: "http://127.0.0.1:2"}},
		{"DELETE", "/control/v1/backends", keyring.RoleOperator, api.BackendCommand{Reason: "r", URL: "http://127.0.0.1:2"}},
	} {
		for i, role := range []string{keyring.RoleViewer, keyring.RoleOperator, keyring.RoleSupervisor} {
			may := i >= slices.Index([]string{keyring.RoleViewer, keyring.RoleOperator, keyring.RoleSupervisor}, row.least)
			code, body := ask(t, c, "누구", role, row.method, row.path, row.body, nil)
			if refused := strings.Contains(body, "role_too_low"); refused == may || code >= 500 {
				t.Errorf("%s %s as %s: %d %s", row.method, row.path, role, code, body)
			}
		}
	}
	if code, _ := ask(t, c, "누구", "call_centre", "GET", "/control/v1/overload", nil, nil); code != http.StatusForbidden {
		t.Errorf("a lane's certificate: %d", code)
	}
}

func TestSettingsAreAllOrNothingAndSayTheirBounds(t *testing.T) {
	c, n := room(t)
	put := func(cmd api.OverloadCommand) (int, string) {
		t.Helper()
		return ask(t, c, "김관제", keyring.RoleOperator, "PUT", "/control/v1/overload", cmd, nil)
	}
	if code, body := put(api.OverloadCommand{Reason: "r", Set: map[string]float64{"queue.length": 99, "limit.max": 1e9}}); code != http.StatusUnprocessableEntity || !strings.Contains(body, "4 to 16384") || !strings.Contains(body, "4부터 16384까지") {
		t.Errorf("%d %s", code, body)
	}
	if code, body := put(api.OverloadCommand{Reason: "r", Set: map[string]float64{"queue.length": 99, "gravity": 1}}); code != http.StatusBadRequest || !strings.Contains(body, "gravity") {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := put(api.OverloadCommand{Set: map[string]float64{"queue.length": 99}}); code != http.StatusBadRequest {
		t.Errorf("without a reason: %d", code)
	}
	var s api.OverloadSettings
	ask(t, c, "v", keyring.RoleViewer, "GET", "/control/v1/overload", nil, &s)
	if p := parameter(&s, "queue.length"); p.Value != p.Default || p.By != "" || len(s.Parameters) != len(overload.Parameters) || len(s.Rules) != len(overload.Rules) {
		t.Errorf("something changed: %+v", p)
	}
	if code, body := put(api.OverloadCommand{Reason: "줄을 줄입니다", Set: map[string]float64{"queue.length": 99}}); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	ask(t, c, "v", keyring.RoleViewer, "GET", "/control/v1/overload", nil, &s)
	if p := parameter(&s, "queue.length"); p.Value != 99 || p.Default == 99 || p.By != "김관제" || p.Reason != "줄을 줄입니다" || p.At.IsZero() {
		t.Errorf("%+v", p)
	}
	if changed := n.Status(time.Now()).Overload.Changed; len(changed) != 1 || changed[0].Name != "queue.length" {
		t.Errorf("everybody sees %+v", changed)
	}
}

// gateways are two of them over one shared state, which run, with what their parts were told.
type told struct {
	mu        sync.Mutex
	config    overload.Config
	instances []overload.Instance
}

func (t *told) part() node.Part {
	return node.Part{
		Configure: func(c overload.Config) { t.mu.Lock(); t.config = c; t.mu.Unlock() },
		Follow:    func(i []overload.Instance) { t.mu.Lock(); t.instances = i; t.mu.Unlock() },
		Show:      func(o *api.Overload) { o.Rule("limit").WouldRefuse += 7 },
	}
}

func (t *told) see(test *testing.T, what string, seen func(*told) bool) {
	test.Helper()
	for range 500 {
		t.mu.Lock()
		ok := seen(t)
		t.mu.Unlock()
		if ok {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	test.Fatalf("never told: %s", what)
}

func TestEveryGatewayFollows(t *testing.T) {
	ns, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true})
	if err != nil {
		t.Fatal(err)
	}
	go ns.Start()
	t.Cleanup(ns.Shutdown)
	if !ns.ReadyForConnections(15 * time.Second) {
		t.Fatal("the NATS server does not come up")
	}
	rooms, nodes, parts := [2]*control.Control{}, [2]*node.Node{}, [2]told{}
	for i, name := range []string{"a", "b"} {
		rooms[i], nodes[i] = roomOver(t, name, state.Options{URL: ns.ClientURL()})
		nodes[i].Protect(parts[i].part())
		var wg sync.WaitGroup
		wg.Go(func() { nodes[i].Run(t.Context()) })
		t.Cleanup(wg.Wait)
	}
	a, b := rooms[0], rooms[1]
	cmd := api.OverloadCommand{Reason: "r", Set: map[string]float64{"limit.max": 2000}, Modes: map[string]string{"queue": api.ModeDryRun}}
	var s api.OverloadSettings
	if code, body := ask(t, a, "김", keyring.RoleOperator, "PUT", "/control/v1/overload", cmd, &s); code != http.StatusAccepted || s.Pending == nil || parameter(&s, "limit.max").Value == 2000 {
		t.Fatalf("%d %s", code, body)
	}
	if code, body := ask(t, b, "이", keyring.RoleOperator, "PUT", "/control/v1/overload", cmd, &s); code != http.StatusOK || s.Pending != nil || rule(s.Rules, "queue").Mode != api.ModeDryRun {
		t.Fatalf("%d %s", code, body)
	}
	step := 3
	if code, body := ask(t, a, "김", keyring.RoleOperator, "PUT", "/control/v1/brownout", api.BrownoutCommand{Reason: "대비", Step: &step}, nil); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	if code, body := ask(t, b, "박", keyring.RoleSupervisor, "POST", "/control/v1/backends", api.BackendCommand{Reason: "증설", URL: "http://127.0.0.1:2"}, nil); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	if code, body := ask(t, b, "박", keyring.RoleOperator, "DELETE", "/control/v1/backends", api.BackendCommand{Reason: "교체", URL: "http://127.0.0.1:1"}, nil); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	for i := range nodes {
		parts[i].see(t, "limit and rule", func(p *told) bool { return p.config.Gate.Limit.Max == 2000 && !p.config.Enforced("queue") })
		parts[i].see(t, "backends", func(p *told) bool {
			return len(p.instances) == 2 && p.instances[0].Draining && !p.instances[1].Draining && p.instances[1].URL == "http://127.0.0.1:2"
		})
		seen := nodes[i].Status(time.Now()).Overload
		if h := seen.Brownout.Held; seen.Brownout.Step != 3 || h == nil || h.By != "김" || !nodes[i].Measures().Static || rule(seen.Rules, "limit").WouldRefuse != 7 || len(seen.Instances) != 2 || seen.Instances[0].State != api.InstanceDraining {
			t.Errorf("%+v", seen)
		}
	}
	if code, body := ask(t, b, "이", keyring.RoleOperator, "PUT", "/control/v1/brownout", api.BrownoutCommand{Reason: "끝"}, nil); code != http.StatusOK || !strings.Contains(body, `"held":null`) {
		t.Fatalf("%d %s", code, body)
	}
}

// A label must not grow with what breakers have to say.
func TestReasonsAreKindsInMetrics(t *testing.T) {
	c, n := room(t)
	n.Protect(node.Part{Show: func(o *api.Overload) {
		o.Instances = []api.InstanceStatus{{State: api.InstanceDown, Breaker: api.BreakerStatus{Name: "x:1", State: "open", Reason: "dial tcp 10.0.0.7:9090: connect: connection refused"}}}
		o.Connections.Cut["slow_header"] = 3
	}})
	_, body := ask(t, c, "v", keyring.RoleViewer, "GET", "/metrics", nil, nil)
	for _, line := range []string{
		`daemun_breaker_state{name="x:1",reason="refused",state="open"} 1`, `daemun_backend_instances{state="down"} 1`, `daemun_backend_instances{state="ready"} 0`,
		`daemun_class_threshold{class="P2"} 1`, `daemun_brownout_step 0`, `daemun_rule_dry_run{rule="limit"} 0`, `daemun_connections_cut_total{reason="slow_header"} 3`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("%s is not in the metrics", line)
		}
	}
	if strings.Contains(body, "10.0.0.7") {
		t.Error("a reason went into a label")
	}
}
