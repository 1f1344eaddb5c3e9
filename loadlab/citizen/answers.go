package citizen

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/loadlab/arrivals"
	"github.com/daemun/daemun/loadlab/wire"
)

// Apply tells the crowd what became of an action: an answer, or the error that came instead. It says which outcome
// that was.
func (c *Crowd) Apply(a Action, sent, done time.Duration, res *wire.Response, err error) Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		return c.lost(a, sent, done, err)
	}
	c.h.Answers++
	if a.check != nil {
		c.verify(a.check, res, done)
	}
	switch {
	case a.Kind == Trick:
		return c.judge(a, res, done)
	case res.Status == 503:
		return c.shedOwn(a, done, res)
	case res.Status >= 500 || res.Status < 200:
		c.broken("%s answered %d: %.120s", a.Kind, res.Status, res.Body)
		c.again(a, done, time.Second)
		return Broken
	}
	if a.Kind == Home || a.Kind == WaitPage {
		return c.page(a, res)
	}
	if res.Status >= 400 {
		return c.refused(a, done, res)
	}
	return c.good(a, sent, done, res)
}

func (c *Crowd) lost(a Action, sent, done time.Duration, err error) Outcome {
	if len(c.h.Lost) < maxLost {
		c.h.Lost = append(c.h.Lost, LostAnswer{Sent: sent, Done: done, Kind: a.Kind, Cause: cause(err)})
	}
	if a.check != nil {
		c.verify(a.check, nil, done)
	}
	if a.own {
		if a.Kind == Book {
			c.inDoubt(a.Who)
		}
		c.again(a, done, arrivals.Think(c.rng, 1))
	}
	return Lost
}

// inDoubt remembers that a booking may have been made although nobody said so.
func (c *Crowd) inDoubt(i int32) {
	if p := &c.all[i]; !p.unknown {
		p.unknown = true
		c.h.Unknown++
	}
}

// again lets a citizen repeat what they did last.
func (c *Crowd) again(a Action, now, d time.Duration) {
	if a.own {
		c.sleep(a.Who, now, d)
	}
}

// shed counts a 503 and whether it was polite: it says when to come back and what is the matter.
func (c *Crowd) shed(kind Kind, res *wire.Response) Outcome {
	c.h.Sheds++
	if kind.Admitted() {
		c.h.AdmittedSheds++
	}
	code := text(res.Body, `"code":"`)
	polite := res.RetryAfter >= 1 && politeCodes[code]
	if kind == Home || kind == WaitPage {
		polite = res.RetryAfter >= 1 && wholePage(res.Body)
	}
	if code == "backend_resting" {
		c.h.BackendResting++
	}
	if !polite {
		c.h.RudeSheds++
		c.h.note(RudeShed, "503 to %s without a wait or a reason: retry %d, %.120s", kind, res.RetryAfter, res.Body)
	}
	return Shed
}

// politeCodes are the reasons a 503 may give.
var politeCodes = map[string]bool{"busy": true, "backend_resting": true, "answer_lost": true}

func (c *Crowd) shedOwn(a Action, done time.Duration, res *wire.Response) Outcome {
	if a.own && a.Kind == Book && text(res.Body, `"code":"`) == "answer_lost" {
		c.inDoubt(a.Who)
	}
	wait := time.Duration(max(res.RetryAfter, 1)) * time.Second
	c.again(a, done, wait+time.Duration(c.rng.IntN(500))*time.Millisecond)
	return c.shed(a.Kind, res)
}

// page checks what a browser would show.
func (c *Crowd) page(a Action, res *wire.Response) Outcome {
	c.h.Pages++
	if res.Status >= 300 && res.Status < 400 && len(res.Location) > 0 {
		return Good
	}
	if !wholePage(res.Body) {
		c.h.BlankPages++
		c.h.note(BlankPage, "blank page: %s answered %d with %d bytes", a.Kind, res.Status, len(res.Body))
		return Broken
	}
	if res.Status >= 400 {
		return Refused
	}
	return Good
}

func wholePage(body []byte) bool {
	return bytes.HasSuffix(bytes.TrimRight(body, " \r\n\t"), []byte("</html>"))
}

func (c *Crowd) good(a Action, sent, done time.Duration, res *wire.Response) Outcome {
	switch a.Kind {
	case Cursor:
		c.cursor(sent, done, res.Body)
	case Join, JoinInVain:
		c.joined(a, done, res.Body)
	case Place:
		if a.own {
			c.placed(a.Who, done, res.Body)
		}
	case Enter:
		return c.entered(a, done, res.Body)
	case Clinics:
		c.chooseClinic(a.Who, done, res.Body)
	case Slots:
		c.chooseSlot(a.Who, done, res.Body)
	case Book:
		return c.booked(a.Who, done, res)
	case View:
		if text(res.Body, `"booking_no":"`) != c.all[a.Who].target {
			c.broken("looked at booking %s, was shown %.120s", c.all[a.Who].target, res.Body)
			return Broken
		}
	}
	return Good
}

// cursor keeps a look at the cursor ten times a second, and checks that it never goes back.
func (c *Crowd) cursor(sent, done time.Duration, body []byte) {
	epoch, ok := wire.Int(body, `"epoch":`)
	rank, err := strconv.ParseUint(text(body, `"rank":"`), 16, 64)
	if !ok || err != nil {
		c.broken("cursor without a place: %.120s", body)
		return
	}
	s := Seen{Sent: sent, Done: done, Epoch: uint32(epoch), Rank: rank}
	best := &c.told.best
	if best.Done > 0 && sent > best.Done {
		c.h.CursorSteps++
		if s.Before(*best) {
			c.h.CursorBack++
			c.h.note(CursorBack, "cursor went back at %v from %d/%016x to %d/%016x", sent, best.Epoch, best.Rank, s.Epoch, s.Rank)
		}
	}
	if !s.Before(*best) && (best.Done == 0 || best.Before(s)) {
		*best = s
	}
	if n := len(c.h.Cursors); n == 0 || sent-c.h.Cursors[n-1].Sent >= 100*time.Millisecond {
		c.h.Cursors = append(c.h.Cursors, s)
	}
}

// joined takes the ticket, or compares it with the one held.
func (c *Crowd) joined(a Action, now time.Duration, body []byte) {
	p := &c.all[a.Who]
	ticket := wire.Text(body, `"ticket":"`)
	if len(ticket) == 0 {
		c.broken("joined without a ticket: %.120s", body)
		c.again(a, now, time.Second)
		return
	}
	if !a.own {
		c.h.TicketsCompared++
		if p.ticket != "" && string(ticket) != p.ticket {
			c.h.TicketsChanged++
			c.h.note(TicketChanged, "joining again with a valid ticket gave another one at %v", now)
		}
		return
	}
	p.ticket, p.phase = string(ticket), waiting
	p.joinedAt = ms(now)
	c.h.Funnel.Joined++
	if p.offRoster {
		c.h.Funnel.SlippedIn++
	}
	c.wait(a.Who)
	c.placed(a.Who, now, body)
}

// placed reads a place: state, people ahead, when to ask again.
func (c *Crowd) placed(i int32, now time.Duration, body []byte) {
	p := &c.all[i]
	switch state := text(body, `"state":"`); state {
	case api.PlaceTurn:
		if p.phase == waiting {
			p.phase = turned
			c.h.Funnel.Turned++
			c.unwait(p)
		}
		c.sleep(i, now, arrivals.Think(c.rng, 1.2))
		return
	case api.PlaceClosed:
		c.h.Funnel.StockGone++
		c.leave(p)
		return
	case api.PlaceLobby, api.PlaceWaiting, api.PlacePaused:
		c.compare(p, now, ahead(body), state)
	default:
		c.broken("place without a state: %.120s", body)
	}
	if p.leaveAt == 0 {
		if s, ok := wire.Int(body, `"wait_high_s":`); ok {
			p.leaveAt = ms(now) + ms(min(arrivals.Patience(c.rng, time.Duration(s)*time.Second), 24*time.Hour))
		}
	}
	c.sleep(i, now, c.nextLook(p, body))
}

// settling is how long after joining a place may still be an estimate: its epoch has to end and be sealed first.
const settling = 4 * time.Second

// compare checks that nobody is thrown back: fewer people ahead each time, apart from a small error of estimation.
func (c *Crowd) compare(p *person, now time.Duration, n int64, state string) {
	settled := max(time.Duration(p.joinedAt)*time.Millisecond, c.o.Lobby) + settling
	if n < 0 || state != api.PlaceWaiting || now < settled {
		return
	}
	if before := int64(p.ahead); before >= 0 {
		c.h.PlacesCompared++
		if c.faultAt >= 0 && p.toldAt < ms(c.faultAt) {
			c.h.PlacesAcross++
		}
		if n > before+before/50+50 {
			c.h.PlacesLost++
			c.h.note(PlaceLost, "thrown back at %v: %d ahead, %d before", now, n, before)
		}
	}
	p.ahead, p.toldAt = int32(min(n, 1<<30)), ms(now)
}

// nextLook is as told, or sooner for somebody impatient, six times at most.
func (c *Crowd) nextLook(p *person, body []byte) time.Duration {
	s, ok := wire.Int(body, `"next_poll_s":`)
	if !ok || s < 1 || s > 30 {
		c.broken("next_poll_s is missing or out of range: %.160s", body)
		s = 5
	}
	told := time.Duration(s)*time.Second + time.Duration(c.rng.IntN(400))*time.Millisecond
	if p.refreshes < 6 && c.rng.Float64() < .35 {
		if soon := arrivals.Refresh(c.rng); soon < told {
			p.refreshes++
			return soon
		}
	}
	return told
}

func (c *Crowd) entered(a Action, now time.Duration, body []byte) Outcome {
	p := &c.all[a.Who]
	pass := wire.Text(body, `"pass":"`)
	if len(pass) == 0 {
		c.broken("entered without a pass: %.120s", body)
		c.again(a, now, time.Second)
		return Broken
	}
	if p.pass == "" {
		c.h.Funnel.Entered++
		c.passes = append(c.passes, a.Who)
	}
	p.pass, p.phase = string(pass), choosing
	c.sleep(a.Who, now, arrivals.Think(c.rng, 1))
	return Good
}

// chooseClinic takes one of the region's clinics with something left, the popular ones first.
func (c *Crowd) chooseClinic(i int32, now time.Duration, body []byte) {
	p := &c.all[i]
	id := c.pick(body, `"clinics":`)
	if id == "" {
		p.region = uint8(pickRegion(c.rng))
		c.retry(i, now)
		return
	}
	p.target, p.phase = id, picking
	c.sleep(i, now, arrivals.Think(c.rng, 1))
}

func (c *Crowd) chooseSlot(i int32, now time.Duration, body []byte) {
	p := &c.all[i]
	c.learnDays(body)
	id := c.pick(body, `"slots":`)
	if id == "" {
		p.phase = choosing
		c.retry(i, now)
		return
	}
	p.target, p.phase = id, booking
	p.attempt++
	c.anySlot = id
	c.sleep(i, now, arrivals.Think(c.rng, 1.5))
}

// pick draws from the objects behind key that have something left, by rank in the list.
func (c *Crowd) pick(body []byte, key string) string {
	var room [256][]byte
	ids := room[:0]
	wire.Objects(body, key, func(object []byte) bool {
		if left, ok := wire.Int(object, `"left":`); ok && left > 0 {
			ids = append(ids, wire.Text(object, `"id":"`))
		}
		return true
	})
	if len(ids) == 0 {
		return ""
	}
	return string(ids[c.zipf.Rank(c.rng, len(ids))])
}

func (c *Crowd) learnDays(body []byte) {
	if len(c.days) > 0 {
		return
	}
	var l struct {
		Days []string `json:"days"`
	}
	if json.Unmarshal(body, &l) == nil {
		c.days = l.Days
	}
}

// retry looks once more, a dozen times in all.
func (c *Crowd) retry(i int32, now time.Duration) {
	p := &c.all[i]
	if p.tries++; p.tries > 12 {
		c.h.Funnel.NoSlot++
		c.leave(p)
		return
	}
	c.sleep(i, now, arrivals.Think(c.rng, .7))
}

func (c *Crowd) booked(i int32, now time.Duration, res *wire.Response) Outcome {
	p := &c.all[i]
	var b api.Booking
	if err := json.Unmarshal(res.Body, &b); err != nil || b.No == "" || b.Slot != p.target {
		c.broken("booking answered %d: %.160s", res.Status, res.Body)
		c.sleep(i, now, time.Second)
		return Broken
	}
	ack := Acked{Who: i, No: b.No, Slot: b.Slot, Key: c.key(i), Pass: p.pass, At: now, Unknown: p.unknown}
	if len(c.h.Acked)%8 == 0 || p.unknown {
		ack.Proof = b.Proof
	}
	c.h.Acked = append(c.h.Acked, ack)
	c.h.Funnel.Booked++
	if p.offRoster {
		c.h.BookedOffRoster++
		c.h.note(BookedOffRoster, "somebody who is not on the roster booked %s", b.No)
	}
	c.bookings = append(c.bookings, i)
	p.target, p.phase = b.No, booked
	if c.rng.Float64() < .2 {
		c.sleep(i, now, arrivals.Think(c.rng, 3))
	}
	return Good
}

func text(body []byte, key string) string { return string(wire.Text(body, key)) }
