package main

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

const (
	// memoryFloor is how much memory a server may use in any case, in bytes: up to there it trades memory for speed.
	memoryFloor = 576 << 20
	// memorySlack is what it may use beside one and a quarter of what it needs, in bytes.
	memorySlack = 64 << 20
	// memoryLook is how often it looks at what it needs.
	memoryLook = 5 * time.Second
)

var tuning sync.Once

// tuneMemory trades memory for speed within bounds: while a server needs little it collects garbage rarely, and however much
// it comes to need, it uses about a quarter more.
func tuneMemory() {
	tuning.Do(func() {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(memoryFloor)
		go func() {
			live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
			for range time.Tick(memoryLook) {
				metrics.Read(live)
				debug.SetMemoryLimit(memoryLimit(live[0].Value.Uint64()))
			}
		}()
	})
}

// memoryLimit is what a server may use that needs so many bytes.
func memoryLimit(live uint64) int64 {
	return max(memoryFloor, int64(live+live/4+memorySlack))
}
