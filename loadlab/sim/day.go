package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/admission"
	"github.com/daemun/daemun/gateway/admission/backendsim"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/calling"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/wait"
)

// began is the tick 0 of every day: the lobby opens.
var began = time.Date(2021, 7, 19, 19, 0, 0, 0, time.FixedZone("KST", 9*3600))

func at(t int) time.Time { return began.Add(time.Duration(t) * tick) }

// day is one run over the day.
type day struct {
	s      Scenario
	now    int
	last   int // tick of the close
	people []person
	wheel  []int32 // first person who joins or looks in a tick, −1: nobody
	acts   []int32 // first person who acts in a tick, having been called
	places []int32 // first person at a place of the line
	ahead  []Happening

	line       *queue.Line
	chain      *queue.Chain
	counts     []uint64 // people by epoch
	controller *admission.Controller
	caller     *calling.Caller
	backend    *backendsim.Backend
	usual      float64 // capacity
	rate       float64
	found      bool // the speed of the line has been measured

	stock, booked, inside, entered int64
	served                         uint64
	turns                          []int32 // by position: the tick at which its turn came
	known                          bool    // turns are known from an earlier run: ranges can be judged
	tally                          *tally
	sum                            [32]byte // of all positions of the cursor
}

const cohortNumber = 1

func newDay(s Scenario) *day {
	length := int(s.Hours * hour)
	d := &day{s: s, people: make([]person, s.People), ahead: s.happenings(), last: lobbyFor + length, tally: &tally{}}
	for _, h := range d.ahead {
		if h.Kind == postpone {
			d.last += int(h.Value)
		}
		if h.announced() {
			d.tally.announced = append(d.tally.announced, h.At)
		}
	}
	d.wheel, d.acts = nobody(nil, d.last+1), nobody(nil, d.last+1)
	d.line = &queue.Line{
		ID: "day", Number: 1, Order: cohort.OrderDraw, LobbyAt: began, OpensAt: at(lobbyFor), ClosesAt: at(lobbyFor + length),
		Cohorts: map[uint32]queue.Cohort{cohortNumber: {ID: "all"}}, Pace: 1,
	}
	d.stock = int64(s.Doses * float64(s.People))
	d.chain = queue.NewChain(sha256.Sum256(binary.BigEndian.AppendUint64(nil, s.Seed)))
	come := float64(s.People) * (1 - s.NoShow)
	bears := come / (s.Busy * s.Hours * 3600) // people a second
	d.usual = bears * backendsim.PersonWork
	d.backend = backendsim.New(backendsim.Default(d.usual))
	cfg := admission.Default()
	size := float64(s.People) / float64(Default().People) // who runs a smaller backend says so
	cfg.Start, cfg.Raise, cfg.Max, cfg.Min = cfg.Start*size, cfg.Raise*size, cfg.Max*size, cfg.Min*size
	d.controller, d.caller = admission.New(cfg), calling.New(nil)
	d.arrive()
	return d
}

func (d *day) arrive() {
	a := newArrivals(d.s)
	for i := range d.people {
		p := &d.people[i]
		switch u := d.chance(int32(i), 1); {
		case u < d.s.NoShow:
			p.kind = noShow
		case u < d.s.NoShow+d.s.Late:
			p.kind = late
		}
		d.schedule(int32(i), max(a.next(), 0))
	}
}

// nobody makes lists longer, the new ones empty.
func nobody(lists []int32, length int) []int32 {
	for len(lists) < length {
		lists = append(lists, -1)
	}
	return lists
}

// schedule lets a person look at a tick.
func (d *day) schedule(i int32, at int) {
	if at = max(at, d.now+1); at >= len(d.wheel) {
		return
	}
	d.people[i].next, d.wheel[at] = d.wheel[at], i
}

// plan lets a person who has been called act at a tick.
func (d *day) plan(i int32, at int) {
	if at = max(at, d.now+1); at >= len(d.acts) {
		return
	}
	d.people[i].beside, d.acts[at] = d.acts[at], i
}

// run lives through the day.
func (d *day) run() {
	hash := sha256.New()
	var b [8]byte
	for d.now = 0; d.now < d.last; d.now++ {
		d.befall()
		d.act()
		d.seal()
		d.lead()
		d.backend.Step(tick)
		if d.now%second == 0 {
			hash.Write(binary.BigEndian.AppendUint64(b[:0], d.served))
		}
	}
	hash.Sum(d.sum[:0])
}

// befall brings what happens to the day.
func (d *day) befall() {
	for len(d.ahead) > 0 && d.ahead[0].At <= d.now {
		h := d.ahead[0]
		d.ahead = d.ahead[1:]
		switch h.Kind {
		case capacity:
			d.backend.SetCapacity(d.usual * h.Value)
		case pause:
			d.line.State, d.line.Reason = api.OpeningPaused, "잠시 멈춥니다. (A short pause.)"
		case resume:
			d.line.State, d.line.Reason = "", ""
		case postpone:
			d.postpone(int(h.Value))
		case capTo:
			d.line.RateCap = h.Value * d.line.Speed
		case down:
			d.backend.SetDown(true)
		case up:
			d.backend.SetDown(false)
		}
	}
}

func (d *day) postpone(by int) {
	if start := d.line.Start(); !at(d.now).Before(start) {
		d.line.StartedAt = start
	}
	opens := d.line.OpensAt
	if now := at(d.now); opens.Before(now) {
		opens = now
	}
	d.line.OpensAt, d.line.ClosesAt = opens.Add(time.Duration(by)*tick), d.line.ClosesAt.Add(time.Duration(by)*tick)
}

// act lets everybody act who is due.
func (d *day) act() {
	for i := d.wheel[d.now]; i >= 0; {
		next := d.people[i].next
		switch p := &d.people[i]; p.state {
		case away:
			d.join(i, p)
		case waiting, placed:
			d.look(i, p)
		}
		i = next
	}
	for i := d.acts[d.now]; i >= 0; {
		next := d.people[i].beside
		switch p := &d.people[i]; p.state {
		case placed:
			d.called(i, p)
		case coming:
			d.enter(i, p)
		case inside:
			d.book(i, p)
		}
		i = next
	}
}

// reach lets those notice whose turn has come: they ask every few seconds by then.
func (d *day) reach(place uint64) {
	if place >= uint64(len(d.places)) {
		return
	}
	for i := d.places[place]; i >= 0; {
		next := d.people[i].beside
		d.plan(i, d.now+1+int(3*second*d.chance(i, 11)))
		i = next
	}
	d.places[place] = -1
}

// seal closes the epochs that have ended. Counts are off by as much as the gateways' sketches are.
func (d *day) seal() {
	for {
		next := d.line.Seals.Next(d.line.FirstEpoch())
		if at(d.now).Before(d.line.Start().Add(queue.EpochEnd(next) + 600*time.Millisecond)) {
			return
		}
		count := uint64(0)
		if int(next) < len(d.counts) {
			off := (d.chance(int32(next), 7) + d.chance(int32(next), 8) + d.chance(int32(next), 9) - 1.5) * 0.016
			count = uint64(math.Round(float64(d.counts[next]) * (1 + off)))
		}
		seed, err := d.chain.Seed(next)
		if err != nil {
			return // the day is longer than any chain: nobody joins any more
		}
		tally := sha256.Sum256(binary.BigEndian.AppendUint64(seed[:], count))
		d.line.Seals.Append(queue.Seal{Epoch: next, Count: count, Tally: tally, Seed: seed})
	}
}

// lead is what the leading gateway does in a round.
func (d *day) lead() {
	now, l := at(d.now), d.line
	if now.Before(l.Start()) {
		return
	}
	open := l.StateAt(now) == api.OpeningOpen
	signal := d.backend.Signal(now)
	if l.RateCap > 0 {
		signal.Cap = l.RateCap / wait.Calls(d.caller.ShowUp())
	}
	signal.Inside, signal.Waiting = d.inside, open && l.Served() < int64(l.Seals.Total())
	d.rate = d.controller.Step(signal)
	m := d.caller.Round(calling.Round{
		Now: now, Elapsed: tick, Line: l, Open: open, Resting: !signal.BackendOpen, Wanted: d.rate, Found: d.controller.Found(),
		Cap: l.RateCap, Known: true, Entered: d.entered, Inside: d.inside, Booked: d.booked,
	})
	l.Cursor, l.Speed, l.Timetable, l.Doses = m.Cursor, m.Speed, &m.Waits.Timetable, m.Waits.Doses
	l.StockLeft = d.stock - d.booked
	d.tally.line, d.found = m.Waits.Memory.Quality, m.Waits.Memory.Known
	d.tally.event(d.now, m.Waits.Timetable.Event)
	before := d.served
	d.served = uint64(l.Served())
	if d.served < before {
		d.tally.Backwards++
	}
	for ; before < d.served; before++ {
		d.reach(before)
		if !d.known {
			d.turns = append(d.turns, int32(d.now))
		}
	}
}
