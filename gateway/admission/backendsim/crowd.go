package backendsim

import (
	"math"
	"time"
)

// Habits say what called people do: the share that never comes, how soon the others do, how long they look around before
// they book, and the share that leaves without booking.
type Habits struct {
	NoShow   float64
	Coming   time.Duration // mean, from the call to the entry
	Thinking time.Duration // median, from the entry to the booking
	Leaving  float64
	Retry    time.Duration // after a request that was shed or failed
}

// Usual is how people were in July 2021, as far as is known.
func Usual() Habits {
	return Habits{NoShow: 0.3, Coming: 4 * time.Second, Thinking: 75 * time.Second, Leaving: 0.1, Retry: 4 * time.Second}
}

// Crowd is people inside a Backend as flows: how many act in each of the coming seconds. Its spans follow Habits exactly,
// without chance.
type Crowd struct {
	habits Habits
	b      *Backend
	now    time.Duration
	coming []float64 // people who come, by second, in a ring
	acting []float64 // work inside
	ending []float64 // people who have booked or left
	called float64   // people called and entered within this second, not yet spread over the coming ones
	let    float64
	inside float64
	think  []float64 // share of people who book in each second after they entered
	arrive []float64 // share of called people who come in each second after the call
}

const (
	grain  = 100 * time.Millisecond
	second = 10 // grains
	ring   = 1200
)

// NewCrowd prepares people with these habits at a backend.
func NewCrowd(b *Backend, h Habits) *Crowd {
	c := &Crowd{habits: h, b: b, coming: make([]float64, ring), acting: make([]float64, ring), ending: make([]float64, ring)}
	c.think = shares(func(t float64) float64 {
		return 0.5 * (1 + math.Erf(math.Log(max(t, 1e-9)/h.Thinking.Seconds())/(0.5*math.Sqrt2)))
	}, 6*h.Thinking)
	c.arrive = shares(func(t float64) float64 { return 1 - math.Exp(-t/h.Coming.Seconds()) }, 6*h.Coming)
	return c
}

// shares cuts a distribution into seconds, up to its longest span, where the rest goes.
func shares(cdf func(seconds float64) float64, most time.Duration) []float64 {
	out := make([]float64, most/time.Second)
	before := 0.0
	for i := range out {
		now := cdf(float64(i + 1))
		out[i], before = now-before, now
	}
	out[len(out)-1] += 1 - before
	return out
}

func (c *Crowd) slot(later int) int { return (int(c.now/time.Second) + later) % ring }

// Call calls people in.
func (c *Crowd) Call(people float64) { c.called += people * (1 - c.habits.NoShow) }

// Inside is how many people have entered and neither booked nor left.
func (c *Crowd) Inside() float64 { return c.inside }

// Step lets a tenth of a second pass: people come, act and go, and the backend works.
func (c *Crowd) Step() {
	now, again := c.slot(0), c.slot(int(c.habits.Retry/time.Second))
	come, act := c.coming[now]/second, c.acting[now]/second
	c.inside -= c.ending[now] / second
	shed := c.b.Offer(come*EnterWork) / EnterWork
	c.let += come - shed
	c.inside += come - shed
	c.coming[again] += shed
	c.acting[again] += c.b.Offer(act)
	c.b.Step(grain)
	if c.now += grain; c.now%time.Second == 0 {
		c.coming[now], c.acting[now], c.ending[now] = 0, 0, 0
		c.spread()
	}
}

// spread sets down when those who were called and let in within the last second will come, act and go.
func (c *Crowd) spread() {
	for i, share := range c.arrive {
		c.coming[c.slot(i)] += c.called * share
	}
	for i, share := range c.think {
		n := c.let * share
		c.acting[c.slot(i)] += n * ((1-c.habits.Leaving)*BookWork + Reads*ReadWork)
		c.ending[c.slot(i)] += n
	}
	c.called, c.let = 0, 0
}

// SetDown takes the backend down or brings it back; what was under way is asked again.
func (c *Crowd) SetDown(down bool) {
	c.acting[c.slot(int(c.habits.Retry/time.Second))] += c.b.SetDown(down)
}

// Bears is how many people a second can be let in for good.
func (c *Crowd) Bears() float64 {
	return c.b.Capacity() / (EnterWork + Reads*ReadWork + (1-c.habits.Leaving)*BookWork)
}
