package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/state"
)

// Actions on an opening or a cohort.
const (
	actionOpen     = "open"
	actionPause    = "pause"
	actionResume   = "resume"
	actionPostpone = "postpone"
	actionClose    = "close"
	actionRate     = "rate"
)

// longestReason bounds a reason, in characters: it is shown to everybody who waits.
const longestReason = 300

// change is one operator's wish, checked and ready to be carried out on an opening's state.
type change struct {
	action, cohort, reason string
	by                     operator
	line                   *queue.Line
	now                    time.Time
	opensAt                *time.Time
	perS                   float64
}

func (c *Control) act(w http.ResponseWriter, r *http.Request, o operator) error {
	ch, err := c.command(r, o)
	if err != nil {
		return err
	}
	if ch.action == actionClose && !o.may(keyring.RoleSupervisor) {
		return &api.Problem{Status: http.StatusForbidden, Code: "role_too_low", Detail: "마감은 supervisor만 할 수 있습니다.", DetailEn: "Only a supervisor may close an opening."}
	}
	return c.carryOut(w, r, ch)
}

func (c *Control) actOnCohort(w http.ResponseWriter, r *http.Request, o operator) error {
	ch, err := c.command(r, o)
	if err != nil {
		return err
	}
	ch.cohort = r.PathValue("cohort")
	if ch.action != actionPause && ch.action != actionResume {
		return unknownAction(ch.action)
	}
	for _, known := range ch.line.Cohorts {
		if known.ID == ch.cohort {
			return c.carryOut(w, r, ch)
		}
	}
	return &api.Problem{Status: http.StatusNotFound, Code: "not_found", Detail: "그런 대상군이 없습니다.", DetailEn: "No such cohort."}
}

func (c *Control) command(r *http.Request, o operator) (change, error) {
	var cmd api.Command
	if err := read(r, &cmd); err != nil {
		return change{}, err
	}
	ch, err := c.change(r, o, r.PathValue("action"), cmd.Reason)
	ch.opensAt = cmd.OpensAt
	return ch, err
}

func (c *Control) change(r *http.Request, o operator, action, reason string) (change, error) {
	line := c.node.Snapshot().LineByID(r.PathValue("id"))
	if line == nil {
		return change{}, &api.Problem{Status: http.StatusNotFound, Code: "not_found", Detail: "그런 개통이 없습니다.", DetailEn: "No such opening."}
	}
	reason = strings.TrimSpace(reason)
	if reason == "" || !utf8.ValidString(reason) || utf8.RuneCountInString(reason) > longestReason {
		return change{}, invalid(fmt.Sprintf("사유를 1~%d자로 적어 주세요. 기다리는 모든 사람에게 보입니다.", longestReason),
			fmt.Sprintf("Give a reason of 1 to %d characters; everybody who waits will see it.", longestReason))
	}
	return change{action: action, reason: reason, by: o, line: line, now: c.clock()}, nil
}

func (c *Control) rate(w http.ResponseWriter, r *http.Request, o operator) error {
	var cmd api.RateCommand
	if err := read(r, &cmd); err != nil {
		return err
	}
	if cmd.PerS < 0 || cmd.PerS > 1e6 {
		return invalid("per_s는 0(제한 없음)부터 1,000,000까지입니다.", "per_s must be 0 (no cap) to 1,000,000.")
	}
	ch, err := c.change(r, o, actionRate, cmd.Reason)
	if err != nil {
		return err
	}
	ch.perS = cmd.PerS
	return c.carryOut(w, r, ch)
}

// carryOut changes the shared state, leaves an event for the ledger and answers with the opening as it is now.
func (c *Control) carryOut(w http.ResponseWriter, r *http.Request, ch change) error {
	before, after, err := c.shared.ChangeOpening(r.Context(), ch.line.ID, ch.apply)
	if err != nil {
		return err
	}
	if err := c.leaveEvent(r.Context(), ch, before, after); err != nil {
		return err
	}
	c.log.Info("operator acted", zap.String("action", ch.action), zap.String("opening", ch.line.ID), zap.String("cohort", ch.cohort),
		zap.String("by", ch.by.name), zap.String("role", ch.by.role), zap.String("reason", ch.reason))
	c.node.Renew()
	status := c.node.OpeningStatus(ch.line.ID, c.clock())
	if after.Pending != nil && after.Pending.By == ch.by.name {
		w.WriteHeader(http.StatusAccepted) // waits for a second person
	}
	return reply(w, status)
}

func (c *Control) leaveEvent(ctx context.Context, ch change, before, after state.Opening) error {
	was, errBefore := json.Marshal(before)
	is, errAfter := json.Marshal(after)
	action := ch.action
	if after.Pending != nil && after.Pending.By == ch.by.name {
		action = "ask to " + action
	}
	event, err := json.Marshal(ledger.Opening{
		Opening: ch.line.ID, Cohort: ch.cohort, Action: action, By: ch.by.name, Role: ch.by.role, Reason: ch.reason, Before: was, After: is,
	})
	for _, err := range []error{errBefore, errAfter, err} {
		if err != nil {
			return fmt.Errorf("write down what %s did: %w", ch.by.name, err)
		}
	}
	return c.shared.Event(ctx, ch.now, event)
}

// apply is the state machine of an opening as far as operators move it.
func (ch change) apply(o state.Opening) (state.Opening, error) {
	if ch.line.StateAt(ch.now) == api.OpeningClosed && ch.action != actionRate {
		return o, conflict("already_closed", "이미 마감된 개통입니다.", "The opening is closed already.")
	}
	if ch.cohort != "" {
		return ch.applyToCohort(o)
	}
	switch ch.action {
	case actionPause:
		if o.State == api.OpeningPaused {
			return o, conflict("already_paused", "이미 멈춰 있습니다.", "It is paused already.")
		}
		o.State, o.Reason, o.By = api.OpeningPaused, ch.reason, ch.by.name
	case actionResume:
		if o.State != api.OpeningPaused {
			return o, conflict("not_paused", "멈춰 있지 않습니다.", "It is not paused.")
		}
		o.State, o.Reason, o.By = "", "", ch.by.name
	case actionClose:
		o.State, o.Reason, o.By = api.OpeningClosed, ch.reason, ch.by.name
	case actionPostpone:
		return ch.postpone(o)
	case actionOpen:
		return ch.open(o)
	case actionRate:
		return ch.setRate(o)
	default:
		return o, unknownAction(ch.action)
	}
	return o, nil
}

func (ch change) applyToCohort(o state.Opening) (state.Opening, error) {
	pause := ch.action == actionPause
	if o.Cohorts[ch.cohort].Paused == pause {
		return o, conflict("nothing_to_do", "이미 그 상태입니다.", "It is in that state already.")
	}
	if pause {
		o.Cohorts[ch.cohort] = state.Cohort{Paused: true, Reason: ch.reason, By: ch.by.name}
	} else {
		delete(o.Cohorts, ch.cohort)
	}
	return o, nil
}

// postpone moves the opening; the places that people have stay as they are.
func (ch change) postpone(o state.Opening) (state.Opening, error) {
	if ch.opensAt == nil || !ch.opensAt.After(ch.now) || !ch.opensAt.Before(ch.line.ClosesAt) {
		return o, invalid("opens_at에 지금 이후, 마감 이전의 시각을 적어 주세요.", "opens_at must be after now and before the opening closes.")
	}
	if start := ch.line.Start(); o.StartedAt == nil && !ch.now.Before(start) {
		o.StartedAt = &start
	}
	o.OpensAt, o.Reason, o.By = ch.opensAt, ch.reason, ch.by.name
	return o, nil
}

// open lets people in before the time that was announced, which needs two people.
func (ch change) open(o state.Opening) (state.Opening, error) {
	if !ch.now.Before(ch.line.OpensAt) {
		return o, conflict("already_open", "이미 열려 있습니다. 멈춘 것이라면 재개하세요.", "It is open already; if it is paused, resume it.")
	}
	if !ch.confirmed(&o) {
		return o, nil
	}
	o.OpensAt, o.Reason, o.By = &ch.now, ch.reason, ch.by.name
	return o, nil
}

// setRate caps how fast people are called in. Lifting or raising a cap needs two people.
func (ch change) setRate(o state.Opening) (state.Opening, error) {
	lifts := o.RateCap > 0 && (ch.perS == 0 || ch.perS > o.RateCap)
	if lifts && !ch.confirmed(&o) {
		return o, nil
	}
	o.RateCap, o.By = ch.perS, ch.by.name
	return o, nil
}

// confirmed tells whether somebody else asked for the same a short while ago; if not, this is the asking.
func (ch change) confirmed(o *state.Opening) bool {
	action := ch.action
	if action == actionRate {
		action = fmt.Sprintf("%s %g", action, ch.perS)
	}
	p := o.Pending
	if p != nil && p.Action == action && p.By != ch.by.name && ch.now.Sub(p.At) < state.ConfirmWithin {
		o.Pending = nil
		return true
	}
	o.Pending = &state.Pending{Action: action, By: ch.by.name, Reason: ch.reason, At: ch.now}
	return false
}

func (c *Control) notice(w http.ResponseWriter, r *http.Request, o operator) error {
	var cmd api.NoticeCommand
	if err := read(r, &cmd); err != nil {
		return err
	}
	cmd.Text, cmd.TextEn = strings.TrimSpace(cmd.Text), strings.TrimSpace(cmd.TextEn)
	if cmd.Text == "" || utf8.RuneCountInString(cmd.Text) > longestReason || utf8.RuneCountInString(cmd.TextEn) > longestReason {
		return invalid(fmt.Sprintf("안내문(text)을 1~%d자로 적어 주세요.", longestReason), fmt.Sprintf("Give a text of 1 to %d characters.", longestReason))
	}
	n := api.Notice{At: c.clock(), Text: cmd.Text, TextEn: cmd.TextEn, By: o.name}
	if err := c.shared.Notice(r.Context(), n); err != nil {
		return err
	}
	return reply(w, n)
}

func conflict(code, ko, en string) error {
	return &api.Problem{Status: http.StatusConflict, Code: code, Detail: ko, DetailEn: en}
}

func unknownAction(action string) error {
	return &api.Problem{
		Status: http.StatusNotFound, Code: "not_found", Detail: fmt.Sprintf("%q 작업은 없습니다. open, pause, resume, postpone, close 가운데 하나입니다.", action),
		DetailEn: fmt.Sprintf("There is no action %q; it is open, pause, resume, postpone or close.", action),
	}
}
