package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
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
	"github.com/daemun/daemun/gateway/pages"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/route"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/state"
	"github.com/daemun/daemun/gateway/upstream"
)

// gate is an edge over a real shared state; the backend behind it only counts what reaches it.
type gate struct {
	*Edge
	node    *node.Node
	ring    *keyring.Ring
	reached atomic.Int64
	sources atomic.Pointer[[]string] // that the last request to the backend named
	last    atomic.Pointer[string]   // the last request to the backend, as it came
	answer  atomic.Int64             // the status of its answers; 0: well
	offset  atomic.Int64             // of the server's clock
}

const member = "670301-1000000" // a number that cannot be anybody's: see its old check digit

func (g *gate) now() time.Time { return time.Now().Add(time.Duration(g.offset.Load())) }

func newGate(t testing.TB) *gate {
	t.Helper()
	g := &gate{}
	dir := t.TempDir()
	var err error
	if g.ring, err = keyring.Open(dir); err != nil {
		t.Fatal(err)
	}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/internal/status" {
			_ = json.NewEncoder(w).Encode(api.BackendReport{})
			return
		}
		g.reached.Add(1)
		sources := r.Header[route.ForHeader]
		g.sources.Store(&sources)
		came, _ := httputil.DumpRequest(r, true)
		text := string(came)
		g.last.Store(&text)
		if status := int(g.answer.Load()); status != 0 {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"code":"test"}`)
			return
		}
		_, _ = io.Copy(w, strings.NewReader(`{}`))
	}))
	t.Cleanup(backend.Close)
	shared, err := state.Open(context.Background(), state.Options{Dir: dir + "/nats", Node: "a", Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(shared.Close)
	up, err := upstream.New(upstream.Options{URLs: []string{backend.URL}, Gate: shed.Default(), Clock: g.now, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	number, err := subject.ParseNumber(member)
	if err != nil {
		t.Fatal(err)
	}
	people, err := roster.Build([]subject.ID{g.ring.SubjectKey().Subject(number)})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	schedule := &cohort.Schedule{Version: 1, Name: "시험", Openings: []cohort.Opening{{
		ID: "now", Name: "지금", LobbyAt: start.Add(-time.Hour), OpensAt: start.Add(time.Hour), ClosesAt: start.Add(3 * time.Hour),
		Order: cohort.OrderDraw, Vaccine: "모더나", Stock: 10,
		Cohorts: []cohort.Cohort{{ID: "sixties", Name: "67년생", BornFrom: subject.Date{Year: 1967, Month: 1, Day: 1}, BornTo: subject.Date{Year: 1967, Month: 12, Day: 31}, Roster: true}},
	}}}
	counts := &meter.Meter{}
	g.node, err = node.New(node.Options{
		Name: "a", Schedule: schedule, Roster: people, Ring: g.ring, Shared: shared, Backend: up, Meter: counts,
		Admission: admission.Default(), Clock: g.now, Log: zap.NewNop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	g.Edge, err = New(Options{Node: g.node, Backend: up, Passes: g.ring.PassVerifier(), Meter: counts, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *gate) ask(method, target, authorization, body string, header ...string) *httptest.ResponseRecorder {
	r := &http.Request{Method: method, Header: http.Header{}, Host: "daemun.test", Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), RequestURI: target}
	var err error
	if r.URL, err = url.ParseRequestURI(target); err != nil {
		w := httptest.NewRecorder()
		w.WriteHeader(http.StatusBadRequest) // net/http answers this before any handler
		return w
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r.WithContext(context.Background()))
	return w
}

func codeOf(w *httptest.ResponseRecorder) string {
	var p api.Problem
	_ = json.Unmarshal(w.Body.Bytes(), &p)
	return p.Code
}

func (g *gate) ticket(t testing.TB) string {
	t.Helper()
	w := g.ask("POST", "/v1/queue/join", "", `{"rrn":"`+member+`"}`)
	var p api.Place
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 200 {
		t.Fatalf("join: %d %s", w.Code, w.Body)
	}
	return p.Ticket
}

// TestNothingReachesTheBackendByABackDoor tries the ways in of July 2021 and their relatives.
func TestNothingReachesTheBackendByABackDoor(t *testing.T) {
	g := newGate(t)
	ticket := g.ticket(t)
	key, id := g.ring.PassSigner()
	good := pass.Pass{KeyID: id, Opening: cohort.Opening{ID: "now"}.Number(), IssuedAt: g.now(), ExpiresAt: g.now().Add(time.Minute)}
	sign := func(change func(*pass.Pass)) string {
		p := good
		change(&p)
		return "Pass " + pass.Sign(p, key)
	}
	rows := []struct{ name, method, target, authorization string }{
		{"no pass", "GET", "/v1/clinics", ""},
		{"no pass, booking", "POST", "/v1/bookings", ""},
		{"a ticket for a pass", "GET", "/v1/clinics", "Pass " + ticket},
		{"the ticket itself", "GET", "/v1/clinics", "Ticket " + ticket},
		{"random", "GET", "/v1/clinics", "Pass " + strings.Repeat("A", pass.TextLen)},
		{"expired", "GET", "/v1/clinics", sign(func(p *pass.Pass) { p.ExpiresAt = g.now() })},
		{"of a rehearsal", "GET", "/v1/bookings/ABCDE-23456", sign(func(p *pass.Pass) { p.Rehearsal = true })},
		{"of a rehearsal, to cancel", "DELETE", "/v1/bookings/ABCDE-23456", sign(func(p *pass.Pass) { p.Rehearsal = true })},
		{"of another opening", "GET", "/v1/clinics", sign(func(p *pass.Pass) { p.Opening++ })},
		{"key id nobody has", "GET", "/v1/clinics", sign(func(p *pass.Pass) { p.KeyID++ })},
		{"truncated", "GET", "/v1/clinics", sign(func(*pass.Pass) {})[:100]},
		{"other case", "GET", "/V1/clinics", ""},
		{"double slash", "GET", "//v1/clinics", ""},
		{"double slash within", "GET", "/v1//clinics", ""},
		{"dot segment", "GET", "/v1/./clinics", ""},
		{"dot dot segment", "GET", "/v1/queue/../clinics", ""},
		{"encoded dots", "GET", "/v1/queue/%2e%2e/clinics", ""},
		{"encoded slash", "GET", "/v1%2fclinics", ""},
		{"encoded letter", "GET", "/v1/%63linics", ""},
		{"trailing slash", "GET", "/v1/clinics/", ""},
		{"parameter in the path", "GET", "/v1/clinics;x=1", ""},
		{"absolute", "GET", "http://127.0.0.1/v1/clinics", ""},
		{"internal", "GET", "/internal/status", ""},
		{"internal admission", "POST", "/internal/admissions", ""},
		{"control", "GET", "/control/v1/snapshot", ""},
		{"metrics", "GET", "/metrics", ""},
		{"method", "PUT", "/v1/bookings", ""},
		{"method nobody knows", "BREW", "/v1/bookings", ""},
		{"enter before the opening", "POST", "/v1/queue/enter", "Ticket " + ticket},
		{"page behind the queue", "GET", "/clinics", ""},
		{"page of the booking", "GET", "/book?slot=x", ""},
	}
	overrides := [][]string{
		nil,
		{"X-HTTP-Method-Override", "GET"},
		{"X-Forwarded-For", "127.0.0.1"},
		{"X-Original-URL", "/v1/clinics", "X-Rewrite-URL", "/v1/clinics"},
		{"Date", "Mon, 19 Jul 2031 11:00:00 GMT"},
		{"User-Agent", "Yeti", "Referer", "https://example.test/"},
		{route.TokenHeader, "guess"},
	}
	for _, row := range rows {
		for _, header := range overrides {
			w := g.ask(row.method, row.target, row.authorization, "", header...)
			if w.Code < 300 || w.Code >= 500 {
				t.Errorf("%s (%v): answered %d", row.name, header, w.Code)
			}
			if strings.HasPrefix(row.target, "/v1") && w.Code != 303 && codeOf(w) == "" {
				t.Errorf("%s: no problem code: %s", row.name, w.Body)
			}
		}
	}
	if n := g.reached.Load(); n != 0 {
		t.Fatalf("%d requests reached the backend", n)
	}
	if w := g.ask("GET", "/v1/clinics", sign(func(*pass.Pass) {}), ""); w.Code != 200 || g.reached.Load() != 1 {
		t.Fatalf("a good pass does not work: %d %s", w.Code, w.Body)
	}
}

func TestTwoAuthorizationsAreNone(t *testing.T) {
	g := newGate(t)
	w := g.ask("GET", "/v1/clinics", "Pass a", "", "Authorization", "Pass b")
	if w.Code != 400 {
		t.Fatalf("answered %d", w.Code)
	}
}

func TestWritesFromOtherSitesAreRefused(t *testing.T) {
	g := newGate(t)
	for _, header := range [][]string{{"Origin", "https://elsewhere.test"}, {"Sec-Fetch-Site", "cross-site"}} {
		for _, target := range []string{"/v1/queue/join", "/v1/queue/enter", "/apply", "/book", "/cancel"} {
			if w := g.ask("POST", target, "", "{}", header...); w.Code != 403 {
				t.Errorf("%s with %v: %d", target, header, w.Code)
			}
		}
	}
	if w := g.ask("GET", "/v1/openings", "", "", "Sec-Fetch-Site", "cross-site"); w.Code != 200 {
		t.Errorf("reading from elsewhere: %d", w.Code)
	}
}

func TestBadInputIsNamed(t *testing.T) {
	g := newGate(t)
	rows := []struct {
		name, method, target, authorization, body string
		status                                    int
		code                                      string
	}{
		{"no body", "POST", "/v1/queue/join", "", "", 400, "bad_request"},
		{"not JSON", "POST", "/v1/queue/join", "", "rrn=1", 400, "bad_request"},
		{"two values", "POST", "/v1/queue/join", "", `{"rrn":"1"} {}`, 400, "bad_request"},
		{"unknown key", "POST", "/v1/queue/join", "", `{"rnr":"1"}`, 400, "bad_request"},
		{"a number for a text", "POST", "/v1/queue/join", "", `{"rrn":6703011000000}`, 400, "bad_request"},
		{"too large", "POST", "/v1/queue/join", "", `{"rrn":"` + strings.Repeat("1", maxBody) + `"}`, 413, "too_large"},
		{"short number", "POST", "/v1/queue/join", "", `{"rrn":"670301"}`, 422, "bad_number"},
		{"day that is none", "POST", "/v1/queue/join", "", `{"rrn":"671301-1000000"}`, 422, "bad_number"},
		{"born tomorrow", "POST", "/v1/queue/join", "", `{"rrn":"` + time.Now().AddDate(0, 0, 2).Format("060102") + `-3000000"}`, 422, "bad_number"},
		{"not eligible", "POST", "/v1/queue/join", "", `{"rrn":"800101-1000000"}`, 403, "not_eligible"},
		{"not on the roster", "POST", "/v1/queue/join", "", `{"rrn":"670302-1000000"}`, 403, "not_eligible"},
		{"opening nobody knows", "POST", "/v1/queue/join", "", `{"rrn":"` + member + `","opening":"x"}`, 404, "not_found"},
		{"no ticket", "GET", "/v1/queue/place", "", "", 401, "bad_ticket"},
		{"ticket that is none", "GET", "/v1/queue/place", "Ticket x", "", 401, "bad_ticket"},
		{"cursor of nothing", "GET", "/v1/openings/x/cursor", "", "", 404, "not_found"},
		{"seals from nowhere", "GET", "/v1/openings/now/seals?from=-1", "", "", 400, "bad_request"},
		{"neither number nor date", "POST", "/v1/eligibility", "", `{}`, 400, "bad_request"},
		{"both number and date", "POST", "/v1/eligibility", "", `{"rrn":"1","birth_date":"1967-01-01"}`, 400, "bad_request"},
		{"date that is none", "POST", "/v1/eligibility", "", `{"birth_date":"1967-02-30"}`, 400, "bad_request"},
		{"method", "DELETE", "/v1/queue/join", "", "", 405, "method_not_allowed"},
	}
	for _, row := range rows {
		w := g.ask(row.method, row.target, row.authorization, row.body)
		if w.Code != row.status || codeOf(w) != row.code {
			t.Errorf("%s: %d %s", row.name, w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), "670301") {
			t.Errorf("%s: the answer repeats what was sent: %s", row.name, w.Body)
		}
	}
}

func TestPlaceIsTheSameByHeaderAndCookieAndKeptOnJoiningAgain(t *testing.T) {
	g := newGate(t)
	ticket := g.ticket(t)
	again := g.ask("POST", "/v1/queue/join", "", `{"rrn":"`+member+`"}`, "Cookie", pages.TicketCookie+"="+ticket)
	var p api.Place
	if err := json.Unmarshal(again.Body.Bytes(), &p); err != nil || p.Ticket != ticket {
		t.Errorf("joined again with the ticket at hand: %s", again.Body)
	}
	for _, w := range []*httptest.ResponseRecorder{
		g.ask("GET", "/v1/queue/place", "Ticket "+ticket, ""),
		g.ask("GET", "/v1/queue/place", "", "", "Cookie", pages.TicketCookie+"="+ticket),
	} {
		if w.Code != 200 || !bytes.Contains(w.Body.Bytes(), []byte(`"state":"lobby"`)) {
			t.Errorf("place: %d %s", w.Code, w.Body)
		}
	}
}

func TestTheServersClockDecides(t *testing.T) {
	g := newGate(t)
	ticket := g.ticket(t)
	for _, step := range []struct {
		at   time.Duration
		want string
	}{{0, "lobby"}, {time.Hour + time.Second, "waiting"}, {3 * time.Hour, "closed"}, {0, "lobby"}} {
		g.offset.Store(int64(step.at))
		g.node.Renew()
		w := g.ask("GET", "/v1/queue/place", "Ticket "+ticket, "")
		if !bytes.Contains(w.Body.Bytes(), []byte(fmt.Sprintf(`"state":%q`, step.want))) {
			t.Errorf("%v on: %s", step.at, w.Body)
		}
	}
}

// drop throws an answer away.
type drop struct{ h http.Header }

func (d drop) Header() http.Header         { return d.h }
func (d drop) Write(b []byte) (int, error) { return len(b), nil }
func (d drop) WriteHeader(int)             {}

func BenchmarkPlace(b *testing.B) {
	g := newGate(b)
	r := httptest.NewRequest("GET", "/v1/queue/place", nil)
	r.Header.Set("Authorization", "Ticket "+g.ticket(b))
	w := drop{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		g.ServeHTTP(w, r)
	}
}

func BenchmarkJoinBySlowWay(b *testing.B) {
	g := newGate(b)
	w := drop{http.Header{}}
	r := httptest.NewRequest("POST", "/v1/queue/join", nil)
	body := strings.NewReader("")
	r.Body = io.NopCloser(body)
	r.ContentLength = -1
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(`{"rrn":"` + member + `"}`)
		g.ServeHTTP(w, r)
	}
}

func BenchmarkCursor(b *testing.B) {
	g := newGate(b)
	r := httptest.NewRequest("GET", "/v1/openings/now/cursor", nil)
	w := drop{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		g.ServeHTTP(w, r)
	}
}
