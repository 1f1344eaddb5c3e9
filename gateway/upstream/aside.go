package upstream

import (
	"context"
	"fmt"

	"github.com/sony/gobreaker/v2"
	"github.com/valyala/fasthttp"
)

// asideMax is how many requests may be aside at once: more than the backend sends to all identity providers together, so
// that one provider that hangs leaves room for the others.
const asideMax = 512

// aside is the way for requests that wait for somebody else's server. They have connections and a bound of their own.
type aside struct {
	client *fasthttp.HostClient
	places chan struct{}
}

func newAside(address string) aside {
	return aside{client: newClient(address, asideMax), places: make(chan struct{}, asideMax)}
}

// Aside sends a request that waits for somebody else's server: an identity provider. It takes no permit, because it would
// keep it for as long as that server pleases, and what comes of it says nothing about the backend, so neither limit nor
// breaker hear of it. The errors are those of Do.
func (b *Backend) Aside(_ context.Context, r Request) (Answer, error) {
	select {
	case b.aside.places <- struct{}{}:
		defer func() { <-b.aside.places }()
	default:
		return Answer{}, fmt.Errorf("%w: %d requests wait for other servers", ErrBusy, asideMax)
	}
	if b.breaker.State() == gobreaker.StateOpen {
		return Answer{}, fmt.Errorf("%w: %w", ErrResting, gobreaker.ErrOpenState)
	}
	return b.callBy(b.aside.client, r, callTimeout)
}
