package upstream

import (
	"bytes"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/daemun/daemun/gateway/route"
)

// Request is what goes to the backend, with what is passed on of the citizen's own headers; empty ones are not sent.
type Request struct {
	Method         string
	Path           string // with the query
	Authorization  string
	ContentType    string
	IdempotencyKey string
	Languages      string // Accept-Language
	Mandate        string // where somebody of a reserved lane asks
	For            string // address of whom it is asked for
	Body           []byte
}

// Answer is what came back, whole, with what is passed back of its headers; empty ones were not there. Body may be shared and
// is not to be changed.
type Answer struct {
	Status       int
	ContentType  string
	CacheControl string
	RetryAfter   string
	Body         []byte
	// Age is how old the answer is and Kept that it was not asked for now: the backend could not be, or need not.
	Age  time.Duration
	Kept bool
}

const idempotencyHeader = "Idempotency-Key"

// write makes the message of a request; Host follows with the instance.
func (r *Request) write(req *fasthttp.Request, token string) {
	h := &req.Header
	h.SetMethod(r.Method)
	h.SetRequestURI(r.Path)
	h.Set(route.TokenHeader, token)
	set(h, "Authorization", r.Authorization)
	set(h, "Content-Type", r.ContentType)
	set(h, idempotencyHeader, r.IdempotencyKey)
	set(h, "Accept-Language", r.Languages)
	set(h, route.MandateHeader, r.Mandate)
	set(h, route.ForHeader, r.For)
	req.SetBodyRaw(r.Body)
}

func set(h *fasthttp.RequestHeader, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}

// passOn makes the message of a citizen's request as it came in.
func passOn(in, req *fasthttp.Request, from, token string) {
	h := &req.Header
	h.SetMethodBytes(in.Header.Method())
	h.SetRequestURIBytes(in.Header.RequestURI())
	h.Set(route.TokenHeader, token)
	for _, name := range [...]string{"Authorization", "Content-Type", idempotencyHeader, "Accept-Language"} {
		if value := in.Header.Peek(name); len(value) > 0 {
			h.SetBytesV(name, value)
		}
	}
	set(h, route.ForHeader, from)
	req.SetBodyRaw(in.Body())
}

// read copies an answer out of the message that it came in.
func read(resp *fasthttp.Response) Answer {
	return Answer{
		Status: resp.StatusCode(), ContentType: text(resp.Header.ContentType()), CacheControl: text(resp.Header.Peek("Cache-Control")),
		RetryAfter: text(resp.Header.Peek("Retry-After")), Body: bytes.Clone(resp.Body()),
	}
}

// text makes a string of a header's value, without memory for those that the backend sends all the time.
func text(b []byte) string {
	switch string(b) {
	case "":
		return ""
	case "application/json; charset=utf-8":
		return "application/json; charset=utf-8"
	case "application/json":
		return "application/json"
	case "application/problem+json; charset=utf-8":
		return "application/problem+json; charset=utf-8"
	case "application/problem+json":
		return "application/problem+json"
	case "no-store":
		return "no-store"
	}
	return string(b)
}

// prune leaves of an answer's header what is passed back.
func prune(resp *fasthttp.Response) {
	status := resp.StatusCode()
	content, caching, again := text(resp.Header.ContentType()), text(resp.Header.Peek("Cache-Control")), text(resp.Header.Peek("Retry-After"))
	resp.Header.Reset()
	resp.SetStatusCode(status)
	resp.Header.SetNoDefaultContentType(true)
	if content != "" {
		resp.Header.SetContentType(content)
	}
	if caching != "" {
		resp.Header.Set("Cache-Control", caching)
	}
	if again != "" {
		resp.Header.Set("Retry-After", again)
	}
}
