package node

import (
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/overload"
)

// lateness turns people away while the scheduler runs this gateway too late.
type lateness struct {
	lag     atomic.Int64 // nanoseconds that the ticker came late
	most    atomic.Int64 // of them, that are borne
	dry     atomic.Bool
	refused atomic.Uint64
	would   atomic.Uint64
}

func (l *lateness) bound(c *overload.Config) {
	l.most.Store(int64(c.Lag))
	l.dry.Store(!c.Enforced("lag"))
}

// saw takes one measurement, smoothed over the last ones.
func (l *lateness) saw(late time.Duration) { l.lag.Store((l.lag.Load()*7 + int64(late)) / 8) }

func (l *lateness) show(o *api.Overload) {
	o.LagMS = float64(l.lag.Load()) / float64(time.Millisecond)
	r := o.Rule("lag")
	r.Refused, r.WouldRefuse = r.Refused+l.refused.Load(), r.WouldRefuse+l.would.Load()
}

// Behind tells whether this gateway has more to do than it can, going by how late the scheduler runs it.
func (n *Node) Behind() bool {
	l := &n.lateness
	return l.lag.Load() > l.most.Load() && !l.dry.Load()
}

// TurnsAway is Behind for a request that is turned away then: it is counted, and so is one that only would be.
func (n *Node) TurnsAway() bool {
	l := &n.lateness
	switch {
	case l.lag.Load() <= l.most.Load():
		return false
	case l.dry.Load():
		l.would.Add(1)
		return false
	}
	l.refused.Add(1)
	return true
}
