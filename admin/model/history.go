package model

import (
	"math"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// historyLength is five minutes at one snapshot a second.
const historyLength = 300

// Window is the time that the charts cover.
const Window = historyLength * time.Second

// gapAfter: samples further apart than this are not joined by a line.
const gapAfter = 4 * time.Second

// Sample is one second of history. Rates are NaN where they are unknown: at the first snapshot and across a restart
// of the server, whose totals begin at zero again.
type Sample struct {
	At          time.Time
	Gap         bool // nothing is known about the time before it
	Openings    map[string]OpeningSample
	PermitLimit float64
	InFlight    float64
	QueueWaitMS float64
	ShedPerS    float64            // all classes
	Sheds       map[string]float64 // per second, by class
	Errors      map[string]float64 // per second, by code
}

// OpeningSample is one opening in a sample.
type OpeningSample struct {
	Waiting     float64 // people
	Speed       float64 // people a second called in, as the server measured it
	EnteredPerS float64
	BookedPerS  float64
}

// rates turns totals into values a second between two snapshots.
type rates struct {
	seconds float64
	known   bool
}

func ratesBetween(prev, cur *api.Snapshot) rates {
	if prev == nil || restarted(prev, cur) {
		return rates{}
	}
	return rates{seconds: cur.At.Sub(prev.At).Seconds(), known: true}
}

// of is the rate between two totals. A total that fell (bookings cancelled) is no negative rate but none.
func (r rates) of(prev, cur float64) float64 {
	if !r.known {
		return math.NaN()
	}
	return max(0, cur-prev) / r.seconds
}

// restarted reports whether cur comes from another run of the server than prev.
func restarted(prev, cur *api.Snapshot) bool {
	return prev.Node != cur.Node || !prev.UpSince.Equal(cur.UpSince)
}

// sampleOf makes the sample of cur; prev may be nil and must be older.
func sampleOf(prev, cur *api.Snapshot) Sample {
	r := ratesBetween(prev, cur)
	s := Sample{
		At:          cur.At,
		Gap:         prev == nil || cur.At.Sub(prev.At) > gapAfter,
		Openings:    openingSamples(r, prev, cur),
		PermitLimit: float64(cur.Capacity.PermitLimit),
		InFlight:    float64(cur.Capacity.InFlight),
		QueueWaitMS: cur.Capacity.QueueWaitMS,
		Sheds:       make(map[string]float64, len(cur.Classes)),
		Errors:      make(map[string]float64, len(cur.Errors)),
	}
	before := classSheds(prev)
	for _, c := range cur.Classes {
		rate := r.of(before[c.Class], float64(c.Shed))
		s.Sheds[c.Class] = rate
		s.ShedPerS += rate
	}
	for code, n := range cur.Errors {
		s.Errors[code] = r.of(errorTotal(prev, code), float64(n))
	}
	return s
}

func openingSamples(r rates, prev, cur *api.Snapshot) map[string]OpeningSample {
	samples := make(map[string]OpeningSample, len(cur.Openings))
	for i := range cur.Openings {
		o := &cur.Openings[i]
		entered, booked := math.NaN(), math.NaN()
		if was := findOpening(prev, o.ID); was != nil {
			entered = r.of(float64(was.Entered), float64(o.Entered))
			booked = r.of(float64(was.Booked), float64(o.Booked))
		}
		samples[o.ID] = OpeningSample{
			Waiting: float64(o.Waiting), Speed: o.Speed, EnteredPerS: entered, BookedPerS: booked,
		}
	}
	return samples
}

func classSheds(s *api.Snapshot) map[string]float64 {
	sheds := map[string]float64{}
	if s != nil {
		for _, c := range s.Classes {
			sheds[c.Class] = float64(c.Shed)
		}
	}
	return sheds
}

func errorTotal(s *api.Snapshot, code string) float64 {
	if s == nil {
		return 0
	}
	return float64(s.Errors[code])
}

func findOpening(s *api.Snapshot, id string) *api.OpeningStatus {
	if s == nil {
		return nil
	}
	for i := range s.Openings {
		if s.Openings[i].ID == id {
			return &s.Openings[i]
		}
	}
	return nil
}

// ring keeps the newest n values, oldest first.
type ring[T any] struct {
	n     int
	items []T
}

func (r *ring[T]) push(v T) {
	if len(r.items) == r.n {
		copy(r.items, r.items[1:])
		r.items = r.items[:r.n-1]
	}
	r.items = append(r.items, v)
}

// all is a copy, safe to keep while the ring moves on.
func (r *ring[T]) all() []T { return append([]T(nil), r.items...) }
