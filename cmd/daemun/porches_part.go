package main

import (
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/overload"
	"github.com/daemun/daemun/gateway/porch"
	"github.com/daemun/daemun/gateway/pressure"
)

// part lets operators lead the citizens' listener: its bounds of connections. What they have not touched is as the flags say.
func (o *guardOptions) part(p *porch.Porch) node.Part {
	return node.Part{
		Configure: func(c overload.Config) {
			most, perSource := o.connections, o.perSource
			if untouched := overload.Default().Connections; c.Connections != untouched {
				most, perSource = c.Connections.Max, c.Connections.PerSource
			}
			p.Change(func(l *porch.Limits) {
				l.Connections, l.PerSource = most, perSource
				for _, rule := range connectionRules {
					l.Dry[rule] = !c.Enforced("connections") || o.counts(rule)
				}
			})
		},
		Show: func(all *api.Overload) {
			s := p.Status()
			all.Connections = api.ConnectionStatus{Open: int64(s.Open), Limit: int64(s.Room), Cut: s.Cut}
			all.Memory.Limit = uint64(pressure.Bound(int64(o.memory)))
			r := all.Rule("connections")
			for _, rule := range connectionRules {
				r.Refused += s.Cut[rule.String()]
				r.WouldRefuse += s.WouldCut[rule.String()]
			}
		},
	}
}

// connectionRules bound how many connections there are.
var connectionRules = []porch.Reason{porch.RoomFull, porch.SourceFull}

// counts tells whether the flags let a rule only count.
func (o *guardOptions) counts(rule porch.Reason) bool {
	for _, name := range o.dry {
		if name == rule.String() {
			return true
		}
	}
	return false
}
