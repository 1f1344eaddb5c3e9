// Package lane serves the reserved lanes: the call centre, which books for people who have no way in of their own, and the
// clinics. It has a listener of its own, reached with a certificate of the lanes alone.
//
// An agent stands in no other line than the person they speak for: they take the same ticket that the person would get at
// that moment, or the one that the person has already, and enter when its turn has come. What the lane has for itself is
// room to work in: a share of the permits and of the entries, so that a crowd cannot keep it out (package shed), and bounds
// for each agent and for all, so that it cannot keep the crowd out either.
package lane

import (
	"context"
	"crypto/ed25519"
	"errors"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/edge"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/meter"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/route"
	"github.com/daemun/daemun/gateway/upstream"
)

// Sealer encrypts what a browser keeps for an agent.
type Sealer interface {
	Seal(plain, aad []byte) []byte
	Open(sealed, aad []byte) ([]byte, error)
}

// Options are what a Lane needs; all of them but Revoked.
type Options struct {
	Node    *node.Node
	Backend *upstream.Pool
	Passes  *pass.Verifier
	// Sign signs mandates, as the gateway's passes are signed.
	Sign    ed25519.PrivateKey
	SignID  byte
	Sealer  Sealer
	Meter   *meter.Meter
	Share   float64                    // of the pace of entries that is reserved, 0 to 1
	Revoked func(serial *big.Int) bool // nil: none was taken back
	Log     *zap.Logger
}

// Lane is the handler of the lanes' listener.
type Lane struct {
	Options
	mux     *http.ServeMux
	origin  *http.CrossOriginProtection
	agents  agents
	entries entries
	handled chan handled
	pages   *pages
}

// person is who asks, by their certificate, and from where.
type person struct {
	keyring.LanePerson
	from string
}

type handler func(http.ResponseWriter, *http.Request, person) error

// row is a row of the table of routes: what is not in it does not exist.
type row struct {
	route.Route
	serve handler
}

// New builds the handler. Run must run for what agents do from memory to be recorded.
func New(o Options) (*Lane, error) {
	l := &Lane{Options: o, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection(), handled: make(chan handled, handledMost)}
	var err error
	if l.pages, err = newPages(l); err != nil {
		return nil, err
	}
	for _, r := range l.table() {
		l.mux.HandleFunc(r.Method+" "+r.Pattern, l.guarded(r))
	}
	l.mux.HandleFunc("/", l.nowhere)
	return l, nil
}

// Routes is the table of routes, without what answers them.
func (l *Lane) Routes() []route.Route {
	var routes []route.Route
	for _, r := range l.table() {
		routes = append(routes, r.Route)
	}
	return routes
}

// Table is the API's part of the table of routes.
func Table() []route.Route {
	var routes []route.Route
	for _, r := range (&Lane{}).interfaces() {
		routes = append(routes, r.Route)
	}
	return routes
}

func (l *Lane) table() []row { return append(l.interfaces(), l.pages.rows()...) }

// interfaces are the rows of the API.
func (l *Lane) interfaces() []row {
	at := func(method, pattern string, class route.Class, guard route.Guard, serve handler) row {
		return row{route.Route{Method: method, Pattern: pattern, Class: class, Guard: guard}, serve}
	}
	return []row{
		at("GET", "/lane/v1/whoami", route.W, route.AnyLane, l.whoami),
		at("POST", "/lane/v1/queue/join", route.W, route.CallCentre, l.serveJoin),
		at("GET", "/lane/v1/queue/place", route.W, route.CallCentre, l.servePlace),
		at("POST", "/lane/v1/queue/enter", route.Lane, route.CallCentre, l.serveEnter),
		at("GET", "/lane/v1/clinics", route.Lane, route.CallCentre, l.list),
		at("GET", "/lane/v1/clinics/{id}/slots", route.Lane, route.CallCentre, l.list),
		at("POST", "/lane/v1/bookings", route.Lane, route.CallCentre, l.book),
		at("POST", "/lane/v1/bookings/lookup", route.Lane, route.CallCentre, l.relay),
		at("POST", "/lane/v1/bookings/{no}/cancel", route.Lane, route.CallCentre, l.relay),
		at("GET", "/lane/v1/clinic/day", route.Lane, route.Clinic, l.relay),
		at("POST", "/lane/v1/clinic/visits", route.Lane, route.Clinic, l.relay),
		at("POST", "/lane/v1/clinic/unused", route.Lane, route.Clinic, l.relay),
	}
}

// ServeHTTP answers the lanes, where a request is spelt in its one form. Browsers show the certificate by themselves, so
// what other sites have them send is refused.
func (l *Lane) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := route.Check(r); err != nil {
		l.nowhere(w, r)
		return
	}
	if err := l.origin.Check(r); err != nil {
		l.refuse(w, r, edge.Problem("cross_origin"))
		return
	}
	l.mux.ServeHTTP(w, r)
}

func (l *Lane) nowhere(w http.ResponseWriter, r *http.Request) {
	if _, ok := l.who(r); !ok { // a stranger learns nothing, not even this
		l.refuse(w, r, problemNoCertificate)
		return
	}
	l.refuse(w, r, edge.Problem(node.NotFound))
}

// guarded lets through who the route is for, within their bounds, and counts.
func (l *Lane) guarded(r row) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		start := time.Now()
		p, err := l.admitted(req, r.Route)
		if err == nil {
			err = r.serve(w, req, p)
		}
		shed := false
		if err != nil {
			problem := l.problemOf(err)
			shed = problem.Status == http.StatusServiceUnavailable
			l.refuse(w, req, problem)
		}
		if p.Name != "" {
			l.Meter.Count(meter.L, time.Since(start), shed, rand.Uint32())
		}
	}
}

// admitted finds out who asks, and whether they may.
func (l *Lane) admitted(r *http.Request, to route.Route) (person, error) {
	p, ok := l.who(r)
	if !ok {
		return person{}, problemNoCertificate
	}
	allowed := false
	switch to.Guard {
	case route.AnyLane:
		allowed = true
	case route.CallCentre:
		allowed = p.Role == keyring.RoleCallCentre
	case route.Clinic:
		allowed = p.Role == keyring.RoleClinic
	}
	if !allowed {
		return person{}, problemOtherLane
	}
	if !to.Takes(r.Method) {
		return person{}, edge.Problem("method_not_allowed")
	}
	if wait := l.agents.take(p.Name, l.Node.Now()); wait > 0 {
		return p, tooMany(wait)
	}
	return p, nil
}

// who reads the verified certificate. Without one of the lanes', or with one that was revoked, nobody gets in.
func (l *Lane) who(r *http.Request) (person, bool) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return person{}, false
	}
	cert := r.TLS.VerifiedChains[0][0]
	p, ok := keyring.LanePersonOf(cert)
	if !ok || l.Revoked != nil && l.Revoked(cert.SerialNumber) || !l.Node.Now().Before(cert.NotAfter) {
		return person{}, false
	}
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		from = r.RemoteAddr
	}
	return person{p, from}, true
}

// problemOf makes the published problem of any error.
func (l *Lane) problemOf(err error) *api.Problem {
	if p := edge.ProblemOf(err); p != nil {
		return p
	}
	if !errors.Is(err, context.Canceled) {
		l.Log.Error("unexpected error in a lane", zap.Error(err))
	}
	return edge.Problem("internal")
}

func (l *Lane) whoami(w http.ResponseWriter, _ *http.Request, p person) error {
	return reply(w, api.LaneWho{Name: p.Name, Role: p.Role, Clinic: p.Clinic})
}
