package control

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/state"
)

// Bounds of a rehearsal.
const (
	leastMinutes = 5
	mostMinutes  = 240
	longestName  = 60 // characters
)

// rehearse asks for a rehearsal pass, or confirms what somebody else asked for. The registration number becomes a
// pseudonym here and is kept nowhere.
func (c *Control) rehearse(w http.ResponseWriter, r *http.Request, o operator) error {
	var req api.RehearsalRequest
	if err := read(r, &req); err != nil {
		return err
	}
	want, number, err := rehearsalOf(&req)
	if err != nil {
		return err
	}
	now := c.clock()
	id, line, err := c.node.MayRehearse(number, want.Opening, now)
	if err != nil {
		return rehearsalRefusal(err)
	}
	want.Subject, want.By, want.At = hex.EncodeToString(id[:]), o.name, now
	known, revision, err := c.shared.Rehearsal(r.Context(), want.Opening, want.Name)
	if err != nil {
		return err
	}
	if known.Issued != nil && now.Before(known.Issued.ExpiresAt) {
		return conflict("already_issued", "같은 이름의 예행연습이 진행 중입니다. 다른 이름으로 신청하세요.", "A rehearsal of that name is under way; give another name.")
	}
	if !confirms(&known, &want, now) {
		if err := c.shared.SetRehearsal(r.Context(), want, revision); err != nil {
			return err
		}
		c.log.Info("rehearsal asked for", zap.String("name", want.Name), zap.String("opening", want.Opening), zap.String("by", o.name), zap.String("reason", want.Reason))
		w.WriteHeader(http.StatusAccepted) // waits for a second person
		return reply(w, shown(&want, now))
	}
	until := now.Add(time.Duration(want.Minutes) * time.Minute)
	if line.OpensAt.Before(until) { // once people may book, nobody rehearses
		until = line.OpensAt
	}
	order := node.RehearsalOrder{Name: want.Name, By: [2]string{known.By, o.name}, Reason: known.Reason}
	text, err := c.node.Rehearse(r.Context(), id, line, order, now, until)
	if err != nil {
		return err
	}
	known.Issued = &state.Issued{By: o.name, At: now, ExpiresAt: until}
	if err := c.shared.SetRehearsal(r.Context(), known, revision); err != nil {
		return err
	}
	c.log.Info("rehearsal pass issued", zap.String("name", known.Name), zap.String("opening", known.Opening), zap.Strings("by", order.By[:]),
		zap.Time("expires_at", until))
	answer := shown(&known, now)
	answer.Pass = text
	return reply(w, answer)
}

// rehearsalOf reads a request.
func rehearsalOf(req *api.RehearsalRequest) (state.Rehearsal, subject.Number, error) {
	want := state.Rehearsal{Name: strings.TrimSpace(req.Name), Opening: req.Opening, Minutes: req.Minutes, Reason: strings.TrimSpace(req.Reason)}
	number, err := subject.ParseNumber(req.RRN)
	switch {
	case want.Name == "" || !utf8.ValidString(want.Name) || utf8.RuneCountInString(want.Name) > longestName:
		return want, number, invalid(fmt.Sprintf("예행연습 이름(name)을 1~%d자로 적어 주세요.", longestName), fmt.Sprintf("Give the rehearsal a name of 1 to %d characters.", longestName))
	case want.Minutes < leastMinutes || want.Minutes > mostMinutes:
		return want, number, invalid(fmt.Sprintf("minutes는 %d부터 %d까지입니다.", leastMinutes, mostMinutes), fmt.Sprintf("minutes must be %d to %d.", leastMinutes, mostMinutes))
	case want.Reason == "" || utf8.RuneCountInString(want.Reason) > longestReason:
		return want, number, invalid(fmt.Sprintf("사유(reason)를 1~%d자로 적어 주세요. 원장에 남습니다.", longestReason), fmt.Sprintf("Give a reason of 1 to %d characters; it goes into the ledger.", longestReason))
	case err != nil:
		return want, number, &api.Problem{Status: http.StatusUnprocessableEntity, Code: "bad_number", Detail: "주민(외국인)등록번호를 확인해 주세요. 숫자 13자리입니다.", DetailEn: "Please check the registration number: 13 digits."}
	}
	return want, number, nil
}

// confirms tells whether somebody else asked for the same a short while ago.
func confirms(known, want *state.Rehearsal, now time.Time) bool {
	return known.Name == want.Name && known.Issued == nil && known.Subject == want.Subject && known.Minutes == want.Minutes &&
		known.By != want.By && now.Sub(known.At) < opening.ConfirmWithin
}

// shown is a rehearsal as the control room sees it, without its pass.
func shown(r *state.Rehearsal, now time.Time) api.Rehearsal {
	out := api.Rehearsal{Name: r.Name, Opening: r.Opening}
	switch {
	case r.Issued != nil:
		out.ExpiresAt = &r.Issued.ExpiresAt
	case now.Sub(r.At) < opening.ConfirmWithin:
		out.Pending = &api.PendingAction{Action: "rehearsal", By: r.By, Reason: r.Reason, At: r.At}
	}
	return out
}

// rehearsals lists those that wait for a second person and those that were issued, the newest first.
func (c *Control) rehearsals(w http.ResponseWriter, _ *http.Request, _ operator) error {
	now := c.clock()
	list := []api.Rehearsal{}
	var known []state.Rehearsal
	c.shared.Read(func(m *state.Model) {
		for _, r := range m.Rehearsals {
			known = append(known, r)
		}
	})
	slices.SortFunc(known, func(a, b state.Rehearsal) int { return b.At.Compare(a.At) })
	for i := range known {
		if r := shown(&known[i], now); r.ExpiresAt != nil || r.Pending != nil {
			list = append(list, r)
		}
	}
	return reply(w, list)
}

func conflict(code, ko, en string) error {
	return &api.Problem{Status: http.StatusConflict, Code: code, Detail: ko, DetailEn: en}
}

// rehearsalRefusal makes a problem of what the node refuses.
func rehearsalRefusal(err error) error {
	var refused *node.Refusal
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code {
	case node.NotFound:
		return &api.Problem{Status: http.StatusNotFound, Code: "not_found", Detail: "그런 개통이 없습니다.", DetailEn: "No such opening."}
	case node.AlreadyOpen:
		return conflict(node.AlreadyOpen, "이미 시작된 개통입니다. 예행연습은 개통 전에만 할 수 있습니다.", "The opening has begun; rehearse before it.")
	}
	return &api.Problem{Status: http.StatusForbidden, Code: node.NotEligible, Detail: refused.Decision.Reason("ko"), DetailEn: refused.Decision.Reason("en")}
}
