package shed

// site returns the site that an arrival of the class may go to at once; nil where it has to wait.
func (g *Gate) site(class Class) *Site {
	s := g.choose()
	switch {
	case s == nil:
		return nil
	case g.cfg.Trial[RuleLimit]:
		if s.inFlight >= s.permits() {
			g.rules[RuleLimit].would++
		}
		return s
	case g.queues[class].live > 0:
		return nil
	case class == Lane && g.laneOwed(), g.waiting == 0:
		return s
	}
	return nil
}

// idles tells whether permits lie idle, so that a threshold has turned away too many: after the machine stood still for a
// moment it knows too little of what the backend bears.
func (g *Gate) idles() bool {
	return g.waiting == 0 && float64(g.inFlight) < idle*float64(g.permits())
}

// idle is the share of the permits up to which some lie idle; the last ones come and go.
const idle = 0.85

// laneOwed tells whether the lane has less than its share.
func (g *Gate) laneOwed() bool {
	return g.cfg.LaneShare > 0 && g.inLane < max(1, int(g.cfg.LaneShare*float64(g.permits())))
}

// take counts a permit that goes out.
func (g *Gate) take(class Class, s *Site) {
	s.inFlight++
	g.inFlight++
	g.levels.served++
	if class == Lane {
		g.inLane++
	}
}

// left counts waiters who are gone.
func (g *Gate) left(class Class, n int) {
	if class != Lane {
		g.waiting -= n
	}
}

// grant hands free permits to waiters. The caller holds the lock.
func (g *Gate) grant() {
	for g.waiting > 0 || g.queues[Lane].live > 0 {
		s := g.choose()
		if s == nil {
			return
		}
		w := g.next()
		if w == nil {
			return
		}
		g.left(w.class, 1)
		g.take(w.class, s)
		w.site = s
		w.tell(granted)
	}
}

// next takes the waiter whose turn it is out of its queue; nil where nobody waits.
func (g *Gate) next() *waiter {
	switch lane := g.queues[Lane].live > 0; {
	case lane && (g.waiting == 0 || g.laneOwed()):
		return g.queues[Lane].popOldest()
	case g.waiting == 0:
		return nil
	}
	g.grants++
	for c := public - 1; c > P0; c-- {
		if share := g.cfg.Share[c]; share > 0 && g.grants%uint64(share) == 0 && g.queues[c].live > 0 {
			return g.pop(c)
		}
	}
	for c := P0; ; c++ {
		if g.queues[c].live > 0 {
			return g.pop(c)
		}
	}
}

func (g *Gate) pop(c Class) *waiter {
	if c <= P1 {
		return g.queues[c].popOldest()
	}
	return g.queues[c].popFirst()
}

// sendAway ends every wait, for there is nowhere to go.
func (g *Gate) sendAway() {
	for c := range g.queues {
		for w := g.queues[c].popOldest(); w != nil; w = g.queues[c].popOldest() {
			g.left(w.class, 1)
			w.tell(unsent)
		}
	}
}
