package porch

import (
	"fmt"
	"time"
)

// Limits bound one listener. Rates are bytes a second.
type Limits struct {
	Connections int           // in all; 0: as many as files and memory allow
	PerSource   int           // from one IPv4 address or IPv6 /64; 0: no bound, for a listener behind a proxy
	Silent      time.Duration // before the first byte
	Header      time.Duration // from a header's first byte to its last; over TLS, the handshake too
	Body        time.Duration // that any body has, besides its size at BodyRate
	BodyRate    int
	Answer      time.Duration // that reading any answer may take, besides its size at AnswerRate
	AnswerRate  int
	Idle        time.Duration // at rest between requests while there is room
	IdleTight   time.Duration // the same when the porch is full; in between it shrinks evenly
	Pipelined   int           // requests that one read may bring; all but the first wait for others of their kind
	Handshakes  int           // under way at once
	Resets      int           // HTTP/2 streams that a client may take back in a second
	Streams     int           // HTTP/2 streams at once

	Dry [reasons]bool // rules that only count what they would cut
}

// Citizens are the limits of the citizens' listener. Many people share an address behind a carrier's NAT, so one address may
// hold many connections.
func Citizens() Limits {
	return Limits{
		PerSource: 4096, Silent: 10 * time.Second, Header: 5 * time.Second, Body: 5 * time.Second, BodyRate: 2048,
		Answer: 10 * time.Second, AnswerRate: 4096, Idle: 2 * time.Minute, IdleTight: 2 * time.Second, Pipelined: 16,
		Handshakes: 256, Resets: 100, Streams: 100,
	}
}

// Inside are the limits of the listeners of the control room, the lanes and the backend.
func Inside() Limits {
	l := Citizens()
	l.PerSource, l.Handshakes, l.Header = 512, 64, 10*time.Second
	return l
}

// Parameter is a limit as operators see and change it; times are in seconds.
type Parameter struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
	Least float64 `json:"least"`
	Most  float64 `json:"most"`
}

// knob ties a parameter to its limit.
type knob struct {
	Parameter
	get func(*Limits) float64
	set func(*Limits, float64)
}

func count(name, unit string, least, most float64, at func(*Limits) *int) knob {
	return knob{Parameter{Name: name, Unit: unit, Least: least, Most: most},
		func(l *Limits) float64 { return float64(*at(l)) }, func(l *Limits, v float64) { *at(l) = int(v) }}
}

func seconds(name string, least, most float64, at func(*Limits) *time.Duration) knob {
	return knob{Parameter{Name: name, Unit: "s", Least: least, Most: most},
		func(l *Limits) float64 { return at(l).Seconds() }, func(l *Limits, v float64) { *at(l) = time.Duration(v * float64(time.Second)) }}
}

var knobs = []knob{
	count("connections", "connections", 0, 1e6, func(l *Limits) *int { return &l.Connections }),
	count("connections_per_source", "connections", 0, 1e6, func(l *Limits) *int { return &l.PerSource }),
	seconds("silent", 0.5, 120, func(l *Limits) *time.Duration { return &l.Silent }),
	seconds("header", 0.5, 60, func(l *Limits) *time.Duration { return &l.Header }),
	seconds("body", 0.5, 60, func(l *Limits) *time.Duration { return &l.Body }),
	count("body_rate", "bytes/s", 64, 1e6, func(l *Limits) *int { return &l.BodyRate }),
	seconds("answer", 0.5, 120, func(l *Limits) *time.Duration { return &l.Answer }),
	count("answer_rate", "bytes/s", 64, 1e6, func(l *Limits) *int { return &l.AnswerRate }),
	seconds("idle", 1, 600, func(l *Limits) *time.Duration { return &l.Idle }),
	seconds("idle_tight", 0.1, 60, func(l *Limits) *time.Duration { return &l.IdleTight }),
	count("pipelined", "requests", 1, 1000, func(l *Limits) *int { return &l.Pipelined }),
	count("handshakes", "handshakes", 1, 10000, func(l *Limits) *int { return &l.Handshakes }),
	count("resets", "streams/s", 1, 100000, func(l *Limits) *int { return &l.Resets }),
}

// Parameters are the limits in force, by name.
func (p *Porch) Parameters() []Parameter {
	l := p.limits.Load()
	out := make([]Parameter, len(knobs))
	for i, k := range knobs {
		out[i] = k.Parameter
		out[i].Value = k.get(l)
	}
	return out
}

// Set changes one limit at once, for connections that are open too from their next step on.
func (p *Porch) Set(name string, value float64) error {
	for _, k := range knobs {
		if k.Name != name {
			continue
		}
		if !(value >= k.Least && value <= k.Most) {
			return fmt.Errorf("limit %s of the listener %s: %g %s; want %g to %g", name, p.name, value, k.Unit, k.Least, k.Most)
		}
		p.Change(func(l *Limits) { k.set(l, value) })
		return nil
	}
	return fmt.Errorf("the listener %s has no limit called %q", p.name, name)
}

// SetDry lets a rule only count what it would cut, or lets it cut again.
func (p *Porch) SetDry(why Reason, dry bool) error {
	if why >= reasons {
		return fmt.Errorf("the listener %s has no such rule", p.name)
	}
	p.Change(func(l *Limits) { l.Dry[why] = dry })
	return nil
}

// Change changes limits at once, without a look at their bounds.
func (p *Porch) Change(by func(*Limits)) {
	for {
		was := p.limits.Load()
		next := *was
		by(&next)
		if p.limits.CompareAndSwap(was, &next) {
			return
		}
	}
}
