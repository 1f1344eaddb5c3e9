// Package opening is the state machine of an opening: scheduled, lobby, open, paused, postponed, closed, exhausted.
//
//	           lobby_at         opens_at                     closes_at, or an operator
//	scheduled ─────────▶ lobby ─────────▶ open ⇄ exhausted ─────────────────────────▶ closed
//	    │                  │               │ (stock)
//	    └───── postpone ───┴─── postpone ──┘      pause and resume: at any time but after the close
//	                 ▼
//	             postponed ── the new opens_at ──▶ open
//
// What moves an opening is the server's time, the stock, and operators; the phase is a pure function of what they left
// behind (Standing) and the instant, so two gateways that know the same answer the same. What time has brought about is
// noticed by the leading gateway and remembered (Notice): a clock that steps back closes nothing that has opened, and
// opens nothing that has closed.
//
// The package does no I/O; times are passed in.
package opening

import (
	"maps"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
)

// Opening is what operators have said about an opening and what has been noticed of it; the rest follows from the
// schedule. Its zero value is an opening that nothing has happened to.
type Opening struct {
	State   string     `json:"state,omitempty"` // paused, closed, or empty
	Reason  string     `json:"reason,omitempty"`
	By      string     `json:"by,omitempty"`
	OpensAt *time.Time `json:"opens_at,omitempty"` // where it is not the schedule's
	// StartedAt is the start of epoch 1, kept from when it has come: a postponement moves turns, not places.
	StartedAt *time.Time        `json:"started_at,omitempty"`
	Postponed *Postponement     `json:"postponed,omitempty"` // until it opens
	Pending   *Pending          `json:"pending,omitempty"`   // an action that waits for a second person
	ClosesAt  *time.Time        `json:"closes_at,omitempty"` // where it is not the schedule's
	RateCap   float64           `json:"rate_cap,omitempty"`  // people a second; 0: none
	Cohorts   map[string]Cohort `json:"cohorts,omitempty"`

	// Reached is how far time has brought the opening, as noticed: empty, lobby, open or closed.
	Reached string `json:"reached,omitempty"`
	// Noticed is the phase as it was noticed last, and Since from when.
	Noticed string    `json:"noticed,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// Postponement says from when an opening was moved away, and why.
type Postponement struct {
	From   time.Time `json:"from"` // when it would have opened; when it did, if it was open already
	Reason string    `json:"reason"`
	By     string    `json:"by"`
}

// Cohort is what operators have said about a cohort of an opening.
type Cohort struct {
	Paused bool   `json:"paused"`
	Reason string `json:"reason"`
	By     string `json:"by"`
}

// Pending is an action that one person asked for and another must confirm.
type Pending struct {
	Action string    `json:"action"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// noticed is the phase as it was noticed last.
func (o *Opening) noticed() string {
	if o.Noticed == "" {
		return api.OpeningScheduled
	}
	return o.Noticed
}

// ConfirmWithin is how long an action waits for a second person.
const ConfirmWithin = 10 * time.Minute

// Clone returns a copy that shares nothing which is ever changed.
func (o Opening) Clone() Opening {
	o.Cohorts = maps.Clone(o.Cohorts)
	return o
}

// Times are when the phases of an opening begin.
type Times struct {
	LobbyAt, OpensAt, ClosesAt time.Time
	Order                      cohort.Order // of the lobby
}

// Scheduled are the times that the schedule gives an opening.
func Scheduled(o *cohort.Opening) Times {
	return Times{LobbyAt: o.LobbyAt, OpensAt: o.OpensAt, ClosesAt: o.ClosesAt, Order: o.Order}
}

// Times are the times that hold, given those of the schedule.
func (o *Opening) Times(scheduled Times) Times {
	t := scheduled
	if o.OpensAt != nil {
		t.OpensAt = *o.OpensAt
	}
	if o.ClosesAt != nil {
		t.ClosesAt = *o.ClosesAt
	}
	if t.OpensAt.Before(t.LobbyAt) { // opened early
		t.LobbyAt = t.OpensAt
	}
	return t
}

// Start is when epoch 1 of the line begins, at times that hold. Once begun it stays.
func (o *Opening) Start(t Times) time.Time {
	if o.StartedAt != nil {
		return *o.StartedAt
	}
	return t.Start()
}

// Start is when epoch 1 begins as long as nothing has begun.
func (t Times) Start() time.Time {
	if t.Order == cohort.OrderArrival {
		return t.LobbyAt
	}
	return t.OpensAt
}

// Standing is all that the phase follows from, at the times that hold.
func (o *Opening) Standing(scheduled Times, stock int64) Standing {
	return Standing{
		Times: o.Times(scheduled), State: o.State, Reached: o.Reached, Noticed: o.Noticed, Postponed: o.Postponed != nil, Stock: stock,
	}
}

// Phase is the phase at an instant. stock is the doses left, below zero where that is unknown.
func (o *Opening) Phase(scheduled Times, stock int64, now time.Time) string {
	s := o.Standing(scheduled, stock)
	return s.Phase(now)
}

// reasonExhausted is what everybody is told when the stock is gone.
const reasonExhausted = "준비된 물량이 모두 예약되었습니다. (All doses are booked.)"

// ReasonIn is what everybody is told in a phase; empty where nothing needs saying. said is the reason of a pause, a
// close or an early opening, moved that of a postponement.
func ReasonIn(phase, said, moved string) string {
	switch phase {
	case api.PhaseExhausted:
		return reasonExhausted
	case api.PhasePostponed:
		return moved
	}
	return said
}
