package model

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// Verb is something an operator may order.
type Verb string

// The verbs. Pause and Resume with a cohort concern that cohort only.
const (
	Open     Verb = "open"
	Pause    Verb = "pause"
	Resume   Verb = "resume"
	Postpone Verb = "postpone"
	Close    Verb = "close"
	Rate     Verb = "rate"
	Notice   Verb = "notice"
)

// Verbs in the order in which they are offered.
var Verbs = []Verb{Open, Pause, Resume, Postpone, Close, Rate, Notice}

// Control is the control API as the console uses it.
type Control interface {
	// Command orders open, pause, resume, postpone or close; with a cohort, pause or resume of that cohort.
	Command(ctx context.Context, verb, opening, cohort string, c api.Command) (Outcome, error)
	// Rate sets or, with zero, lifts the cap on people called in a second.
	Rate(ctx context.Context, opening string, c api.RateCommand) (Outcome, error)
	// Notice shows a line to everybody who waits.
	Notice(ctx context.Context, c api.NoticeCommand) error
	Protection
}

// Outcome is the server's answer to an order that it took.
type Outcome struct {
	Opening api.OpeningStatus
	Pending bool // nothing has changed yet: a second person has to order the same
}

// longestReason is the server's bound, in characters.
const longestReason = 300

// Order is a filled-in form. Text and TextEn belong to a notice, which needs no other reason than itself.
type Order struct {
	Verb    Verb
	Opening string
	Cohort  string
	Reason  string
	OpensAt time.Time
	PerS    float64
	Text    string
	TextEn  string
	Step    int    // of Hold
	URL     string // of Add and Drain
}

// Carry sends the order.
func (o Order) Carry(ctx context.Context, control Control) (Outcome, error) {
	if o.Verb.protects() {
		return Outcome{}, o.carryProtection(ctx, control)
	}
	switch o.Verb {
	case Notice:
		return Outcome{}, control.Notice(ctx, api.NoticeCommand{Text: strings.TrimSpace(o.Text), TextEn: strings.TrimSpace(o.TextEn)})
	case Rate:
		return control.Rate(ctx, o.Opening, api.RateCommand{Reason: strings.TrimSpace(o.Reason), PerS: o.PerS})
	}
	command := api.Command{Reason: strings.TrimSpace(o.Reason)}
	if o.Verb == Postpone {
		command.OpensAt = &o.OpensAt
	}
	return control.Command(ctx, string(o.Verb), o.Opening, o.Cohort, command)
}

// tooLong tells whether the server would refuse one of the order's texts for its length.
func (o Order) tooLong() bool {
	for _, text := range []string{o.Reason, o.Text, o.TextEn} {
		if utf8.RuneCountInString(strings.TrimSpace(text)) > longestReason {
			return true
		}
	}
	return false
}

// Missing says what the order still lacks; nil when nothing.
func (o Order) Missing(now time.Time) *words.Message {
	switch {
	case o.tooLong():
		return missing("missing.shorter")
	case o.Verb == Notice && (strings.TrimSpace(o.Text) == "" || strings.TrimSpace(o.TextEn) == ""):
		return missing("missing.text")
	case o.Verb == Notice:
		return nil
	case o.Verb == Postpone && o.OpensAt.IsZero():
		return missing("missing.time")
	case o.Verb == Postpone && !o.OpensAt.After(now):
		return missing("missing.future")
	case o.Verb == Rate && o.PerS < 0:
		return missing("missing.rate")
	case strings.TrimSpace(o.Reason) == "":
		return missing("missing.reason")
	}
	return o.missingProtection()
}

func missing(key string) *words.Message {
	m := words.M(key)
	return &m
}

// Target is what an order is about: an opening, or one of its cohorts, or an instance of the backend. A notice needs none.
type Target struct {
	Opening  *api.OpeningStatus
	Cohort   *api.CohortStatus
	Instance *api.InstanceStatus
}

// NameFor is what an order by a verb is about, in full.
func (t Target) NameFor(v Verb) words.Message {
	switch {
	case v.protects():
		return protectionName(v, t)
	case v == Notice:
		return words.M("target.all")
	}
	return t.Name()
}

// Name is the target's full name.
func (t Target) Name() words.Message {
	switch {
	case t.Opening == nil:
		return words.M("target.all")
	case t.Cohort != nil:
		return words.M("target.cohort", NameOf(t.Opening), CohortName(t.Cohort))
	}
	return words.M("target.opening", NameOf(t.Opening))
}

var roleRank = map[string]int{"viewer": 1, "operator": 2, "supervisor": 3}

// Refusal says why the verb cannot be ordered now by this role; nil when it can. The server decides by itself again.
func Refusal(v Verb, role string, t Target) *words.Message {
	if roleRank[role] < roleRank["operator"] {
		return missing("why.viewer")
	}
	if v == Notice {
		return nil
	}
	if t.Opening == nil {
		return missing("why.nothing")
	}
	if t.Cohort != nil {
		return cohortRefusal(v, t)
	}
	if v == Close && roleRank[role] < roleRank["supervisor"] {
		return missing("why.supervisor")
	}
	return openingRefusal(v, t.Opening.State)
}

func cohortRefusal(v Verb, t Target) *words.Message {
	switch {
	case v != Pause && v != Resume:
		return missing("why.cohort")
	case t.Opening.State == api.OpeningClosed:
		return missing("why.closed")
	case v == Pause && t.Cohort.Paused:
		return missing("why.paused")
	case v == Resume && !t.Cohort.Paused:
		return missing("why.running")
	}
	return nil
}

func openingRefusal(v Verb, state string) *words.Message {
	switch {
	case state == api.OpeningClosed:
		return missing("why.closed")
	case v == Open && (state == api.OpeningOpen || state == api.OpeningPaused):
		return missing("why.open")
	case v == Pause && state == api.OpeningPaused:
		return missing("why.paused")
	case v == Pause && state == api.OpeningScheduled:
		return missing("why.scheduled")
	case v == Resume && state != api.OpeningPaused:
		return missing("why.running")
	}
	return nil
}

// Heavy verbs cannot simply be undone; they are confirmed by typing the number of people concerned.
func (v Verb) Heavy() bool { return v == Open || v == Postpone || v == Close }
