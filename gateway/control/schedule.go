package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/node"
)

// maxScheduleBody bounds a request with a schedule in it, in bytes: the file may have 64 KiB, escaped and with its cases.
const maxScheduleBody = 512 << 10

// maxCases bounds the cases of one preview.
const maxCases = 1000

func (c *Control) schedule(w http.ResponseWriter, _ *http.Request, _ operator) error {
	s := c.node.InForce(c.clock())
	return reply(w, api.ScheduleDocument{ScheduleStatus: node.StatusOf(&s), Text: s.Text})
}

func readSchedule(r *http.Request) (body api.ScheduleRequest, err error) {
	d := json.NewDecoder(io.LimitReader(r.Body, maxScheduleBody))
	d.DisallowUnknownFields()
	if err := d.Decode(&body); err != nil {
		return body, invalid("본문의 JSON을 읽을 수 없습니다: "+err.Error(), "The JSON body cannot be read: "+err.Error())
	}
	return body, nil
}

// review reads a request and looks at its schedule.
func (c *Control) review(r *http.Request) (api.ScheduleRequest, *node.Review, error) {
	body, err := readSchedule(r)
	if err != nil {
		return body, nil, err
	}
	review, err := c.node.Review(body.Text, c.clock())
	return body, review, unreadable(err)
}

// unreadable makes a problem of a file that is no schedule, with the place of the mistake.
func unreadable(err error) error {
	var refused *cohort.ScheduleError
	if !errors.As(err, &refused) {
		return err
	}
	return &api.Problem{
		Status: http.StatusUnprocessableEntity, Code: "bad_schedule", Line: refused.Line, Column: refused.Column,
		Detail:   fmt.Sprintf("일정 파일 %d행 %d열: %s", refused.Line, refused.Column, refused.Ko),
		DetailEn: fmt.Sprintf("Schedule, line %d, column %d: %s", refused.Line, refused.Column, refused.En),
	}
}

func (c *Control) checkSchedule(w http.ResponseWriter, r *http.Request, _ operator) error {
	_, review, err := c.review(r)
	if err != nil {
		return err
	}
	check := api.ScheduleCheck{
		Version: review.Schedule.Version, Usable: review.Usable(), Findings: []api.ScheduleFinding{}, Impacts: []api.ScheduleImpact{},
		Acknowledge: cohort.Acknowledgement(review.Impacts),
	}
	for _, f := range review.Findings {
		check.Findings = append(check.Findings, api.ScheduleFinding(f))
	}
	for _, i := range review.Impacts {
		check.Impacts = append(check.Impacts, api.ScheduleImpact{Loses: i.Loses, Ko: i.Ko, En: i.En})
	}
	return reply(w, check)
}

func (c *Control) previewSchedule(w http.ResponseWriter, r *http.Request, _ operator) error {
	body, err := readSchedule(r)
	if err != nil {
		return err
	}
	s, err := cohort.Parse([]byte(body.Text))
	if err != nil {
		return unreadable(err)
	}
	cases, err := readCases(body.Cases)
	if err != nil {
		return err
	}
	preview := api.SchedulePreview{Table: s.Table(body.Lang), Picture: string(s.Picture(body.Lang)), Answers: []api.ScheduleAnswer{}}
	for i, a := range cohort.Preview(s, cases) {
		preview.Answers = append(preview.Answers, api.ScheduleAnswer{ScheduleCase: body.Cases[i], Openings: a.Openings})
	}
	return reply(w, preview)
}

func readCases(rows []api.ScheduleCase) ([]cohort.Case, error) {
	if len(rows) > maxCases {
		return nil, invalid(fmt.Sprintf("한 번에 %d건까지 미리 볼 수 있습니다.", maxCases), fmt.Sprintf("At most %d cases at once.", maxCases))
	}
	cases := make([]cohort.Case, len(rows))
	for i, row := range rows {
		birth, err := subject.ParseDate(row.BirthDate)
		if err != nil {
			return nil, invalid(fmt.Sprintf("%d번째 사례: birth_date는 YYYY-MM-DD로 적어 주세요.", i+1), fmt.Sprintf("Case %d: write birth_date as YYYY-MM-DD.", i+1))
		}
		cases[i] = cohort.Case{Birth: birth, At: row.At}
	}
	return cases, nil
}

func (c *Control) activateSchedule(w http.ResponseWriter, r *http.Request, o operator) error {
	body, review, err := c.review(r)
	if err != nil {
		return err
	}
	reason, err := readReason(body.Reason)
	if err != nil {
		return err
	}
	if err := acceptable(review, body.Acknowledge); err != nil {
		return err
	}
	s, err := c.node.Activate(r.Context(), review, o.name, o.role, reason)
	if err != nil {
		return notActivated(err)
	}
	c.log.Info("schedule activated", zap.Uint32("version", s.Version), zap.String("sha256", s.SHA256), zap.Time("from", s.From),
		zap.String("by", o.name), zap.String("reason", reason))
	return reply(w, node.StatusOf(&s))
}

// acceptable refuses a schedule with something serious in it, and one that takes a window from somebody without a word.
func acceptable(r *node.Review, acknowledged string) error {
	var ko, en []string
	for _, f := range r.Findings {
		if f.Serious {
			ko, en = append(ko, f.Ko), append(en, f.En)
		}
	}
	if len(ko) > 0 {
		return &api.Problem{
			Status: http.StatusUnprocessableEntity, Code: "schedule_not_usable",
			Detail: "이 일정은 시행할 수 없습니다. " + strings.Join(ko, " "), DetailEn: "This schedule cannot go live: " + strings.Join(en, "; "),
		}
	}
	code := cohort.Acknowledgement(r.Impacts)
	if code == "" || code == acknowledged {
		return nil
	}
	for _, i := range r.Impacts {
		if i.Loses {
			ko, en = append(ko, i.Ko), append(en, i.En)
		}
	}
	return &api.Problem{
		Status: http.StatusConflict, Code: "acknowledgement_needed",
		Detail:   fmt.Sprintf("예약 기회를 잃는 사람이 있습니다. 아래를 확인하고 확인 코드 %s을(를) 함께 보내 주세요. %s", code, strings.Join(ko, " ")),
		DetailEn: fmt.Sprintf("Somebody loses a window. Read this and give the code %s with the activation: %s", code, strings.Join(en, " ")),
	}
}

func notActivated(err error) error {
	var refused *node.ActivationError
	if !errors.As(err, &refused) {
		return err
	}
	return &api.Problem{Status: http.StatusConflict, Code: refused.Code, Detail: refused.Ko, DetailEn: refused.En}
}
