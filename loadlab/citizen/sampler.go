package citizen

import (
	"fmt"
	"time"

	"github.com/daemun/daemun/loadlab/wire"
)

// Sampler asks like people in the waiting room do, without moving anybody on: for finding out how much a machine takes.
type Sampler struct{ c *Crowd }

// Sampler lets n people join through send and stands for their devices. The crowd is of no further use.
func (c *Crowd) Sampler(n int, send func(request []byte, res *wire.Response) error) (*Sampler, error) {
	for i := range c.all {
		p := &c.all[i]
		if p.offRoster {
			continue
		}
		var res wire.Response
		if err := send(c.joinRequest(nil, p, ""), &res); err != nil {
			return nil, err
		}
		ticket := wire.Text(res.Body, `"ticket":"`)
		if res.Status != 200 || len(ticket) == 0 {
			return nil, fmt.Errorf("joining answered %d: %.200s", res.Status, res.Body)
		}
		p.ticket, p.phase = string(ticket), waiting
		c.wait(int32(i))
		if len(c.waiters) == n {
			return &Sampler{c: c}, nil
		}
	}
	return nil, fmt.Errorf("only %d people are on the roster", len(c.waiters))
}

// Next is what another device of one of the people asks.
func (s *Sampler) Next(_ time.Duration, out []byte) (Action, []byte) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	return s.c.otherDevice(out)
}

// Apply only tells whether the answer was good.
func (s *Sampler) Apply(_ Action, _, _ time.Duration, res *wire.Response, err error) Outcome {
	switch {
	case err != nil:
		return Lost
	case res.Status == 503:
		return Shed
	case res.Status != 200:
		return Broken
	}
	return Good
}

// FailedTry needs no note.
func (s *Sampler) FailedTry(_, _ time.Duration, _ error) {}
