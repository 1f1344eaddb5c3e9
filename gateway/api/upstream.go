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

// UpstreamStatus is how the gateway reaches the backend. Totals count since the gateway started.
type UpstreamStatus struct {
	Instances []InstanceStatus `json:"instances"`
	Originals uint64           `json:"originals"` // requests for the backend
	Attempts  uint64           `json:"attempts"`  // how often they were tried; Attempts ÷ Originals stays below 1.1
	Kept      uint64           `json:"kept"`      // answers given from memory
	Merged    uint64           `json:"merged"`    // requests that shared the answer to another one
	// SnapshotAgeS is the age up to which lists are given from memory without asking; 0: always asked for.
	SnapshotAgeS float64 `json:"snapshot_age_s"`
}

// InstanceStatus is one backend instance as this gateway sees it.
type InstanceStatus struct {
	URL       string        `json:"url"`
	State     string        `json:"state"`
	Since     time.Time     `json:"since"`
	Ko        string        `json:"ko"` // why; empty where there is nothing to say
	En        string        `json:"en"`
	Permits   int           `json:"permits"` // its limit
	InFlight  int           `json:"in_flight"`
	Share     float64       `json:"share"`      // part of its limit that it may use now, 0 to 1
	LatencyMS float64       `json:"latency_ms"` // moving mean of its answers
	Breaker   BreakerStatus `json:"breaker"`
}
