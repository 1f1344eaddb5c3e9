package probe

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
)

// Every is how often the doors are tried.
const Every = time.Minute

// Watch tries the doors again and again and raises an alarm where one does not refuse.
type Watch struct {
	target Target
	clock  func() time.Time
	log    *zap.Logger

	mu     sync.Mutex
	status api.DoorStatus
	total  uint64
	open   map[string]api.Door
	mute   map[string]bool // doors that could not be tried in the last round
}

// NewWatch returns a Watch that has tried nothing yet.
func NewWatch(t Target, clock func() time.Time, log *zap.Logger) *Watch {
	return &Watch{target: t, clock: clock, log: log, open: map[string]api.Door{}, mute: map[string]bool{}, status: api.DoorStatus{Open: []api.Door{}}}
}

// Run tries at once and then every minute, until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	ticker := time.NewTicker(Every)
	defer ticker.Stop()
	for {
		if results := Round(ctx, w.target); ctx.Err() == nil {
			w.note(results)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// note takes the results of a round over. Each change is logged once: a door found open, one shut again, one that cannot
// be tried any more. A door that could not be tried stays what it was.
func (w *Watch) note(results []Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock()
	status := api.DoorStatus{TriedAt: now, Open: []api.Door{}}
	var muted []Result
	for _, r := range results {
		_, wasOpen := w.open[r.Name]
		switch r.State {
		case Open:
			status.Tried++
			if !wasOpen {
				w.open[r.Name] = api.Door{Name: r.Name, At: now, Ko: r.Ko, En: r.En}
				w.log.Error("a door that must be shut is open", zap.String("door", r.Name), zap.String("found", r.En))
			}
		case Shut:
			status.Tried++
			if wasOpen {
				delete(w.open, r.Name)
				w.log.Info("a door is shut again", zap.String("door", r.Name))
			}
		case Untried:
			status.Untried++
			if !w.mute[r.Name] {
				muted = append(muted, r)
			}
		}
		w.mute[r.Name] = r.State == Untried
	}
	if len(muted) > 0 { // one line, as they mostly have one cause
		w.log.Warn("doors cannot be tried", zap.Int("doors", len(muted)), zap.String("first", muted[0].Name), zap.String("why", muted[0].En))
	}
	for _, r := range results { // in the order of the doors
		if d, ok := w.open[r.Name]; ok {
			status.Open = append(status.Open, d)
		}
	}
	w.total += uint64(status.Tried)
	w.status = status
}

// Status is what the last round found.
func (w *Watch) Status() api.DoorStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status
}

var (
	openDoors  = prometheus.NewDesc("daemun_doors_open", "Doors that must be shut and did not refuse when last tried.", nil, nil)
	mutedDoors = prometheus.NewDesc("daemun_doors_untried", "Doors that could not be tried in the last round.", nil, nil)
	triedDoors = prometheus.NewDesc("daemun_doors_tried_total", "Doors tried.", nil, nil)
)

// Describe implements prometheus.Collector.
func (w *Watch) Describe(out chan<- *prometheus.Desc) {
	out <- openDoors
	out <- mutedDoors
	out <- triedDoors
}

// Collect implements prometheus.Collector.
func (w *Watch) Collect(out chan<- prometheus.Metric) {
	w.mu.Lock()
	status, total := w.status, w.total
	w.mu.Unlock()
	out <- prometheus.MustNewConstMetric(openDoors, prometheus.GaugeValue, float64(len(status.Open)))
	out <- prometheus.MustNewConstMetric(mutedDoors, prometheus.GaugeValue, float64(status.Untried))
	out <- prometheus.MustNewConstMetric(triedDoors, prometheus.CounterValue, float64(total))
}
