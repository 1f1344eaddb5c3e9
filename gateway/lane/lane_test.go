package lane

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/admission"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/meter"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/state"
	"github.com/daemun/daemun/gateway/upstream"
)

// office is a lane over a real node; the backend behind it answers as slowly as it is told.
type office struct {
	*Lane
	t      testing.TB
	ring   *keyring.Ring
	offset atomic.Int64 // of the server's clock
	slow   atomic.Int64 // nanoseconds
	rests  atomic.Bool

	mu      sync.Mutex
	brought []api.LaneAccess
}

const member = "670301-1000000" // a number that cannot be anybody's: see its old check digit

func (o *office) now() time.Time { return time.Now().Add(time.Duration(o.offset.Load())) }

func (o *office) serveBackend(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.URL.Path == "/internal/status":
		_ = json.NewEncoder(w).Encode(api.BackendReport{})
		return
	case o.rests.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case r.URL.Path == "/lane/v1/accesses":
		var a api.LaneAccess
		_ = json.Unmarshal(body, &a)
		o.mu.Lock()
		o.brought = append(o.brought, a)
		o.mu.Unlock()
	}
	time.Sleep(time.Duration(o.slow.Load()))
	_, _ = io.WriteString(w, `{}`)
}

func newOffice(t testing.TB, gate shed.Config) *office {
	t.Helper()
	o := &office{t: t}
	dir := t.TempDir()
	var err error
	if o.ring, err = keyring.Open(dir); err != nil {
		t.Fatal(err)
	}
	backend := httptest.NewServer(http.HandlerFunc(o.serveBackend))
	t.Cleanup(backend.Close)
	shared, err := state.Open(context.Background(), state.Options{Dir: dir + "/nats", Node: "a", Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(shared.Close)
	up, err := upstream.New(upstream.Options{URLs: []string{backend.URL}, Gate: gate, Clock: o.now, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	schedule := &cohort.Schedule{Version: 1, Name: "시험", Openings: []cohort.Opening{{
		ID: "now", Name: "지금", LobbyAt: start.Add(-2 * time.Hour), OpensAt: start.Add(-time.Hour), ClosesAt: start.Add(24 * time.Hour),
		Order: cohort.OrderDraw, Vaccine: "모더나", Stock: 10,
		Cohorts: []cohort.Cohort{{ID: "sixties", Name: "67년생", BornFrom: subject.Date{Year: 1967, Month: 1, Day: 1}, BornTo: subject.Date{Year: 1967, Month: 12, Day: 31}}},
	}}}
	counts := &meter.Meter{}
	n, err := node.New(node.Options{
		Name: "a", Schedule: schedule, Roster: &roster.Filter{}, Ring: o.ring, Shared: shared, Backend: up, Meter: counts,
		Admission: admission.Default(), Clock: o.now, Log: zap.NewNop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := o.ring.Sealer()
	if err != nil {
		t.Fatal(err)
	}
	key, id := o.ring.PassSigner()
	o.Lane, err = New(Options{
		Node: n, Backend: up, Passes: o.ring.PassVerifier(), Sign: key, SignID: id, Sealer: sealer, Meter: counts, Share: gate.LaneShare, Log: zap.NewNop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// certificate is one that the listener has verified.
func certificate(name, role, clinic string) *x509.Certificate {
	c := &x509.Certificate{Subject: pkix.Name{CommonName: name, OrganizationalUnit: []string{role}}, NotAfter: time.Now().Add(48 * time.Hour)}
	if clinic != "" {
		c.Subject.Organization = []string{clinic}
	}
	return c
}

var agent = certificate("agent-1", keyring.RoleCallCentre, "")

func (o *office) ask(cert *x509.Certificate, method, target string, body any, header ...string) *httptest.ResponseRecorder {
	var encoded []byte
	if body != nil {
		encoded, _ = json.Marshal(body)
	}
	r := httptest.NewRequest(method, target, bytes.NewReader(encoded))
	if cert != nil {
		r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{cert}}}
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	return w
}

func (o *office) join(body api.LaneJoin) api.Place {
	o.t.Helper()
	var p api.Place
	w := o.ask(agent, "POST", "/lane/v1/queue/join", body)
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 200 {
		o.t.Fatalf("join: %d %s", w.Code, w.Body)
	}
	return p
}

var aCall = api.LaneCall{Caller: "person", Reason: "본인이 전화로 요청"}

// TestAnAgentsPlaceIsThePersonsOwn: at any moment an agent gets the very place that the person would get themselves, and by
// the code the one that they have, in whatever order it all happens.
func TestAnAgentsPlaceIsThePersonsOwn(t *testing.T) {
	o := newOffice(t, shed.Default())
	number, err := subject.ParseNumber(member)
	if err != nil {
		t.Fatal(err)
	}
	read := func(text string) queue.Ticket {
		t.Helper()
		ticket, _, err := o.Node.Locate([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return ticket
	}
	first := o.join(api.LaneJoin{RRN: member, LaneCall: aCall})
	own := read(first.Ticket)
	for range 30 {
		o.offset.Add(int64(17 * time.Minute))
		o.agents.buckets = nil
		now := o.now()
		_, theirs, line, err := o.Node.Join(number, "", nil, now)
		if err != nil {
			t.Fatal(err)
		}
		byAgent := o.join(api.LaneJoin{RRN: member, LaneCall: aCall})
		got := read(byAgent.Ticket)
		if got.Epoch < theirs.Epoch || got.Epoch > line.EpochAt(o.now()) || got.Subject != theirs.Subject || got.Cohort != theirs.Cohort || got.Opening != theirs.Opening {
			t.Fatalf("by agent %+v, by themselves %+v", got, theirs)
		}
		recalled := read(o.join(api.LaneJoin{RRN: member, Code: first.Code, LaneCall: aCall}).Ticket)
		if recalled.Epoch != own.Epoch || recalled.Subject != own.Subject || recalled.Epoch >= got.Epoch {
			t.Fatalf("recalled %+v, own %+v, new %+v", recalled, own, got)
		}
	}
	if w := o.ask(agent, "POST", "/lane/v1/queue/join", api.LaneJoin{RRN: member, Code: "0000-0000-0000", LaneCall: aCall}); w.Code != 401 || !strings.Contains(w.Body.String(), node.BadCode) {
		t.Errorf("a made-up code: %d %s", w.Code, w.Body)
	}
}

// TestWhoGetsIn holds every route against certificates that are none of its lane's.
func TestWhoGetsIn(t *testing.T) {
	o := newOffice(t, shed.Default())
	revoked := certificate("agent-2", keyring.RoleCallCentre, "")
	revoked.SerialNumber = big.NewInt(7)
	o.Revoked = func(serial *big.Int) bool { return serial != nil && serial.Cmp(revoked.SerialNumber) == 0 }
	expired := certificate("agent-3", keyring.RoleCallCentre, "")
	expired.NotAfter = time.Now().Add(-time.Second)
	two := certificate("agent-4", keyring.RoleCallCentre, "")
	two.Subject.OrganizationalUnit = append(two.Subject.OrganizationalUnit, keyring.RoleClinic)
	for _, r := range o.Routes() {
		path := strings.NewReplacer("{id}", "c0001", "{no}", "ABCDE-23456", "{name}", "x", "{$}", "").Replace(r.Pattern)
		for name, cert := range map[string]*x509.Certificate{
			"nobody": nil, "revoked": revoked, "expired": expired, "of two roles": two,
			"a viewer": certificate("v", keyring.RoleViewer, ""), "a supervisor": certificate("s", keyring.RoleSupervisor, ""), "an agent of a clinic": certificate("a", keyring.RoleCallCentre, "c0001"),
			"a clinic of nowhere": certificate("c", keyring.RoleClinic, ""), "a clinic of two": certificate("c", keyring.RoleClinic, "c0001 c0002"), "without a name": certificate("", keyring.RoleCallCentre, ""),
		} {
			if w := o.ask(cert, r.Method, path, nil); w.Code != 403 {
				t.Errorf("%s %s, %s: %d", r.Method, path, name, w.Code)
			}
		}
	}
	for _, path := range []string{"/nothing", "/lane/v1/nothing", "//lane/v1/whoami"} {
		if w := o.ask(nil, "GET", path, nil); w.Code != 403 {
			t.Errorf("%s for a stranger: %d", path, w.Code)
		}
		if w := o.ask(agent, "GET", path, nil); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestAuthorityIssuesForLanes holds what is issued against what is read.
func TestAuthorityIssuesForLanes(t *testing.T) {
	ring, err := keyring.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	authority, err := ring.Authority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []keyring.LanePerson{{Name: "상담원 1", Role: keyring.RoleCallCentre}, {Name: "창구", Role: keyring.RoleClinic, Clinic: "c0001"}} {
		text, err := authority.Lane(p, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		pair, err := tls.X509KeyPair(text, text)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := keyring.LanePersonOf(pair.Leaf); !ok || got != p {
			t.Errorf("%+v reads %+v, %v", p, got, ok)
		}
	}
	for _, p := range []keyring.LanePerson{{Role: keyring.RoleCallCentre}, {Name: "a", Role: keyring.RoleViewer}, {Name: "a", Role: keyring.RoleClinic}, {Name: "a", Role: keyring.RoleClinic, Clinic: "../c"}, {Name: "a", Role: keyring.RoleCallCentre, Clinic: "c1"}} {
		if _, err := authority.Lane(p, time.Now()); err == nil {
			t.Errorf("%+v was issued", p)
		}
	}
}

// TestNothingIsDoneWithoutATrace: what agents do while the backend rests waits for it, in its order, and when too much waits
// nothing more is done.
func TestNothingIsDoneWithoutATrace(t *testing.T) {
	o := newOffice(t, shed.Default())
	o.rests.Store(true)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { o.Run(ctx); close(ended) }()
	first := o.join(api.LaneJoin{RRN: member, LaneCall: aCall})
	o.join(api.LaneJoin{RRN: member, Code: first.Code, LaneCall: aCall})
	o.rests.Store(false)
	stop() // the gateway stops in good order: what waits is brought
	<-ended
	if len(o.brought) != 2 || o.brought[0].Task != taskJoin || o.brought[1].Task != taskRecall || o.brought[0].Subject != o.brought[1].Subject || o.brought[0].LaneCall != aCall {
		t.Errorf("brought %+v", o.brought)
	}
	for len(o.handled) < cap(o.handled) {
		o.handled <- handled{}
	}
	if w := o.ask(agent, "POST", "/lane/v1/queue/join", api.LaneJoin{RRN: member, LaneCall: aCall}); w.Code != 503 || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "ticket") {
		t.Errorf("with the backlog full: %d %s", w.Code, w.Body)
	}
}

func TestReasons(t *testing.T) {
	for name, c := range map[string]struct {
		call api.LaneCall
		ok   bool
	}{
		"plain":           {aCall, true},
		"spaces":          {api.LaneCall{Caller: "family", Reason: "  딸이  요청  "}, true},
		"a date":          {api.LaneCall{Caller: "other", Reason: "26일 오전을 원하심"}, true},
		"no caller":       {api.LaneCall{Reason: "요청"}, false},
		"unknown caller":  {api.LaneCall{Caller: "me", Reason: "요청"}, false},
		"no reason":       {api.LaneCall{Caller: "person", Reason: " \t"}, false},
		"too long":        {api.LaneCall{Caller: "person", Reason: strings.Repeat("가", 201)}, false},
		"not UTF-8":       {api.LaneCall{Caller: "person", Reason: "\xff"}, false},
		"a number":        {api.LaneCall{Caller: "person", Reason: "번호는 670301-1000000"}, false},
		"a phone":         {api.LaneCall{Caller: "person", Reason: "010 0000 1234로 연락"}, false},
		"a number spread": {api.LaneCall{Caller: "person", Reason: "6 7 0 3 0 1 - 1 0 0"}, false},
	} {
		if err := checkCall(&c.call); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAgentsWorkWhileThePublicIsShed: ten times as much as the backend bears, and the lane's requests are answered all the
// same, by the wire.
func TestAgentsWorkWhileThePublicIsShed(t *testing.T) {
	gate := shed.Default()
	gate.Limit.Start, gate.Limit.Min, gate.Limit.Max = 16, 16, 16
	gate.Queue, gate.LaneShare = 32, 0.1
	o := newOffice(t, gate)
	o.slow.Store(int64(20 * time.Millisecond))
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var offered, shedded atomic.Int64
	for i := range 160 {
		wg.Go(func() {
			for ctx.Err() == nil {
				offered.Add(1)
				if _, err := o.Backend.Do(ctx, shed.At(shed.Class(i%4)), upstream.Request{Method: "GET", Path: "/v1/clinics"}); err != nil {
					shedded.Add(1)
				}
				time.Sleep(time.Millisecond) // who is shed is back at once
			}
		})
	}
	const asked = 100
	answered := 0
	for range asked {
		o.agents.buckets = nil
		w := o.ask(agent, "POST", "/lane/v1/bookings/lookup", api.LaneLookup{No: "ABCDE-23456", Name: "홍길동", LaneCall: aCall})
		if w.Code == 200 {
			answered++
		}
	}
	stop()
	wg.Wait()
	if shedded.Load()*2 < offered.Load() {
		t.Fatalf("%d of %d of the public were shed: that is no crowd", shedded.Load(), offered.Load())
	}
	if answered < asked*99/100 {
		t.Errorf("%d of %d of the lane were answered", answered, asked)
	}
	t.Logf("public: %d of %d shed; lane: %d of %d answered", shedded.Load(), offered.Load(), answered, asked)
}
