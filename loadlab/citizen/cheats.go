package citizen

import (
	"encoding/base64"
	"time"

	"github.com/daemun/daemun/loadlab/wire"
)

// check looks at what somebody got by trying something, and then at the place they have anyway: was it better?
type check struct {
	cheat  Cheat
	who    int32
	ticket string // the second one, to be asked about first; empty once that is known
	state  string
	ahead  int64 // −1 unknown
	again  int
	after  time.Duration // not asked before
}

// checkRequest asks about the second ticket first and about the citizen's own after it, so that the line's moving on
// meanwhile can only make the own place look better.
func (c *Crowd) checkRequest(k *check, out []byte) []byte {
	if k.ticket != "" {
		return c.ticketRequest(out, "GET /v1/queue/place", k.ticket)
	}
	return c.ticketRequest(out, "GET /v1/queue/place", c.all[k.who].ticket)
}

// pathTricks are other spellings of guarded paths and paths that do not exist outside: whatever they lead to, it must
// not be an answer.
var pathTricks = []string{
	"POST //v1/bookings", "POST /V1/Bookings", "POST /v1/%62ookings", "POST /v1/./bookings", "POST /v1/x/../bookings",
	"POST /v1/%2e%2e/v1/bookings", "POST /v1/bookings/", "POST /v1/bookings;x=1", "POST /v1/bookings%00", "POST /v1%2fbookings",
	"GET /v1/bookings", "PUT /v1/bookings", "GET //v1/clinics", "GET /v1/Clinics", "GET /v1/openings/../clinics",
	"GET /internal/status", "GET /internal/ledger?after=0&limit=5", "POST /internal/admissions", "GET /control/v1/snapshot",
	"GET /control/v1/ledger?after=0&limit=5", "GET /metrics", "GET /debug/pprof/", "GET /v1/../internal/status",
}

// cheat is the next try of the next kind for which there is somebody; false when nobody can cheat yet.
func (c *Crowd) cheat(now time.Duration, out []byte) (Action, []byte, bool) {
	for range Cheats {
		kind := Cheat(c.trick % Cheats)
		c.trick++
		if who, ok := c.cheater(kind, now); ok {
			return Action{Kind: Trick, Cheat: kind, Who: who}, c.cheatRequest(kind, who, out), true
		}
	}
	return Action{}, out, false
}

// cheater finds somebody for whom the cheat would be one.
func (c *Crowd) cheater(kind Cheat, now time.Duration) (int32, bool) {
	switch kind {
	case SecondBooking:
		return c.anyOf(c.bookings)
	case ReplayedPass:
		if len(c.passes) == 0 || c.anySlot == "" {
			return 0, false
		}
	case ForgedTicket, ForgedEnter, DeepClinics, DeepBooking, ForgedPass, PathTrick:
		return int32(c.rng.IntN(len(c.all))), true
	}
	i, ok := c.anyOf(c.waiters)
	if !ok {
		return 0, false
	}
	p := &c.all[i]
	early := kind == EarlyEnter || kind == ClockEnter
	if early && !c.far(p, now) {
		return 0, false
	}
	return i, p.phase == waiting && !p.offRoster
}

// far says whether the turn cannot have come by now.
func (c *Crowd) far(p *person, now time.Duration) bool {
	if now < c.o.Lobby-time.Second {
		return true
	}
	return p.ahead > int32(len(c.all)/50) && ms(now)-p.toldAt < 15_000
}

func (c *Crowd) anyOf(list []int32) (int32, bool) {
	if len(list) == 0 {
		return 0, false
	}
	return list[c.rng.IntN(len(list))], true
}

func (c *Crowd) cheatRequest(kind Cheat, who int32, out []byte) []byte {
	p := &c.all[who]
	switch kind {
	case ForgedTicket:
		return c.ticketRequest(out, "GET /v1/queue/place", c.random(54))
	case BentTicket:
		return c.ticketRequest(out, "GET /v1/queue/place", c.bend(p.ticket))
	case CutTicket:
		return c.ticketRequest(out, "GET /v1/queue/place", p.ticket[:len(p.ticket)/4+c.rng.IntN(max(1, len(p.ticket)/2))])
	case ForgedEnter:
		return c.ticketRequest(out, "POST /v1/queue/enter", c.random(54))
	case EarlyEnter:
		return c.ticketRequest(out, "POST /v1/queue/enter", p.ticket)
	case ClockEnter:
		return c.clockRequest(out, p.ticket)
	case Rejoin:
		return c.joinRequest(out, p, "")
	case DeepClinics:
		return append(append(append(out, "GET /v1/clinics?region="...), regions[p.region].encoded...), c.host+"\r\n"...)
	case PathTrick:
		return c.pathTrick(out, p)
	}
	return c.bookAt(out, "POST /v1/bookings", p, c.falsePass(kind, p), c.someSlot(), "cheat-"+c.random(12))
}

// falsePass is what a cheater shows at the booking.
func (c *Crowd) falsePass(kind Cheat, p *person) string {
	switch kind {
	case ReplayedPass:
		i, _ := c.anyOf(c.passes)
		return c.all[i].pass
	case SecondBooking:
		return p.pass
	case ForgedPass:
		if i, ok := c.anyOf(c.passes); ok && c.rng.IntN(2) == 0 {
			return c.bend(c.all[i].pass)
		}
		return c.random(120)
	}
	return ""
}

func (c *Crowd) clockRequest(out []byte, ticket string) []byte {
	then := c.rng.IntN(48) - 24
	date := time.Date(2026, 7, 19, 20, 0, 0, 0, time.UTC).Add(time.Duration(then) * time.Hour).Format("Mon, 02 Jan 2006 15:04:05 GMT")
	out = append(append(out, "POST /v1/queue/enter?now=2099-01-01T00:00:00Z&ts=4102444800"...), c.host...)
	out = append(append(append(out, "Authorization: Ticket "...), ticket...), "\r\nDate: "...)
	out = append(append(out, date...), "\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: localhost\r\nX-Forwarded-Proto: https\r\n"...)
	return append(out, "X-Real-Ip: 10.0.0.1\r\nX-Client-Time: 4102444800\r\nContent-Length: 0\r\n\r\n"...)
}

func (c *Crowd) pathTrick(out []byte, p *person) []byte {
	line := pathTricks[c.rng.IntN(len(pathTricks))]
	if line[:4] == "POST" {
		return c.bookAt(out, line, p, "", c.someSlot(), "cheat-"+c.random(12))
	}
	out = append(append(out, line...), c.host...)
	return append(out, "X-HTTP-Method-Override: POST\r\nX-Original-URL: /v1/clinics\r\nContent-Length: 0\r\n\r\n"...)
}

func (c *Crowd) someSlot() string {
	if c.anySlot == "" {
		return "c0001-0726-0930"
	}
	return c.anySlot
}

// random is n bytes of chance as base64url.
func (c *Crowd) random(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(c.rng.Uint32())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// bend changes one character in the middle of a token, so that its bytes surely differ.
func (c *Crowd) bend(token string) string {
	b := []byte(token)
	if len(b) == 0 {
		return "A"
	}
	for range 16 {
		i := len(b)/8 + c.rng.IntN(max(1, len(b)*3/4))
		if ch := b[i]; ch != '.' {
			b[i] = 'A'
			if ch == 'A' {
				b[i] = 'B'
			}
			break
		}
	}
	return string(b)
}

// judge decides whether a cheat got through. Refusals are 4xx, redirects that lead nowhere new, and polite 503s.
func (c *Crowd) judge(a Action, res *wire.Response, now time.Duration) Outcome {
	c.h.Tried[a.Cheat]++
	if res.Status == 503 {
		return c.shed(Trick, res)
	}
	if res.Status >= 500 {
		c.broken("cheat %s answered %d", a.Cheat, res.Status)
		return Broken
	}
	if res.Status < 200 || res.Status >= 300 {
		return Refused
	}
	switch a.Cheat {
	case Rejoin:
		// Until its epoch is sealed a second place is only an estimate.
		c.checks = append(c.checks, &check{cheat: a.Cheat, who: a.Who, ticket: text(res.Body, `"ticket":"`), after: max(now, c.o.Lobby) + settling})
	case EarlyEnter, ClockEnter:
		c.h.EarlyPasses++
		c.atOnce(&check{cheat: a.Cheat, who: a.Who, state: "turn", ahead: -1})
	default:
		c.admit(a.Cheat, "answered %d: %.120s", res.Status, res.Body)
	}
	return Refused
}

func (c *Crowd) atOnce(k *check) { c.checks = append([]*check{k}, c.checks...) }

// verify compares what the cheater got with the place they have: better is a cheat that got through.
func (c *Crowd) verify(k *check, res *wire.Response, now time.Duration) {
	if res == nil || res.Status != 200 {
		if k.again++; k.again < 20 {
			k.after = now + time.Second
			c.checks = append(c.checks, k)
		}
		return
	}
	state, at := text(res.Body, `"state":"`), ahead(res.Body)
	if k.ticket != "" {
		k.ticket, k.state, k.ahead = "", state, at
		c.atOnce(k)
		return
	}
	if k.state == "turn" && (state == "waiting" || state == "lobby") {
		c.admit(k.cheat, "admitted while the place said %s, %d ahead", state, at)
	}
	if k.state == "waiting" && state == "waiting" && k.ahead >= 0 && at >= 0 && k.ahead+at/50+50 < at {
		c.admit(k.cheat, "second place has %d ahead, the first %d", k.ahead, at)
	}
}

func (c *Crowd) admit(kind Cheat, format string, args ...any) {
	c.h.Through[kind]++
	c.h.note(CheatThrough, kind.String()+": "+format, args...)
}

func ahead(body []byte) int64 {
	if n, ok := wire.Int(body, `"ahead":`); ok {
		return n
	}
	return -1
}
