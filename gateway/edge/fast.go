package edge

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/meter"
	"github.com/daemun/daemun/gateway/pages"
	"github.com/daemun/daemun/gateway/route"
)

// Limits of the citizens' listener. A citizen's request is small; what takes longer than this is not one.
const (
	readTimeout  = 20 * time.Second
	writeTimeout = 30 * time.Second
	idleTimeout  = 2 * time.Minute
	maxHeader    = 8 << 10
)

// Server returns the citizens' server. Most of what comes in an opening is "how far am I"; that is answered straight
// from the request's bytes. Everything else goes to the table of routes, the one place that decides what exists. Either way
// the spelling was checked before.
func (e *Edge) Server() *fasthttp.Server {
	return &fasthttp.Server{
		Handler: e.serveFast, ErrorHandler: e.unreadable,
		ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ReadBufferSize: maxHeader, MaxRequestBodySize: 4 * maxBody, // a body over maxBody still gets its answer
		NoDefaultServerHeader: true, CloseOnShutdown: true, DisablePreParseMultipartForm: true, Logger: quiet{e.log},
	}
}

// quiet keeps the server's remarks on single connections out of the log unless somebody looks for them.
type quiet struct{ log *zap.Logger }

func (q quiet) Printf(format string, args ...any) { q.log.Sugar().Debugf(format, args...) }

var (
	joinPath     = []byte("/v1/queue/join")
	placePath    = []byte("/v1/queue/place")
	waitPath     = []byte("/wait")
	openingsPath = []byte("/v1/openings")
	cursorPrefix = []byte("/v1/openings/")
	cursorSuffix = []byte("/cursor")
)

func (e *Edge) serveFast(ctx *fasthttp.RequestCtx) {
	target := ctx.Request.Header.RequestURI()
	shown, err := route.CheckRaw(target, ctx.Request.Header.RawHeaders())
	switch {
	case err != nil || e.node.TurnsAway():
	case ctx.IsGet() && e.answerFast(ctx, target, shown):
		return
	case ctx.IsPost() && bytes.Equal(target, joinPath) && e.joinFast(ctx, shown):
		return
	case e.relayFast(ctx, target, shown):
		return
	}
	e.serveSlow(ctx, err)
}

// answerFast answers the questions of the waiting room; false means that it is none of them, or that there is something
// odd about it. shown is what the request shows in its Authorization header, nil without one.
func (e *Edge) answerFast(ctx *fasthttp.RequestCtx, target, shown []byte) bool {
	start := time.Now()
	switch {
	case bytes.Equal(target, placePath):
		if !e.placeFast(ctx, shown) {
			return false
		}
	case bytes.Equal(target, waitPath):
		if !e.waitFast(ctx) {
			return false
		}
	case bytes.Equal(target, openingsPath):
		fastJSON(ctx, "no-store")
		ctx.Response.SetBodyRaw(e.node.Snapshot().OpeningsJSON)
	case bytes.HasPrefix(target, cursorPrefix) && bytes.HasSuffix(target, cursorSuffix) && len(target) > len(cursorPrefix)+len(cursorSuffix):
		body := e.node.Snapshot().CursorJSON(string(target[len(cursorPrefix) : len(target)-len(cursorSuffix)]))
		if body == nil {
			return false
		}
		fastJSON(ctx, "public, max-age=1")
		ctx.Response.SetBodyRaw(body)
	default:
		return false
	}
	e.meter.Count(meter.W, time.Since(start), false, rand.Uint32())
	return true
}

// placeFast answers where a ticket stands. Whatever is odd about the request is left to the slow way.
func (e *Edge) placeFast(ctx *fasthttp.RequestCtx, shown []byte) bool {
	text, _ := fastTicket(ctx, shown)
	t, line, err := e.node.Locate(text)
	if err != nil {
		return false
	}
	now := e.node.Now()
	place := line.Place(&t, now)
	buf := buffers.Get().(*[]byte)
	*buf = line.AppendPlace((*buf)[:0], nil, &t, &place, now)
	fastJSON(ctx, "no-store")
	ctx.Response.SetBody(*buf)
	buffers.Put(buf)
	return true
}

// waitFast answers the waiting page of a ticket, which people without JavaScript reload all the time.
func (e *Edge) waitFast(ctx *fasthttp.RequestCtx) bool {
	t, line, err := e.node.Locate(ctx.Request.Header.Cookie(pages.TicketCookie))
	if err != nil {
		return false
	}
	lang := pages.Korean
	if string(ctx.Request.Header.Cookie(pages.LangCookie)) == pages.English {
		lang = pages.English
	}
	now := e.node.Now()
	place := line.Place(&t, now)
	buf := buffers.Get().(*[]byte)
	wire := line.Wire(&t, &place, now)
	wire.Code = e.node.Code(&t)
	*buf = e.pages.AppendWaitingPage((*buf)[:0], lang, wire)
	for _, h := range e.waitHeaders[lang] {
		ctx.Response.Header.Add(h.name, h.value)
	}
	ctx.Response.SetBody(*buf)
	buffers.Put(buf)
	return true
}

// header is a line of an answer's header.
type header struct{ name, value string }

// waitingHeaders are the lines that go with every waiting page, by language.
func waitingHeaders(p *pages.Pages) map[string][]header {
	out := map[string][]header{}
	for _, lang := range []string{pages.Korean, pages.English} {
		for name, values := range p.WaitingHeader(lang) {
			out[lang] = append(out[lang], header{name, values[0]})
		}
	}
	return out
}

// fastTicket is the ticket that a request shows in its Authorization header, else in its cookie; false where the header is
// something else.
func fastTicket(ctx *fasthttp.RequestCtx, shown []byte) ([]byte, bool) {
	switch {
	case len(shown) > len(ticketScheme) && string(shown[:len(ticketScheme)]) == ticketScheme:
		return shown[len(ticketScheme):], true
	case shown != nil:
		return nil, false // the slow way sees to it
	}
	return ctx.Request.Header.Cookie(pages.TicketCookie), true
}

func fastJSON(ctx *fasthttp.RequestCtx, caching string) {
	ctx.Response.Header.SetContentType("application/json; charset=utf-8")
	ctx.Response.Header.Set("Cache-Control", caching)
}

// serveSlow answers by the table of routes, or says what is wrong with the spelling. Nothing of the request's memory
// outlives it: what handlers see is a copy.
func (e *Edge) serveSlow(ctx *fasthttp.RequestCtx, spelling error) {
	r, err := request(ctx)
	if err != nil {
		e.unreadable(ctx, err)
		return
	}
	w := &fastWriter{ctx: ctx, header: http.Header{}}
	if spelling == nil {
		e.serve(w, r)
	} else {
		e.misspelt(w, r, spelling)
		if !errors.Is(spelling, route.ErrPath) && !errors.Is(spelling, route.ErrQuery) {
			ctx.SetConnectionClose() // where the next request begins may be as unclear
		}
	}
	w.finish()
}

func request(ctx *fasthttp.RequestCtx) (*http.Request, error) {
	in := &ctx.Request
	target := string(in.Header.RequestURI())
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, err
	}
	r := &http.Request{
		Method: string(in.Header.Method()), URL: u, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, 8), Host: string(in.Header.Host()), RemoteAddr: ctx.RemoteAddr().String(), TLS: ctx.TLSConnectionState(),
		Body: http.NoBody,
	}
	for name, value := range in.Header.All() {
		if key := string(name); key != "Host" {
			r.Header.Add(key, string(value))
		}
	}
	if body := in.Body(); len(body) > 0 {
		r.ContentLength = int64(len(body))
		r.Body = io.NopCloser(bytes.NewReader(bytes.Clone(body)))
	}
	return r, nil
}

// fastWriter collects an answer of ServeHTTP.
type fastWriter struct {
	ctx    *fasthttp.RequestCtx
	header http.Header
	status int
}

func (w *fastWriter) Header() http.Header { return w.header }

func (w *fastWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *fastWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.ctx.Response.AppendBody(b)
	return len(b), nil
}

func (w *fastWriter) finish() {
	w.WriteHeader(http.StatusOK)
	w.ctx.SetStatusCode(w.status)
	out := &w.ctx.Response.Header
	for name, values := range w.header {
		if name == "Content-Length" { // follows from the body; to HEAD it is the only trace of it
			if n, err := strconv.Atoi(values[0]); err == nil && w.ctx.IsHead() {
				out.SetContentLength(n)
			}
			continue
		}
		for _, v := range values {
			out.Add(name, v)
		}
	}
}

// unreadable answers what is no request that we take: politely, and the connection ends.
func (e *Edge) unreadable(ctx *fasthttp.RequestCtx, err error) {
	p := problem("bad_request")
	var small *fasthttp.ErrSmallBuffer
	var network net.Error
	switch {
	case errors.As(err, &small):
		p = detailed("too_large", "요청 머리글이 너무 큽니다.", "The request's header is too large.")
		p.Status = http.StatusRequestHeaderFieldsTooLarge
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		p = problem("too_large")
	case errors.As(err, &network) && network.Timeout():
		p = &api.Problem{Type: "about:blank", Title: "Request timeout", Status: http.StatusRequestTimeout, Code: "request_timeout", Detail: "요청이 제때 도착하지 않았습니다.", DetailEn: "The request did not arrive in time."}
	}
	w := &fastWriter{ctx: ctx, header: http.Header{}}
	e.refuse(w, p)
	w.finish()
	ctx.SetConnectionClose()
}
