package lane

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/edge"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/shed"
)

const (
	ticketScheme = "Ticket "
	passScheme   = "Pass "
	proofScheme  = "Proof "
)

// Callers: who asked the agent.
var callers = []string{"person", "family", "carer", "other"}

const longestReason = 200 // characters

// checkCall refuses a request for somebody's data that does not say who asked for it and why.
func checkCall(c *api.LaneCall) error {
	known := false
	for _, name := range callers {
		known = known || c.Caller == name
	}
	if !known {
		return edge.Detailed("bad_request", "전화하신 분을 알려 주세요(caller: person 본인, family 가족, carer 돌보는 분, other 그 밖).", "Say who called (caller): person, family, carer or other.")
	}
	c.Reason = strings.Join(strings.Fields(c.Reason), " ")
	if c.Reason == "" || !utf8.ValidString(c.Reason) || utf8.RuneCountInString(c.Reason) > longestReason || strings.ContainsFunc(c.Reason, unicode.IsControl) {
		return edge.Detailed("bad_request", "요청하신 내용과 본인의 동의를 1~200자로 적어 주세요(reason).", "State in 1 to 200 characters what was asked for and how the person agreed (reason).")
	}
	if holdsNumber(c.Reason) {
		return edge.Detailed("bad_request", "요청 내용(reason)에는 등록번호나 전화번호를 적지 마세요.", "Write no registration or phone numbers into the reason.")
	}
	return nil
}

// holdsNumber tells text that somebody has typed a registration or phone number into: nine digits, whatever stands between
// them.
func holdsNumber(text string) bool {
	digits := 0
	for _, r := range text {
		switch {
		case unicode.IsDigit(r):
			if digits++; digits == 9 {
				return true
			}
		case r == '-' || r == ' ' || r == '.':
		default:
			digits = 0
		}
	}
	return false
}

// number reads a registration number; what is wrong with it is said without repeating it.
func number(text string, now time.Time) (subject.Number, error) {
	n, err := subject.ParseNumber(text)
	if err == nil && !subject.DateOf(now).Before(n.Birth()) {
		return n, nil
	}
	p := edge.Problem("bad_number")
	var wrong *subject.NumberError
	if errors.As(err, &wrong) {
		p.Detail, p.DetailEn = wrong.Ko, wrong.En
	}
	return n, p
}

// join gives a person the place that they have already, by its code, or else the very place that joining gives anybody at
// this moment.
func (l *Lane) join(p person, in api.LaneJoin) (api.Place, error) {
	if err := checkCall(&in.LaneCall); err != nil {
		return api.Place{}, err
	}
	now := l.Node.Now()
	n, err := number(in.RRN, now)
	if err != nil {
		return api.Place{}, err
	}
	task := taskJoin
	var text queue.Text
	var t queue.Ticket
	var line *queue.Line
	if in.Code != "" {
		task = taskRecall
		text, t, line, err = l.Node.Recall(n, in.Opening, in.Code, now)
	} else {
		text, t, line, err = l.Node.Join(n, in.Opening, nil, now)
	}
	if err != nil {
		return api.Place{}, err
	}
	if err := l.note(p, task, &t, in.LaneCall); err != nil {
		return api.Place{}, err
	}
	place := line.Place(&t, now)
	out := line.Wire(&t, &place, now)
	out.Ticket, out.Code = string(text[:]), l.Node.Code(&t)
	return out, nil
}

func (l *Lane) serveJoin(w http.ResponseWriter, r *http.Request, p person) error {
	var in api.LaneJoin
	if err := edge.ReadJSON(w, r, &in); err != nil {
		return err
	}
	out, err := l.join(p, in)
	if err != nil {
		return err
	}
	return reply(w, out)
}

// place is how a ticket stands.
func (l *Lane) place(ticket string) (api.Place, error) {
	t, line, err := l.Node.Locate([]byte(ticket))
	if err != nil {
		return api.Place{}, err
	}
	now := l.Node.Now()
	place := line.Place(&t, now)
	out := line.Wire(&t, &place, now)
	out.Code = l.Node.Code(&t)
	return out, nil
}

func (l *Lane) servePlace(w http.ResponseWriter, r *http.Request, _ person) error {
	out, err := l.place(shown(r, ticketScheme))
	if err != nil {
		return err
	}
	return reply(w, out)
}

// shown is what stands in the Authorization header under a scheme; empty where nothing does.
func shown(r *http.Request, scheme string) string {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), scheme)
	if !ok {
		return ""
	}
	return text
}

// enter exchanges a ticket whose turn has come for a pass. Within the reserve of entries the lane goes before the crowd,
// beyond it as a citizen does; whose turn has not come enters in neither way.
func (l *Lane) enter(ctx context.Context, ticket string) (api.Entry, error) {
	now := l.Node.Now()
	class := shed.P1
	pace, gateways := l.Node.Pace(now)
	if l.entries.take(now, l.Share, pace, gateways) {
		class = shed.Lane
	}
	return l.Node.EnterAs(ctx, class, []byte(ticket), now)
}

func (l *Lane) serveEnter(w http.ResponseWriter, r *http.Request, _ person) error {
	entry, err := l.enter(r.Context(), shown(r, ticketScheme))
	if err != nil {
		return err
	}
	return reply(w, entry)
}

func (l *Lane) note(p person, task string, t *queue.Ticket, call api.LaneCall) error {
	return l.keep(handled{p, api.LaneAccess{Task: task, Subject: hex.EncodeToString(t.Subject[:]), LaneCall: call}})
}
