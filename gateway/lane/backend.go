package lane

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/edge"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/upstream"
)

// ask sends a request to the backend in the lane's class, with a mandate that says who it is for.
func (l *Lane) ask(ctx context.Context, p person, r upstream.Request) (upstream.Answer, error) {
	var err error
	r.Mandate, err = pass.SignMandate(pass.Mandate{
		KeyID: l.SignID, Lane: p.Role, Name: p.Name, Clinic: p.Clinic, From: p.from, Method: r.Method, Target: r.Path,
		Body: sha256.Sum256(r.Body), Until: l.Node.Now().Add(pass.MandateLife).UTC(),
	}, l.Sign)
	if err != nil {
		return upstream.Answer{}, err
	}
	return l.Backend.Do(ctx, shed.At(shed.Lane), r)
}

// asked is ask for the pages: out goes as JSON, the answer is read into in, a refusal is an *api.Problem.
func (l *Lane) asked(ctx context.Context, p person, method, target, authorization, key string, out, in any) error {
	r := upstream.Request{Method: method, Path: target, Authorization: authorization, IdempotencyKey: key}
	if out != nil {
		body, err := json.Marshal(out)
		if err != nil {
			return err
		}
		r.Body, r.ContentType = body, "application/json"
	}
	a, err := l.ask(ctx, p, r)
	if err != nil {
		return err
	}
	if a.Status >= http.StatusBadRequest {
		return node.ReadProblem(a)
	}
	if err := json.Unmarshal(a.Body, in); err != nil {
		return fmt.Errorf("read the backend's answer: %w", err)
	}
	return nil
}

// relay passes a request on as it is.
func (l *Lane) relay(w http.ResponseWriter, r *http.Request, p person) error {
	return l.relayTo(w, r, p, r.URL.RequestURI())
}

func (l *Lane) relayTo(w http.ResponseWriter, r *http.Request, p person, target string) error {
	body, problem := edge.ReadBody(w, r)
	if problem != nil {
		return problem
	}
	a, err := l.ask(r.Context(), p, upstream.Request{
		Method: r.Method, Path: target, Authorization: r.Header.Get("Authorization"), ContentType: r.Header.Get("Content-Type"),
		IdempotencyKey: r.Header.Get("Idempotency-Key"), Body: body,
	})
	switch {
	case err != nil:
		return err
	case a.Status >= http.StatusBadRequest:
		return node.ReadProblem(a)
	}
	return send(w, a.Status, a.Body)
}

// list passes questions for clinics and slots on to the lists that citizens see too.
func (l *Lane) list(w http.ResponseWriter, r *http.Request, p person) error {
	if err := l.good(shown(r, passScheme)); err != nil {
		return err
	}
	return l.relayTo(w, r, p, strings.TrimPrefix(r.URL.RequestURI(), "/lane"))
}

func (l *Lane) book(w http.ResponseWriter, r *http.Request, p person) error {
	if err := l.good(shown(r, passScheme)); err != nil {
		return err
	}
	return l.relay(w, r, p)
}

// good refuses a pass that is none of ours, over, or of a rehearsal, before it costs the backend anything.
func (l *Lane) good(text string) error {
	p, err := l.Passes.Verify(text, l.Node.Now())
	if err != nil || p.Rehearsal || l.Node.Snapshot().Line(p.Opening) == nil {
		return edge.Problem("bad_pass")
	}
	return nil
}

func reply(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, body)
}

func send(w http.ResponseWriter, status int, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the agent may be gone
	return nil
}

// refuse answers with a problem: as a document under /lane, as a page elsewhere.
func (l *Lane) refuse(w http.ResponseWriter, r *http.Request, p *api.Problem) {
	l.Meter.Problem(p.Code)
	if p.RetryAfterS > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfterS))
	}
	if !strings.HasPrefix(r.URL.Path, "/lane/") && l.pages != nil {
		l.pages.problem(w, r, p)
		return
	}
	p = complete(p)
	body, _ := json.Marshal(p) // strings and numbers always marshal
	h := w.Header()
	h.Set("Content-Type", "application/problem+json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}

func complete(p *api.Problem) *api.Problem {
	out := *p
	if out.Type == "" {
		out.Type = "about:blank"
	}
	if out.Title == "" {
		out.Title = http.StatusText(out.Status)
	}
	return &out
}
