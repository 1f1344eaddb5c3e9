// Package edge is where citizens arrive: one table of routes, everything else refused; the waiting room's answers,
// made from memory; and the way on to the backend for those who may go.
package edge

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"path"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/meter"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/pages"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/upstream"
)

// Options are what an Edge needs; all of them but Secure, which says that citizens arrive over TLS.
type Options struct {
	Node    *node.Node
	Backend *upstream.Backend
	Passes  *pass.Verifier
	Meter   *meter.Meter
	Log     *zap.Logger
	Secure  bool
}

// Edge is the citizens' handler.
type Edge struct {
	node    *node.Node
	backend *upstream.Backend
	passes  *pass.Verifier
	meter   *meter.Meter
	log     *zap.Logger
	pages   *pages.Pages
	mux     *http.ServeMux
	origin  *http.CrossOriginProtection
	reads   *sketchReads

	waitHeaders map[string][]header // by language
}

// Guard is what a request must show before its route is taken.
type Guard string

// Guards. Open routes are answered from memory or check what they are shown themselves.
const (
	Open   Guard = "open"
	Ticket Guard = "ticket"
	Pass   Guard = "pass"
	Proof  Guard = "proof" // a booking's proof or the pass of the same person; the backend checks which
)

// waiting is the class of what is answered from memory.
const waiting = shed.Class(meter.W)

// Route is a row of the table of routes: what is not in it does not exist.
type Route struct {
	Method  string
	Pattern string
	Class   shed.Class // of what reaches the backend; the waiting room's own class else
	Guard   Guard
	handler http.HandlerFunc
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
	for _, r := range e.Routes() {
		e.mux.Handle(r.Method+" "+r.Pattern, e.measured(r))
	}
	e.mux.HandleFunc("/", e.nowhere)
	return e, nil
}

// Routes is the table of routes.
func (e *Edge) Routes() []Route {
	routes := []Route{
		{"GET", "/v1/openings", waiting, Open, e.openings},
		{"GET", "/v1/openings/{id}/cursor", waiting, Open, e.cursor},
		{"GET", "/v1/openings/{id}/seals", waiting, Open, e.seals},
		{"GET", "/v1/openings/{id}/sketches/{epoch}", waiting, Open, e.sketches},
		{"POST", "/v1/eligibility", waiting, Open, e.eligibility},
		{"POST", "/v1/queue/join", waiting, Open, e.join},
		{"GET", "/v1/queue/place", waiting, Ticket, e.place},
		{"POST", "/v1/queue/enter", shed.P1, Ticket, e.enter},
		{"GET", "/v1/clinics", shed.P2, Pass, e.relay(shed.P2, Pass)},
		{"GET", "/v1/clinics/{id}/slots", shed.P2, Pass, e.relay(shed.P2, Pass)},
		{"POST", "/v1/bookings", shed.P0, Pass, e.relay(shed.P0, Pass)},
		{"POST", "/v1/bookings/lookup", shed.P3, Open, e.relay(shed.P3, Open)},
		{"GET", "/v1/bookings/{no}", shed.P2, Proof, e.relay(shed.P2, Proof)},
		{"PATCH", "/v1/bookings/{no}", shed.P0, Proof, e.relay(shed.P0, Proof)},
		{"DELETE", "/v1/bookings/{no}", shed.P0, Proof, e.relay(shed.P0, Proof)},
		{"GET", "/healthz", waiting, Open, e.healthz},
		{"GET", "/readyz", waiting, Open, e.readyz},
	}
	for _, p := range e.pages.Routes() {
		routes = append(routes, Route{p.Method, p.Pattern, waiting, Open, p.Handler})
	}
	return routes
}

// ServeHTTP answers a citizen. The path must be written in its one canonical form: what a proxy or a router might
// read in two ways is read in none.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !canonical(r) {
		e.notFound(w, r)
		return
	}
	if len(r.Header["Authorization"]) > 1 {
		e.problem(w, r, detailed("bad_request", "Authorization 헤더는 하나만 보내 주세요.", "Send one Authorization header only."))
		return
	}
	if err := e.origin.Check(r); err != nil {
		e.problem(w, r, problem("cross_origin"))
		return
	}
	e.mux.ServeHTTP(w, r)
}

// canonical tells whether the path is written in its one canonical form.
func canonical(r *http.Request) bool {
	p := r.URL.EscapedPath()
	if r.URL.Host != "" || p != r.URL.Path || strings.ContainsAny(p, "%\\;") {
		return false
	}
	return p == "/" || path.Clean(p) == p
}

// measured counts a route's requests by class, and turns them away politely while the gateway itself is behind.
func (e *Edge) measured(r Route) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		start := time.Now()
		out := statusWriter{ResponseWriter: w}
		if e.node.Behind() && r.Pattern != "/healthz" && r.Pattern != "/readyz" {
			e.problem(&out, req, problem("busy"))
		} else {
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
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := e.mux.Handler(other); pattern != "/" {
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
