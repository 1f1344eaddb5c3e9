// Package porch is where connections stand before anybody answers them. It keeps room for whoever comes next: so many
// connections in all and from one source, so much time for each thing that a client does, and when room runs out the
// connections that say nothing go first, those of the source that holds most before any other. Whoever was there first and
// behaves stays.
//
// One Porch watches one listener: the citizens' by [Porch.ServeFast], those over net/http by [Porch.Serve]. What it cuts is
// counted by reason and told in one line a minute, never one by one.
package porch

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Options are what a Porch needs. Memory is the pressure on the process's memory, 0 to 1; nil: none.
type Options struct {
	Name   string // of the listener, for people and metrics
	Most   int    // connections that the process's files and memory allow here, whatever Limits say
	Limits Limits
	Memory func() float64
	Log    *zap.Logger
}

// Porch watches the connections of one listener. Its methods are safe for concurrent use.
type Porch struct {
	name   string
	most   int
	memory func() float64
	log    *zap.Logger
	limits atomic.Pointer[Limits]
	breath chan struct{} // held by requests that came in one breath with another
	counts counts
	began  time.Time

	held        atomic.Int64 // connections open
	handshaking atomic.Int64
	draining    atomic.Bool
	ending      atomic.Bool // the listener ends

	mu      sync.Mutex // taken when a connection comes or goes, never for a request
	open    []*Conn
	sources map[source]*visitors
}

// New returns a Porch.
func New(o Options) *Porch {
	p := &Porch{name: o.Name, most: max(o.Most, 1), memory: o.Memory, log: o.Log, began: time.Now(), sources: map[source]*visitors{}, breath: make(chan struct{}, 2)}
	if p.memory == nil {
		p.memory = func() float64 { return 0 }
	}
	if p.log == nil {
		p.log = zap.NewNop()
	}
	l := o.Limits
	p.limits.Store(&l)
	return p
}

// Limits are the limits in force.
func (p *Porch) Limits() Limits { return *p.limits.Load() }

// clock is the time since the porch was made; it cannot be set.
func (p *Porch) clock() time.Duration { return time.Since(p.began) }

// room is how many connections there is room for now: less while memory is short.
func (p *Porch) room() int {
	room := p.most
	if l := p.limits.Load(); l.Connections > 0 {
		room = min(room, l.Connections)
	}
	const easy = 0.5 // of the pressure: up to there nothing shrinks
	if m := p.memory(); m > easy {
		room -= int(float64(room) * 0.75 * (min(m, 1) - easy) / (1 - easy))
	}
	return max(room, 1)
}

// idleTime is how long a connection may rest between two requests: the fuller the porch, the shorter.
func (p *Porch) idleTime() time.Duration {
	l := p.limits.Load()
	used := float64(p.held.Load()) / float64(p.room())
	if used <= 0.5 || l.IdleTight >= l.Idle {
		return l.Idle
	}
	return l.IdleTight + time.Duration(float64(l.Idle-l.IdleTight)*2*max(0, 1-used))
}

// admit gives a connection its place, making room if it must; nil means that there is none and that it was turned away.
func (p *Porch) admit(raw net.Conn, own bool) *Conn {
	c := &Conn{Conn: raw, porch: p, own: own, from: sourceOf(raw.RemoteAddr())}
	c.since.Store(int64(p.clock()))
	p.mu.Lock()
	gone := p.makeWay(c.from)
	ok := p.enter(c)
	p.mu.Unlock()
	for _, v := range gone {
		v.drop()
	}
	if !ok {
		turnAway(raw, own)
		return nil
	}
	p.counts.accepted.Add(1)
	return c
}

// makeWay ends connections so that one more from this source has room.
func (p *Porch) makeWay(from source) (gone []*Conn) {
	l := p.limits.Load()
	if v := p.sources[from]; v != nil && l.PerSource > 0 && v.n >= l.PerSource && p.counts.cut(l, SourceFull, 0) {
		gone = p.evict(SourceFull, batch(v.n-l.PerSource+1, l.PerSource), func(c *Conn) bool { return c.from == from })
	}
	room := p.room()
	if over := len(p.open) - room + 1; over > 0 && (len(p.open) >= p.most || p.counts.cut(l, RoomFull, 0)) {
		gone = append(gone, p.evict(RoomFull, batch(over, room), func(*Conn) bool { return true })...)
	}
	return gone
}

// batch is how many connections are ended at once: choosing them looks at all, so it is not done for each newcomer.
func batch(over, of int) int { return over + of/16 }

// enter writes a connection down; false: there is no room.
func (p *Porch) enter(c *Conn) bool {
	l := p.limits.Load()
	v := p.sources[c.from]
	if v == nil {
		v = &visitors{}
		p.sources[c.from] = v
	}
	full := len(p.open) >= p.most || !l.Dry[RoomFull] && len(p.open) >= p.room() || !l.Dry[SourceFull] && l.PerSource > 0 && v.n >= l.PerSource
	if full {
		p.counts.cuts[TurnedAway].Add(1)
		if v.n == 0 {
			delete(p.sources, c.from)
		}
		return false
	}
	v.n++
	c.at = len(p.open)
	p.open = append(p.open, c)
	p.held.Store(int64(len(p.open)))
	return true
}

// leave takes a connection off the list, once.
func (p *Porch) leave(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove(c)
}

func (p *Porch) remove(c *Conn) {
	if c.at < 0 {
		return
	}
	last := len(p.open) - 1
	p.open[c.at] = p.open[last]
	p.open[c.at].at = c.at
	p.open[last] = nil
	p.open = p.open[:last]
	c.at = -1
	p.held.Store(int64(last))
	if v := p.sources[c.from]; v != nil {
		if v.n--; v.n == 0 {
			delete(p.sources, c.from)
		}
	}
}

// tellEvery is how often what was cut is written to the log.
const tellEvery = time.Minute

// tell writes to the log what was cut, until ctx ends.
func (p *Porch) tell(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	var before uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s := p.Status()
		if now := s.total(); now != before {
			before = now
			p.log.Info("connections were cut", zap.String("listener", p.name), zap.Any("cut", s.Cut), zap.Any("would_cut", s.WouldCut), zap.Int("open", s.Open), zap.Int("room", s.Room))
		}
	}
}
