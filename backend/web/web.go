// Package web is the booking backend's HTTP side: it reads requests, calls the booking service and writes answers. Only
// the gateway may call it, and it believes the gateway nothing: every pass is verified again here.
package web

import (
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/route"
)

// Options are what the handler needs; all of them but Identity.
type Options struct {
	Service      *booking.Service
	Identity     *identity.Service // nil: there is no provider
	Verifier     *pass.Verifier
	GatewayToken []byte // shown by the gateway in hex as X-Daemun-Gateway
	ProofKey     []byte // signs the proofs that open a booking again
	Clock        func() time.Time
	Log          *zap.Logger
	Notify       func() api.NotifyStatus // how the messages to people stand; nil: nobody carries them
	Inbox        func() api.Inbox        // of a demo; nil: this is none
}

const maxBody = 16 << 10 // bytes

type server struct {
	service  *booking.Service
	checks   *identity.Service
	store    booking.Store
	verifier *pass.Verifier
	token    []byte // hex
	proofs   proofs
	clock    func() time.Time
	log      *errorLog
	lists    lists
	numbers  tries // of look-ups by booking number
	sources  tries // of look-ups by address
	notify   func() api.NotifyStatus
	inbox    func() api.Inbox
	mux      *http.ServeMux
}

// New returns the backend's handler.
func New(o Options) http.Handler {
	s := &server{
		service: o.Service, store: o.Service.Store(), verifier: o.Verifier,
		token: []byte(hex.EncodeToString(o.GatewayToken)), proofs: proofs{key: o.ProofKey},
		clock: o.Clock, log: &errorLog{log: o.Log}, notify: o.Notify, inbox: o.Inbox,
		lists: lists{made: map[listKey]*list{}}, numbers: newTries(numberTries), sources: newTries(sourceTries),
		mux: http.NewServeMux(),
	}
	if s.checks = o.Identity; s.checks == nil {
		s.checks = identity.None(o.Service)
	}
	for _, r := range s.table() {
		s.mux.HandleFunc(r.Method+" "+r.Pattern, s.guarded(r))
	}
	s.mux.HandleFunc("/", s.nowhere)
	return s
}

// ServeHTTP answers what is spelt in its one form.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.recovered(w, r)
	switch err := route.Check(r); {
	case err == nil:
		s.mux.ServeHTTP(w, r)
	case !s.fromGateway(r): // a stranger learns nothing, not even this
		s.refuse(w, problemGatewayOnly)
	case errors.Is(err, route.ErrPath):
		s.refuse(w, problemNotFound)
	default:
		s.refuse(w, &booking.Error{Kind: booking.BadRequest, Field: "header", Err: err})
	}
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
