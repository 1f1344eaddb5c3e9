package control

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/daemun/daemun/gateway/node"
)

// collector turns the control room's snapshot into metrics when they are asked for.
type collector struct {
	node  *node.Node
	clock func() time.Time
}

func registry(n *node.Node, clock func() time.Time) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collector{n, clock}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
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
	permits   = describe("permits", "Requests that may be out to the backend at once.")
	inFlight  = describe("in_flight", "Requests out to the backend.")
	breaker   = describe("breaker_open", "1 while the breaker is not closed.", "name")
	leads     = describe("leader", "1 while this gateway leads.")
)

// Describe implements prometheus.Collector.
func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{requests, problems, waiting, joined, speed, entered, booked, stockLeft, permits, inFlight, breaker, leads} {
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
	}
	gauge(permits, float64(s.Capacity.PermitLimit))
	gauge(inFlight, float64(s.Capacity.InFlight))
	for _, b := range s.Breakers {
		gauge(breaker, truth(b.State != "closed"), b.Name)
	}
	gauge(leads, truth(s.Leader))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
