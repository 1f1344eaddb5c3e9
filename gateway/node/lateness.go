package node

import (
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/overload"
	"github.com/daemun/daemun/gateway/pressure"
)

// lateness turns people away while the scheduler runs this gateway too late.
type lateness struct {
	delay   *pressure.Delay
	dry     atomic.Bool
	refused atomic.Uint64
	would   atomic.Uint64
}

func newLateness() lateness { return lateness{delay: pressure.NewDelay(overload.Default().Lag)} }

func (l *lateness) bound(c *overload.Config) {
	l.delay.SetBound(c.Lag)
	l.dry.Store(!c.Enforced("lag"))
}

func (l *lateness) show(o *api.Overload) {
	o.LagMS = float64(l.delay.Late()) / float64(time.Millisecond)
	r := o.Rule("lag")
	r.Refused, r.WouldRefuse = r.Refused+l.refused.Load(), r.WouldRefuse+l.would.Load()
}

// Behind tells whether this gateway has more to do than it can, going by how late the scheduler runs it.
func (n *Node) Behind() bool {
	l := &n.lateness
	return l.delay.Behind() && !l.dry.Load()
}

// Late is how late the scheduler runs this gateway.
func (n *Node) Late() time.Duration { return n.lateness.delay.Late() }

// TurnsAway is Behind for a request that is turned away then: it is counted, and so is one that only would be.
func (n *Node) TurnsAway() bool {
	l := &n.lateness
	switch {
	case !l.delay.Behind():
		return false
	case l.dry.Load():
		l.would.Add(1)
		return false
	}
	l.refused.Add(1)
	return true
}
