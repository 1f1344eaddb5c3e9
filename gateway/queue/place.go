package queue

import (
	"strconv"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/opening"
)

// Unknown stands for a number that nobody can know yet.
const Unknown int64 = -1

// Place is where a ticket stands. Ahead, WaitLow and WaitHigh (seconds) are Unknown where they cannot be known.
type Place struct {
	State    string // an api.Place… state
	Reason   string
	Epoch    uint32
	Rank     uint64
	Ahead    int64
	WaitLow  int64
	WaitHigh int64
	Outlook  string // doses: plenty, scarce, gone, unknown
	NextPoll int    // seconds
}

// Bounds of the polling interval in seconds, and how far around its middle people are spread.
const (
	minPoll, maxPoll = 1, 30
	afterOpening     = 2 // the lobby is sealed about a second after the opening; earlier nobody can be told anything
	spreadSeconds    = 6
	unmeasured       = 1000 // people a second that are reckoned with before any are measured
)

// Place answers for a ticket of this line.
func (l *Line) Place(t *Ticket, now time.Time) Place {
	p := Place{Epoch: t.Epoch, Ahead: Unknown, WaitLow: Unknown, WaitHigh: Unknown}
	standing := l.standing()
	state, begun := standing.Shown(now), standing.Begun(now)
	p.Reason = opening.ReasonIn(standing.Phase(now), l.Reason, l.Moved)
	switch {
	case state == api.OpeningClosed:
		p.State, p.Outlook, p.NextPoll = api.PlaceClosed, l.outlook(Unknown), maxPoll
		return p
	case !begun:
		p.State, p.Outlook = api.PlaceLobby, l.outlook(Unknown)
		if state == api.OpeningPaused {
			p.State = api.PlacePaused
		}
		p.NextPoll = l.pollBeforeOpening(t, now)
		return p
	case state == api.OpeningPaused:
		p.State = api.PlacePaused
	}
	position := l.locate(t, &p)
	if c := l.Cohorts[t.Cohort]; c.Paused && p.State != api.PlacePaused {
		p.State, p.Reason = api.PlacePaused, c.Reason
	}
	p.Outlook = l.outlook(p.Ahead)
	l.estimate(&p, position, now)
	p.NextPoll = l.poll(t, &p)
	return p
}

// locate finds the place in the line and, unless the line is paused, whether its turn has come. It returns how many people
// stand before it, counted from the head of the line.
func (l *Line) locate(t *Ticket, p *Place) (position uint64) {
	served := l.Seals.position(l.Cursor.Epoch, l.Cursor.Rank)
	e := l.Seals.find(t.Epoch)
	if e == nil {
		if t.Epoch < l.Cursor.Epoch { // an epoch from before the line's first: served by definition
			p.Ahead = 0
		} // else the order of the epoch is not drawn yet: nobody can say
	} else {
		p.Rank = e.ranker.Rank(t.Subject)
		position = l.Seals.position(t.Epoch, p.Rank)
		p.Ahead = int64(position - min(position, served))
	}
	switch {
	case p.State == api.PlacePaused:
	case (e != nil || t.Epoch < l.Cursor.Epoch) && l.Cursor.Below(t.Epoch, p.Rank):
		p.State = api.PlaceTurn
	default:
		p.State = api.PlaceWaiting
	}
	return position
}

// estimate looks the range of the wait up. Who stands where the doses will be gone, or whose turn would come after the
// close, is promised no turn.
func (l *Line) estimate(p *Place, position uint64, now time.Time) {
	switch {
	case p.State == api.PlaceTurn:
		p.WaitLow, p.WaitHigh = 0, 0
	case p.State == api.PlaceWaiting:
		if p.Reason == "" && l.Timetable != nil {
			p.Reason = l.Timetable.Event.Reason(now)
		}
		low, high, ok := l.Timetable.Range(position)
		if ok && p.Ahead >= 0 && p.Outlook != outlookScarce && now.Add(time.Duration(low+high)*time.Second/2).Before(l.ClosesAt) {
			p.WaitLow, p.WaitHigh = low, high
		}
	}
}

// Wait is the range, in seconds, for somebody who joins at the end of the line, or Unknown.
func (l *Line) Wait() (low, high int64) {
	low, high, ok := l.Timetable.Range(l.Seals.Total() + l.Unsealed)
	if !ok {
		return Unknown, Unknown
	}
	return low, high
}

const outlookScarce = "scarce"

// outlook compares the doses left with what the people before this place are expected to book.
func (l *Line) outlook(ahead int64) string {
	switch {
	case l.StockLeft < 0:
		return "unknown"
	case l.StockLeft == 0:
		return "gone"
	case ahead != Unknown && l.Doses.Scarce(ahead, l.StockLeft):
		return outlookScarce
	}
	return "plenty"
}

// pollBeforeOpening spreads the lobby's questions: rarely while the opening is far, and over some seconds after it.
func (l *Line) pollBeforeOpening(t *Ticket, now time.Time) int {
	untilOpen := int(l.OpensAt.Sub(now)/time.Second) + 1
	if untilOpen > maxPoll {
		return maxPoll - int(t.Subject[15]%spreadSeconds)
	}
	return clampPoll(float64(untilOpen+afterOpening+int(t.Subject[15]%spreadSeconds)) * l.Pace)
}

// poll asks people at the head to look soon and people far back to look seldom, and everybody less often when the
// gateway is busy.
func (l *Line) poll(t *Ticket, p *Place) int {
	switch {
	case p.State == api.PlaceTurn:
		return minPoll
	case p.State == api.PlacePaused:
		return 2 // whoever waits sees a resume, or a new reason, at once
	case p.WaitLow == Unknown && p.Outlook == outlookScarce:
		return maxPoll - int(t.Subject[15]%spreadSeconds)
	case p.WaitLow == Unknown && p.Ahead > 0: // nothing is measured yet: the head of the line asks first
		return clampPoll((float64(2+t.Subject[15]%3) + float64(p.Ahead)/unmeasured) * l.Pace)
	case p.WaitLow == Unknown:
		return clampPoll(float64(2+t.Subject[15]%3) * l.Pace)
	}
	return clampPoll((float64(p.WaitLow)/3 + float64(t.Subject[15]%3)) * l.Pace)
}

func clampPoll(seconds float64) int {
	return int(min(max(seconds, minPoll), maxPoll))
}

// Wire gives the place in its published shape, without the ticket's text.
func (l *Line) Wire(t *Ticket, p *Place, now time.Time) api.Place {
	known := func(n int64) *int64 {
		if n < 0 {
			return nil
		}
		return &n
	}
	return api.Place{
		Opening: l.ID, Cohort: l.Cohorts[t.Cohort].ID, State: p.State, Reason: p.Reason,
		Ahead: known(p.Ahead), WaitLowS: known(p.WaitLow), WaitHighS: known(p.WaitHigh),
		StockOutlook: p.Outlook, StockLeft: known(l.StockLeft), OpensAt: l.OpensAt, NextPollS: p.NextPoll, ServerTime: now,
	}
}

// AppendPlace appends the JSON of api.Place for a ticket: the same as encoding Wire, without allocating. text is the
// ticket itself, included where it is not empty.
func (l *Line) AppendPlace(dst []byte, text []byte, t *Ticket, p *Place, now time.Time) []byte {
	dst = append(dst, '{')
	if len(text) > 0 {
		dst = append(dst, `"ticket":"`...)
		dst = append(dst, text...)
		dst = append(dst, `",`...)
	}
	dst = append(dst, `"opening":"`...)
	dst = append(dst, l.ID...) // IDs are checked by the schedule: nothing to escape
	dst = append(dst, `","cohort":"`...)
	dst = append(dst, l.Cohorts[t.Cohort].ID...)
	dst = append(dst, `","state":"`...)
	dst = append(dst, p.State...)
	dst = append(dst, '"')
	if p.Reason != "" {
		dst = append(dst, `,"reason":`...)
		dst = appendJSONString(dst, p.Reason)
	}
	dst = appendKnown(append(dst, `,"ahead":`...), p.Ahead)
	dst = appendKnown(append(dst, `,"wait_low_s":`...), p.WaitLow)
	dst = appendKnown(append(dst, `,"wait_high_s":`...), p.WaitHigh)
	dst = append(dst, `,"stock_outlook":"`...)
	dst = append(dst, p.Outlook...)
	dst = appendKnown(append(dst, `","stock_left":`...), l.StockLeft)
	dst = l.OpensAt.AppendFormat(append(dst, `,"opens_at":"`...), time.RFC3339Nano)
	dst = strconv.AppendInt(append(dst, `","next_poll_s":`...), int64(p.NextPoll), 10)
	dst = now.AppendFormat(append(dst, `,"server_time":"`...), time.RFC3339Nano)
	return append(dst, `"}`...)
}

func appendKnown(dst []byte, n int64) []byte {
	if n < 0 {
		return append(dst, "null"...)
	}
	return strconv.AppendInt(dst, n, 10)
}

func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
