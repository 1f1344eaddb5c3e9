package node

import (
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/overload"
)

// backendPart leads the pool of backend instances by what operators say.
func (n *Node) backendPart() Part {
	return Part{Configure: n.configureBackend, Follow: n.followInstances, Show: n.showBackend}
}

func (n *Node) configureBackend(o overload.Config) {
	n.backend.Gate().Configure(o.Gate)
	c := n.backend.Config()
	c.Breaker.Ratio, c.Breaker.MinCalls, c.Breaker.Rest, c.Breaker.SlowCall = o.Breaker.Ratio, o.Breaker.Requests, o.Breaker.Open, o.Breaker.Slow
	c.Breaker.DryRun = !o.Enforced("breaker")
	c.Health.SlowStart = o.SlowStart
	if err := n.backend.Configure(c); err != nil {
		n.log.Error("the backend's settings stay as they were", zap.Error(err))
	}
}

// keepLists says up to which age lists may be given from memory without asking.
func (n *Node) keepLists(age time.Duration) {
	c := n.backend.Config()
	if c.Fallback.SnapshotAge == age {
		return
	}
	c.Fallback.SnapshotAge = age
	if err := n.backend.Configure(c); err != nil {
		n.log.Error("lists are kept as long as before", zap.Error(err))
	}
}

func (n *Node) followInstances(list []overload.Instance) {
	var urls []string
	for _, i := range list {
		if !i.Draining {
			urls = append(urls, i.URL)
		}
	}
	if err := n.backend.SetInstances(urls); err != nil {
		n.log.Error("the backend's instances stay as they were", zap.Error(err))
	}
}

// showBackend shows the instances, what was asked of them, and what the gate of permits does.
func (n *Node) showBackend(o *api.Overload) {
	s := n.backend.Status()
	o.Instances, o.Originals, o.Attempts, o.Kept, o.Merged = s.Instances, s.Originals, s.Attempts, s.Kept, s.Merged
	rule := o.Rule("breaker")
	for i := range s.Instances {
		b := &s.Instances[i].Breaker
		rule.Refused, rule.WouldRefuse = rule.Refused+b.Refused, rule.WouldRefuse+b.WouldRefuse
	}
	showGate(n.backend.Gate().Status(), o)
}
