package shed

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"
)

// A simulation in virtual time of what a Limit lives between: clients that arrive at random and never wait for each other,
// a gate with a queue of two classes, the way there and back, and a backend. One goroutine, no clock, the same for the same seed.

type limiter interface {
	Permits() int
	Sample(now time.Time, took time.Duration, inFlight int, o Outcome)
}

const level = int64(time.Second) // an answer later than this after the arrival is no good to anybody

type request struct {
	arrived, sent int64
	high          bool
	service       float64 // left to do, where a backend counts it
	outcome       Outcome
}

type event struct {
	at  int64
	seq uint64
	do  func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any     { o := *e; x := o[len(o)-1]; *e = o[:len(o)-1]; return x }

const bucket = int64(50 * time.Millisecond)

type simulation struct {
	rng     *rand.Rand
	fate    *rand.Rand // of the machine: the same whatever the limit does
	now     int64
	events  events
	seq     uint64
	limit   limiter
	backend server
	offered func(t int64) float64 // requests a second
	high0   float64               // of them, of the high class
	stalls  bool                  // the gateway stands still for 50 to 200 ms now and then
	stalled int64                 // until when

	inFlight  int
	high, low []*request

	good     []float64 // by bucket of the answer
	permits  []int     // by bucket
	latency  float64   // sum inside the backend
	answered float64
	rejected int
}

type server interface {
	arrive(s *simulation, r *request)
}

func newSimulation(seed uint64, l limiter, b server, offered func(int64) float64, high float64) *simulation {
	return &simulation{rng: rand.New(rand.NewPCG(seed, 7)), fate: rand.New(rand.NewPCG(seed, 8)), limit: l, backend: b, offered: offered, high0: high}
}

func (s *simulation) after(d int64, do func()) {
	s.seq++
	heap.Push(&s.events, event{s.now + d, s.seq, do})
}

// atGateway runs at the gateway: later, where that stands still.
func (s *simulation) atGateway(d int64, do func()) {
	var run func()
	run = func() {
		if s.now < s.stalled {
			s.after(s.stalled-s.now, run)
			return
		}
		do()
	}
	s.after(d, run)
}

func (s *simulation) run(length time.Duration) {
	n := int(int64(length)/bucket) + 5
	s.good, s.permits = make([]float64, n), make([]int, n)
	s.nextArrival()
	s.after(0, s.watch)
	if s.stalls {
		s.after(int64(700*time.Millisecond), s.stall)
	}
	for len(s.events) > 0 {
		e := heap.Pop(&s.events).(event)
		if e.at >= int64(length) {
			return
		}
		s.now = e.at
		e.do()
	}
}

func (s *simulation) watch() {
	n := s.limit.Permits()
	if l, ok := s.limit.(*Limit); ok {
		n = l.Status().Permits
	}
	s.permits[s.now/bucket] = n
	s.after(bucket, s.watch)
}

func (s *simulation) stall() {
	s.stalled = s.now + int64(50*time.Millisecond) + s.fate.Int64N(int64(150*time.Millisecond))
	s.after(int64(500*time.Millisecond)+s.fate.Int64N(int64(4*time.Second)), s.stall)
}

func (s *simulation) nextArrival() {
	rate := s.offered(s.now)
	s.after(int64(s.rng.ExpFloat64()/rate*1e9), func() {
		at := s.now
		s.atGateway(0, func() { s.arrive(&request{arrived: at, high: s.rng.Float64() < s.high0/rate}) })
		s.nextArrival()
	})
}

func (s *simulation) arrive(r *request) {
	q := &s.low
	if r.high {
		q = &s.high
	}
	*q = append(*q, r)
	if len(s.high)+len(s.low) > 512 {
		if len(s.low) > 0 {
			s.low = s.low[1:]
		} else {
			s.high = s.high[1:]
		}
	}
	s.grant()
}

func (s *simulation) grant() {
	for s.inFlight < s.limit.Permits() {
		r := s.next()
		if r == nil {
			return
		}
		s.inFlight++
		r.sent = s.now
		s.after(s.gap(), func() { s.backend.arrive(s, r) })
	}
}

// next takes the oldest of the high class, else the newest of the low, among those who still wait.
func (s *simulation) next() *request {
	for len(s.high) > 0 {
		r := s.high[0]
		s.high = s.high[1:]
		if s.now-r.arrived < 2*level {
			return r
		}
	}
	for len(s.low) > 0 {
		r := s.low[len(s.low)-1]
		s.low = s.low[:len(s.low)-1]
		if s.now-r.arrived < level/2 {
			return r
		}
		s.low = s.low[:0]
	}
	return nil
}

// gap is the way between gateway and backend, 0.1 to 0.5 ms.
func (s *simulation) gap() int64 { return int64(100*time.Microsecond) + s.rng.Int64N(400_000) }

func (s *simulation) answer(r *request) {
	s.atGateway(s.gap(), func() {
		took := time.Duration(s.now - r.sent)
		s.limit.Sample(time.Unix(0, s.now), took, s.inFlight, r.outcome)
		s.inFlight--
		switch {
		case r.outcome.Overloaded:
			s.rejected++
		case s.now-r.arrived <= level:
			s.good[s.now/bucket]++
		}
		s.latency += took.Seconds()
		s.answered++
		s.grant()
	})
}

// goodput is good answers a second between two times.
func (s *simulation) goodput(from, to time.Duration) float64 {
	var sum float64
	for i := int64(from) / bucket; i < int64(to)/bucket; i++ {
		sum += s.good[i]
	}
	return sum / (to - from).Seconds()
}

// mean is the limit's mean between two times.
func (s *simulation) mean(from, to time.Duration) float64 {
	var sum float64
	for i := int64(from) / bucket; i < int64(to)/bucket; i++ {
		sum += float64(s.permits[i])
	}
	return sum / float64(int64(to)/bucket-int64(from)/bucket)
}

// service draws how long one request is worked on, in nanoseconds.
type service func(rng *rand.Rand, now int64) float64

func fixedTime(d time.Duration) service {
	return func(*rand.Rand, int64) float64 { return float64(d) }
}

// logNormal has the mean d and the deviation sigma of the logarithm.
func logNormal(d time.Duration, sigma float64) service {
	return func(rng *rand.Rand, _ int64) float64 {
		return float64(d) * math.Exp(sigma*rng.NormFloat64()-sigma*sigma/2)
	}
}

// readsAndCommits are commits of 30 ms among reads of 2 ms.
func readsAndCommits(commits float64) service {
	return func(rng *rand.Rand, _ int64) float64 {
		if rng.Float64() < commits {
			return 30e6
		}
		return 2e6
	}
}

// noisy multiplies by a factor that wanders between 0.75 and 1.25 every 100 ms, as on a machine that others use too.
func noisy(of service) service {
	return func(rng *rand.Rand, now int64) float64 {
		h := rand.New(rand.NewPCG(uint64(now/100_000_000), 3))
		return of(rng, now) * (0.75 + 0.5*h.Float64())
	}
}

// places is a backend that works on so many at once, with an unbounded queue in order of arrival before them.
type places struct {
	n       func(now int64) int
	service service
	refuse  int // where more are inside it refuses; 0 never

	busy, inside int
	queue        []*request
}

func (p *places) arrive(s *simulation, r *request) {
	if p.refuse > 0 && p.inside >= p.refuse {
		r.outcome.Overloaded = true
		s.answer(r)
		return
	}
	p.inside++
	p.queue = append(p.queue, r)
	p.work(s)
}

func (p *places) work(s *simulation) {
	for p.busy < p.n(s.now) && len(p.queue) > 0 {
		r := p.queue[0]
		p.queue = p.queue[1:]
		p.busy++
		s.after(int64(p.service(s.rng, s.now)), func() {
			p.busy--
			p.inside--
			s.answer(r)
			p.work(s)
		})
	}
}

// batches works on up to n at once that all end together, as a writer that syncs once for many.
type batches struct {
	n       int
	took    time.Duration
	running bool
	queue   []*request
}

func (b *batches) arrive(s *simulation, r *request) {
	b.queue = append(b.queue, r)
	if !b.running {
		b.work(s)
	}
}

func (b *batches) work(s *simulation) {
	n := min(b.n, len(b.queue))
	if b.running = n > 0; !b.running {
		return
	}
	batch := b.queue[:n:n]
	b.queue = b.queue[n:]
	s.after(int64(b.took), func() {
		for _, r := range batch {
			s.answer(r)
		}
		b.work(s)
	})
}

// shared divides so many cores equally among all that are inside; more than knee of them hinder each other.
type shared struct {
	cores   float64
	service service
	knee    float64 // 0: never

	order []*request
	at    int64
	turn  uint64
}

func (c *shared) speed() float64 {
	n := float64(len(c.order))
	speed := min(1, c.cores/n)
	if c.knee > 0 && n > c.knee {
		speed *= c.knee / n
	}
	return speed
}

func (c *shared) advance(now int64) {
	if len(c.order) > 0 {
		done := float64(now-c.at) * c.speed()
		for _, r := range c.order {
			r.service -= done
		}
	}
	c.at = now
}

func (c *shared) arrive(s *simulation, r *request) {
	c.advance(s.now)
	r.service = c.service(s.rng, s.now)
	c.order = append(c.order, r)
	c.plan(s)
}

func (c *shared) plan(s *simulation) {
	c.turn++
	if len(c.order) == 0 {
		return
	}
	least := math.Inf(1)
	for _, r := range c.order {
		least = min(least, r.service)
	}
	turn := c.turn
	s.after(max(int64(least/c.speed())+1, 1), func() {
		if turn != c.turn {
			return
		}
		c.advance(s.now)
		rest := c.order[:0]
		for _, r := range c.order {
			if r.service > 0 {
				rest = append(rest, r)
				continue
			}
			s.answer(r)
		}
		c.order = rest
		c.plan(s)
	})
}
