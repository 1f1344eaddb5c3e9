// Package web is the booking backend's HTTP side: it reads requests, calls the booking service and writes answers. Only
// the gateway may call it, and it believes the gateway nothing: every pass is verified again here.
package web

import (
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/gateway/pass"
)

// Options are what the handler needs; all of them.
type Options struct {
	Service      *booking.Service
	Verifier     *pass.Verifier
	GatewayToken []byte // shown by the gateway in hex as X-Daemun-Gateway
	ProofKey     []byte // signs the proofs that open a booking again
	Clock        func() time.Time
	Log          *zap.Logger
}

// GatewayHeader carries the gateway's token.
const GatewayHeader = "X-Daemun-Gateway"

const maxBody = 16 << 10 // bytes

type server struct {
	service  *booking.Service
	store    booking.Store
	verifier *pass.Verifier
	token    []byte // hex
	proofs   proofs
	clock    func() time.Time
	log      *errorLog
	lists    lists
	tries    tries
	mux      *http.ServeMux
}

// New returns the backend's handler.
func New(o Options) http.Handler {
	s := &server{
		service: o.Service, store: o.Service.Store(), verifier: o.Verifier,
		token: []byte(hex.EncodeToString(o.GatewayToken)), proofs: proofs{key: o.ProofKey},
		clock: o.Clock, log: &errorLog{log: o.Log},
		lists: lists{made: map[listKey]*list{}}, tries: tries{wrong: map[string]*attempts{}},
		mux: http.NewServeMux(),
	}
	s.route("/internal/admissions", methods{http.MethodPost: s.admit})
	s.route("/internal/status", methods{http.MethodGet: s.status})
	s.route("/internal/ledger", methods{http.MethodGet: s.ledger})
	s.route("/internal/ledger/checkpoints", methods{http.MethodGet: s.checkpoints})
	s.route("/internal/ledger/passes", methods{http.MethodGet: s.passes})
	s.route("/internal/journal", methods{http.MethodPost: s.journal})
	s.route("/internal/events", methods{http.MethodPost: s.event})
	s.route("/v1/clinics", methods{http.MethodGet: s.clinics})
	s.route("/v1/clinics/{id}/slots", methods{http.MethodGet: s.slots})
	s.route("/v1/bookings", methods{http.MethodPost: s.book})
	s.route("/v1/bookings/lookup", methods{http.MethodPost: s.lookup})
	s.route("/v1/bookings/{no}", methods{http.MethodGet: s.get, http.MethodPatch: s.change, http.MethodDelete: s.cancel})
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { s.refuse(w, problemNotFound) })
	return s
}

// endpoint answers a request or says why not.
type endpoint func(http.ResponseWriter, *http.Request) error

type methods map[string]endpoint

func (s *server) route(pattern string, m methods) {
	allow := make([]string, 0, len(m))
	for method := range m {
		allow = append(allow, method)
	}
	allowed := strings.Join(sorted(allow), ", ")
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		serve, ok := m[r.Method]
		if !ok {
			w.Header().Set("Allow", allowed)
			s.refuse(w, problemMethod)
			return
		}
		if err := serve(w, r); err != nil {
			s.refuse(w, err)
		}
	})
}

// ServeHTTP lets only the gateway in; everybody may ask for health.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.recovered(w, r)
	switch {
	case r.URL.Path == "/healthz" || r.URL.Path == "/readyz": // there is no handler before the data is read
		writeJSON(w, http.StatusOK, []byte(`{"ok":true}`))
	case !s.fromGateway(r):
		s.refuse(w, problemGatewayOnly)
	case odd(r.URL.Path):
		s.refuse(w, problemNotFound)
	default:
		s.mux.ServeHTTP(w, r)
	}
}

func (s *server) fromGateway(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.Header.Get(GatewayHeader)), s.token) == 1
}

// odd finds paths that the mux would redirect to a clean form: nobody who means well sends them.
func odd(path string) bool {
	return !strings.HasPrefix(path, "/") || strings.Contains(path, "//") || strings.Contains(path, "/.")
}

// recovered turns a bug into an answer, so that the connection is not cut under the gateway.
func (s *server) recovered(w http.ResponseWriter, r *http.Request) {
	if bug := recover(); bug != nil {
		if bug == http.ErrAbortHandler {
			panic(bug)
		}
		s.log.panicked(bug, r.Pattern)
		s.refuse(w, problemInternal)
	}
}
