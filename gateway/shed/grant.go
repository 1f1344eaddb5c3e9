package shed

// free tells whether an arrival of the class need not wait.
func (g *Gate) free(class Class) bool {
	switch {
	case g.inFlight >= g.limit.Permits() || g.queues[class].live > 0:
		return false
	case class == Lane && g.laneOwed():
		return true
	}
	return g.waiting == 0
}

// laneOwed tells whether the lane has less than its share.
func (g *Gate) laneOwed() bool {
	return g.cfg.LaneShare > 0 && g.inLane < max(1, int(g.cfg.LaneShare*float64(g.limit.Permits())))
}

// take counts a permit that goes out.
func (g *Gate) take(class Class) {
	g.inFlight++
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
	for g.inFlight < g.limit.Permits() {
		w := g.next()
		if w == nil {
			return
		}
		g.left(w.class, 1)
		g.take(w.class)
		w.state = granted
		close(w.answer)
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
	return g.queues[c].popNewest()
}
