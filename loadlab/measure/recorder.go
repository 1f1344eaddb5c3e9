// Package measure keeps the figures of a run: latencies from the due time by kind of request and outcome, lateness, and
// what happened in each second. Memory is bounded by the shape of the run, not by the number of requests.
package measure

import (
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/daemun/daemun/loadlab/citizen"
)

// Second counts what happened in one second of the run: Offered by due time, the rest by the time of the answer.
type Second struct {
	Offered  int64 `json:"offered"`
	Answered int64 `json:"answered"`
	Good     int64 `json:"good"` // goodput: answered as asked
	Refused  int64 `json:"refused"`
	Shed     int64 `json:"shed"`
	Lost     int64 `json:"lost"`
	Entered  int64 `json:"entered"`
	Booked   int64 `json:"booked"`
}

// Recorder is safe for many workers.
type Recorder struct {
	mu       sync.Mutex
	hist     [citizen.Kinds][citizen.Outcomes]*hdrhistogram.Histogram
	calm     [citizen.Kinds]*hdrhistogram.Histogram // answered, outside fault windows
	lateness *hdrhistogram.Histogram
	seconds  []Second
	troubled bool
	sum      [citizen.Outcomes]int64
	last     time.Duration
	planned  time.Duration
	inTime   int64
	waitings []*hdrhistogram.Histogram // as calm, by second due: the waiting room
	bookings []*hdrhistogram.Histogram // and bookings
}

// Grace is how long after its planned end a run may still send what was due: a machine that others slow down for some
// seconds may catch up. What comes later was not the load that was offered.
const Grace = 5 * time.Second

// steady is the share of the seconds in which a second's p99 has to be kept. On a shared machine everything may stand
// still for some seconds, and an open loop then charges every request that was due meanwhile. A service that is slow for
// more than one second in twenty is slow.
const steady = 95

const longest = int64(2 * time.Minute / time.Microsecond)

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, longest, 2) }

// NewRecorder keeps d of seconds and a minute more.
func NewRecorder(d time.Duration) *Recorder {
	n := int(d/time.Second) + 60
	r := &Recorder{lateness: newHistogram(), seconds: make([]Second, n), planned: d,
		waitings: make([]*hdrhistogram.Histogram, n), bookings: make([]*hdrhistogram.Histogram, n)}
	for k := range r.calm {
		r.calm[k] = newHistogram()
	}
	return r
}

// Trouble marks the time between a fault and the end of its aftermath: such answers do not count for service levels.
func (r *Recorder) Trouble(on bool) {
	r.mu.Lock()
	r.troubled = on
	r.mu.Unlock()
}

// Record notes one request: when it was due, sent and done, as offsets from the start.
func (r *Recorder) Record(k citizen.Kind, o citizen.Outcome, due, sent, done time.Duration) {
	late := max(int64((sent-due)/time.Microsecond), 0)
	took := min(max(int64((done-due)/time.Microsecond), 1), longest)
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.hist[k][o]
	if h == nil {
		h = newHistogram()
		r.hist[k][o] = h
	}
	_ = h.RecordValue(took)
	_ = r.lateness.RecordValue(min(late, longest))
	if !r.troubled && o != citizen.Lost {
		_ = r.calm[k].RecordValue(took)
		if k.WaitingRoom() {
			r.bySecond(r.waitings, due, took)
		} else if k == citizen.Book {
			r.bySecond(r.bookings, due, took)
		}
	}
	if sent <= r.planned+Grace {
		r.inTime++
	}
	r.sum[o]++
	r.last = max(r.last, done)
	r.second(due).Offered++
	count(r.second(done), k, o)
}

func (r *Recorder) second(t time.Duration) *Second { return &r.seconds[r.index(t)] }

func (r *Recorder) index(t time.Duration) int {
	return min(max(int(t/time.Second), 0), len(r.seconds)-1)
}

func (r *Recorder) bySecond(list []*hdrhistogram.Histogram, due time.Duration, took int64) {
	i := r.index(due)
	if list[i] == nil {
		list[i] = newHistogram()
	}
	_ = list[i].RecordValue(took)
}

// kept is the p99 in milliseconds that steady per cent of the seconds kept.
func kept(list []*hdrhistogram.Histogram) float64 {
	var p99 []int64
	for _, h := range list {
		if h != nil {
			p99 = append(p99, h.ValueAtQuantile(99))
		}
	}
	if len(p99) == 0 {
		return 0
	}
	slices.Sort(p99)
	return float64(p99[(len(p99)*steady+99)/100-1]) / 1000
}

func count(s *Second, k citizen.Kind, o citizen.Outcome) {
	if o != citizen.Lost {
		s.Answered++
	}
	switch o {
	case citizen.Good:
		s.Good++
		switch k {
		case citizen.Enter:
			s.Entered++
		case citizen.Book:
			s.Booked++
		}
	case citizen.Refused:
		s.Refused++
	case citizen.Shed:
		s.Shed++
	default:
		s.Lost++
	}
}

// Latency is a distribution in milliseconds from the due time.
type Latency struct {
	Kind    string  `json:"kind"`
	Outcome string  `json:"outcome"`
	Count   int64   `json:"count"`
	P50     float64 `json:"p50_ms"`
	P90     float64 `json:"p90_ms"`
	P99     float64 `json:"p99_ms"`
	P999    float64 `json:"p999_ms"`
	Max     float64 `json:"max_ms"`
}

func latency(h *hdrhistogram.Histogram, kind, outcome string) Latency {
	q := func(p float64) float64 { return float64(h.ValueAtQuantile(p)) / 1000 }
	return Latency{Kind: kind, Outcome: outcome, Count: h.TotalCount(),
		P50: q(50), P90: q(90), P99: q(99), P999: q(99.9), Max: float64(h.Max()) / 1000}
}

// Figures are what a Recorder has gathered.
type Figures struct {
	Latencies []Latency `json:"latencies"` // by kind and outcome, faults included
	Calm      []Latency `json:"calm"`      // by kind, fault windows left out
	Waiting   Latency   `json:"waiting"`   // calm, all waiting-room kinds together
	Lateness  Latency   `json:"lateness"`  // of sending, against the due time
	InTime    int64     `json:"in_time"`   // requests sent by the planned end and Grace

	// The p99 in ms that 95 of 100 seconds kept, calm and by the second due: what the service levels ask for.
	WaitingP99 float64 `json:"waiting_p99_ms"`
	BookingP99 float64 `json:"booking_p99_ms"`

	Seconds  []Second         `json:"seconds"`
	Outcomes map[string]int64 `json:"outcomes"`
	Took     time.Duration    `json:"took_ns"` // until the last answer
	Kinds    map[string]int64 `json:"kinds"`
}

// Figures sums up.
func (r *Recorder) Figures() Figures {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := Figures{Outcomes: map[string]int64{}, Kinds: map[string]int64{}, Took: r.last, InTime: r.inTime,
		WaitingP99: kept(r.waitings), BookingP99: kept(r.bookings),
		Lateness: latency(r.lateness, "lateness", "")}
	waiting := newHistogram()
	for k := range r.hist {
		kind := citizen.Kind(k)
		for o, h := range r.hist[k] {
			if h != nil {
				f.Latencies = append(f.Latencies, latency(h, kind.String(), citizen.Outcome(o).String()))
				f.Kinds[kind.String()] += h.TotalCount()
			}
		}
		if r.calm[k].TotalCount() > 0 {
			f.Calm = append(f.Calm, latency(r.calm[k], kind.String(), ""))
		}
		if kind.WaitingRoom() {
			waiting.Merge(r.calm[k])
		}
	}
	f.Waiting = latency(waiting, "waiting_room", "")
	for o, n := range r.sum {
		f.Outcomes[citizen.Outcome(o).String()] = n
	}
	f.Seconds = append(f.Seconds, r.seconds[:min(int(r.last/time.Second)+1, len(r.seconds))]...)
	return f
}

// Counts are the outcomes so far.
func (r *Recorder) Counts() (total int64, by [citizen.Outcomes]int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.sum {
		total += n
	}
	return total, r.sum
}
