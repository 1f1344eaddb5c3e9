package cohort

import (
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// The codes of a Decision, as the API shows them.
const (
	CodeOpenNow     = "open_now"
	CodeLobbyNow    = "lobby_now"
	CodeLater       = "later"
	CodeClosed      = "closed"
	CodeNoWindow    = "no_window"     // no opening has a cohort for this birth date
	CodeNotOnRoster = "not_on_roster" // the birth date fits, but the person is not on the list that the cohort asks for
	CodeExcluded    = "excluded"      // the birth date fits, but the person is on a list of those covered elsewhere
)

// Decision says whether a person may wait or book now and, if not, when their turn is or was.
type Decision struct {
	Eligible bool // may wait in the lobby or book now
	Code     string
	Opening  *Opening // nil with no_window
	Cohort   *Cohort  // nil with no_window
	LobbyAt  time.Time
	OpensAt  time.Time
	ClosesAt time.Time
	// ClosedEarly says, with closed, not_on_roster and excluded, that operators closed the opening before ClosesAt.
	ClosedEarly bool
}

// Window is when an opening is really open, after operators postponed or closed it.
type Window struct {
	OpensAt  time.Time
	LobbyAt  time.Time
	ClosesAt time.Time
	Closed   bool // closed for good ahead of ClosesAt
}

// Window returns the opening's own times.
func (o *Opening) Window() Window {
	return Window{LobbyAt: o.LobbyAt, OpensAt: o.OpensAt, ClosesAt: o.ClosesAt}
}

// code says how the window stands at an instant. The opening instant itself is open, the closing instant is closed.
func (w Window) code(now time.Time) string {
	switch {
	case w.Closed || !now.Before(w.ClosesAt):
		return CodeClosed
	case !now.Before(w.OpensAt):
		return CodeOpenNow
	case !now.Before(w.LobbyAt):
		return CodeLobbyNow
	}
	return CodeLater
}

// Decide says what a person born on that day may do now. Of several openings the open one counts before the one whose
// lobby is open, then the next to come, then the last closed one. Where only a list stands in the way of an opening that
// is not over, that is the answer, because waiting would not help.
//
// lists is asked at most once for each list, and only when a cohort of the person's age names it. window gives the real
// times of an opening; nil means the schedule's own.
func (s *Schedule) Decide(birth subject.Date, lists Lists, now time.Time, window func(*Opening) Window) Decision {
	best, bestRank := Decision{Code: CodeNoWindow}, rankNone
	q := inquiry{lists: lists}
	for i := range s.Openings {
		o := &s.Openings[i]
		c, refused := o.match(birth, &q)
		if c == nil {
			continue
		}
		w := o.Window()
		if window != nil {
			w = window(o)
		}
		d, rank := weigh(o, c, w, now, refused)
		if rank < bestRank || rank == bestRank && sooner(rank, d, best) {
			best, bestRank = d, rank
		}
	}
	return best
}

// The order in which answers are preferred, best first.
const (
	rankOpen = iota
	rankLobby
	rankLater
	rankRefused // by a list, of an opening that is not over
	rankClosed
	rankRefusedClosed
	rankNone
)

func weigh(o *Opening, c *Cohort, w Window, now time.Time, refused string) (Decision, int) {
	d := Decision{Code: w.code(now), Opening: o, Cohort: c, LobbyAt: w.LobbyAt, OpensAt: w.OpensAt, ClosesAt: w.ClosesAt,
		ClosedEarly: w.Closed && now.Before(w.ClosesAt)}
	over := d.Code == CodeClosed
	switch {
	case refused != "":
		d.Code = refused
		if over {
			return d, rankRefusedClosed
		}
		return d, rankRefused
	case over:
		return d, rankClosed
	case d.Code == CodeOpenNow:
		d.Eligible = true
		return d, rankOpen
	case d.Code == CodeLobbyNow:
		d.Eligible = true
		return d, rankLobby
	}
	return d, rankLater
}

// sooner breaks a tie between two answers of one rank: of what is over the last to close, of what is open the last to
// close as well (it leaves the most time), of what is to come the first to open.
func sooner(rank int, a, b Decision) bool {
	switch rank {
	case rankOpen, rankClosed, rankRefusedClosed:
		return a.ClosesAt.After(b.ClosesAt)
	}
	return a.OpensAt.Before(b.OpensAt)
}
