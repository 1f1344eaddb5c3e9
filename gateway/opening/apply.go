package opening

import (
	"fmt"
	"maps"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// Actions of operators.
const (
	ActionOpen     = "open" // before the announced time
	ActionPause    = "pause"
	ActionResume   = "resume"
	ActionPostpone = "postpone"
	ActionClose    = "close"
	ActionRate     = "rate"
)

// Command is an operator's wish.
type Command struct {
	Action string
	Cohort string // pause and resume: that cohort alone; empty: the opening
	Reason string
	By     string // the operator's name
	Role   string
	// OpensAt is when a postponed opening opens, ClosesAt when it closes then: needed where OpensAt is not before the
	// close that holds.
	OpensAt, ClosesAt *time.Time
	PerS              float64 // rate: people a second; 0 lifts the cap
}

// Do notices what has come by itself, carries out a command, and returns all of it as changes. The error is an *Error;
// o is then as it was.
func (o Opening) Do(c Command, scheduled Times, stock int64, now time.Time) (Opening, []Change, error) {
	before, changes := o.Notice(scheduled, stock, now)
	after, err := before.Apply(c, scheduled, now)
	if err != nil {
		return o, nil, err
	}
	action := c.Action
	if Asked(before, after) {
		action = "ask to " + action
	}
	return after, append(changes, Change{
		Action: action, Cohort: c.Cohort, By: c.By, Role: c.Role, Reason: c.Reason, At: now, Before: before, After: after,
	}), nil
}

// Asked tells whether a command did no more than ask: a second person has to confirm it.
func Asked(before, after Opening) bool {
	return after.Pending != nil && after.Pending != before.Pending
}

// Apply carries out a command at an instant. It changes nothing of o; the error is an *Error.
func (o Opening) Apply(c Command, scheduled Times, now time.Time) (Opening, error) {
	o, _ = o.Notice(scheduled, -1, now)
	s := o.Standing(scheduled, -1)
	if s.Phase(now) == api.OpeningClosed && c.Action != ActionRate {
		return o, refuse(AlreadyClosed, "이미 마감된 개통입니다.", "The opening is closed already.")
	}
	next, err := o.apply(c, scheduled, now)
	if err != nil {
		return o, err
	}
	if phase := next.Phase(scheduled, -1, now); phase != o.noticed() {
		next.Noticed, next.Since = phase, now
	}
	return next, nil
}

func (o Opening) apply(c Command, scheduled Times, now time.Time) (Opening, error) {
	if c.Cohort != "" {
		return o.applyToCohort(c)
	}
	switch c.Action {
	case ActionPause:
		if o.State == api.OpeningPaused {
			return o, refuse(AlreadyPaused, "이미 멈춰 있습니다.", "It is paused already.")
		}
		o.State, o.Reason, o.By = api.OpeningPaused, c.Reason, c.By
	case ActionResume:
		if o.State != api.OpeningPaused {
			return o, refuse(NotPaused, "멈춰 있지 않습니다.", "It is not paused.")
		}
		o.State, o.Reason, o.By = "", "", c.By
	case ActionClose:
		o.State, o.Reason, o.By, o.Reached = api.OpeningClosed, c.Reason, c.By, api.OpeningClosed
	case ActionPostpone:
		return o.postpone(c, scheduled, now)
	case ActionOpen:
		return o.open(c, scheduled, now)
	case ActionRate:
		return o.setRate(c, now), nil
	default:
		return o, UnknownActionError(c.Action)
	}
	return o, nil
}

func (o Opening) applyToCohort(c Command) (Opening, error) {
	if c.Action != ActionPause && c.Action != ActionResume {
		return o, UnknownActionError(c.Action)
	}
	pause := c.Action == ActionPause
	if o.Cohorts[c.Cohort].Paused == pause {
		return o, refuse(NothingToDo, "이미 그 상태입니다.", "It is in that state already.")
	}
	o.Cohorts = maps.Clone(o.Cohorts)
	if o.Cohorts == nil {
		o.Cohorts = map[string]Cohort{}
	}
	if pause {
		o.Cohorts[c.Cohort] = Cohort{Paused: true, Reason: c.Reason, By: c.By}
	} else {
		delete(o.Cohorts, c.Cohort)
	}
	return o, nil
}

// postpone moves the opening, whatever its phase, and takes a pause of the whole opening away: from the new time on it is
// open. The places that people have stay as they are.
func (o Opening) postpone(c Command, scheduled Times, now time.Time) (Opening, error) {
	t := o.Times(scheduled)
	if err := postponable(c, t, scheduled, o.Reached == api.OpeningOpen, now); err != nil {
		return o, err
	}
	o.Postponed = &Postponement{From: t.OpensAt, Reason: c.Reason, By: c.By}
	o.OpensAt, o.By = c.OpensAt, c.By
	if c.ClosesAt != nil {
		o.ClosesAt = c.ClosesAt
	}
	if o.Reached == api.OpeningOpen {
		o.Reached = api.OpeningLobby
	}
	o.State, o.Reason, o.Pending = "", "", nil
	return o, nil
}

func postponable(c Command, t, scheduled Times, begun bool, now time.Time) error {
	switch {
	case c.OpensAt == nil || !c.OpensAt.After(now):
		return refuse(BadTime, "opens_at에 지금보다 뒤의 시각을 적어 주세요.", "opens_at must be after now.")
	case !begun && c.OpensAt.Before(scheduled.OpensAt):
		return refuse(BadTime, "예정된 시각보다 앞당기려면 연기가 아니라 조기 개통(open)을 두 사람이 지시해 주세요.",
			"To open before the announced time is no postponement: use open, which needs two people.")
	case c.ClosesAt == nil && !c.OpensAt.Before(t.ClosesAt):
		return refuse(BadTime, "opens_at이 마감보다 뒤입니다. 새 마감 시각(closes_at)을 함께 적어 주세요.",
			"opens_at is not before the close: give a new closes_at too.")
	case c.ClosesAt != nil && (c.ClosesAt.Before(t.ClosesAt) || !c.ClosesAt.After(*c.OpensAt)):
		return refuse(BadTime, "closes_at은 opens_at보다 뒤이고, 지금의 마감보다 앞설 수 없습니다.",
			"closes_at must be after opens_at, and not before the close that holds.")
	}
	return nil
}

// open lets people in before the time that was announced, which needs two people.
func (o Opening) open(c Command, scheduled Times, now time.Time) (Opening, error) {
	t := o.Times(scheduled)
	if o.Reached == api.OpeningOpen || !now.Before(t.OpensAt) {
		return o, refuse(AlreadyOpen, "이미 열려 있습니다. 멈춘 것이라면 재개하세요.", "It is open already; if it is paused, resume it.")
	}
	if !o.confirmed(c, ActionOpen, now) {
		return o, nil
	}
	o.OpensAt, o.By = &now, c.By
	if o.State == "" {
		o.Reason = c.Reason
	}
	o.reach(api.OpeningOpen, o.Times(scheduled), now)
	return o, nil
}

// setRate caps how fast people are called in. Lifting or raising a cap needs two people.
func (o Opening) setRate(c Command, now time.Time) Opening {
	lifts := o.RateCap > 0 && (c.PerS == 0 || c.PerS > o.RateCap)
	if lifts && !o.confirmed(c, fmt.Sprintf("%s %g", ActionRate, c.PerS), now) {
		return o
	}
	o.RateCap, o.By = c.PerS, c.By
	return o
}

// confirmed tells whether somebody else asked for the same a short while ago; if not, this is the asking.
func (o *Opening) confirmed(c Command, action string, now time.Time) bool {
	p := o.Pending
	if p != nil && p.Action == action && p.By != c.By && now.Sub(p.At) < ConfirmWithin {
		o.Pending = nil
		return true
	}
	o.Pending = &Pending{Action: action, By: c.By, Reason: c.Reason, At: now}
	return false
}
