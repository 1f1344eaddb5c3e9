package node

import (
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/wait"
)

// rangeQuality fills in how often the waits that were shown turned out right, and how many of the called people come.
func rangeQuality(s *api.OpeningStatus, w *wait.Published) {
	if w == nil {
		return
	}
	q := w.Memory.Quality
	s.WaitRanges = api.RangeQuality{Settled: q.Settled, Held: q.Held, Unknown: float64(q.Unknown) / max(float64(q.Taken), 1)}
	if share, ok := q.LastHour(); ok {
		s.WaitRanges.LastHour = &share
	}
	if share := w.Memory.ShowUp; share > 0 {
		s.ShowUp = &share
	}
}
