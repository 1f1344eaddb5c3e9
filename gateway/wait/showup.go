package wait

import (
	"math"
	"time"
)

// ShowUp estimates the share of called people who enter: what entered within a window over what was called within the
// same window a delay earlier. Entries by people who come late to their turn count when they come, so that in a steady
// line the share is that of all who ever come. The zero value is ready.
type ShowUp struct {
	samples []sample
	share   float64
	at      time.Time
}

type sample struct {
	at              time.Time
	called, entered float64
}

const (
	showEvery  = 5 * time.Second
	showDelay  = 30 * time.Second // from the call to most entries
	showWindow = 5 * time.Minute
	showLife   = 60.0 // seconds, half-life of the smoothing
	showLeast  = 100  // people called within a window that says anything
	// showFloor and one bound what is made of the share: no more than 1 ÷ showFloor are called for one that is wanted.
	showFloor = 0.3
)

// Step takes the totals of people called and entered at a time.
func (s *ShowUp) Step(now time.Time, called, entered float64) {
	if n := len(s.samples); n > 0 {
		last := s.samples[n-1]
		if now.Sub(last.at) < showEvery {
			return
		}
		if entered < last.entered || called < last.called { // another backend's count: start afresh
			s.samples = s.samples[:0]
		}
	}
	s.samples = append(s.samples, sample{now, called, entered})
	for len(s.samples) > 1 && now.Sub(s.samples[1].at) >= showWindow+showDelay {
		s.samples = append(s.samples[:0], s.samples[1:]...)
	}
	s.reckon(now)
}

func (s *ShowUp) reckon(now time.Time) {
	first, last := s.samples[0], s.samples[len(s.samples)-1]
	until, since := first, first // newest sample at least showDelay old; oldest whose entries are counted
	for _, x := range s.samples {
		if last.at.Sub(x.at) >= showDelay {
			until = x
		}
		if x.at.Sub(first.at) <= showDelay {
			since = x
		}
	}
	called := until.called - first.called
	if called < showLeast {
		return
	}
	share := min((last.entered-since.entered)/called, 1)
	if s.share == 0 {
		s.share, s.at = max(share, showFloor), now
		return
	}
	keep := math.Exp2(-min(now.Sub(s.at).Seconds(), showLife) / showLife)
	s.share, s.at = s.share*keep+share*(1-keep), now
}

// Share is the share of called people who enter; ok is false while it is unknown.
func (s *ShowUp) Share() (share float64, ok bool) { return s.share, s.share > 0 }

// Calls is how many people to call for one who is wanted inside, given the share that enters: 1 while that is unknown (0).
func Calls(share float64) float64 {
	if share == 0 {
		return 1
	}
	return 1 / min(max(share, showFloor), 1)
}
