package edge

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/upstream"
)

// wording is what a person is told for a problem code.
type wording struct {
	status int
	title  string
	ko, en string
}

var wordings = map[string]wording{
	"bad_number":         {422, "Registration number", "주민(외국인)등록번호를 확인해 주세요. 숫자 13자리를 입력합니다.", "Please check the registration number: 13 digits."},
	node.NotEligible:     {403, "Not eligible", "예약 대상자가 아닙니다.", "You are not eligible for this opening."},
	node.NotOpenYet:      {409, "Not open yet", "아직 예약 기간이 아닙니다.", "Booking has not begun."},
	node.Closed:          {409, "Closed", "예약이 마감되었습니다.", "Booking is closed."},
	node.BadTicket:       {401, "No valid ticket", "순번표를 확인할 수 없습니다. 처음부터 다시 신청해 주세요.", "This is not a valid ticket. Please join the queue again."},
	node.NotYourTurn:     {409, "Not your turn", "아직 순서가 되지 않았습니다. 순번은 그대로 유지됩니다.", "Your turn has not come yet. Your place is kept."},
	node.Paused:          {409, "Paused", "입장이 잠시 멈췄습니다. 순번은 그대로 유지됩니다.", "Entering is paused. Your place is kept."},
	node.NotFound:        {404, "Not found", "찾으시는 주소가 없습니다.", "There is nothing at this address."},
	"method_not_allowed": {405, "Method not allowed", "이 주소에서는 할 수 없는 요청입니다.", "This address does not take that method."},
	node.BadCode:         {401, "No such short code", "이 분의 순번 코드가 아닙니다. 코드와 등록번호를 다시 확인해 주세요.", "This is not that person's short code. Please check the code and the registration number."},
	"bad_pass":           {401, "No valid pass", "입장권이 없거나 만료되었습니다. 순번표로 다시 입장해 주세요.", "The pass is missing or has expired. Enter again with your ticket."},
	"bad_request":        {400, "Bad request", "요청을 읽을 수 없습니다.", "The request cannot be read."},
	"too_large":          {413, "Too large", "요청이 너무 큽니다.", "The request is too large."},
	"cross_origin":       {403, "Cross-origin request", "다른 사이트에서 보낸 요청은 받지 않습니다.", "Requests from other sites are refused."},
	"busy":               {503, "Busy", "지금은 이용자가 많습니다. 잠시 뒤에 자동으로 다시 시도합니다. 순번은 그대로 유지됩니다.", "Many people are here right now. Please try again shortly; your place is kept."},
	"backend_resting":    {503, "Backend resting", "예약 시스템을 점검하고 있습니다. 순번과 입장은 그대로 유지됩니다. 잠시 뒤에 다시 시도해 주세요.", "The booking system is resting. Your place and your pass are kept; please try again shortly."},
	"answer_lost":        {503, "Answer lost", "처리 결과를 확인하지 못했습니다. 같은 요청을 다시 보내도 두 번 예약되지 않습니다.", "The outcome is not known. Sending the same request again will not book twice."},
	"internal":           {500, "Internal error", "처리하지 못했습니다. 잠시 뒤에 다시 시도해 주세요.", "Something went wrong. Please try again shortly."},
}

// problem makes the published problem of a code.
func problem(code string) *api.Problem {
	w, ok := wordings[code]
	if !ok {
		w = wordings["internal"]
	}
	p := &api.Problem{Type: "about:blank", Title: w.title, Status: w.status, Code: code, Detail: w.ko, DetailEn: w.en}
	if p.Status == http.StatusServiceUnavailable {
		p.RetryAfterS = 1 + rand.IntN(4)
	}
	return p
}

// detailed is problem with sentences of its own.
func detailed(code, ko, en string) *api.Problem {
	p := problem(code)
	p.Detail, p.DetailEn = ko, en
	return p
}

// problemOf makes the published problem of any error. What the person cannot do anything about becomes "internal".
func (e *Edge) problemOf(err error) *api.Problem {
	if p := ProblemOf(err); p != nil {
		return p
	}
	e.unexpected(err)
	return problem("internal")
}

// ProblemOf is the problem that stands for an error; nil where nobody foresaw it.
func ProblemOf(err error) *api.Problem {
	var p *api.Problem
	if errors.As(err, &p) {
		return p
	}
	if r, ok := node.IsRefusal(err); ok {
		return refusal(r)
	}
	switch {
	case errors.Is(err, upstream.ErrBusy):
		return problem("busy")
	case errors.Is(err, upstream.ErrResting):
		return problem("backend_resting")
	case errors.Is(err, upstream.ErrUnknown):
		return problem("answer_lost")
	}
	return nil
}

// Problem is the published problem of a code.
func Problem(code string) *api.Problem { return problem(code) }

// Detailed is Problem with sentences of its own.
func Detailed(code, ko, en string) *api.Problem { return detailed(code, ko, en) }

// ReadJSON reads a request's body of JSON into v and says what is wrong with it without repeating any of it; nil where
// nothing is.
func ReadJSON(w http.ResponseWriter, r *http.Request, v any) *api.Problem { return readJSON(w, r, v) }

// ReadBody reads a request's body whole; a problem where it is too long.
func ReadBody(w http.ResponseWriter, r *http.Request) ([]byte, *api.Problem) { return readBody(w, r) }

func refusal(r *node.Refusal) *api.Problem {
	p := problem(r.Code)
	if r.Decision.Code != "" {
		p.Detail, p.DetailEn = r.Decision.Reason("ko"), r.Decision.Reason("en")
	}
	if r.Code == node.NotYourTurn {
		p.RetryAfterS = r.Place.NextPoll
	}
	if r.Place.Reason != "" {
		p.Detail = r.Place.Reason + " " + p.Detail
	}
	return p
}

var (
	jsonType    = []string{"application/json; charset=utf-8"}
	problemType = []string{"application/problem+json; charset=utf-8"}
	noStore     = []string{"no-store"}
)

// refuse answers an API request with a problem.
func (e *Edge) refuse(w http.ResponseWriter, p *api.Problem) {
	e.meter.Problem(p.Code)
	body, err := json.Marshal(p)
	if err != nil {
		e.unexpected(err)
		body = []byte(`{"code":"internal","status":500}`)
	}
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = problemType, noStore
	if p.RetryAfterS > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfterS))
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the citizen may be gone; nobody else needs the answer
}

// answer sends a body of JSON.
func answer(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = jsonType, noStore
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
