package upstream

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/shed"
)

// Add takes an instance in while everything runs; it is sent work once it has said that it is well. One that is draining
// stays after all. Adding one that is there changes nothing.
func (p *Pool) Add(url string) error { return p.add(url, false) }

// add takes an instance in; one that is trusted is sent work at once.
func (p *Pool) add(url string, trusted bool) error {
	host, secure, err := place(url)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	if i := p.find(spelt(host, secure)); i != nil {
		i.draining = false
		p.settle(now)
		return nil
	}
	i := p.newInstance(host, secure)
	i.unasked, i.heardAt = !trusted, now
	old := p.members.Load()
	next := &members{list: append(slices.Clone(old.list), i), bySite: map[*shed.Site]*instance{i.site: i}}
	maps.Copy(next.bySite, old.bySite)
	p.become(i, i.judged(now, p.config.Load().Health, false), now, p.config.Load().Health)
	p.members.Store(next)
	return nil
}

// Drain lets an instance finish what it has, for as long as the configuration says, and then leave. Draining one that is
// gone, or that never was there, changes nothing. Where it was the last one the backend rests until another is added.
func (p *Pool) Drain(url string) error {
	host, secure, err := place(url)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := p.find(spelt(host, secure)); i != nil && !i.draining {
		now := p.clock()
		i.draining, i.drainBy = true, now.Add(p.config.Load().Health.Drain)
		p.settle(now)
	}
	return nil
}

// SetInstances adds those that are missing and drains those that are too many. An address that cannot be changes nothing.
func (p *Pool) SetInstances(urls []string) error {
	wanted := map[string]bool{}
	for _, url := range urls {
		host, secure, err := place(url)
		if err != nil {
			return err
		}
		wanted[spelt(host, secure)] = true
	}
	for _, url := range urls {
		if err := p.Add(url); err != nil {
			return err
		}
	}
	for _, i := range p.members.Load().list {
		if !wanted[i.url] {
			if err := p.Drain(i.url); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Pool) find(url string) *instance {
	list := p.members.Load().list
	if at := slices.IndexFunc(list, func(i *instance) bool { return i.url == url }); at >= 0 {
		return list[at]
	}
	return nil
}

// dismiss takes an instance out. The caller holds the lock.
func (p *Pool) dismiss(i *instance) {
	old := p.members.Load()
	next := &members{bySite: maps.Clone(old.bySite)}
	next.list = slices.DeleteFunc(slices.Clone(old.list), func(o *instance) bool { return o == i })
	delete(next.bySite, i.site)
	i.site.Close()
	p.members.Store(next)
	i.gone.Store(true)
	i.letGo()
}

// Status is how the backend is reached. Totals count since the pool was made.
type Status struct {
	Instances []api.InstanceStatus
	Originals uint64 // requests for the backend
	Attempts  uint64 // how often they were tried; Attempts ÷ Originals stays below 1.1
	Kept      uint64 // answers given from memory
	Merged    uint64 // requests that shared the answer to another one
}

// Status reports the pool's state.
func (p *Pool) Status() Status {
	originals, seconds := p.tries.originals.Load(), p.tries.seconds.Load()
	return Status{Instances: p.Instances(), Originals: originals, Attempts: originals + seconds, Kept: p.kept.given.Load(), Merged: p.kept.merged.Load()}
}

// Instances shows every instance, in the order in which they came.
func (p *Pool) Instances() []api.InstanceStatus {
	list := p.members.Load().list
	out := make([]api.InstanceStatus, len(list))
	for n, i := range list {
		s, c := i.site.Status(), i.shown.Load()
		out[n] = api.InstanceStatus{
			URL: i.url, State: c.state, Since: c.since, Ko: c.why.ko, En: c.why.en,
			Permits: s.Limit.Permits, Limit: s.Limit.Reason, BaselineMS: milliseconds(s.Limit.Baseline), Throughput: s.Limit.Throughput, InFlight: s.InFlight, Share: s.Share, LatencyMS: 1000 * math.Float64frombits(i.latency.Load()),
			Breaker: i.breaker.status(),
		}
	}
	return out
}

// Breakers shows the breaker of every instance.
func (p *Pool) Breakers() []api.BreakerStatus {
	list := p.members.Load().list
	out := make([]api.BreakerStatus, len(list))
	for n, i := range list {
		out[n] = i.breaker.status()
	}
	return out
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (b *breaker) status() api.BreakerStatus {
	s := b.shown.Load()
	return api.BreakerStatus{
		Name: b.name, State: s.state.String(), Since: s.since, Until: s.until, Reason: s.why.en, ReasonKo: s.why.ko,
		Refused: b.refused.Load(), WouldRefuse: b.wouldRefuse.Load(), DryRun: b.cfg.Load().DryRun,
	}
}
