package opening

import (
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
)

// Who brings a change about where no operator does.
const (
	ByClock = "clock"
	ByStock = "stock"
)

// Change is one thing that happened to an opening, for the ledger.
type Change struct {
	Action string // what was done or came: pause, open, lobby, exhausted, …
	Cohort string // empty: the whole opening
	By     string // an operator's name, ByClock or ByStock
	Role   string // the operator's
	Reason string
	At     time.Time // when it took effect
	Before Opening
	After  Opening
}

// actionRestocked is the event of a dose that came back to an exhausted opening.
const actionRestocked = "restocked"

// Notice remembers what time and stock have brought about, and returns the changes in order; none where nothing is new.
// Doing it late or twice is no harm: a change dates from its own instant.
func (o Opening) Notice(scheduled Times, stock int64, now time.Time) (Opening, []Change) {
	var changes []Change
	note := func(action, by, reason string, at time.Time, change func(*Opening)) {
		before := o
		change(&o)
		if o.Noticed != before.Noticed {
			o.Since = at
		}
		changes = append(changes, Change{Action: action, By: by, Reason: reason, At: at, Before: before, After: o})
	}
	s := o.Standing(scheduled, stock)
	if reached := s.reached(now); o.State != api.OpeningClosed && reached != o.Reached {
		note(reached, ByClock, clockReasons[reached], s.began(reached), func(o *Opening) { o.reach(reached, s.Times, now) })
	}
	phase := o.Phase(scheduled, stock, now)
	switch {
	case phase == api.PhaseExhausted && o.Noticed != api.PhaseExhausted:
		note(api.PhaseExhausted, ByStock, reasonExhausted, now, func(o *Opening) { o.Noticed = phase })
	case o.Noticed == api.PhaseExhausted && phase != api.PhaseExhausted:
		note(actionRestocked, ByStock, "취소된 물량이 돌아왔습니다. (A dose came back.)", now, func(o *Opening) { o.Noticed = phase })
	}
	return o, changes
}

var clockReasons = map[string]string{
	api.OpeningLobby:  "대기실을 여는 시각이 되었습니다. (The waiting room opens as announced.)",
	api.OpeningOpen:   "예약을 시작하는 시각이 되었습니다. (The opening begins as announced.)",
	api.OpeningClosed: "예약을 마감하는 시각이 되었습니다. (The opening ends as announced.)",
}

// reach records that time has come so far.
func (o *Opening) reach(reached string, t Times, now time.Time) {
	o.begin(t, reached)
	o.Reached = reached
	if reached == api.OpeningOpen || reached == api.OpeningClosed {
		o.Postponed = nil
	}
	s := Standing{Times: t, State: o.State, Reached: reached, Noticed: o.Noticed, Postponed: o.Postponed != nil, Stock: -1}
	if o.Noticed == api.PhaseExhausted && reached == api.OpeningClosed {
		s.Noticed = ""
	}
	o.Noticed = s.Phase(now)
}

// begin fixes the start of epoch 1 once it has come.
func (o *Opening) begin(t Times, reached string) {
	begun := reached == api.OpeningOpen || reached == api.OpeningClosed || reached == api.OpeningLobby && t.Order == cohort.OrderArrival
	if o.StartedAt == nil && begun {
		start := t.Start()
		o.StartedAt = &start
	}
}

// began is the instant at which time brings an opening so far.
func (t Times) began(reached string) time.Time {
	switch reached {
	case api.OpeningClosed:
		return t.ClosesAt
	case api.OpeningOpen:
		return t.OpensAt
	}
	return t.LobbyAt
}
