package invariant

import (
	"time"

	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/measure"
)

// answered: only inside the gateway's own fault windows may a request stay without an answer.
func answered(h *History, p *problems) int64 {
	c := h.Client
	for i := range c.Lost {
		if l := &c.Lost[i]; !h.excused(l.Done) {
			p.add("%s at %.3f s: %s", l.Kind, l.Done.Seconds(), l.Cause)
		}
	}
	p.tell(c.BlankPages, "blank page", c.Notes[citizen.BlankPage])
	p.tell(c.BadAnswers, "answer that no server should give", c.Notes[citizen.BadAnswer])
	return c.Answers + int64(len(c.Lost))
}

func (h *History) excused(at time.Duration) bool {
	for _, w := range h.Windows {
		if w.Process == "gateway" && at >= w.From && at <= w.To {
			return true
		}
	}
	return false
}

func polite(h *History, p *problems) int64 {
	p.tell(h.Client.RudeSheds, "503 without a wait or a reason", h.Client.Notes[citizen.RudeShed])
	return h.Client.Sheds
}

func explained(h *History, p *problems) int64 {
	p.tell(h.Client.Unstated, "refusal without a code", h.Client.Notes[citizen.Unstated])
	return h.Client.Refusals
}

func noCheats(h *History, p *problems) int64 {
	tried := int64(0)
	for kind, n := range h.Client.Tried {
		tried += n
		p.tell(h.Client.Through[kind], "cheat got through", h.Client.Notes[citizen.CheatThrough])
	}
	return tried
}

// slipShare is how many people off the roster the filter in front may let into the queue; the exact check stops them.
const slipShare = .02

func eligible(h *History, p *problems) int64 {
	c, f := h.Client, h.Client.Funnel
	p.tell(c.WrongRefusals, "somebody on the roster was refused", c.Notes[citizen.WrongRefusal])
	p.tell(c.BookedOffRoster, "somebody off the roster booked", c.Notes[citizen.BookedOffRoster])
	asked := f.SlippedIn + f.RefusedAtJoin
	if asked > 100 && float64(f.SlippedIn) > slipShare*float64(asked) {
		p.add("%d of %d people off the roster got a ticket", f.SlippedIn, asked)
	}
	return int64(f.Joined + f.RefusedAtJoin)
}

func placeKept(h *History, p *problems) int64 {
	c := h.Client
	p.tell(c.PlacesLost, "thrown back or refused with a good ticket", c.Notes[citizen.PlaceLost])
	p.tell(c.TicketsChanged, "joining again changed the ticket", c.Notes[citizen.TicketChanged])
	p.tell(c.TurnsTakenBack, "a turn was taken back", c.Notes[citizen.TurnTakenBack])
	for _, w := range h.Windows {
		if w.Process == "gateway" { // what counts is that places outlive the gateway
			return c.PlacesAcross
		}
	}
	return c.PlacesCompared + c.TicketsCompared
}

func cursorForward(h *History, p *problems) int64 {
	p.tell(h.Client.CursorBack, "the cursor went back", h.Client.Notes[citizen.CursorBack])
	return h.Client.CursorSteps
}

// recovery compares the goodput of the seconds before a fault with the best stretch of three seconds that begins soon
// after the process was ready. After the backend's return people must be entered again, too.
func recovery(h *History, p *problems) int64 {
	good := func(s measure.Second) float64 { return float64(s.Good) / max(float64(s.Offered), 1) }
	let := func(s measure.Second) float64 { return float64(s.Entered + s.Booked) }
	for _, w := range h.Windows {
		before := mean(h.Seconds, w.From-6*time.Second, w.From-time.Second, good)
		if after := best(h.Seconds, w.Ready, h.Recovery, good); after < .8*before {
			p.add("after the %s's fault %.0f %% of the offered load was served well, before it %.0f %%", w.Process, 100*after, 100*before)
		}
		before = mean(h.Seconds, w.From-6*time.Second, w.From-time.Second, let)
		if after := best(h.Seconds, w.Ready, h.Recovery, let); w.Process == "backend" && before >= 10 && after < .3*before {
			p.add("after the backend's fault %.0f people a second moved on, before it %.0f", after, before)
		}
	}
	return int64(len(h.Windows))
}

func mean(s []measure.Second, from, to time.Duration, f func(measure.Second) float64) float64 {
	a, b := max(int(from/time.Second), 0), min(int(to/time.Second), len(s))
	if b <= a {
		return 0
	}
	sum := 0.0
	for _, x := range s[a:b] {
		sum += f(x)
	}
	return sum / float64(b-a)
}

// best is the best mean over three seconds that end within limit of from, the last whole second included.
func best(s []measure.Second, from, limit time.Duration, f func(measure.Second) float64) float64 {
	top := 0.0
	for t := from; t+3*time.Second <= from+limit; t += time.Second {
		top = max(top, mean(s, t, t+3*time.Second, f))
	}
	return top
}
