package porch

import (
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Reason is why a connection was cut.
type Reason uint8

// The reasons.
const (
	Silent      Reason = iota // said nothing
	SlowHeader                // its header took too long
	SlowBody                  // its body came too slowly
	SlowRead                  // it read its answer too slowly
	Idle                      // rested too long; what any server does
	RoomFull                  // gave way when the porch was full
	SourceFull                // gave way when its source held too many
	TurnedAway                // found no room that anybody could give
	Garbage                   // what came was no request
	BigHeader                 // 431
	BigBody                   // 413
	Pipelined                 // asked for too much in one breath
	Handshake                 // its handshake took too long, or gave way to others
	Unknown                   // no certificate, or a handshake that failed
	StreamReset               // took back too many HTTP/2 streams
	NoFiles                   // the system had no file left for it
	reasons
)

var reasonNames = [reasons]string{"silent", "slow_header", "slow_body", "slow_read", "idle", "room_full", "source_full", "turned_away",
	"garbage", "big_header", "big_body", "pipelined", "handshake", "unknown_client", "stream_reset", "no_files"}

func (r Reason) String() string {
	if r < reasons {
		return reasonNames[r]
	}
	return "unknown"
}

// ReasonNamed finds a reason by its name.
func ReasonNamed(name string) (Reason, error) {
	for i, n := range reasonNames {
		if n == name {
			return Reason(i), nil
		}
	}
	return 0, fmt.Errorf("no rule of a listener is called %q", name)
}

// counts count what was cut, and what would have been.
type counts struct {
	accepted     atomic.Uint64
	cuts, spared [reasons]atomic.Uint64
}

// cut tells whether a rule cuts or only counts, and counts n of whichever it is.
func (c *counts) cut(l *Limits, why Reason, n uint64) bool {
	if l.Dry[why] {
		c.spared[why].Add(max(n, 1))
		return false
	}
	c.cuts[why].Add(n)
	return true
}

// Status is a listener as the control room sees it.
type Status struct {
	Name     string            `json:"name"`
	Open     int               `json:"open"`
	Room     int               `json:"room"`
	Sources  int               `json:"sources"`
	Accepted uint64            `json:"accepted"`
	Cut      map[string]uint64 `json:"cut"`       // by reason, since the start; reasons that never were are left out
	WouldCut map[string]uint64 `json:"would_cut"` // the same for rules that only count
	Draining bool              `json:"draining"`
}

// Status counts.
func (p *Porch) Status() Status {
	p.mu.Lock()
	s := Status{Name: p.name, Open: len(p.open), Sources: len(p.sources)}
	p.mu.Unlock()
	s.Room, s.Accepted, s.Draining = p.room(), p.counts.accepted.Load(), p.draining.Load()
	s.Cut, s.WouldCut = named(&p.counts.cuts), named(&p.counts.spared)
	return s
}

func named(all *[reasons]atomic.Uint64) map[string]uint64 {
	out := map[string]uint64{}
	for i := range all {
		if n := all[i].Load(); n > 0 {
			out[reasonNames[i]] = n
		}
	}
	return out
}

// total is everything but connections that rested long enough.
func (s *Status) total() (n uint64) {
	for _, m := range []map[string]uint64{s.Cut, s.WouldCut} {
		for why, k := range m {
			if why != reasonNames[Idle] {
				n += k
			}
		}
	}
	return n
}

var (
	openDesc = prometheus.NewDesc("daemun_listener_open", "Connections open, by listener.", []string{"listener"}, nil)
	roomDesc = prometheus.NewDesc("daemun_listener_room", "Connections that there is room for now, by listener.", []string{"listener"}, nil)
	takenIn  = prometheus.NewDesc("daemun_listener_accepted_total", "Connections accepted, by listener.", []string{"listener"}, nil)
	cutDesc  = prometheus.NewDesc("daemun_listener_cut_total", "Connections cut, by listener, reason, and whether the rule cut or only counted.", []string{"listener", "reason", "dry_run"}, nil)
)

// Collector shows listeners as metrics.
type Collector []*Porch

// Describe implements prometheus.Collector.
func (Collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{openDesc, roomDesc, takenIn, cutDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c Collector) Collect(out chan<- prometheus.Metric) {
	for _, p := range c {
		s := p.Status()
		out <- prometheus.MustNewConstMetric(openDesc, prometheus.GaugeValue, float64(s.Open), s.Name)
		out <- prometheus.MustNewConstMetric(roomDesc, prometheus.GaugeValue, float64(s.Room), s.Name)
		out <- prometheus.MustNewConstMetric(takenIn, prometheus.CounterValue, float64(s.Accepted), s.Name)
		for i := range p.counts.cuts {
			out <- prometheus.MustNewConstMetric(cutDesc, prometheus.CounterValue, float64(p.counts.cuts[i].Load()), s.Name, reasonNames[i], "false")
			out <- prometheus.MustNewConstMetric(cutDesc, prometheus.CounterValue, float64(p.counts.spared[i].Load()), s.Name, reasonNames[i], "true")
		}
	}
}
