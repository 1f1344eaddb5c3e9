package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/queue"
)

// longestReason bounds a reason, in characters: it is shown to everybody who waits.
const longestReason = 300

// order is an operator's command, read and aimed at a line.
type order struct {
	opening.Command
	line      *queue.Line
	scheduled opening.Times // by the same schedule
	now       time.Time
}

func (c *Control) act(w http.ResponseWriter, r *http.Request, o operator) error {
	cmd, err := c.command(r, o)
	if err != nil {
		return err
	}
	if cmd.Action == opening.ActionRate { // has a path of its own
		return unknownAction(cmd.Action)
	}
	if cmd.Action == opening.ActionClose && !o.may(keyring.RoleSupervisor) {
		return &api.Problem{Status: http.StatusForbidden, Code: "role_too_low", Detail: "마감은 supervisor만 할 수 있습니다.", DetailEn: "Only a supervisor may close an opening."}
	}
	return c.carryOut(w, r, cmd)
}

func (c *Control) actOnCohort(w http.ResponseWriter, r *http.Request, o operator) error {
	cmd, err := c.command(r, o)
	if err != nil {
		return err
	}
	cmd.Cohort = r.PathValue("cohort")
	if cmd.Action != opening.ActionPause && cmd.Action != opening.ActionResume {
		return unknownAction(cmd.Action)
	}
	for _, known := range cmd.line.Cohorts {
		if known.ID == cmd.Cohort {
			return c.carryOut(w, r, cmd)
		}
	}
	return &api.Problem{Status: http.StatusNotFound, Code: "not_found", Detail: "그런 대상군이 없습니다.", DetailEn: "No such cohort."}
}

func (c *Control) command(r *http.Request, o operator) (order, error) {
	var body api.Command
	if err := read(r, &body); err != nil {
		return order{}, err
	}
	cmd, err := c.order(r, o, r.PathValue("action"), body.Reason)
	cmd.OpensAt, cmd.ClosesAt = body.OpensAt, body.ClosesAt
	return cmd, err
}

func (c *Control) order(r *http.Request, o operator, action, reason string) (order, error) {
	snapshot := c.node.Snapshot()
	line := snapshot.LineByID(r.PathValue("id"))
	if line == nil {
		return order{}, &api.Problem{Status: http.StatusNotFound, Code: "not_found", Detail: "그런 개통이 없습니다.", DetailEn: "No such opening."}
	}
	reason, err := readReason(reason)
	if err != nil {
		return order{}, err
	}
	return order{Command: opening.Command{Action: action, Reason: reason, By: o.name, Role: o.role}, line: line, scheduled: snapshot.Scheduled(line.ID), now: c.clock()}, nil
}

func readReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || !utf8.ValidString(reason) || utf8.RuneCountInString(reason) > longestReason {
		return "", invalid(fmt.Sprintf("사유를 1~%d자로 적어 주세요. 기다리는 모든 사람에게 보입니다.", longestReason),
			fmt.Sprintf("Give a reason of 1 to %d characters; everybody who waits will see it.", longestReason))
	}
	return reason, nil
}

func (c *Control) rate(w http.ResponseWriter, r *http.Request, o operator) error {
	var body api.RateCommand
	if err := read(r, &body); err != nil {
		return err
	}
	if body.PerS < 0 || body.PerS > 1e6 {
		return invalid("per_s는 0(제한 없음)부터 1,000,000까지입니다.", "per_s must be 0 (no cap) to 1,000,000.")
	}
	cmd, err := c.order(r, o, opening.ActionRate, body.Reason)
	if err != nil {
		return err
	}
	cmd.PerS = body.PerS
	return c.carryOut(w, r, cmd)
}

// carryOut changes the shared state, together with its event for the ledger, and answers with the opening as it is now.
func (c *Control) carryOut(w http.ResponseWriter, r *http.Request, cmd order) error {
	asked := false
	_, _, err := c.shared.ChangeOpening(r.Context(), cmd.line.ID, cmd.now, func(o opening.Opening) (opening.Opening, []opening.Change, error) {
		next, changes, err := o.Do(cmd.Command, cmd.scheduled, cmd.line.StockLeft, cmd.now)
		asked = opening.Asked(o, next)
		return next, changes, err
	})
	if err != nil {
		return refusal(err)
	}
	c.log.Info("operator acted", zap.String("action", cmd.Action), zap.String("opening", cmd.line.ID), zap.String("cohort", cmd.Cohort),
		zap.String("by", cmd.By), zap.String("role", cmd.Role), zap.String("reason", cmd.Reason))
	c.node.Renew()
	status := c.node.OpeningStatus(cmd.line.ID, c.clock())
	if asked {
		w.WriteHeader(http.StatusAccepted) // waits for a second person
	}
	return reply(w, status)
}

// refusal makes a problem of what the state machine refuses.
func refusal(err error) error {
	var refused *opening.Error
	if !errors.As(err, &refused) {
		return err
	}
	status := http.StatusConflict
	switch refused.Kind {
	case opening.BadTime:
		status = http.StatusBadRequest
	case opening.UnknownAction:
		status = http.StatusNotFound
	}
	return &api.Problem{Status: status, Code: string(refused.Kind), Detail: refused.Ko, DetailEn: refused.En}
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
	event, err := json.Marshal(ledger.Opening{Action: ledger.ActionNotice, By: o.name, Role: o.role, Reason: both(n)})
	if err != nil {
		return err
	}
	if err := c.shared.Event(r.Context(), n.At, event); err != nil { // first: nothing is said that the ledger does not know
		return err
	}
	if err := c.shared.Notice(r.Context(), n); err != nil {
		return err
	}
	return reply(w, n)
}

// both is a notice in the languages it was written in.
func both(n api.Notice) string {
	if n.TextEn == "" {
		return n.Text
	}
	return n.Text + " / " + n.TextEn
}

func unknownAction(action string) error { return refusal(opening.UnknownActionError(action)) }
