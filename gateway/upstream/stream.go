package upstream

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/daemun/daemun/gateway/route"
)

// Stream opens an answer of any length, for the control room. It takes no permit and does not touch the breaker; the
// caller closes the body.
func (p *Pool) Stream(ctx context.Context, r Request) (*http.Response, error) {
	i := p.leastWaiting()
	if i == nil {
		if all := p.members.Load().list; len(all) > 0 {
			i = all[0] // the control room may look where people may not go
		} else {
			return nil, fmt.Errorf("%w: there is no instance", ErrResting)
		}
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, i.url+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	req.Header.Set(route.TokenHeader, p.token)
	resp, err := i.streams.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrResting, err)
	}
	return resp, nil
}
