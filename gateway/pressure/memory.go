// Package pressure says how near this process is to what it may use: of memory, and of processor time.
package pressure

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// floor is how much memory a server may use in any case, in bytes: up to there it trades memory for speed.
	floor = 576 << 20
	// slack is what it may use beside one and a quarter of what it needs, in bytes.
	slack = 64 << 20
	// part is how much of its bound the collector may let the process fill; the rest is for what the collector does not see.
	part = 0.9
	// easy and full are the parts of the bound at which pressure begins, and at which it is 1.
	easy, full = 0.6, 0.9
	look       = 250 * time.Millisecond
)

var memory atomic.Uint64 // float64 bits

// Memory is the pressure on this process's memory: 0 while it needs less than six tenths of its bound, 1 from nine tenths on,
// even in between. Without [WatchMemory] it is 0.
func Memory() float64 { return math.Float64frombits(memory.Load()) }

var watching sync.Once

// WatchMemory trades memory for speed within bounds: while a server needs little it collects garbage rarely, however much it
// comes to need it uses about a quarter more, and it stays below most, in bytes; 0: what the system grants.
func WatchMemory(most int64) {
	watching.Do(func() {
		debug.SetGCPercent(400)
		go watchMemory(Bound(most))
	})
}

func watchMemory(bound int64) {
	used := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	tick := time.NewTicker(look)
	defer tick.Stop()
	for ; ; <-tick.C {
		metrics.Read(used)
		live, stacks := used[0].Value.Uint64(), used[1].Value.Uint64()
		held := used[2].Value.Uint64() - used[3].Value.Uint64()
		debug.SetMemoryLimit(soft(live, bound))
		memory.Store(math.Float64bits(of(live+stacks, held, bound)))
	}
}

// soft is what the collector may let a server fill that needs so many bytes.
func soft(live uint64, bound int64) int64 {
	return min(max(floor, int64(live+live/4+slack)), int64(float64(bound)*part))
}

// of is the pressure of needing so many bytes within a bound. What is held counts only where the collector can no longer keep
// it below its limit: up to there most of it is garbage.
func of(need, held uint64, bound int64) float64 {
	p := (float64(need)/float64(bound) - easy) / (full - easy)
	if over := float64(held)/float64(bound) - part; over > 0 {
		p = max(p, 0.5+over/(2*(1-part)))
	}
	return min(max(p, 0), 1)
}
