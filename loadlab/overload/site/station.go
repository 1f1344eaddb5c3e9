// Package site is a backend of known capacity: places that each work on one request at a time, and an unbounded queue
// before them, in order of arrival. It answers what a gateway asks of Daemun's backend, and goes on working on requests
// whose senders have left: that is what makes a site without a gateway collapse.
package site

import (
	"cmp"
	"slices"
	"time"
)

// Station is the model of the places: when a job that arrives now will be done. It has no clock and does no waiting, so that
// its capacity does not depend on how late a busy machine wakes those who wait. It is not safe for concurrent use.
type Station struct {
	places int
	speed  float64     // work done in a second, 1 as a rule
	free   []time.Time // when each place is free again, a heap, the earliest first
	jobs   []*Job      // not done when last looked at, in order of arrival
}

// Job is one piece of work. Start and Done move when the station's capacity changes.
type Job struct {
	Start, Done time.Time
	Moved       chan struct{} // told, without blocking, that Done has moved

	work time.Duration // what is left of it at Start, at speed 1
}

// NewStation returns an idle station.
func NewStation(places int, now time.Time) *Station {
	s := &Station{places: places, speed: 1}
	for range places {
		s.free = append(s.free, now)
	}
	return s
}

// Arrive takes in a job: it starts on the place that is free first, not before those who came earlier.
func (s *Station) Arrive(now time.Time, work time.Duration, j *Job) {
	s.forget(now)
	j.work = work
	s.plan(now, j)
	s.jobs = append(s.jobs, j)
}

// plan gives a job its place.
func (s *Station) plan(now time.Time, j *Job) {
	j.Start = s.free[0]
	if j.Start.Before(now) {
		j.Start = now
	}
	j.Done = j.Start.Add(s.takes(j.work))
	s.free[0] = j.Done
	s.sink()
}

func (s *Station) takes(work time.Duration) time.Duration {
	return time.Duration(float64(work) / s.speed)
}

// sink restores the heap after its first place got busy.
func (s *Station) sink() {
	for i := 0; ; {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(s.free) && s.free[child].Before(s.free[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		s.free[i], s.free[least] = s.free[least], s.free[i]
		i = least
	}
}

// forget drops the jobs at the head that are done, and all of them once they are many.
func (s *Station) forget(now time.Time) {
	n := 0
	for n < len(s.jobs) && !s.jobs[n].Done.After(now) {
		s.jobs[n] = nil
		n++
	}
	s.jobs = s.jobs[n:]
}

// Change sets places and speed from now on. Work that has begun keeps its place and goes on at the new speed; where there
// are fewer places than work begun, those that are free first are given up. Both must be above 0.
func (s *Station) Change(now time.Time, places int, speed float64) {
	s.jobs = slices.DeleteFunc(s.jobs, func(j *Job) bool { return !j.Done.After(now) })
	before := s.speed
	s.places, s.speed, s.free = places, speed, s.free[:0]
	var waiting []*Job
	for _, j := range s.jobs {
		if j.Start.After(now) {
			waiting = append(waiting, j)
			continue
		}
		j.work = time.Duration(float64(j.Done.Sub(now)) * before)
		j.Done = now.Add(s.takes(j.work))
		s.free = append(s.free, j.Done)
		j.tell()
	}
	s.fit(now)
	for _, j := range waiting {
		s.plan(now, j)
		j.tell()
	}
}

// fit makes the heap as large as there are places.
func (s *Station) fit(now time.Time) {
	for len(s.free) < s.places {
		s.free = append(s.free, now)
	}
	slices.SortFunc(s.free, func(a, b time.Time) int { return cmp.Compare(a.Sub(now), b.Sub(now)) })
	s.free = s.free[len(s.free)-s.places:]
}

// Clear ends everything at once: the station is idle again.
func (s *Station) Clear(now time.Time) {
	for _, j := range s.jobs {
		j.Done = now
		j.tell()
	}
	s.jobs, s.free = nil, s.free[:0]
	s.fit(now)
}

// Load is how many jobs are worked on and how many wait.
func (s *Station) Load(now time.Time) (working, waiting int) {
	for _, j := range s.jobs {
		switch {
		case !j.Done.After(now):
		case j.Start.After(now):
			waiting++
		default:
			working++
		}
	}
	return working, waiting
}

func (j *Job) tell() {
	select {
	case j.Moved <- struct{}{}:
	default:
	}
}
