package arrivals

import (
	"math"
	"math/rand/v2"
	"sort"
	"time"
)

// Opening describes when the people of one opening show up, as offsets from the start of the run.
type Opening struct {
	Lobby time.Duration // from the start until the opening
	End   time.Duration // the run's end
}

// The mixture seen in July 2021: machines on the stroke, people waiting at the clock, an early ramp that grows
// towards the opening, and a late tail.
const (
	shareBots  = 0.03
	shareWaits = 0.55
	shareEarly = 0.17
)

// Arrival draws when a citizen first shows up. The hour of the real opening is compressed into the run: the stroke
// stays as sharp as it was, ramp and tail shrink with the run.
func (o Opening) Arrival(r *rand.Rand) time.Duration {
	u := r.Float64()
	var at time.Duration
	switch {
	case u < shareBots:
		at = o.Lobby + seconds((r.Float64()-.5)*.06)
	case u < shareBots+shareWaits:
		at = o.Lobby + seconds(LogNormal(r, 1, .9))
	case u < shareBots+shareWaits+shareEarly:
		at = o.early(r)
	default:
		at = o.late(r)
	}
	return min(max(at, 0), o.End)
}

// early draws from a density e^(t/τ) on the lobby, with τ a third of it.
func (o Opening) early(r *rand.Rand) time.Duration {
	l := o.Lobby.Seconds()
	tau := l / 3
	low := math.Exp(-l / tau)
	return o.Lobby + seconds(tau*math.Log(low+r.Float64()*(1-low)))
}

// late draws from a power law with exponent 1.3 whose scale is an eighth of what follows the opening; what falls
// behind the first three quarters is drawn again, so that everybody has time to get through.
func (o Opening) late(r *rand.Rand) time.Duration {
	after := (o.End - o.Lobby).Seconds()
	tau := after / 8
	for range 64 {
		if x := tau * (math.Pow(1-r.Float64(), -1/1.3) - 1); x < .75*after {
			return o.Lobby + seconds(x)
		}
	}
	return o.Lobby + seconds(tau)
}

// LogNormal draws with the given median.
func LogNormal(r *rand.Rand, median, sigma float64) float64 {
	return median * math.Exp(sigma*r.NormFloat64())
}

// Refresh is how long an impatient citizen waits before looking again: median 4 s.
func Refresh(r *rand.Rand) time.Duration {
	return seconds(min(max(LogNormal(r, 4, .6), .5), 60))
}

// Think is a pause of a person reading a form.
func Think(r *rand.Rand, median float64) time.Duration {
	return seconds(min(LogNormal(r, median, .5), 10*median))
}

// Patience is how long a citizen stays, given the wait that was shown: Weibull with k = 0.7, so that many leave early
// and some never do. In July 2021 54 % of those called up had booked by noon; here, with a queue that moves, about three
// quarters stay to the end. As the scale follows the wait shown, the share hardly depends on how fast the queue is.
func Patience(r *rand.Rand, shown time.Duration) time.Duration {
	const k, times = 0.7, 3.6
	scale := times * max(shown.Seconds(), 20)
	return seconds(min(scale*math.Pow(-math.Log(1-r.Float64()), 1/k), 1e6))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Zipf chooses ranks 0..n-1 with weight 1/(rank+1)^s.
type Zipf struct{ cum []float64 }

// NewZipf prepares n ranks.
func NewZipf(n int, s float64) *Zipf {
	z := &Zipf{cum: make([]float64, n)}
	sum := 0.0
	for i := range z.cum {
		sum += math.Pow(float64(i+1), -s)
		z.cum[i] = sum
	}
	return z
}

// Rank draws a rank below n, which may be smaller than what was prepared.
func (z *Zipf) Rank(r *rand.Rand, n int) int {
	n = min(n, len(z.cum))
	if n <= 1 {
		return 0
	}
	x := r.Float64() * z.cum[n-1]
	return min(sort.SearchFloat64s(z.cum[:n], x), n-1)
}
