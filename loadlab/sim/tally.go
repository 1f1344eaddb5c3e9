package sim

import (
	"math"
	"sort"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/wait"
)

// Ranges counts answers. Everybody asks as often as they are told, up to a thousand times a day; of those answers the
// simulation computes the first ones and then ever fewer, and each computed one stands for those up to the next. Sampled
// and SampledHeld count computed ones, everything else all of them.
type Ranges struct {
	Sampled     int64 `json:"sampled"`
	SampledHeld int64 `json:"sampled_held"`

	Told  int64 `json:"told"`
	Held  int64 `json:"held"`
	Early int64 `json:"early"` // the turn came before the range
	Late  int64 `json:"late"`  // after it, or never
	// Apart are those of Told with an announced event between telling and turn, ApartHeld those of them that held.
	Apart     int64 `json:"apart"`
	ApartHeld int64 `json:"apart_held"`
	Unknown   int64 `json:"unknown"`  // no range, the order being drawn and the line moving
	Undrawn   int64 `json:"undrawn"`  // no range, the epoch not being over
	Scarce    int64 `json:"scarce"`   // no range, the doses being gone before the turn
	Closing   int64 `json:"closing"`  // no range, the turn being expected after the close
	Paused    int64 `json:"paused"`   // no range in a pause or lobby
	Beyond    int64 `json:"beyond"`   // told while the wait expected was ten minutes or more
	WideBy    int64 `json:"too_wide"` // of Told, wider than high ≤ 4 × low + 2 min
	widths    [width]int32
}

const width = 120 // bins of 0.02 of the logarithm of high ÷ low

// Sample is one range and what came of it, for the picture. Seconds.
type Sample struct {
	At, Low, High, Wait float64
}

// Moved is an event that moved ranges up.
type Moved struct {
	At   int    `json:"at"` // ticks of a tenth of a second since the lobby opened
	Code string `json:"code"`
}

// tally is what is counted over a day.
type tally struct {
	All                           Ranges
	Hours                         [64]Ranges
	Joined, Came, Entered, Booked int64
	Lost, Backwards, Jumps        int64
	Moved                         []Moved
	samples                       []Sample
	line                          wait.Quality
	announced                     []int
	number                        uint32
	seen                          int64
}

func (t *tally) event(now int, e wait.Event) {
	if e.Number != t.number {
		t.number = e.Number
		t.Moved = append(t.Moved, Moved{now, e.Code})
	}
}

// told counts what a person was told, and holds it against what came where that is known.
func (d *day) told(p *person, place *queue.Place, stands int64) {
	h := &d.tally.Hours[d.now/hour]
	count := func(f func(*Ranges)) {
		f(h)
		f(&d.tally.All)
	}
	if place.WaitHigh == queue.Unknown {
		_, _, beyond := d.line.Timetable.Range(d.served + uint64(max(place.Ahead, 0)))
		count(func(r *Ranges) {
			switch {
			case place.State != api.PlaceWaiting:
				r.Paused += stands
			case place.Ahead == queue.Unknown:
				r.Undrawn += stands
			case place.Outlook == "scarce":
				r.Scarce += stands
			case beyond:
				r.Closing += stands
			default:
				r.Unknown += stands
			}
		})
		return
	}
	number := d.line.Timetable.Event.Number
	if p.high > 0 && p.event == number && (int32(place.WaitHigh) > p.high || int32(place.WaitLow) > p.low) {
		d.tally.Jumps++
	}
	p.low, p.high, p.event = int32(place.WaitLow), int32(place.WaitHigh), number
	if d.known {
		d.judge(place, stands, count)
	}
}

func (d *day) judge(place *queue.Place, stands int64, count func(func(*Ranges))) {
	low, high := float64(place.WaitLow), float64(place.WaitHigh)
	wait, came := math.Inf(1), math.MaxInt
	if at := d.served + uint64(place.Ahead); at < uint64(len(d.turns)) {
		came = int(d.turns[at])
		wait = float64(came-d.now) / second
	}
	apart := false
	if i := sort.SearchInts(d.tally.announced, d.now+1); i < len(d.tally.announced) {
		apart = d.tally.announced[i] <= came
	}
	held := wait >= low && wait <= high
	count(func(r *Ranges) {
		r.Told += stands
		r.Sampled++
		switch {
		case held:
			r.Held += stands
			r.SampledHeld++
		case wait < low:
			r.Early += stands
		default:
			r.Late += stands
		}
		if apart {
			r.Apart += stands
			if held {
				r.ApartHeld += stands
			}
		}
		if high > wideRatio*low+wideExtra {
			r.WideBy++
		}
		if low >= 300 && low+high >= 1200 {
			r.Beyond++
			r.widths[min(int(math.Log(high/low)*50), width-1)]++
		}
	})
	if d.tally.seen++; mix(uint64(d.tally.seen)^d.s.Seed)%d.sampling() == 0 {
		d.tally.samples = append(d.tally.samples, Sample{float64(d.now) / second, low, high, wait})
	}
}

// Bound on ranges that is held against what people were told.
const (
	wideRatio = 4
	wideExtra = 120
)

// sampling keeps about two thousand ranges for the picture.
func (d *day) sampling() uint64 { return max(uint64(d.s.People)*25/2000, 1) }

// median is the middle of high ÷ low among ranges beyond ten minutes; 0 where there was none.
func (r *Ranges) median() float64 {
	sum := int64(0)
	for i, n := range r.widths {
		if sum += int64(n); sum*2 >= r.Beyond && r.Beyond > 0 {
			return math.Exp((float64(i) + 0.5) / 50)
		}
	}
	return 0
}
