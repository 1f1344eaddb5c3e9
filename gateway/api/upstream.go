package api

import "time"

// States of a backend instance.
const (
	InstanceReady     = "ready"
	InstanceSlowStart = "slow_start" // just came (back): takes a growing part of its permits
	InstanceDraining  = "draining"   // is sent nothing new, and leaves when what is under way has ended
	InstanceDown      = "down"
	InstanceStandby   = "standby" // well, and by its own word does not take work
)

// InstanceStatus is one backend instance as this gateway sees it.
type InstanceStatus struct {
	URL     string    `json:"url"`
	State   string    `json:"state"`
	Since   time.Time `json:"since"`
	Ko      string    `json:"ko"` // why; empty where there is nothing to say
	En      string    `json:"en"`
	Permits int       `json:"permits"` // its limit
	// Limit is why the limit last stood where it does: start, raise, plateau, queue, ceiling, overload, hold or set. BaselineMS is how
	// long an answer takes without a queue, 0 while unknown; Throughput how many answers a second it gave when used in full.
	Limit      string        `json:"limit"`
	BaselineMS float64       `json:"baseline_ms"`
	Throughput float64       `json:"throughput"`
	InFlight   int           `json:"in_flight"`
	Share      float64       `json:"share"`      // part of its limit that it may use now, 0 to 1
	LatencyMS  float64       `json:"latency_ms"` // moving mean of its answers
	Breaker    BreakerStatus `json:"breaker"`
}
