package web

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/gateway/route"
)

// endpoint answers a request or says why not.
type endpoint func(http.ResponseWriter, *http.Request) error

// row is a row of the table of routes: what is not in it does not exist.
type row struct {
	route.Route
	serve endpoint
}

func (s *server) table() []row {
	at := func(method, pattern string, class route.Class, guard route.Guard, serve endpoint) row {
		return row{route.Route{Method: method, Pattern: pattern, Class: class, Guard: guard}, serve}
	}
	return append(s.laneRows(),
		at("GET", "/healthz", route.W, route.Open, s.healthy),
		at("GET", "/readyz", route.W, route.Open, s.healthy),

		at("POST", "/internal/admissions", route.P1, route.Token, s.admit), // the pass is what is sent
		at("GET", "/internal/status", route.P0, route.Token, s.status),
		at("GET", "/internal/ledger", route.P0, route.Token, s.ledger),
		at("GET", "/internal/ledger/checkpoints", route.P0, route.Token, s.checkpoints),
		at("GET", "/internal/ledger/passes", route.P0, route.Token, s.passes),
		at("POST", "/internal/journal", route.P0, route.Token, s.journal),
		at("POST", "/internal/events", route.P0, route.Token, s.event),
		at("POST", "/internal/schedule", route.P0, route.Token, s.schedule),
		at("GET", "/internal/inbox", route.P3, route.Token, s.letters),

		at("POST", "/internal/rehearsals", route.P0, route.Token, s.rehearsal), // here too the pass is what is sent

		at("GET", "/v1/clinics", route.P2, route.Trial, s.clinics),
		at("GET", "/v1/clinics/{id}/slots", route.P2, route.Trial, s.slots),
		at("POST", "/v1/holds", route.P1, route.Trial, s.hold),
		at("GET", "/v1/holds", route.P1, route.Trial, s.held),
		at("DELETE", "/v1/holds", route.P1, route.Trial, s.release),
		at("POST", "/v1/bookings", route.P0, route.Trial, s.book),
		at("GET", "/v1/identity", route.P2, route.Pass, s.identity),
		at("POST", "/v1/identity/{provider}", route.P1, route.Pass, s.startCheck),
		at("POST", "/v1/identity/{provider}/return", route.P1, route.Pass, s.endCheck),
		at("POST", "/v1/bookings/lookup", route.P3, route.Token, s.lookup), // what is sent says whose it is
		at("GET", "/v1/bookings/{no}", route.P2, route.Proof, s.get),
		at("GET", "/v1/bookings/{no}/slots", route.P2, route.Proof, s.moves),
		at("GET", "/v1/bookings/{no}/clinics", route.P2, route.Proof, s.elsewhere),
		at("PATCH", "/v1/bookings/{no}", route.P0, route.Proof, s.change),
		at("DELETE", "/v1/bookings/{no}", route.P0, route.Proof, s.cancel),

		// What is sent says whose it is: a number, or the code that only the person was told.
		at("GET", "/v1/leftovers", route.P3, route.Token, s.leftovers),
		at("POST", "/v1/leftovers/wishes", route.P3, route.Token, s.wish),
		at("DELETE", "/v1/leftovers/wishes", route.P3, route.Token, s.unwish),
		at("GET", "/v1/leftovers/offers/{code}", route.P3, route.Token, s.offer),
		at("POST", "/v1/leftovers/offers/{code}", route.P2, route.Token, s.takeLeftover),
	)
}

// Routes is the backend's table of routes, without what answers them.
func Routes() []route.Route {
	var routes []route.Route
	for _, r := range (&server{}).table() {
		routes = append(routes, r.Route)
	}
	return routes
}

// guarded asks for what the route's guard wants before it serves.
func (s *server) guarded(r row) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		err := s.guard(req, r)
		if err == nil && !r.Takes(req.Method) {
			s.nowhere(w, req)
			return
		}
		if err == nil {
			err = r.serve(w, req)
		}
		if err != nil {
			s.refuse(w, err)
		}
	}
}

// guard believes the gateway nothing: its token opens the door for requests that it passes on, and each of them has to
// show by itself what it may do. Handlers read again what is checked here, from the verifier's memory.
func (s *server) guard(req *http.Request, r row) error {
	if r.Guard == route.Open {
		return nil
	}
	if !s.fromGateway(req) {
		return problemGatewayOnly
	}
	switch r.Guard {
	case route.Token:
		return nil
	case route.Pass:
		_, _, err := s.holder(req)
		return err
	case route.Trial:
		_, _, err := s.trial(req)
		return err
	case route.CallCentre, route.Clinic:
		return s.laned(req, r.Guard)
	case route.Proof:
		no, ok := booking.ParseNumber(req.PathValue("no"))
		if !ok {
			return booking.Refuse(booking.NoSuchBooking)
		}
		_, err := s.owner(req, no)
		return err
	}
	return fmt.Errorf("web: nobody keeps the guard %q of %s", r.Guard, r.Pattern)
}

func (s *server) fromGateway(r *http.Request) bool {
	shown := r.Header[route.TokenHeader]
	return len(shown) == 1 && subtle.ConstantTimeCompare([]byte(shown[0]), s.token) == 1
}

// nowhere answers what no route takes; it tells the gateway which methods there are, and nobody else anything.
func (s *server) nowhere(w http.ResponseWriter, r *http.Request) {
	if !s.fromGateway(r) {
		s.refuse(w, problemGatewayOnly)
		return
	}
	var allowed []string
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodPatch, http.MethodPost} {
		other := http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(&other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		s.refuse(w, problemNotFound)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	s.refuse(w, problemMethod)
}

// healthy is answered before anything is asked of the request: there is no handler before the data is read.
func (s *server) healthy(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, []byte(`{"ok":true}`))
	return nil
}
