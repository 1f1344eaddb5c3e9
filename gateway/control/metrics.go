package control

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/daemun/daemun/gateway/node"
)

// collector turns the control room's snapshot into metrics when they are asked for.
type collector struct {
	node  *node.Node
	clock func() time.Time
	off   func() time.Duration
}

func registry(o Options) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collector{o.Node, o.Clock, o.ClockOff}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	r.MustRegister(o.Metrics...)
	return r
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("daemun_"+name, help, labels, nil)
}

var (
	requests  = describe("requests_total", "Requests by class and outcome.", "class", "outcome")
	problems  = describe("problems_total", "Answered problems by code.", "code")
	waiting   = describe("queue_waiting", "People whose turn has not come, estimated.", "opening")
	joined    = describe("queue_joined", "People with a place, estimated.", "opening")
	speed     = describe("queue_speed", "People called in a second, measured.", "opening")
	entered   = describe("admissions", "Admissions recorded.", "opening")
	booked    = describe("bookings_active", "Active bookings.", "opening")
	stockLeft = describe("stock_left", "Doses left.", "opening")
	rangeHeld = describe("wait_range_settled_total", "Sampled wait ranges whose end is known, by whether the turn came within them.", "opening", "held")
	rangeHour = describe("wait_range_last_hour_ratio", "Share of wait ranges that held, weighted by people, of those settled in the last hour.", "opening")
	rangeNone = describe("wait_range_unknown_ratio", "Share of samples at which no range could be given.", "opening")
	showUp    = describe("show_up_ratio", "Share of the people called lately who entered.", "opening")
	permits   = describe("permits", "Requests that may be out to the backend at once.")
	inFlight  = describe("in_flight", "Requests out to the backend.")
	breaker   = describe("breaker_open", "1 while the breaker is not closed.", "name")
	leads     = describe("leader", "1 while this gateway leads.")
	clockOff  = describe("host_clock_set_seconds", "How far the host's clock was set while the gateway ran; 0 while it is followed.")
)

// Describe implements prometheus.Collector.
func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range append([]*prometheus.Desc{requests, problems, waiting, joined, speed, entered, booked, stockLeft, rangeHeld, rangeHour, rangeNone, showUp, permits, inFlight, breaker, leads, clockOff}, slices.Concat(messageMetrics, overloadMetrics, upstreamMetrics)...) {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(clockOff, c.off().Seconds())
	s := c.node.Status(c.clock())
	for _, class := range s.Classes {
		counter(requests, class.Answered, class.Class, "answered")
		counter(requests, class.Shed, class.Class, "shed")
	}
	for code, n := range s.Errors {
		counter(problems, n, code)
	}
	for _, o := range s.Openings {
		gauge(waiting, float64(o.Waiting), o.ID)
		gauge(joined, float64(o.Joined), o.ID)
		gauge(speed, o.Speed, o.ID)
		gauge(entered, float64(o.Entered), o.ID)
		gauge(booked, float64(o.Booked), o.ID)
		if o.StockLeft != nil {
			gauge(stockLeft, float64(*o.StockLeft), o.ID)
		}
		counter(rangeHeld, uint64(o.WaitRanges.Held), o.ID, "yes")
		counter(rangeHeld, uint64(o.WaitRanges.Settled-o.WaitRanges.Held), o.ID, "no")
		gauge(rangeNone, o.WaitRanges.Unknown, o.ID)
		if o.WaitRanges.LastHour != nil {
			gauge(rangeHour, *o.WaitRanges.LastHour, o.ID)
		}
		if o.ShowUp != nil {
			gauge(showUp, *o.ShowUp, o.ID)
		}
	}
	gauge(permits, float64(s.Capacity.PermitLimit))
	gauge(inFlight, float64(s.Capacity.InFlight))
	for _, b := range s.Breakers {
		gauge(breaker, truth(b.State != "closed"), b.Name)
	}
	gauge(leads, truth(s.Leader))
	collectOverload(&s.Overload, gauge, counter)
	collectUpstream(&s.Overload, gauge, counter)
	collectMessages(&s.Backend.Notify, gauge, counter)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
