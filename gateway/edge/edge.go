// Package edge is where citizens arrive: one table of routes, everything else refused; the waiting room's answers,
// made from memory; and the way on to the backend for those who may go.
package edge

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/meter"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/pages"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/route"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/upstream"
)

// Options are what an Edge needs; all of them but Secure, which says that citizens arrive over TLS.
type Options struct {
	Node    *node.Node
	Backend *upstream.Pool
	Passes  *pass.Verifier
	Meter   *meter.Meter
	Log     *zap.Logger
	Secure  bool
}

// Edge is the citizens' handler.
type Edge struct {
	node    *node.Node
	backend *upstream.Pool
	passes  *pass.Verifier
	meter   *meter.Meter
	log     *zap.Logger
	pages   *pages.Pages
	mux     *http.ServeMux
	origin  *http.CrossOriginProtection
	reads   *sketchReads

	relays      *relays
	hurried     hurried
	waitHeaders map[string][]header // by language
}

// row is a row of the table of routes: what is not in it does not exist.
type row struct {
	route.Route
	handler http.HandlerFunc
	relayed bool // it only passes requests on
}

// New builds the edge and its pages.
func New(o Options) (*Edge, error) {
	e := &Edge{
		node: o.Node, backend: o.Backend, passes: o.Passes, meter: o.Meter, log: o.Log,
		mux: http.NewServeMux(), origin: http.NewCrossOriginProtection(), reads: newSketchReads(),
	}
	var err error
	if e.pages, err = pages.New(service{e}, pages.Options{Secure: o.Secure}); err != nil {
		return nil, err
	}
	e.waitHeaders = waitingHeaders(e.pages)
	e.hurried = newHurried()
	var relayed []route.Route
	for _, r := range e.table() {
		if r.relayed {
			relayed = append(relayed, r.Route)
		}
		e.mux.Handle(r.Method+" "+r.Pattern, e.measured(r))
	}
	e.relays = newRelays(relayed)
	e.mux.HandleFunc("/", e.nowhere)
	return e, nil
}

// Routes is the table of routes, without what answers them.
func (e *Edge) Routes() []route.Route {
	var routes []route.Route
	for _, r := range e.table() {
		routes = append(routes, r.Route)
	}
	return routes
}

// Table is the part of the table of routes that is the same for every edge: the API, without the pages.
func Table() []route.Route {
	var routes []route.Route
	for _, r := range (&Edge{}).interfaces() {
		routes = append(routes, r.Route)
	}
	return routes
}

func (e *Edge) table() []row {
	rows := e.interfaces()
	for _, p := range e.pages.Routes() {
		rows = append(rows, row{Route: route.Route{Method: p.Method, Pattern: p.Pattern, Class: route.W, Guard: route.Open}, handler: remembering(p.Handler)})
	}
	return rows
}

// interfaces are the rows of the API.
func (e *Edge) interfaces() []row {
	from := func(method, pattern string, guard route.Guard, h http.HandlerFunc) row {
		return row{Route: route.Route{Method: method, Pattern: pattern, Class: route.W, Guard: guard}, handler: h}
	}
	to := func(method, pattern string, class route.Class, guard route.Guard) row {
		return row{route.Route{Method: method, Pattern: pattern, Class: class, Guard: guard}, e.relay(class, guard), true}
	}
	return []row{
		from("GET", "/v1/openings", route.Open, e.openings),
		from("GET", "/v1/openings/{id}/cursor", route.Open, e.cursor),
		from("GET", "/v1/openings/{id}/seals", route.Open, e.seals),
		from("GET", "/v1/openings/{id}/sketches/{epoch}", route.Open, e.sketches),
		from("POST", "/v1/eligibility", route.Open, e.eligibility),
		from("POST", "/v1/queue/join", route.Open, e.join),
		from("GET", "/v1/queue/place", route.Ticket, e.place),
		{Route: route.Route{Method: "POST", Pattern: "/v1/queue/enter", Class: route.P1, Guard: route.Ticket}, handler: e.enter},
		to("GET", "/v1/clinics", route.P2, route.Trial),
		to("GET", "/v1/clinics/{id}/slots", route.P2, route.Trial),
		to("POST", "/v1/holds", route.P1, route.Trial),
		to("GET", "/v1/holds", route.P1, route.Trial),
		to("DELETE", "/v1/holds", route.P1, route.Trial),
		to("POST", "/v1/bookings", route.P0, route.Trial),
		to("GET", "/v1/identity", route.P2, route.Pass),
		to("POST", "/v1/identity/{provider}", route.P1, route.Pass),
		{Route: route.Route{Method: "POST", Pattern: "/v1/identity/{provider}/return", Class: route.P1, Guard: route.Pass}, handler: e.relayAside},
		to("POST", "/v1/bookings/lookup", route.P3, route.Open),
		to("GET", "/v1/bookings/{no}", route.P2, route.Proof),
		to("GET", "/v1/bookings/{no}/slots", route.P2, route.Proof),
		to("GET", "/v1/bookings/{no}/clinics", route.P2, route.Proof),
		to("PATCH", "/v1/bookings/{no}", route.P0, route.Proof),
		to("DELETE", "/v1/bookings/{no}", route.P0, route.Proof),
		to("GET", "/v1/leftovers", route.P3, route.Open),
		to("POST", "/v1/leftovers/wishes", route.P3, route.Open),
		to("DELETE", "/v1/leftovers/wishes", route.P3, route.Open),
		to("GET", "/v1/leftovers/offers/{code}", route.P3, route.Open),
		to("POST", "/v1/leftovers/offers/{code}", route.P2, route.Open), // nobody knows yet whether the code is one
		from("GET", "/healthz", route.Open, e.healthz),
		from("GET", "/readyz", route.Open, e.readyz),
	}
}

// ServeHTTP answers a citizen whose request net/http has read.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := route.Check(r); err != nil {
		e.misspelt(w, r, err)
		return
	}
	e.serve(w, r)
}

// serve answers a request whose spelling was checked.
func (e *Edge) serve(w http.ResponseWriter, r *http.Request) {
	if err := e.origin.Check(r); err != nil {
		e.problem(w, r, problem("cross_origin"))
		return
	}
	e.mux.ServeHTTP(w, r)
}

// misspelt refuses what can be read in more than one way.
func (e *Edge) misspelt(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, route.ErrPath):
		e.notFound(w, r)
	case errors.Is(err, route.ErrQuery):
		e.problem(w, r, detailed("bad_request", "주소의 ? 뒷부분을 확인해 주세요. 같은 이름은 한 번만 적습니다.", "Check what follows the ? in the address; each name may stand there once."))
	default:
		e.problem(w, r, detailed("bad_request", "요청 머리글이 올바르지 않습니다. Host는 반드시, Authorization과 Idempotency-Key는 하나씩만 보내 주세요.", "The request's header is not right: send a Host, and Authorization and Idempotency-Key once only."))
	}
}

// measured counts a route's requests by class, turns them away politely while the gateway itself is behind, and asks for
// what the route's guard wants.
func (e *Edge) measured(r row) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		start := time.Now()
		out := statusWriter{ResponseWriter: w}
		switch {
		case !r.Takes(req.Method):
			e.nowhere(&out, req)
		case e.node.Behind() && r.Pattern != "/healthz" && r.Pattern != "/readyz":
			e.problem(&out, req, problem("busy"))
		default:
			if p := e.guard(req, r.Guard); p != nil {
				e.refuse(&out, p)
				break
			}
			r.handler(&out, req)
		}
		e.meter.Count(int(r.Class), time.Since(start), out.status == http.StatusServiceUnavailable, rand.Uint32())
	}
}

// countAsk counts a page's question to the backend under the class it went by.
func (e *Edge) countAsk(class shed.Class, start time.Time, err error) {
	refused := errors.Is(err, upstream.ErrBusy) || errors.Is(err, upstream.ErrResting)
	e.meter.Count(int(class), time.Since(start), refused, rand.Uint32())
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// nowhere answers whatever no route takes.
func (e *Edge) nowhere(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		other := http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := e.mux.Handler(&other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		e.notFound(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	e.problem(w, r, problem("method_not_allowed"))
}

func (e *Edge) notFound(w http.ResponseWriter, r *http.Request) {
	e.problem(w, r, problem(node.NotFound))
}

// problem answers with a problem: as a document under /v1, as a page elsewhere.
func (e *Edge) problem(w http.ResponseWriter, r *http.Request, p *api.Problem) {
	if strings.HasPrefix(r.URL.Path, "/v1") {
		e.refuse(w, p)
		return
	}
	e.meter.Problem(p.Code)
	e.pages.Problem(w, r, p)
}

// unexpected logs an error that nobody foresaw; citizens who left are not news.
func (e *Edge) unexpected(err error) {
	if !errors.Is(err, context.Canceled) {
		e.log.Error("unexpected error", zap.Error(err))
	}
}

func (e *Edge) healthz(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, []byte(`{"ok":true}`+"\n"))
}

// readyz tells whether the gateway can take people. A backend that rests does not make it unready: people can still
// wait.
func (e *Edge) readyz(w http.ResponseWriter, _ *http.Request) {
	if e.backend.Open() {
		answer(w, http.StatusOK, []byte(`{"ready":true,"backend":"open"}`+"\n"))
		return
	}
	answer(w, http.StatusOK, []byte(`{"ready":true,"backend":"resting"}`+"\n"))
}
