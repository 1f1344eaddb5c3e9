// Package meter counts what a gateway does, without a lock: requests by class with their latency, problems by code.
package meter

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// Classes of requests: P0 to P3 go to the backend, L is the reserved lane, W is answered from memory.
const (
	L       = 4
	W       = 5
	classes = 6
)

var names = [classes]string{"P0", "P1", "P2", "P3", "L", "W"}

// stripes spread the counters of one class over cache lines, so that cores do not fight for one.
const stripes = 8

// buckets are powers of two of 16 µs: the last holds everything above 8 s.
const (
	buckets    = 20
	bucketUnit = 16 * time.Microsecond
)

type stripe struct {
	offered, answered, shed atomic.Uint64
	latency                 [buckets]atomic.Uint64
	_                       [64]byte
}

// Meter is safe for concurrent use. Its zero value is ready.
type Meter struct {
	classes [classes][stripes]stripe
	errors  sync.Map // code → *atomic.Uint64

	mu       sync.Mutex // guards what Status compares with
	last     [classes]uint64
	lastLat  [classes][buckets]uint64
	lastTime time.Time
	current  []api.ClassStatus
}

// Count takes one request: its class, how long the answer took, whether it was shed. hint spreads writers; any
// number that differs between connections will do.
func (m *Meter) Count(class int, took time.Duration, shed bool, hint uint32) {
	s := &m.classes[class][hint%stripes]
	s.offered.Add(1)
	if shed {
		s.shed.Add(1)
	} else {
		s.answered.Add(1)
	}
	s.latency[min(bits.Len64(uint64(took/bucketUnit)), buckets-1)].Add(1)
}

// Problem counts an answered problem by its code.
func (m *Meter) Problem(code string) {
	n, ok := m.errors.Load(code)
	if !ok {
		n, _ = m.errors.LoadOrStore(code, new(atomic.Uint64))
	}
	n.(*atomic.Uint64).Add(1)
}

// Problems returns the counts by code.
func (m *Meter) Problems() map[string]uint64 {
	out := map[string]uint64{}
	m.errors.Range(func(code, n any) bool {
		out[code.(string)] = n.(*atomic.Uint64).Load()
		return true
	})
	return out
}

// Shed is how many requests of the class were shed so far.
func (m *Meter) Shed(class int) (n uint64) {
	for i := range m.classes[class] {
		n += m.classes[class][i].shed.Load()
	}
	return n
}

// Counts is how many requests of the class came so far, and how many of them were shed.
func (m *Meter) Counts(class int) (offered, shed uint64) {
	for i := range m.classes[class] {
		offered += m.classes[class][i].offered.Load()
	}
	return offered, m.Shed(class)
}

// Status returns the classes with totals, and rates and percentiles of what came in since it was last renewed, at
// most once a second.
func (m *Meter) Status(now time.Time) []api.ClassStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	elapsed := now.Sub(m.lastTime)
	if m.current != nil && elapsed < time.Second {
		return m.current
	}
	out := make([]api.ClassStatus, classes)
	for c := range classes {
		out[c] = m.status(c, elapsed)
	}
	m.lastTime, m.current = now, out
	return out
}

func (m *Meter) status(c int, elapsed time.Duration) api.ClassStatus {
	s := api.ClassStatus{Class: names[c]}
	var latency, fresh [buckets]uint64
	for i := range m.classes[c] {
		stripe := &m.classes[c][i]
		s.Offered += stripe.offered.Load()
		s.Answered += stripe.answered.Load()
		s.Shed += stripe.shed.Load()
		for b := range latency {
			latency[b] += stripe.latency[b].Load()
		}
	}
	for b := range latency {
		fresh[b] = latency[b] - m.lastLat[c][b]
	}
	if m.current != nil {
		s.PerS = float64(s.Offered-m.last[c]) / elapsed.Seconds()
	}
	s.P50MS, s.P99MS = quantile(&fresh, 0.5), quantile(&fresh, 0.99)
	m.last[c], m.lastLat[c] = s.Offered, latency
	return s
}

// quantile returns the upper bound, in milliseconds, of the bucket that holds the quantile.
func quantile(counts *[buckets]uint64, q float64) float64 {
	total := uint64(0)
	for _, n := range counts {
		total += n
	}
	if total == 0 {
		return 0
	}
	seen, want := uint64(0), uint64(q*float64(total-1))+1
	for b, n := range counts {
		if seen += n; seen >= want {
			return float64(bucketUnit<<b) / float64(time.Millisecond)
		}
	}
	return 0
}
