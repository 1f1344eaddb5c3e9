package control

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/daemun/daemun/gateway/api"
)

var (
	instancePermits = describe("backend_instance_permits", "Requests that may be out to the instance at once, by its limit.", "instance")
	instanceFlight  = describe("backend_instance_in_flight", "Requests out to the instance.", "instance")
	instanceShare   = describe("backend_instance_share", "Part of its permits that the instance may use: 0 while it is down, drained or stands by.", "instance")
	instanceLatency = describe("backend_instance_latency_seconds", "Moving mean of how long the instance takes to answer.", "instance")
	keptAnswers     = describe("backend_kept_answers_total", "Lists given from memory, because the backend could not be asked or need not be.")
	mergedRequests  = describe("backend_merged_requests_total", "Requests that shared the answer to another one.")

	upstreamMetrics = []*prometheus.Desc{instancePermits, instanceFlight, instanceShare, instanceLatency, keptAnswers, mergedRequests}
)

func collectUpstream(s *api.Overload, gauge func(*prometheus.Desc, float64, ...string), counter func(*prometheus.Desc, uint64, ...string)) {
	for i := range s.Instances {
		in := &s.Instances[i]
		gauge(instancePermits, float64(in.Permits), in.URL)
		gauge(instanceFlight, float64(in.InFlight), in.URL)
		gauge(instanceShare, in.Share, in.URL)
		gauge(instanceLatency, in.LatencyMS/1000, in.URL)
	}
	counter(keptAnswers, s.Kept)
	counter(mergedRequests, s.Merged)
}
