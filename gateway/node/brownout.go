package node

import (
	"runtime/metrics"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/brownout"
	"github.com/daemun/daemun/gateway/overload"
	"github.com/daemun/daemun/gateway/shed"
)

// lookEvery is how often the ladder looks at the signals.
const lookEvery = time.Second

// brownedOut is the ladder with what it was last told; under protection's lock.
type brownedOut struct {
	ladder  *brownout.Ladder
	counted [shed.Lane][2]uint64 // offered and shed by class, until the last look
}

// measured is what the ladder makes of a moment: what everybody does, and what the signals alone would have them do.
type measured struct {
	holds, would brownout.Measures
}

// turned counts those whom the ladder keeps from the backend.
type turned struct{ refused, would atomic.Uint64 }

// Measures are what the ladder has everybody do now. They are not to be changed.
func (n *Node) Measures() *brownout.Measures { return &n.measures.Load().holds }

// Admits tells whether the ladder lets requests of a class go to the backend, and counts those that it does not.
func (n *Node) Admits(class shed.Class) bool {
	m := n.measures.Load()
	switch {
	case !m.holds.Admits(class):
		n.turned.refused.Add(1)
		return false
	case !m.would.Admits(class):
		n.turned.would.Add(1)
	}
	return true
}

// takeHold tells the ladder what operators say of it. Under protection's lock.
func (n *Node) takeHold(h *overload.Hold, c *overload.Config, now time.Time) {
	l := n.protection.brownout.ladder
	l.Configure(c.Brownout)
	if h == nil {
		l.Release()
	} else {
		l.Hold(h.Step, brownout.Cause{Ko: "운영자 고정: " + h.Reason, En: "Held by an operator: " + h.Reason}, now)
	}
	n.measure(c)
}

// measure makes the measures of where the ladder stands. An operator's word takes effect even where the ladder's own moves
// only count.
func (n *Node) measure(c *overload.Config) {
	s := n.protection.brownout.ladder.Status()
	m := measured{would: brownout.MeasuresOf(s.Step, c.Brownout.Age)}
	m.holds = m.would
	if !s.Held && !c.Enforced("brownout") {
		m.holds = brownout.MeasuresOf(brownout.Full, c.Brownout.Age)
	}
	n.measures.Store(&m)
	n.keepLists(m.holds.SnapshotAge)
}

// look shows the ladder how this gateway stands.
func (n *Node) look(now time.Time) {
	seen := n.overloadStatus(now)
	p := &n.protection
	p.mu.Lock()
	defer p.mu.Unlock()
	s := n.signals(&seen)
	if !p.brownout.ladder.Look(&s, now) {
		return
	}
	n.measure(&p.config)
	to := p.brownout.ladder.Status()
	n.log.Warn("brownout ladder moved", zap.Stringer("step", to.Step), zap.String("why", to.Cause.En), zap.Bool("enforced", p.config.Enforced("brownout")))
}

func (n *Node) signals(seen *api.Overload) brownout.Signal {
	gate := n.backend.Gate().Status()
	s := brownout.Signal{Lag: n.Late(), Wait: gate.Waited}
	if gate.Permits > 0 {
		s.Idle = max(0, 1-float64(gate.InFlight)/float64(gate.Permits))
	}
	if m := seen.Memory; m.Limit > 0 {
		s.Memory = float64(liveHeap()) / float64(m.Limit)
	}
	if c := seen.Connections; c.Limit > 0 {
		s.Connections = float64(c.Open) / float64(c.Limit)
	}
	for _, i := range seen.Instances {
		switch i.State {
		case api.InstanceReady, api.InstanceSlowStart:
			s.Ready, s.Instances = s.Ready+1, s.Instances+1
		case api.InstanceDown:
			s.Instances++
		}
	}
	b := &n.protection.brownout
	for class := range shed.Lane {
		offered, away := n.meter.Counts(int(class))
		if class <= n.Measures().Lowest { // whom the ladder turns away itself says nothing about the backend
			s.Offered[class], s.Shed[class] = offered-b.counted[class][0], away-b.counted[class][1]
		}
		b.counted[class] = [2]uint64{offered, away}
	}
	return s
}

// liveHeap is how much of the memory the last collection found in use, in bytes.
func liveHeap() uint64 { return readMetric("/gc/heap/live:bytes") }

// memoryUsed is what the process has of the machine, garbage included, in bytes.
func memoryUsed() uint64 {
	return readMetric("/memory/classes/total:bytes") - readMetric("/memory/classes/heap/released:bytes")
}

func readMetric(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
