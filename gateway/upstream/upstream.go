// Package upstream is the way to the backend: a permit, then the breaker, then the request, each given back exactly
// once.
package upstream

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/valyala/fasthttp"
	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/route"
	"github.com/daemun/daemun/gateway/shed"
)

// Why a request has no answer from the backend.
var (
	// ErrBusy says that there was no permit: the backend has enough to do.
	ErrBusy = errors.New("upstream: busy")
	// ErrResting says that the backend cannot be reached or is being left alone; nothing was sent.
	ErrResting = errors.New("upstream: backend rests")
	// ErrUnknown says that the request was sent and its answer lost: it may or may not have happened.
	ErrUnknown = errors.New("upstream: answer lost")
)

const (
	dialTimeout  = time.Second
	callTimeout  = 10 * time.Second
	slowCall     = 2 * time.Second // slower answers count as failures of the backend
	maxAnswer    = 8 << 20
	pollInterval = 100 * time.Millisecond
	pollTimeout  = time.Second
	// staleAfter is how old the last report may be before the backend counts as unreachable.
	staleAfter = time.Second
)

// Options sets a Backend. URL is its base address, Token what this gateway shows it.
type Options struct {
	URL   string
	Token []byte
	Gate  shed.Config
	Clock func() time.Time
	Log   *zap.Logger
}

// Backend is one backend instance.
type Backend struct {
	name    string
	base    string
	token   string
	clock   func() time.Time
	log     *zap.Logger
	client  *fasthttp.HostClient
	streams *http.Client
	aside   aside
	gate    *shed.Gate
	site    *shed.Site
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	tripped atomic.Pointer[turn]
	failure atomic.Pointer[string]
	report  atomic.Pointer[report]
}

type turn struct {
	since  time.Time
	reason string
}

type report struct {
	api.BackendReport
	received time.Time
}

// New returns a Backend; it is not asked anything yet.
func New(o Options) (*Backend, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "http" || u.Host == "" || u.Path != "" && u.Path != "/" {
		return nil, fmt.Errorf("backend address %q: want http://HOST:PORT", o.URL)
	}
	b := &Backend{
		name: u.Host, base: "http://" + u.Host, token: hex.EncodeToString(o.Token), clock: o.Clock, log: o.Log,
		gate:    shed.NewGate(o.Gate, o.Clock),
		client:  newClient(u.Host, o.Gate.Limit.Max),
		aside:   newAside(u.Host),
		streams: &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext}},
	}
	b.site = b.gate.Open()
	b.site.SetShare(1)
	b.tripped.Store(&turn{since: o.Clock()})
	b.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: b.name, MaxRequests: 10, Interval: 10 * time.Second, BucketPeriod: time.Second, Timeout: 2 * time.Second,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.Requests >= 20 && c.TotalFailures*2 >= c.Requests },
		IsExcluded:  func(err error) bool { return errors.Is(err, errOverloaded) },
		OnStateChange: func(_ string, _, to gobreaker.State) { // runs under the breaker's lock: stores and leaves
			t := &turn{since: o.Clock()}
			if why := b.failure.Load(); why != nil && to != gobreaker.StateClosed {
				t.reason = *why
			}
			b.tripped.Store(t)
		},
	})
	return b, nil
}

// errOverloaded is the backend's own word that it has too much to do: the limit learns from it, the breaker does not.
var (
	errOverloaded = errors.New("backend overloaded")
	errSlow       = errors.New("answer took too long")
)

// Request is what goes to the backend, with what is passed on of the citizen's own headers.
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

// Answer is what came back, whole, with what is passed back of its headers; empty ones were not there.
type Answer struct {
	Status       int
	ContentType  string
	CacheControl string
	RetryAfter   string
	Body         []byte
}

// Do sends a request of a priority: permit, breaker, call. The errors are ErrBusy, ErrResting and ErrUnknown, wrapped.
func (b *Backend) Do(ctx context.Context, at shed.Priority, r Request) (Answer, error) {
	permit, err := b.gate.Acquire(ctx, at)
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	answer, err := b.guarded(r)
	permit.Release(shed.Outcome{Failed: err != nil, Overloaded: answer.Status == http.StatusServiceUnavailable})
	return answer, err
}

// guarded sends a request through the breaker.
func (b *Backend) guarded(r Request) (Answer, error) {
	done, err := b.breaker.Allow()
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrResting, err)
	}
	start := b.clock()
	answer, err := b.call(r, callTimeout)
	verdict := b.judge(answer, err, b.clock().Sub(start))
	if verdict != nil && !errors.Is(verdict, errOverloaded) {
		why := verdict.Error()
		b.failure.Store(&why)
	}
	done(verdict)
	return answer, err
}

// judge says what the breaker should think of a call.
func (b *Backend) judge(a Answer, err error, took time.Duration) error {
	switch {
	case err != nil:
		return err
	case a.Status == http.StatusServiceUnavailable:
		return errOverloaded
	case a.Status >= 500:
		return fmt.Errorf("backend answered %d", a.Status)
	case took > slowCall:
		return errSlow
	}
	return nil
}

// newClient returns a client that dials anew instead of trusting connections which the backend has closed.
func newClient(address string, connections int) *fasthttp.HostClient {
	c := &fasthttp.HostClient{
		Addr: address, MaxConns: 2 * connections, MaxIdleConnDuration: time.Minute, MaxResponseBodySize: maxAnswer,
		ReadBufferSize: 16 << 10, WriteBufferSize: 4 << 10, MaxIdemponentCallAttempts: 2,
		NoDefaultUserAgentHeader: true, DisablePathNormalizing: true, ConnPoolStrategy: fasthttp.LIFO,
		Dial: func(address string) (net.Conn, error) { return net.DialTimeout("tcp", address, dialTimeout) },
	}
	c.RetryIfErr = func(r *fasthttp.Request, _ int, _ error) (resetTimeout, retry bool) {
		if !r.Header.IsGet() && len(r.Header.Peek(idempotencyHeader)) == 0 {
			return false, false
		}
		c.CloseIdleConnections() // where one is dead the others are
		return false, true
	}
	return c
}

const idempotencyHeader = "Idempotency-Key"

func (b *Backend) call(r Request, timeout time.Duration) (Answer, error) {
	return b.callBy(b.client, r, timeout)
}

func (b *Backend) callBy(client *fasthttp.HostClient, r Request, timeout time.Duration) (Answer, error) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.Header.SetMethod(r.Method)
	req.SetRequestURI(b.base + r.Path)
	req.Header.Set(route.TokenHeader, b.token)
	for _, h := range [...]struct{ name, value string }{
		{"Authorization", r.Authorization}, {"Content-Type", r.ContentType}, {idempotencyHeader, r.IdempotencyKey},
		{"Accept-Language", r.Languages},
		{route.MandateHeader, r.Mandate}, {route.ForHeader, r.For},
	} {
		if h.value != "" {
			req.Header.Set(h.name, h.value)
		}
	}
	req.SetBodyRaw(r.Body)
	if err := client.DoTimeout(req, resp, timeout); err != nil {
		return Answer{}, lost(err)
	}
	return Answer{
		Status: resp.StatusCode(), ContentType: string(resp.Header.ContentType()), CacheControl: string(resp.Header.Peek("Cache-Control")),
		RetryAfter: string(resp.Header.Peek("Retry-After")), Body: bytes.Clone(resp.Body()),
	}, nil
}

// lost says what a failed call means: nothing was sent, or nobody knows.
func lost(err error) error {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" || errors.Is(err, fasthttp.ErrNoFreeConns) {
		return fmt.Errorf("%w: %w", ErrResting, err)
	}
	return fmt.Errorf("%w: %w", ErrUnknown, err)
}

// Stream opens an answer of any length, for the control room. It takes no permit and does not touch the breaker; the
// caller closes the body.
func (b *Backend) Stream(ctx context.Context, r Request) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, b.base+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	req.Header.Set(route.TokenHeader, b.token)
	resp, err := b.streams.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrResting, err)
	}
	return resp, nil
}

// Watch asks the backend how it is, until ctx ends.
func (b *Backend) Watch(ctx context.Context) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		b.poll()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// poll asks once. While the breaker is not closed it goes through it, so that a backend nobody may call is still
// found to be well again.
func (b *Backend) poll() {
	status := Request{Method: http.MethodGet, Path: "/internal/status"}
	ask := func() (Answer, error) { return b.call(status, pollTimeout) }
	if b.breaker.State() != gobreaker.StateClosed {
		ask = func() (Answer, error) { return b.guarded(status) }
	}
	answer, err := ask()
	if err != nil || answer.Status != http.StatusOK {
		return
	}
	var r report
	if err := json.Unmarshal(answer.Body, &r.BackendReport); err != nil {
		b.log.Error("backend's report cannot be read", zap.Error(err))
		return
	}
	r.received = b.clock()
	b.report.Store(&r)
	b.site.ReportQueueWait(time.Duration(r.QueueWaitMS * float64(time.Millisecond)))
}

// Report returns the backend's last report, when it came, and whether that is recent; nil before the first.
func (b *Backend) Report() (r *api.BackendReport, at time.Time, fresh bool) {
	last := b.report.Load()
	if last == nil {
		return nil, time.Time{}, false
	}
	return &last.BackendReport, last.received, b.clock().Sub(last.received) < staleAfter
}

// Open tells whether requests can go to the backend now.
func (b *Backend) Open() bool {
	_, _, fresh := b.Report()
	return fresh && b.breaker.State() != gobreaker.StateOpen
}

// Gate returns what the permit gate shows.
func (b *Backend) Gate() shed.Status { return b.gate.Status() }

// Breaker returns what the breaker shows.
func (b *Backend) Breaker() api.BreakerStatus {
	state := b.breaker.State() // may move it on: read before what the move left behind
	t := b.tripped.Load()
	return api.BreakerStatus{Name: b.name, State: state.String(), Since: t.since, Reason: t.reason}
}
