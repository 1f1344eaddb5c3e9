package citizen

import (
	"fmt"
	"time"
)

// Acked is one booking that the server acknowledged.
type Acked struct {
	Who     int32
	No      string
	Slot    string
	Key     string
	Pass    string
	Proof   string // of a sample only
	At      time.Duration
	Unknown bool // an earlier answer to the same key was lost
}

// LostAnswer is a request without an answer.
type LostAnswer struct {
	Sent, Done time.Duration
	Kind       Kind
	Try        bool // only a connection that could not be opened; the request went out later
	Cause      string
}

// Seen is one look at the cursor.
type Seen struct {
	Sent, Done time.Duration
	Epoch      uint32
	Rank       uint64
}

// Before says whether s stands behind o in the queue's order: whether the cursor was further at o.
func (s Seen) Before(o Seen) bool {
	return s.Epoch < o.Epoch || (s.Epoch == o.Epoch && s.Rank < o.Rank)
}

// cursorSeen remembers the furthest cursor and when it was surely reached.
type cursorSeen struct{ best Seen }

// Offence is something that a server did and must not do.
type Offence string

// The offences that the crowd notices.
const (
	BadAnswer       Offence = "bad answer"
	BlankPage       Offence = "blank page"
	RudeShed        Offence = "rude 503"
	Unstated        Offence = "refusal without a reason"
	CheatThrough    Offence = "cheat got through"
	PlaceLost       Offence = "place lost"
	TicketChanged   Offence = "ticket changed"
	TurnTakenBack   Offence = "turn taken back"
	CursorBack      Offence = "cursor went back"
	WrongRefusal    Offence = "wrongly refused"
	BookedOffRoster Offence = "booked off the roster"
	SecondAnswer    Offence = "first booking refused as a second"
)

// Funnel counts people at each stage.
type Funnel struct {
	People, Eligible                int
	Joined, Turned, Entered, Booked int
	GaveUp, NoSlot, StockGone       int
	RefusedAtJoin                   int // people not on the roster, refused as they should be
	SlippedIn                       int // people not on the roster who got a ticket (the filter may err this way)
}

// History is what the crowd saw, kept for the verdict. Numbers are of requests unless said otherwise.
type History struct {
	Funnel  Funnel
	Acked   []Acked
	Lost    []LostAnswer
	Cursors []Seen

	Tried, Through [Cheats]int64
	EarlyPasses    int64 // passes given to somebody who asked early and whose place then said turn

	Pages, BlankPages   int64
	Sheds, RudeSheds    int64
	AdmittedSheds       int64 // of admitted people
	BackendResting      int64
	Answers, BadAnswers int64 // bad: a status or a body that no server should give
	Refusals, Unstated  int64 // unstated: without a code
	PlacesCompared      int64
	PlacesAcross        int64 // of them across a fault
	PlacesLost          int64
	TicketsCompared     int64
	TicketsChanged      int64
	TurnsTakenBack      int64
	CursorSteps         int64
	CursorBack          int64
	WrongRefusals       int64 // people on the roster told that they are not eligible
	BookedOffRoster     int64
	SecondAnswers       int64 // same key, another booking number
	Unknown             int64 // bookings whose answer was lost at least once
	SlotsFull           int64
	Notes               map[Offence][]string // a few examples of each
}

const (
	maxNotes = 5
	maxLost  = 4 << 20
)

// note keeps a few examples of each offence.
func (h *History) note(o Offence, format string, args ...any) {
	if len(h.Notes[o]) >= maxNotes {
		return
	}
	if h.Notes == nil {
		h.Notes = map[Offence][]string{}
	}
	h.Notes[o] = append(h.Notes[o], fmt.Sprintf(format, args...))
}

func (c *Crowd) broken(format string, args ...any) {
	c.h.BadAnswers++
	c.h.note(BadAnswer, format, args...)
}

// History hands over what was seen. The crowd must rest.
func (c *Crowd) History() *History {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.h.Funnel.People = len(c.all)
	c.h.Funnel.Eligible = c.people.OnRoster()
	return &c.h
}

// Progress is a glance at the crowd.
type Progress struct {
	Waiting, Entered, Booked int
	Sheds, Lost              int64
	Tried                    int64
}

// Progress reads the counters while the run goes on.
func (c *Crowd) Progress() Progress {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := Progress{Waiting: len(c.waiters), Entered: c.h.Funnel.Entered, Booked: c.h.Funnel.Booked,
		Sheds: c.h.Sheds, Lost: int64(len(c.h.Lost))}
	for _, n := range c.h.Tried {
		p.Tried += n
	}
	return p
}

// Joined lists for everybody who entered: when they joined, their pass, and whether before the opening.
func (c *Crowd) Joined(f func(at time.Duration, pass string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.all {
		if p := &c.all[i]; p.pass != "" && p.joinedAt >= 0 {
			f(time.Duration(p.joinedAt)*time.Millisecond, p.pass)
		}
	}
}
