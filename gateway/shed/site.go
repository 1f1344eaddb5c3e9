package shed

import "time"

// Site is one backend instance as the gate sees it: a limit of its own, and how much of it may be used now. All sites are
// fed from the same queues.
type Site struct {
	gate     *Gate
	limit    Limit
	share    float64
	inFlight int
}

// Open adds an instance. It gets nothing before SetShare.
func (g *Gate) Open() *Site {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &Site{gate: g, limit: NewLimit(g.cfg.Limit)}
	g.sites = append(g.sites, s)
	return s
}

// SetShare says which part of its limit a site may use: 1 the whole, 0 nothing because it is down or being drained, less
// than 1 while it warms up, and then at least one permit. Where no site has a share nobody waits any longer.
func (s *Site) SetShare(share float64) {
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	s.share = min(max(share, 0), 1)
	g.redistribute()
}

// Close takes a site out. Permits that are out stay good.
func (s *Site) Close() {
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	s.share = 0
	for i, other := range g.sites {
		if other == s {
			g.sites = append(g.sites[:i:i], g.sites[i+1:]...)
			break
		}
	}
	g.redistribute()
}

// redistribute is called when what sites may use has changed. The caller holds the lock.
func (g *Gate) redistribute() {
	if g.permits() == 0 {
		g.sendAway()
		return
	}
	g.grant()
}

// ReportQueueWait tells how long writes wait inside the instance, by its own word.
func (s *Site) ReportQueueWait(wait time.Duration) {
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	s.limit.ReportQueueWait(g.clock(), wait)
	g.grant()
}

// SiteStatus is what a site shows to operators.
type SiteStatus struct {
	Limit    LimitStatus
	Permits  int     // of them, those that may be used now
	InFlight int     // requests that are out
	Share    float64 // as set
}

// Status reports the site's state.
func (s *Site) Status() SiteStatus {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	return SiteStatus{Limit: s.limit.Status(), Permits: s.permits(), InFlight: s.inFlight, Share: s.share}
}

// permits is how many requests may be out to the site at once.
func (s *Site) permits() int {
	if s.share <= 0 {
		return 0
	}
	return max(1, int(float64(s.limit.Permits())*s.share))
}

// permits is how many requests may be out to all sites at once.
func (g *Gate) permits() (n int) {
	for _, s := range g.sites {
		n += s.permits()
	}
	return n
}

// choose returns the site with the least to do, for what it may do, that has room; nil where none has. Where the limit is
// only tried, every site that is there has room.
func (g *Gate) choose() (best *Site) {
	least := 1.0
	if g.cfg.Trial[RuleLimit] {
		least = 1e9
	}
	for _, s := range g.sites {
		permits := s.permits()
		if permits == 0 {
			continue
		}
		if load := float64(s.inFlight) / float64(permits); load < least {
			best, least = s, load
		}
	}
	return best
}
