package web

import (
	"net/http"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/pass"
)

// trial verifies the pass of a request: a real one, or one of a rehearsal that is going on.
func (s *server) trial(r *http.Request) (pass.Pass, string, error) {
	p, text, err := s.shown(r)
	if err == nil && p.Rehearsal {
		_, err = s.service.Rehearsing(&p, text, s.clock())
	}
	return p, text, err
}

// rehearsal records a rehearsal pass that two operators agreed on.
func (s *server) rehearsal(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Pass   string   `json:"pass"`
		Name   string   `json:"name"`
		By     []string `json:"by"`
		Reason string   `json:"reason"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	p, err := s.verify(in.Pass)
	if err != nil {
		return err
	}
	issue := ledger.Rehearsal{Name: in.Name, By: in.By, Reason: in.Reason}
	if err := s.service.IssueRehearsal(r.Context(), &p, in.Pass, issue, s.clock()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
