package identity

import (
	"context"
	"sync"
	"time"
)

const (
	probeWell = 30 * time.Second // between two probes of a provider that answers
	probeIll  = time.Second      // of one that does not, or was never reached
)

// Watch probes the providers with pages of their own until ctx ends. A provider that is down is tried through its breaker,
// so that it is found well again without anybody being sent there.
func (s *Service) Watch(ctx context.Context) {
	var wg sync.WaitGroup
	for _, p := range s.providers {
		if away, ok := p.Provider.(Away); ok {
			wg.Go(func() { p.watch(ctx, away) })
		}
	}
	wg.Wait()
}

func (g *guarded) watch(ctx context.Context, away Away) {
	for {
		// What comes of it the breaker knows, and with it the operators.
		_, _ = do(ctx, g.guard, func(ctx context.Context) (struct{}, error) { return struct{}{}, away.Probe(ctx) })
		pause := probeWell
		if !g.ready() {
			pause = probeIll
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// Health is what operators see of a provider.
type Health struct {
	Provider string
	State    string // closed, half-open, open
	Since    time.Time
	Reason   string
}

// Health returns what operators see of the providers that can fail.
func (s *Service) Health() []Health {
	var out []Health
	for _, p := range s.providers {
		if _, ok := p.Provider.(Away); !ok {
			continue
		}
		h := p.guard.health()
		out = append(out, Health{Provider: p.ID, State: h.state, Since: h.since, Reason: h.reason})
	}
	return out
}
