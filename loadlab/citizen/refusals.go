package citizen

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/daemun/daemun/loadlab/arrivals"
	"github.com/daemun/daemun/loadlab/wire"
)

// refused is an answer that says no: most of them are part of an opening, some must never happen to somebody honest.
func (c *Crowd) refused(a Action, now time.Duration, res *wire.Response) Outcome {
	c.h.Refusals++
	code := text(res.Body, `"code":"`)
	if code == "" {
		c.h.Unstated++
		c.h.note(Unstated, "%s refused with %d and no code: %.120s", a.Kind, res.Status, res.Body)
	}
	if !a.own {
		c.otherRefused(a, code, now)
		return Refused
	}
	switch a.Kind {
	case Join, JoinInVain:
		return c.joinRefused(a, now, code)
	case Place:
		return c.placeRefused(a, now, code)
	case Enter:
		return c.enterRefused(a, now, code)
	case Book:
		return c.bookRefused(a, now, code)
	}
	return c.passRefused(a, now, code)
}

// otherRefused is a second device: with a good ticket nothing may be refused.
func (c *Crowd) otherRefused(a Action, code string, now time.Duration) {
	if code == "bad_ticket" {
		c.h.PlacesLost++
		c.h.note(PlaceLost, "a good ticket was refused to %s at %v", a.Kind, now)
	}
}

func (c *Crowd) joinRefused(a Action, now time.Duration, code string) Outcome {
	p := &c.all[a.Who]
	switch {
	case code == "not_eligible" && p.offRoster:
		if p.asked++; p.asked == 1 {
			c.h.Funnel.RefusedAtJoin++
			if c.rng.IntN(2) == 0 {
				c.sleep(a.Who, now, arrivals.Think(c.rng, 6))
				return Refused
			}
		}
		p.phase = gone
	case code == "not_eligible":
		c.h.WrongRefusals++
		c.h.note(WrongRefusal, "somebody on the roster was told not_eligible at %v", now)
		p.phase = gone
	case code == "not_open_yet" || code == "paused":
		c.again(a, now, 2*time.Second)
	case code == "closed" || code == "stock_gone":
		c.h.Funnel.StockGone++
		p.phase = gone
	default:
		c.broken("joining was refused: %s", code)
		p.phase = gone
		return Broken
	}
	return Refused
}

func (c *Crowd) placeRefused(a Action, now time.Duration, code string) Outcome {
	p := &c.all[a.Who]
	if code != "bad_ticket" {
		c.broken("asking for the place was refused: %s", code)
		c.again(a, now, 5*time.Second)
		return Broken
	}
	c.h.PlacesLost++
	c.h.note(PlaceLost, "a good ticket was refused at %v", now)
	c.unwait(p)
	p.ticket, p.phase, p.ahead = "", arriving, -1
	c.again(a, now, time.Second)
	return Broken
}

func (c *Crowd) enterRefused(a Action, now time.Duration, code string) Outcome {
	p := &c.all[a.Who]
	switch code {
	case "not_your_turn":
		c.h.TurnsTakenBack++
		c.h.note(TurnTakenBack, "a turn was taken back at %v", now)
	case "paused":
	case "stock_gone", "closed":
		c.h.Funnel.StockGone++
		c.leave(p)
		return Refused
	case "not_eligible":
		c.notEligibleLate(p)
		return Refused
	default:
		c.broken("entering was refused: %s", code)
	}
	p.phase = waiting
	c.wait(a.Who)
	c.again(a, now, 2*time.Second)
	return Refused
}

// notEligibleLate is the exact check behind the filter.
func (c *Crowd) notEligibleLate(p *person) {
	if !p.offRoster {
		c.h.WrongRefusals++
		c.h.note(WrongRefusal, "somebody on the roster was refused as not_eligible after their turn")
	}
	c.leave(p)
}

func (c *Crowd) bookRefused(a Action, now time.Duration, code string) Outcome {
	p := &c.all[a.Who]
	switch code {
	case "slot_full":
		c.h.SlotsFull++
		p.phase = choosing
		if p.tries%3 != 2 {
			p.phase = picking
			p.target = clinicOf(p.target)
		}
		p.unknown = false
		c.retry(a.Who, now)
	case "stock_gone", "closed":
		c.h.Funnel.StockGone++
		c.leave(p)
	case "not_eligible":
		c.notEligibleLate(p)
	case "already_booked", "key_reused":
		c.h.SecondAnswers++
		c.h.note(SecondAnswer, "a first booking with its own key was refused: %s", code)
		c.leave(p)
	case "bad_pass":
		return c.passRefused(a, now, code)
	default:
		c.broken("booking was refused: %s", code)
		c.leave(p)
		return Broken
	}
	return Refused
}

// clinicOf is the clinic in a slot's id such as c0001-0726-0930.
func clinicOf(slot string) string {
	for i := range slot {
		if slot[i] == '-' {
			return slot[:i]
		}
	}
	return slot
}

// passRefused sends somebody whose pass ran out to enter again: their turn is kept.
func (c *Crowd) passRefused(a Action, now time.Duration, code string) Outcome {
	p := &c.all[a.Who]
	if p.phase == booked {
		c.broken("looking at a booking was refused: %s", code)
		return Broken
	}
	if code != "bad_pass" {
		c.broken("%s was refused: %s", a.Kind, code)
		p.phase = choosing
		c.retry(a.Who, now)
		return Broken
	}
	c.broken("a fresh pass was refused to %s", a.Kind)
	p.phase = turned
	c.retry(a.Who, now)
	return Broken
}

// cause names an error in few words, so that a million of them stay a handful of strings.
func cause(err error) string {
	var ne net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, syscall.EPIPE):
		return "broken pipe"
	case errors.Is(err, wire.ErrMalformed):
		return err.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut short"
	case errors.Is(err, io.EOF):
		return "closed"
	case errors.As(err, &ne) && ne.Timeout():
		return "timeout"
	}
	return "other"
}

// Pending lists people whose booking may have happened although the answer was lost, for settling after the run.
func (c *Crowd) Pending() []Action {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Action
	for i := range c.all {
		if p := &c.all[i]; p.phase == booking && p.unknown {
			out = append(out, Action{Kind: Book, Who: int32(i), own: true})
		}
	}
	return out
}

// Resend writes the request of a pending booking.
func (c *Crowd) Resend(a Action, out []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &c.all[a.Who]
	return c.bookRequest(out, p, p.pass, p.target, c.key(a.Who))
}

// FailedTry is a connection that could not be opened; the request it was for waits for another try.
func (c *Crowd) FailedTry(sent, done time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.h.Lost) < maxLost {
		c.h.Lost = append(c.h.Lost, LostAnswer{Sent: sent, Done: done, Try: true, Cause: cause(err)})
	}
}
