package upstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/daemun/daemun/gateway/shed"
)

// Do sends a request: permit, breaker, call. The errors are ErrBusy, ErrResting and ErrUnknown, wrapped.
func (p *Pool) Do(ctx context.Context, prio shed.Priority, r Request) (Answer, error) {
	permit, err := p.admit(ctx, prio)
	if err != nil {
		return Answer{}, err
	}
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	r.write(req, p.token)
	if err := p.send(ctx, prio, permit, req, resp); err != nil {
		return Answer{}, err
	}
	return read(resp), nil
}

// Relay is Do for a request as the listener read it, for somebody at an address. The answer is left in out, which holds
// nothing else then: with what is passed back of its headers, and without being copied. Where there is an error, out is
// empty.
func (p *Pool) Relay(ctx context.Context, prio shed.Priority, in *fasthttp.Request, from string, out *fasthttp.Response) error {
	permit, err := p.admit(ctx, prio)
	if err != nil {
		return err
	}
	req := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(req)
	passOn(in, req, from, p.token)
	if err := p.send(ctx, prio, permit, req, out); err != nil {
		out.Reset()
		return err
	}
	prune(out)
	return nil
}

// What most refusals are, made once.
var (
	errShed   = fmt.Errorf("%w: %w", ErrBusy, shed.ErrShed)
	errWaited = fmt.Errorf("%w: %w", ErrBusy, shed.ErrTimeout)
	errNoSite = fmt.Errorf("%w: %w", ErrResting, shed.ErrNoSite)
)

// admit waits for a permit. What is refused here costs nothing more.
func (p *Pool) admit(ctx context.Context, prio shed.Priority) (shed.Permit, error) {
	if let := p.screen.Load(); let != nil && !(*let)(prio.Class) {
		return shed.Permit{}, errShed
	}
	permit, err := p.gate.Acquire(ctx, prio)
	switch err {
	case nil:
	case shed.ErrShed:
		err = errShed
	case shed.ErrTimeout:
		err = errWaited
	case shed.ErrNoSite:
		err = errNoSite
	default:
		err = fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return permit, err
}

// send sends a request by a permit, and once more by another where that is of use and harmless: see again.
func (p *Pool) send(ctx context.Context, prio shed.Priority, permit shed.Permit, req *fasthttp.Request, resp *fasthttp.Response) error {
	p.tries.original()
	i, err := p.once(permit, req, resp)
	if err == nil || i == nil || !p.again(i, req, err) {
		return err
	}
	permit, refused := p.admit(ctx, prio)
	if refused != nil {
		return err
	}
	p.tries.second()
	_, err = p.once(permit, req, resp)
	return err
}

// again tells whether a request may go out a second time: a read or a write with a key, to another instance if this one takes
// no connections, to any if a connection that was kept had been closed; and only as long as few do.
func (p *Pool) again(i *instance, req *fasthttp.Request, err error) bool {
	if !req.Header.IsGet() && len(req.Header.Peek(idempotencyHeader)) == 0 {
		return false
	}
	var closed *fault
	switch {
	case !errors.As(err, &closed):
		return false // nothing was tried
	case sent(closed.err) && cutOff(closed.err):
		i.client.CloseIdleConnections() // where one is dead the others are
	case sent(closed.err) || !p.another(i):
		return false
	default:
		p.missed(i, closed.words) // until it answers a question the others go on without it
	}
	return p.tries.afford()
}

// another tells whether anybody but one takes work.
func (p *Pool) another(than *instance) bool {
	for _, i := range p.members.Load().list {
		if i != than && i.takes() {
			return true
		}
	}
	return false
}

// once sends a request to the instance that its permit is for; nil where that has left. The permit is given back whatever
// happens.
func (p *Pool) once(permit shed.Permit, req *fasthttp.Request, resp *fasthttp.Response) (*instance, error) {
	outcome := shed.Outcome{Failed: true}
	defer func() { permit.Release(outcome) }()
	i, err := p.of(permit.Site())
	if err != nil {
		return nil, err
	}
	verdict, err := p.guarded(i, req, resp)
	outcome = shed.Outcome{Failed: err != nil, Overloaded: verdict == errOverloaded}
	return i, err
}

var errPanic = &fault{words: saidPanic}

// guarded sends a request through an instance's breaker, which hears of it exactly once.
func (p *Pool) guarded(i *instance, req *fasthttp.Request, resp *fasthttp.Response) (verdict, err error) {
	done, err := i.breaker.allow()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrResting, i.host, err)
	}
	verdict = errPanic
	defer func() {
		i.breaker.note(verdict)
		done(verdict)
		p.turned(i)
	}()
	config := p.config.Load()
	start := time.Now()
	var seen *fault
	if err = i.call(i.client, req, resp, config.CallTimeout); err != nil {
		seen, err = lost(err)
		verdict = seen
		if away(seen) {
			p.missed(i, seen.words)
		}
		return verdict, err
	}
	took := time.Since(start)
	i.took(took)
	verdict = judge(resp, took, config.Breaker.SlowCall)
	return verdict, nil
}

// call sends a request to an instance by one of its clients. It ends by itself within the timeout.
func (i *instance) call(client *fasthttp.HostClient, req *fasthttp.Request, resp *fasthttp.Response, timeout time.Duration) error {
	req.Header.SetHost(i.host)
	req.SetRequestURIBytes(req.Header.RequestURI()) // read anew, with this instance for host
	if i.secure {
		req.URI().SetScheme("https")
	}
	err := client.DoTimeout(req, resp, timeout)
	if i.gone.Load() {
		client.CloseIdleConnections()
	}
	return err
}
