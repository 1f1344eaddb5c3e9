package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
	"unsafe"

	"github.com/valyala/fasthttp"

	"github.com/daemun/daemun/gateway/route"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/upstream"
)

// relayFast passes a request on that shows what its route asks for. False leaves it to the slow way, which knows every
// refusal but the one that has to be quick: that there is too much to do.
func (e *Edge) relayFast(ctx *fasthttp.RequestCtx, target, shown []byte) bool {
	path, _, _ := bytes.Cut(target, question)
	row := e.relays.find(ctx.Method(), path)
	if row == nil || e.odd(ctx) {
		return false
	}
	start := time.Now()
	at, ok := e.priority(row.Class, row.Guard, unsafeString(shown))
	if !ok {
		return false
	}
	pass := e.passOn
	if row.Method == http.MethodGet && upstream.Shares(unsafeString(target)) {
		pass = e.shareFast
	}
	if err := pass(ctx, at, target, shown); err != nil {
		e.refuseFast(ctx, err)
	}
	e.meter.Count(int(row.Class), time.Since(start), ctx.Response.StatusCode() == http.StatusServiceUnavailable, rand.Uint32())
	return true
}

var question = []byte{'?'}

// odd tells whether the slow way has to look at a request: its body is too long, or a browser says where a write comes from.
func (e *Edge) odd(ctx *fasthttp.RequestCtx) bool {
	head := &ctx.Request.Header
	return len(ctx.Request.Body()) > maxBody || !ctx.IsGet() && (len(head.Peek("Origin")) > 0 || len(head.Peek("Sec-Fetch-Site")) > 0)
}

// unsafeString is b as long as nobody writes to it.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// passOn passes a request on, and leaves the backend's answer where the listener takes it.
func (e *Edge) passOn(ctx *fasthttp.RequestCtx, at shed.Priority, _, _ []byte) error {
	out := &ctx.Response
	if err := e.backend.Relay(context.Background(), at, &ctx.Request, remote(ctx), out); err != nil {
		return err
	}
	return e.passedBack(out)
}

// shareFast asks for a list that is the same for everybody of an opening: others may have asked already.
func (e *Edge) shareFast(ctx *fasthttp.RequestCtx, at shed.Priority, target, shown []byte) error {
	r := upstream.Request{
		Method: http.MethodGet, Path: string(target), Authorization: string(shown), ContentType: string(ctx.Request.Header.ContentType()),
		IdempotencyKey: string(ctx.Request.Header.Peek("Idempotency-Key")), Languages: string(ctx.Request.Header.Peek("Accept-Language")),
		For: remote(ctx), Body: ctx.Request.Body(),
	}
	a, err := e.backend.Shared(context.Background(), at, e.scope(r.Authorization), r)
	if err != nil {
		return err
	}
	out := &ctx.Response
	out.SetStatusCode(a.Status)
	for _, h := range [...]header{{"Content-Type", a.ContentType}, {"Cache-Control", a.CacheControl}, {"Retry-After", a.RetryAfter}} {
		if h.value != "" {
			out.Header.Set(h.name, h.value)
		}
	}
	if a.Kept {
		out.Header.Set("Age", age(a))
		out.Header.Set("Warning", keptWarning[0])
	}
	out.SetBodyRaw(a.Body)
	return e.passedBack(out)
}

// passedBack looks at an answer of the backend's before the citizen does. Its own trouble becomes a polite refusal.
func (e *Edge) passedBack(out *fasthttp.Response) error {
	switch status := out.StatusCode(); {
	case status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable:
		out.Reset()
		return upstream.ErrResting
	case status >= http.StatusBadRequest:
		e.countProblem(upstream.Answer{Body: out.Body()})
		if status == http.StatusServiceUnavailable && len(out.Header.Peek("Retry-After")) == 0 {
			out.Header.Set("Retry-After", "2")
		}
	}
	return nil
}

// remote is the address that a citizen comes from.
func remote(ctx *fasthttp.RequestCtx) string {
	if a, ok := ctx.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap().String()
	}
	return ctx.RemoteAddr().String()
}

// waits is how many different times to come back there are in refusals, from one second up.
const waits = 4

// prepared are the refusals that have to be quick, for each time to come back.
type prepared struct {
	code   string
	bodies [waits][]byte
	after  [waits]string
}

func prepare(code string) *prepared {
	out := &prepared{code: code}
	for i := range waits {
		p := problem(code)
		p.RetryAfterS = 1 + i
		out.bodies[i], _ = json.Marshal(p) // strings and numbers
		out.after[i] = strconv.Itoa(p.RetryAfterS)
	}
	return out
}

// hurried are the prepared refusals.
type hurried struct{ busy, resting, lost *prepared }

func newHurried() hurried {
	return hurried{prepare("busy"), prepare("backend_resting"), prepare("answer_lost")}
}

// refuseFast answers with what stands for an error of upstream's.
func (e *Edge) refuseFast(ctx *fasthttp.RequestCtx, err error) {
	p := e.hurried.lost
	switch {
	case errors.Is(err, upstream.ErrBusy):
		p = e.hurried.busy
	case errors.Is(err, upstream.ErrResting):
		p = e.hurried.resting
	case !errors.Is(err, upstream.ErrUnknown):
		e.unexpected(err)
	}
	e.meter.Problem(p.code)
	i := rand.IntN(waits)
	out := &ctx.Response
	out.SetStatusCode(http.StatusServiceUnavailable)
	out.Header.SetContentType(problemType[0])
	out.Header.Set("Cache-Control", noStore[0])
	out.Header.Set("Retry-After", p.after[i])
	out.SetBodyRaw(p.bodies[i])
}

// priority is the class of a route together with the sub-level of whoever asks, who shows what the route's guard wants.
// Everything that a person does with one pass has one level. False: it was not shown.
func (e *Edge) priority(class route.Class, guard route.Guard, shown string) (shed.Priority, bool) {
	switch guard {
	case route.Open:
		return shed.At(class), true
	case route.Proof:
		if len(shown) > len(proofScheme) && shown[:len(proofScheme)] == proofScheme {
			return shed.At(class), true
		}
	case route.Pass, route.Trial:
	default:
		return shed.Priority{}, false
	}
	if len(shown) <= len(passScheme) || shown[:len(passScheme)] != passScheme {
		return shed.Priority{}, false
	}
	p, ok := e.good(shown[len(passScheme):], guard == route.Trial)
	return shed.Of(class, p.Subject, e.node.Now()), ok
}
