package lane

import (
	"sync"
	"time"
)

// What one agent may ask: so many requests a second in the long run, so many at once. A page asks for a place every few
// seconds for each person on its list; a person at work never comes near.
const (
	agentPerS  = 10.0
	agentBurst = 60.0
	agentKept  = 10 * time.Minute // how long one who is silent is remembered; by then their bucket has long been full
)

// bucket holds what may be asked at once; it fills by the second.
type bucket struct {
	left float64
	at   time.Time
}

// take takes one, or says how long to wait for it; 0: taken.
func (b *bucket) take(now time.Time, perS, most float64) (wait time.Duration) {
	if b.at.IsZero() {
		b.left = most
	} else if since := now.Sub(b.at); since > 0 {
		b.left = min(most, b.left+perS*since.Seconds())
	}
	b.at = now
	if b.left >= 1 {
		b.left--
		return 0
	}
	// Rounded up: nothing, or less than it takes, would not be a wait.
	return time.Duration((1-b.left)/perS*float64(time.Second)) + time.Microsecond
}

// agents bounds what each one asks.
type agents struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	swept   time.Time
}

func (a *agents) take(name string, now time.Time) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.buckets == nil {
		a.buckets = map[string]*bucket{}
	}
	if now.Sub(a.swept) > agentKept {
		a.swept = now
		for other, b := range a.buckets {
			if now.Sub(b.at) > agentKept {
				delete(a.buckets, other)
			}
		}
	}
	b := a.buckets[name]
	if b == nil {
		b = &bucket{}
		a.buckets[name] = b
	}
	return b.take(now, agentPerS, agentBurst)
}

// entries reserves a share of the pace of entries for the lane. What it does not use is nobody's loss: it is taken from
// nothing, the public goes on at the pace that the backend bears.
type entries struct {
	mu sync.Mutex
	bucket
}

// Even the slowest pace leaves the lane an entry every other second, and ten at once after a silence.
const (
	entriesLeast = 0.5
	entriesBurst = 10.0
)

// take tells whether an entry is within the reserve, where people are called in at a pace (a second, all gateways together).
func (e *entries) take(now time.Time, share, pace float64, gateways int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return share > 0 && e.bucket.take(now, max(entriesLeast, share*pace/float64(max(1, gateways))), entriesBurst) == 0
}
