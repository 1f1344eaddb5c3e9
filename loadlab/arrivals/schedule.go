// Package arrivals says when load comes: how many requests are due at which instant, when each citizen first shows up,
// how soon an impatient one refreshes, how long patience lasts and which clinic is popular. No I/O, no clock: chance
// comes from a seeded source, time is an offset from the start of the run.
package arrivals

import (
	"errors"
	"fmt"
	"sort"
	"time"
)

// Step is the grain of a schedule: inside a step the rate is constant.
const Step = 50 * time.Millisecond

// Schedule is a table of due times for a fixed number of requests: an open loop, decided before the run and never
// bent by how the server does.
type Schedule struct {
	cum []uint64 // requests due before the end of step i
}

// NewSchedule spreads total requests over d in proportion to weight, which is asked once a step with the offset of the
// step's middle.
func NewSchedule(total uint64, d time.Duration, weight func(time.Duration) float64) (*Schedule, error) {
	steps := int(d / Step)
	if steps < 1 || total < 1 {
		return nil, errors.New("a schedule needs at least one step and one request")
	}
	sums := make([]float64, steps)
	sum := 0.0
	for i := range sums {
		w := weight(time.Duration(i)*Step + Step/2)
		if w < 0 {
			return nil, fmt.Errorf("negative weight at %v", time.Duration(i)*Step)
		}
		sum += w
		sums[i] = sum
	}
	if sum <= 0 {
		return nil, errors.New("a schedule needs some weight")
	}
	s := &Schedule{cum: make([]uint64, steps)}
	for i, v := range sums {
		s.cum[i] = uint64(v / sum * float64(total))
	}
	s.cum[steps-1] = total
	return s, nil
}

// Total is the number of requests.
func (s *Schedule) Total() uint64 { return s.cum[len(s.cum)-1] }

// Duration is the length of the table.
func (s *Schedule) Duration() time.Duration { return time.Duration(len(s.cum)) * Step }

// Due is when request n (from 0) is due, as an offset from the start.
func (s *Schedule) Due(n uint64) time.Duration {
	i := sort.Search(len(s.cum), func(i int) bool { return s.cum[i] > n })
	if i == len(s.cum) {
		return s.Duration()
	}
	before := uint64(0)
	if i > 0 {
		before = s.cum[i-1]
	}
	return time.Duration(i)*Step + Step*time.Duration(n-before)/time.Duration(s.cum[i]-before)
}

// Rate is how many requests a second are due around offset t.
func (s *Schedule) Rate(t time.Duration) float64 {
	i := min(max(int(t/Step), 0), len(s.cum)-1)
	before := uint64(0)
	if i > 0 {
		before = s.cum[i-1]
	}
	return float64(s.cum[i]-before) / Step.Seconds()
}

// DueBy is how many requests are due until offset t.
func (s *Schedule) DueBy(t time.Duration) uint64 {
	i := int(t / Step)
	if i >= len(s.cum) {
		return s.Total()
	}
	if i < 0 {
		return 0
	}
	before := uint64(0)
	if i > 0 {
		before = s.cum[i-1]
	}
	part := t - time.Duration(i)*Step
	return before + uint64(float64(s.cum[i]-before)*float64(part)/float64(Step))
}
