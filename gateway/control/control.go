// Package control is the control room's API: what it sees, and what it may do. It is reached with a certificate only,
// on a listener of its own; the certificate carries the operator's name and role.
package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/route"
	"github.com/daemun/daemun/gateway/state"
	"github.com/daemun/daemun/gateway/upstream"
)

// Options are what a Control needs; all of them.
type Options struct {
	Node    *node.Node
	Shared  *state.Store
	Backend *upstream.Pool
	Keys    api.PublicKeys
	Clock   func() time.Time
	// ClockOff is how far the host's clock is ahead of the server's time since it was set; 0 while it is followed.
	ClockOff func() time.Duration
	Log      *zap.Logger
	// Revoked tells which certificates were taken back; nil: none.
	Revoked func(serial *big.Int) bool
	Metrics []prometheus.Collector // beside the snapshot's own; may be empty
}

// Control is the control room's handler.
type Control struct {
	node    *node.Node
	shared  *state.Store
	backend *upstream.Pool
	clock   func() time.Time
	log     *zap.Logger
	revoked func(*big.Int) bool
	mux     *http.ServeMux
}

// New builds the handler.
func New(o Options) *Control {
	c := &Control{node: o.Node, shared: o.Shared, backend: o.Backend, clock: o.Clock, log: o.Log, revoked: o.Revoked, mux: http.NewServeMux()}
	if c.revoked == nil {
		c.revoked = func(*big.Int) bool { return false }
	}
	for _, r := range []struct {
		pattern string
		role    string
		handler func(http.ResponseWriter, *http.Request, operator) error
	}{
		{"GET /control/v1/whoami", keyring.RoleViewer, c.whoami},
		{"GET /control/v1/snapshot", keyring.RoleViewer, c.snapshot},
		{"GET /control/v1/events", keyring.RoleViewer, c.events},
		{"GET /control/v1/ledger", keyring.RoleViewer, c.ledger("/internal/ledger")},
		{"GET /control/v1/profile", keyring.RoleSupervisor, c.profile},
		{"GET /control/v1/keys", keyring.RoleViewer, func(w http.ResponseWriter, _ *http.Request, _ operator) error { return reply(w, o.Keys) }},
		{"GET /control/v1/ledger/checkpoints", keyring.RoleViewer, c.ledger("/internal/ledger/checkpoints")},
		{"GET /control/v1/ledger/passes", keyring.RoleSupervisor, c.ledger("/internal/ledger/passes")},
		{"GET /control/v1/inbox", keyring.RoleViewer, c.ledger("/internal/inbox")},
		{"GET /control/inbox", keyring.RoleViewer, c.inboxHTML},
		{"POST /control/v1/openings/{id}/{action}", keyring.RoleOperator, c.act},
		{"POST /control/v1/openings/{id}/cohorts/{cohort}/{action}", keyring.RoleOperator, c.actOnCohort},
		{"PUT /control/v1/openings/{id}/rate", keyring.RoleOperator, c.rate},
		{"GET /control/v1/schedule", keyring.RoleViewer, c.schedule},
		{"POST /control/v1/schedule/check", keyring.RoleViewer, c.checkSchedule},
		{"POST /control/v1/schedule/preview", keyring.RoleViewer, c.previewSchedule},
		{"POST /control/v1/schedule/activate", keyring.RoleSupervisor, c.activateSchedule},
		{"POST /control/v1/notices", keyring.RoleOperator, c.notice},
		{"GET /control/v1/overload", keyring.RoleViewer, c.overloadSettings},
		{"PUT /control/v1/overload", keyring.RoleOperator, c.tune},
		{"PUT /control/v1/brownout", keyring.RoleOperator, c.holdStep},
		{"GET /control/v1/backends", keyring.RoleViewer, c.backends},
		{"POST /control/v1/backends", keyring.RoleSupervisor, c.addBackend}, // it is shown personal data and this gateway's token
		{"DELETE /control/v1/backends", keyring.RoleOperator, c.drainBackend},
		{"GET /control/v1/rehearsals", keyring.RoleViewer, c.rehearsals},
		{"POST /control/v1/rehearsals", keyring.RoleOperator, c.rehearse},
	} {
		c.mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) {
			c.serve(w, req, r.role, r.handler)
		})
	}
	metrics := promhttp.HandlerFor(registry(o), promhttp.HandlerOpts{})
	c.mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, req *http.Request) {
		c.serve(w, req, keyring.RoleViewer, func(w http.ResponseWriter, r *http.Request, _ operator) error {
			metrics.ServeHTTP(w, r)
			return nil
		})
	})
	c.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		c.refuse(w, &api.Problem{Status: http.StatusNotFound, Code: "not_found", Detail: "없는 주소입니다.", DetailEn: "There is nothing at this address."})
	})
	return c
}

// operator is who asks, by their certificate.
type operator struct{ name, role string }

var ranks = map[string]int{keyring.RoleViewer: 1, keyring.RoleOperator: 2, keyring.RoleSupervisor: 3}

func (o operator) may(role string) bool { return ranks[o.role] >= ranks[role] }

// who reads the verified certificate. Without one, or without a role that we know, nobody gets in.
func who(r *http.Request) (operator, bool) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return operator{}, false
	}
	subject := r.TLS.VerifiedChains[0][0].Subject
	if len(subject.OrganizationalUnit) != 1 || subject.CommonName == "" {
		return operator{}, false
	}
	o := operator{subject.CommonName, subject.OrganizationalUnit[0]}
	return o, ranks[o.role] > 0
}

// ServeHTTP answers the control room, where a request is spelt in its one form.
func (c *Control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := route.Check(r); err != nil {
		c.refuse(w, &api.Problem{Status: http.StatusNotFound, Code: "not_found", Detail: "없는 주소입니다.", DetailEn: "There is nothing at this address."})
		return
	}
	c.mux.ServeHTTP(w, r)
}

func (c *Control) serve(w http.ResponseWriter, r *http.Request, role string, handler func(http.ResponseWriter, *http.Request, operator) error) {
	o, ok := who(r)
	if !ok {
		c.refuse(w, &api.Problem{Status: http.StatusForbidden, Code: "no_certificate", Detail: "운영자 인증서가 필요합니다.", DetailEn: "An operator's certificate is needed."})
		return
	}
	if c.gone(r) {
		c.refuse(w, &api.Problem{Status: http.StatusForbidden, Code: "revoked", Detail: "폐기된 인증서입니다.", DetailEn: "This certificate was revoked."})
		return
	}
	if !o.may(role) {
		c.refuse(w, &api.Problem{
			Status: http.StatusForbidden, Code: "role_too_low",
			Detail: fmt.Sprintf("이 작업에는 %s 이상의 권한이 필요합니다. 지금 권한: %s", role, o.role), DetailEn: fmt.Sprintf("This needs the role %s; yours is %s.", role, o.role),
		})
		return
	}
	if err := handler(w, r, o); err != nil {
		c.refuse(w, c.problem(err))
	}
}

// gone tells whether the certificate of a request was taken back: connections outlive that.
func (c *Control) gone(r *http.Request) bool {
	return c.revoked(r.TLS.VerifiedChains[0][0].SerialNumber)
}

func (c *Control) problem(err error) *api.Problem {
	var p *api.Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, state.ErrConflict):
		return &api.Problem{Status: http.StatusConflict, Code: "changed_meanwhile", Detail: "다른 운영자가 먼저 바꾸었습니다. 현재 상태를 확인하고 다시 하세요.", DetailEn: "Somebody else changed it first. Look again, then repeat."}
	case errors.Is(err, upstream.ErrResting), errors.Is(err, upstream.ErrBusy):
		return &api.Problem{Status: http.StatusServiceUnavailable, Code: "backend_resting", Detail: "예약 시스템에 닿지 않습니다.", DetailEn: "The backend cannot be reached.", RetryAfterS: 2}
	}
	c.log.Error("control request failed", zap.Error(err))
	return &api.Problem{Status: http.StatusServiceUnavailable, Code: "not_done", Detail: "처리하지 못했습니다. 공유 상태를 확인하고 다시 하세요.", DetailEn: "Not done. Check the shared state and try again.", RetryAfterS: 2}
}

func (c *Control) refuse(w http.ResponseWriter, p *api.Problem) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func reply(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(v)
}

// maxBody bounds what an operator may send, in bytes.
const maxBody = 64 << 10

func read(r *http.Request, v any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return invalid("본문의 JSON을 읽을 수 없습니다: "+err.Error(), "The JSON body cannot be read: "+err.Error())
	}
	return nil
}

func invalid(ko, en string) error {
	return &api.Problem{Status: http.StatusBadRequest, Code: "bad_request", Detail: ko, DetailEn: en}
}

func (c *Control) whoami(w http.ResponseWriter, _ *http.Request, o operator) error {
	return reply(w, api.WhoAmI{Name: o.name, Role: o.role})
}

func (c *Control) snapshot(w http.ResponseWriter, _ *http.Request, _ operator) error {
	return reply(w, c.node.Status(c.clock()))
}

// eventInterval is how often the control room hears.
const eventInterval = time.Second

func (c *Control) events(w http.ResponseWriter, r *http.Request, _ operator) error {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	ticker := time.NewTicker(eventInterval)
	defer ticker.Stop()
	for {
		encoded, err := json.Marshal(c.node.Status(c.clock()))
		if err != nil {
			return err
		}
		if err := errors.Join(out.SetWriteDeadline(time.Now().Add(5*time.Second)), writeEvent(w, encoded), out.Flush()); err != nil {
			return nil // the console is gone
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-ticker.C:
		}
		if c.gone(r) {
			return nil
		}
	}
}

func writeEvent(w io.Writer, data []byte) error {
	_, err := fmt.Fprintf(w, "event: snapshot\ndata: %s\n\n", data)
	return err
}
