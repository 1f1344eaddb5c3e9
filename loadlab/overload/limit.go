package overload

import (
	"context"
	"slices"
	"time"

	"github.com/daemun/daemun/loadlab/bench"
	"github.com/daemun/daemun/loadlab/overload/load"
)

// limitWatch reads the limit of our gateway from its control API, ten times a second.
type limitWatch struct {
	ours    *ours // nil: there is no limit to be seen
	samples []limitSample
}

type limitSample struct {
	at    time.Duration
	limit float64
}

func (w *limitWatch) run(ctx context.Context, start time.Time) {
	if w.ours == nil {
		return
	}
	tick := time.NewTicker(load.Grain)
	defer tick.Stop()
	for {
		if s, err := w.ours.snapshot(ctx); err == nil {
			w.samples = append(w.samples, limitSample{time.Since(start), float64(s.Capacity.PermitLimit)})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// cells is the limit by grains; nil where it is not known.
func (w *limitWatch) cells() []float64 {
	var out []float64
	for _, s := range w.samples {
		for i := int(s.at / load.Grain); len(out) <= i; {
			out = append(out, s.limit)
		}
	}
	return out
}

const (
	near      = 0.15 // of the value that the limit comes to
	nearAbout = 500 * time.Millisecond
)

// followed is how long after an event the limit is within 15 % of what it comes to, its median over the last two seconds
// before the end. A single reading says little while it probes: what counts is the median of half a second.
func (w *limitWatch) followed(at, end time.Duration) (time.Duration, bool) {
	steady := w.median(end-steadyLast, end)
	if steady == 0 {
		return 0, false
	}
	for _, s := range w.samples {
		if s.at < at || s.at >= end {
			continue
		}
		if m := w.median(s.at, s.at+nearAbout); m > steady*(1-near) && m < steady*(1+near) {
			return s.at - at, true
		}
	}
	return end - at, true
}

func (w *limitWatch) median(from, to time.Duration) float64 {
	var values []float64
	for _, s := range w.samples {
		if s.at >= from && s.at < to {
			values = append(values, s.limit)
		}
	}
	return bench.Median(slices.Clone(values))
}
