package site

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Setting is the capacity of a site. It may change while it works.
type Setting struct {
	Places    int     `json:"places"`
	ServiceMS float64 `json:"service_ms"` // mean work of a request, in ms at speed 1
	Speed     float64 `json:"speed"`      // 1; 0.4 is a processor capped to 0.4
	Spread    float64 `json:"spread"`     // sigma of the logarithm of the work; 0: all requests are the same work
	Report    bool    `json:"report"`     // tell the gateway how long requests wait
}

// Capacity is how many requests a second the setting can work on.
func (s Setting) Capacity() float64 { return float64(s.Places) * s.Speed * 1000 / s.ServiceMS }

// Classes is the number of classes that a site counts, P0 to P3.
const Classes = 4

// Count is what a site has done for one class.
type Count struct {
	Started  int64 `json:"started"`
	Finished int64 `json:"finished"`
}

// Status is how a site stands.
type Status struct {
	Setting
	Working int            `json:"working"`
	Waiting int            `json:"waiting"`
	Counts  [Classes]Count `json:"counts"`
}

// Site works on requests.
type Site struct {
	counts [Classes]struct{ started, finished atomic.Int64 }

	mu      sync.Mutex
	setting Setting
	station *Station
	lot     *rand.Rand
}

// New returns an idle site.
func New(s Setting) *Site {
	return &Site{setting: s, station: NewStation(s.Places, time.Now()), lot: rand.New(rand.NewPCG(1, 2))}
}

// Work takes a place for as long as a request of the class needs one, and returns when it is done. Meanwhile it calls look now and
// then, if that is not nil.
func (s *Site) Work(class int, look func()) {
	s.counts[class].started.Add(1)
	defer s.counts[class].finished.Add(1)
	s.mu.Lock()
	work := s.draw()
	if work <= 0 { // as fast as the machine can
		s.mu.Unlock()
		return
	}
	j := &Job{Moved: make(chan struct{}, 1)}
	s.station.Arrive(time.Now(), work, j)
	done := j.Done
	s.mu.Unlock()
	s.await(j, done, look)
}

// await sleeps until the job is done, however often that moves.
func (s *Site) await(j *Job, done time.Time, look func()) {
	left := time.Until(done)
	if left <= 0 {
		return
	}
	timer := time.NewTimer(min(left, lookEvery))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-j.Moved:
		}
		s.mu.Lock()
		left = time.Until(j.Done)
		s.mu.Unlock()
		if left <= 0 {
			return
		}
		if look != nil {
			look()
		}
		timer.Reset(min(left, lookEvery))
	}
}

// draw is the work of the next request: fixed, or log-normal with the same mean. The caller holds the lock.
func (s *Site) draw() time.Duration {
	mean := s.setting.ServiceMS * float64(time.Millisecond)
	if sigma := s.setting.Spread; sigma > 0 {
		mean *= math.Exp(sigma*s.lot.NormFloat64() - sigma*sigma/2)
	}
	return time.Duration(mean)
}

// Set changes the capacity from now on.
func (s *Site) Set(setting Setting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setting = setting
	s.station.Change(time.Now(), setting.Places, setting.Speed)
}

// Clear ends all work at once, so that one measurement leaves nothing to the next.
func (s *Site) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.station.Clear(time.Now())
}

// Status is how the site stands.
func (s *Site) Status() Status {
	s.mu.Lock()
	out := Status{Setting: s.setting}
	out.Working, out.Waiting = s.station.Load(time.Now())
	s.mu.Unlock()
	for c := range out.Counts {
		out.Counts[c] = Count{s.counts[c].started.Load(), s.counts[c].finished.Load()}
	}
	return out
}

// queueWait is how long requests wait now, where the gateway is told, in ms.
func (s *Site) queueWait() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.setting.Report {
		return 0
	}
	return float64(max(0, time.Until(s.station.free[0]))) / float64(time.Millisecond)
}
