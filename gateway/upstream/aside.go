package upstream

import (
	"context"
	"fmt"

	"github.com/valyala/fasthttp"
)

// asideMax is how many requests may be aside at once: more than the backend sends to all identity providers together, so
// that one provider that hangs leaves room for the others.
const asideMax = 512

// Aside sends a request that waits for somebody else's server: an identity provider. It takes no permit, because it would
// keep it for as long as that server pleases, and what comes of it says nothing about the backend, so neither limit nor
// breaker hear of it. It has connections and a bound of its own. The errors are those of Do.
func (p *Pool) Aside(_ context.Context, r Request) (Answer, error) {
	select {
	case p.aside <- struct{}{}:
		defer func() { <-p.aside }()
	default:
		return Answer{}, fmt.Errorf("%w: %d requests wait for other servers", ErrBusy, asideMax)
	}
	i := p.leastWaiting()
	if i == nil {
		return Answer{}, fmt.Errorf("%w: no instance takes work", ErrResting)
	}
	i.waiting.Add(1)
	defer i.waiting.Add(-1)
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	r.write(req, p.token)
	if err := i.call(i.waits, req, resp, p.Config().CallTimeout); err != nil {
		if sent(err) && cutOff(err) {
			i.waits.CloseIdleConnections()
		}
		_, err = lost(err)
		return Answer{}, err
	}
	return read(resp), nil
}

// leastWaiting is the instance that takes work and has the fewest requests aside; nil where none takes any.
func (p *Pool) leastWaiting() (least *instance) {
	for _, i := range p.members.Load().list {
		if i.takes() && (least == nil || i.waiting.Load() < least.waiting.Load()) {
			least = i
		}
	}
	return least
}
