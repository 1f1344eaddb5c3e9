package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/route"
	"github.com/daemun/daemun/gateway/upstream"
)

// maxBody bounds what a citizen may send, in bytes.
const maxBody = 16 << 10

const (
	passScheme  = "Pass "
	proofScheme = "Proof "
)

// relay passes a request on to the backend, which checks everything again by itself.
func (e *Edge) relay(class route.Class, guard route.Guard) http.HandlerFunc {
	return e.relayBy(func(ctx context.Context, r upstream.Request) (upstream.Answer, error) {
		at, ok := e.priority(class, guard, r.Authorization)
		if !ok { // it was good a moment ago
			return upstream.Answer{}, problem("bad_pass")
		}
		return e.backend.Shared(ctx, at, e.scope(r.Authorization), r)
	})
}

// scope is the opening of the pass that is shown, 0 without one: lists are the same for everybody of it.
func (e *Edge) scope(shown string) uint32 {
	text, isPass := strings.CutPrefix(shown, passScheme)
	if !isPass {
		return 0
	}
	p, err := e.passes.Verify(text, e.node.Now())
	if err != nil {
		return 0
	}
	return p.Opening
}

// relayAside is relay for what waits for an identity provider and must keep nobody else waiting.
func (e *Edge) relayAside(w http.ResponseWriter, r *http.Request) { e.relayBy(e.backend.Aside)(w, r) }

func (e *Edge) relayBy(send func(context.Context, upstream.Request) (upstream.Answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, p := readBody(w, r)
		if p != nil {
			e.refuse(w, p)
			return
		}
		target := r.URL.Path
		if r.URL.RawQuery != "" {
			target += "?" + r.URL.RawQuery
		}
		a, err := send(r.Context(), upstream.Request{
			Method: r.Method, Path: target, Authorization: r.Header.Get("Authorization"), ContentType: r.Header.Get("Content-Type"),
			IdempotencyKey: r.Header.Get("Idempotency-Key"), Languages: r.Header.Get("Accept-Language"), For: addressOf(r), Body: body,
		})
		if err != nil {
			e.refuse(w, e.problemOf(err))
			return
		}
		e.back(w, a)
	}
}

// guard checks what a request must show before it may cost the backend anything.
func (e *Edge) guard(r *http.Request, guard route.Guard) *api.Problem {
	if guard == route.Ticket { // the handler reads the ticket
		return nil
	}
	if _, ok := e.priority(route.P3, guard, r.Header.Get("Authorization")); !ok {
		if guard == route.Open || guard == route.Proof || guard == route.Pass || guard == route.Trial {
			return problem("bad_pass")
		}
		return problem("internal") // a guard that nobody keeps lets nobody through
	}
	return nil
}

// good tells whether a pass is one of ours, in force, and of an opening that there is, and whose it is. A rehearsal's is
// good where one may rehearse, and only until the opening begins.
func (e *Edge) good(text string, trial bool) (pass.Pass, bool) {
	now := e.node.Now()
	p, err := e.passes.Verify(text, now)
	if err != nil {
		return p, false
	}
	line := e.node.Snapshot().Line(p.Opening)
	return p, line != nil && (!p.Rehearsal || trial && !line.Begun(now))
}

// back hands the backend's answer to the citizen. Its own trouble becomes a polite refusal.
func (e *Edge) back(w http.ResponseWriter, a upstream.Answer) {
	if a.Status >= http.StatusInternalServerError && a.Status != http.StatusServiceUnavailable {
		e.refuse(w, problem("backend_resting"))
		return
	}
	if a.Status >= http.StatusBadRequest {
		e.countProblem(a)
	}
	h := w.Header()
	if a.Status == http.StatusServiceUnavailable && a.RetryAfter == "" {
		a.RetryAfter = "2"
	}
	for _, back := range [...]struct{ name, value string }{
		{"Content-Type", a.ContentType}, {"Cache-Control", a.CacheControl}, {"Retry-After", a.RetryAfter},
	} {
		if back.value != "" {
			h[back.name] = []string{back.value}
		}
	}
	if a.Kept {
		h["Age"], h["Warning"] = []string{age(a)}, keptWarning
	}
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

// keptWarning says that an answer is one that was kept: as old as its Age says, and as of the time that stands in it.
var keptWarning = []string{`110 daemun "kept answer"`}

func age(a upstream.Answer) string { return strconv.Itoa(int(a.Age.Seconds())) }

func (e *Edge) countProblem(a upstream.Answer) {
	var p struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(a.Body, &p) == nil && wellKnown(p.Code) {
		e.meter.Problem(p.Code)
	}
}

// wellKnown keeps a confused backend from filling the meter with codes.
func wellKnown(code string) bool { return code != "" && len(code) <= 32 }

// readBody reads a request's body whole.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *api.Problem) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, problem("too_large")
	case err != nil:
		return nil, problem("bad_request")
	}
	return body, nil
}

// readJSON reads a body of JSON into v and says what is wrong with it.
func readJSON(w http.ResponseWriter, r *http.Request, v any) *api.Problem {
	body, p := readBody(w, r)
	if p != nil {
		return p
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return detailed("bad_request", "본문에 JSON을 보내 주세요.", "Send a JSON body.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return detailed("bad_request", "본문의 JSON을 읽을 수 없습니다: "+why(err), "The JSON body cannot be read: "+why(err))
	}
	if d.More() {
		return detailed("bad_request", "본문에는 JSON 값 하나만 보내 주세요.", "Send one JSON value only.")
	}
	return nil
}

// why says what is wrong with a body without repeating any of it: it may hold somebody's number.
func why(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("syntax, at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Sprintf("%q must be a %s", kind.Field, kind.Type)
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return "unknown field"
	}
	return "incomplete"
}
