package load

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Outcome is what became of an attempt.
type Outcome uint8

// The outcomes.
const (
	Good     Outcome = iota // worked for, and answered within the level from the due time
	Late                    // worked for and answered, but too late to be of use
	Stale                   // answered from what somebody has kept
	Shed                    // 503 or 429
	Refused                 // another 4xx
	Broken                  // another 5xx, or nonsense
	Lost                    // the connection failed
	TimedOut                // no answer by the time the client gave up
	Unsent                  // the client had no connection left
	Outcomes int     = iota
)

var outcomeNames = [Outcomes]string{"good", "late", "stale", "shed", "refused", "broken", "lost", "timed_out", "unsent"}

// String names an outcome as in results.
func (o Outcome) String() string { return outcomeNames[o] }

// turnedAway tells whether nothing was done for who asked.
func (o Outcome) turnedAway() bool {
	return o == Shed || o == Lost || o == TimedOut || o == Broken || o == Unsent
}

// Grain is the width of the cells of a time line.
const Grain = 100 * time.Millisecond

// tardy is how late an attempt may be sent and still count as offered at its time.
const tardy = 100 * time.Millisecond

// Cell counts what happened in one grain of a run.
type Cell struct {
	Offered  [Classes]int32 // first attempts due in it
	Sent     [Classes]int32 // attempts sent in it
	Good     [Classes]int32 // good answers that came in it
	admitted [Classes]int32 // of those sent in it, answered 2xx
	away     [Classes]int32 // of those sent in it, turned away
}

const longest = int64(time.Minute / time.Microsecond)

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, longest, 3) }

// Tally counts a run. Only what falls due between From and To is counted in the totals; the rest is warm-up and end.
type Tally struct {
	from, to time.Duration

	mu        sync.Mutex
	cells     []Cell
	counts    [Classes][Outcomes]int64 // by due time of the attempt
	good      [Classes]int64           // by the time of the answer
	offered   [Classes]int64
	originals int64
	attempts  int64
	inTime    int64
	answers   [Classes]*hdrhistogram.Histogram // of good and late answers, µs from the due time
	trips     *hdrhistogram.Histogram          // of good and late answers, µs from the sending
	sheds     *hdrhistogram.Histogram          // µs from the sending
	lateness  *hdrhistogram.Histogram
}

// NewTally counts between two times of a run.
func NewTally(from, to time.Duration) *Tally {
	t := &Tally{from: from, to: to, trips: newHistogram(), sheds: newHistogram(), lateness: newHistogram()}
	for c := range t.answers {
		t.answers[c] = newHistogram()
	}
	return t
}

func (t *Tally) cell(at time.Duration) *Cell {
	i := max(int(at/Grain), 0)
	for len(t.cells) <= i {
		t.cells = append(t.cells, Cell{})
	}
	return &t.cells[i]
}

func (t *Tally) within(at time.Duration) bool { return at >= t.from && at < t.to }

// Record notes what became of an attempt, and when it was sent and done. A request that had to wait for a connection, because the
// server holds as many as there may be, was offered in time: that it waited is the server's doing.
func (t *Tally) Record(r *Request, o Outcome, sent, done time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := r.Class
	at := t.cell(sent)
	at.Sent[c]++
	switch {
	case o == Good || o == Late:
		at.admitted[c]++
	case o.turnedAway():
		at.away[c]++
	}
	if o == Good {
		t.cell(done).Good[c]++
		if t.within(done) {
			t.good[c]++
		}
	}
	if r.Attempt == 0 {
		t.cell(r.Due).Offered[c]++
	}
	if t.within(r.Due) {
		t.count(r, o, sent, done)
	}
}

func (t *Tally) count(r *Request, o Outcome, sent, done time.Duration) {
	c := r.Class
	t.counts[c][o]++
	t.attempts++
	if r.Attempt == 0 {
		t.originals++
		t.offered[c]++
	}
	if r.begun-r.Due <= tardy {
		t.inTime++
	}
	_ = t.lateness.RecordValue(micros(r.begun - r.Due))
	switch o {
	case Good, Late:
		_ = t.answers[c].RecordValue(micros(done - r.Due))
		_ = t.trips.RecordValue(micros(done - sent))
	case Shed:
		_ = t.sheds.RecordValue(micros(done - sent))
	}
}

func micros(d time.Duration) int64 { return min(max(int64(d/time.Microsecond), 1), longest) }

// Latency is a distribution in milliseconds.
type Latency struct {
	Count int64   `json:"count"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

func latency(h *hdrhistogram.Histogram) Latency {
	return Latency{h.TotalCount(), float64(h.ValueAtQuantile(50)) / 1000, float64(h.ValueAtQuantile(99)) / 1000, float64(h.Max()) / 1000}
}

// Figures are what a Tally has counted.
type Figures struct {
	Seconds    float64                   `json:"seconds"` // that were counted
	Offered    float64                   `json:"offered"` // first attempts a second
	Goodput    float64                   `json:"goodput"` // good answers a second
	ByClass    [Classes]float64          `json:"good_by_class"`
	OK         [Classes]float64          `json:"ok_by_class"` // share of the attempts of a class that were good; 1 where there were none
	Counts     [Classes]map[string]int64 `json:"outcomes"`    // by class
	Inversions int64                     `json:"inversions"`
	Answers    [Classes]Latency          `json:"answers"`  // from the due time
	Trips      Latency                   `json:"trips"`    // all classes, from the sending
	Sheds      Latency                   `json:"sheds"`    // 503 and 429, from the sending
	Lateness   Latency                   `json:"lateness"` // of sending
	Achieved   float64                   `json:"achieved"` // share of the attempts that were sent at their time
	Attempts   int64                     `json:"attempts"`
	Originals  int64                     `json:"originals"`
}

// Figures sums up.
func (t *Tally) Figures() Figures {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := Figures{Seconds: (t.to - t.from).Seconds(), Inversions: t.inversions(), Trips: latency(t.trips), Sheds: latency(t.sheds),
		Lateness: latency(t.lateness), Attempts: t.attempts, Originals: t.originals, Achieved: share(t.inTime, t.attempts)}
	for c := range Classes {
		f.ByClass[c] = float64(t.good[c]) / f.Seconds
		f.Goodput += f.ByClass[c]
		f.Offered += float64(t.offered[c]) / f.Seconds
		f.Answers[c] = latency(t.answers[c])
		f.Counts[c] = map[string]int64{}
		all := int64(0)
		for o, n := range t.counts[c] {
			all += n
			if n > 0 {
				f.Counts[c][Outcome(o).String()] = n
			}
		}
		f.OK[c] = share(t.counts[c][Good], all)
	}
	return f
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// inversions counts the P0 and P1 that were turned away although a P2 or P3 sent in the same grain was admitted.
func (t *Tally) inversions() int64 {
	n := int64(0)
	for i := int(t.from / Grain); i < len(t.cells) && time.Duration(i)*Grain < t.to; i++ {
		if c := &t.cells[i]; c.admitted[2]+c.admitted[3] > 0 {
			n += int64(c.away[0] + c.away[1])
		}
	}
	return n
}

// Cells is the time line of the run so far.
func (t *Tally) Cells() []Cell {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Cell(nil), t.cells...)
}
