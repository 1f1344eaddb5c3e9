package citizen

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/daemun/daemun/loadlab/arrivals"
)

// Options say whom a Crowd consists of and how long it acts.
type Options struct {
	Opening string // id
	Host    string // for the Host header
	Nonce   string // makes this run's idempotency keys its own
	Seed    uint64
	Lobby   time.Duration // from the start to the opening
	Run     time.Duration
	Cheats  float64 // share of requests
}

// Crowd decides who sends what and learns from the answers.
type Crowd struct {
	o      Options
	people *People

	mu       sync.Mutex
	all      []person
	wheel    *wheel
	urgent   list // people on their way to a booking
	normal   list // joins and polls
	checks   []*check
	waiters  []int32 // people with a place
	rng      *rand.Rand
	zipf     *arrivals.Zipf
	host     string
	days     []string
	anySlot  string // seen somewhere, for cheaters
	passes   []int32
	bookings []int32
	credit   float64 // of cheats
	trick    int
	told     cursorSeen
	faultAt  time.Duration

	h History
}

// NewCrowd gathers the people.
func NewCrowd(p *People, o Options) *Crowd {
	c := &Crowd{o: o, people: p, all: make([]person, p.Len()), wheel: newWheel(2*o.Run + time.Minute),
		rng: rand.New(rand.NewPCG(o.Seed, 0xdae3)), zipf: arrivals.NewZipf(2048, .95), faultAt: -1,
		host: " HTTP/1.1\r\nHost: " + o.Host + "\r\n"}
	c.urgent.head, c.normal.head = -1, -1
	when := arrivals.Opening{Lobby: o.Lobby, End: o.Run}
	for i := range c.all {
		q := &c.all[i]
		*q = person{row: p.rows[i], offRoster: p.off[i], next: -1, waitPos: -1, ahead: -1, joinedAt: -1,
			region: uint8(pickRegion(c.rng))}
		c.wheel.at(c.all, int32(i), when.Arrival(c.rng))
	}
	return c
}

// Next decides what to send at now and appends the request's bytes to out.
func (c *Crowd) Next(now time.Duration, out []byte) (Action, []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wheel.advance(c.all, now, c.wake)
	if k := c.dueCheck(now); k != nil {
		return Action{Kind: Place, Who: k.who, check: k}, c.checkRequest(k, out)
	}
	if c.credit += c.o.Cheats; c.credit >= 1 {
		if a, b, ok := c.cheat(now, out); ok {
			c.credit--
			return a, b
		}
	}
	for _, l := range []*list{&c.urgent, &c.normal} {
		for i := l.pop(c.all); i >= 0; i = l.pop(c.all) {
			if a, b, ok := c.act(i, now, out); ok {
				return a, b
			}
		}
	}
	return c.otherDevice(out)
}

// dueCheck takes the next check whose time has come.
func (c *Crowd) dueCheck(now time.Duration) *check {
	if len(c.checks) == 0 || c.checks[0].after > now {
		return nil
	}
	k := c.checks[0]
	c.checks = c.checks[1:]
	return k
}

// wake sorts somebody whose time has come by urgency.
func (c *Crowd) wake(i int32) {
	if p := c.all[i].phase; p >= turned && p <= booking {
		c.urgent.push(c.all, i)
		return
	}
	c.normal.push(c.all, i)
}

// act is the citizen's own next request; false when the citizen has left instead.
func (c *Crowd) act(i int32, now time.Duration, out []byte) (Action, []byte, bool) {
	p := &c.all[i]
	a := Action{Who: i, own: true}
	switch p.phase {
	case arriving:
		a.Kind = Join
		if p.offRoster {
			a.Kind = JoinInVain
		}
		return a, c.joinRequest(out, p, p.ticket), true
	case waiting:
		if p.leaveAt > 0 && ms(now) > p.leaveAt {
			c.h.Funnel.GaveUp++
			c.leave(p)
			return a, out, false
		}
		a.Kind = Place
		return a, c.ticketRequest(out, "GET /v1/queue/place", p.ticket), true
	case turned:
		a.Kind = Enter
		return a, c.ticketRequest(out, "POST /v1/queue/enter", p.ticket), true
	case choosing:
		a.Kind = Clinics
		return a, c.passGet(out, "/v1/clinics?region="+regions[p.region].encoded, p.pass), true
	case picking:
		a.Kind = Slots
		return a, c.passGet(out, c.slotsPath(p), p.pass), true
	case booking:
		a.Kind = Book
		return a, c.bookRequest(out, p, p.pass, p.target, c.key(i)), true
	case booked:
		a.Kind = View
		return a, c.passGet(out, "/v1/bookings/"+p.target, p.pass), true
	}
	return a, out, false
}

// otherDevice is somebody with a place looking again on another device, or anybody looking at the front page.
func (c *Crowd) otherDevice(out []byte) (Action, []byte) {
	a := Action{Who: -1}
	x := c.rng.Float64()
	if len(c.waiters) == 0 || x < .05 {
		if x < .025 {
			a.Kind = Home
			return a, append(append(append(out, "GET /"...), c.host...), "Accept: text/html\r\n\r\n"...)
		}
		a.Kind = Cursor
		return a, c.cursorRequest(out)
	}
	a.Who = c.waiters[c.rng.IntN(len(c.waiters))]
	p := &c.all[a.Who]
	switch {
	case x < .07 && !p.offRoster:
		a.Kind = Join
		return a, c.joinRequest(out, p, p.ticket)
	case x < .25:
		a.Kind = WaitPage
		out = append(append(out, "GET /wait"...), c.host...)
		return a, append(append(append(out, "Accept: text/html\r\nCookie: daemun_ticket="...), p.ticket...), "\r\n\r\n"...)
	case x < .50:
		a.Kind, a.Who = Cursor, -1
		return a, c.cursorRequest(out)
	}
	a.Kind = Place
	return a, c.ticketRequest(out, "GET /v1/queue/place", p.ticket)
}

func (c *Crowd) sleep(i int32, now, d time.Duration) { c.wheel.at(c.all, i, now+max(d, tick)) }

func (c *Crowd) leave(p *person) {
	p.phase = gone
	c.unwait(p)
}

// wait and unwait keep the list of people with a place dense.
func (c *Crowd) wait(i int32) {
	if p := &c.all[i]; p.waitPos < 0 {
		p.waitPos = int32(len(c.waiters))
		c.waiters = append(c.waiters, i)
	}
}

func (c *Crowd) unwait(p *person) {
	if p.waitPos < 0 {
		return
	}
	last := c.waiters[len(c.waiters)-1]
	c.waiters[p.waitPos] = last
	c.all[last].waitPos = p.waitPos
	c.waiters = c.waiters[:len(c.waiters)-1]
	p.waitPos = -1
}

func (c *Crowd) key(i int32) string {
	return fmt.Sprintf("lab-%s-%06x-%02x", c.o.Nonce, i, c.all[i].attempt)
}

// Fault tells the crowd that the gateway was killed at now: places told before are compared with those told after.
func (c *Crowd) Fault(now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faultAt = now
}
