package shed

import (
	"math"
	"time"
)

// What the limit is compared with.

type fixedLimit int

func (f fixedLimit) Permits() int                                { return int(f) }
func (fixedLimit) Sample(time.Time, time.Duration, int, Outcome) {}

// gradient2 is Netflix's concurrency-limits Gradient2Limit with its defaults: long window 600, tolerance 1.5, smoothing 0.2, queue 4.
type gradient2 struct {
	limit, long float64
	n           int
}

func (g *gradient2) Permits() int { return int(g.limit) }

func (g *gradient2) Sample(_ time.Time, took time.Duration, inFlight int, o Outcome) {
	if o.Overloaded {
		return
	}
	short := float64(took)
	if g.n++; g.n <= 10 {
		g.long += (short - g.long) / float64(g.n)
	} else {
		g.long += (short - g.long) * 2 / 601
	}
	if g.long/short > 2 {
		g.long *= 0.95
	}
	if float64(inFlight) < g.limit/2 {
		return
	}
	gradient := max(0.5, min(1, 1.5*g.long/short))
	g.limit = min(max(0.8*g.limit+0.2*(g.limit*gradient+4), 4), 1024)
}

// aimd adds one a window of 100 ms in use and takes a tenth off where a tenth of the answers was over the ceiling.
type aimd struct {
	limit        float64
	ceiling      time.Duration
	end          time.Time
	n, slow, top int
}

func (a *aimd) Permits() int { return int(a.limit) }

func (a *aimd) Sample(now time.Time, took time.Duration, inFlight int, o Outcome) {
	a.n++
	a.top = max(a.top, inFlight)
	if took > a.ceiling || o.Overloaded {
		a.slow++
	}
	if now.Before(a.end) {
		return
	}
	switch {
	case a.slow*10 > a.n:
		a.limit = max(math.Floor(a.limit*0.9), 4)
	case a.top*2 >= int(a.limit):
		a.limit = min(a.limit+1, 1024)
	}
	a.n, a.slow, a.top, a.end = 0, 0, 0, now.Add(100*time.Millisecond)
}
