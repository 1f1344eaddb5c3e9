package edge

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/pages"
	"github.com/daemun/daemun/gateway/queue"
)

const ticketScheme = "Ticket "

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

func (e *Edge) openings(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, e.node.Snapshot().OpeningsJSON)
}

func (e *Edge) cursor(w http.ResponseWriter, r *http.Request) {
	body := e.node.Snapshot().CursorJSON(r.PathValue("id"))
	if body == nil {
		e.refuse(w, problem(node.NotFound))
		return
	}
	cacheable(w, body)
}

func cacheable(w http.ResponseWriter, body []byte) {
	h := w.Header()
	h["Content-Type"] = jsonType
	h.Set("Cache-Control", "public, max-age=1")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// sealsPerAnswer bounds one page of seals.
const sealsPerAnswer = 500

func (e *Edge) seals(w http.ResponseWriter, r *http.Request) {
	line := e.node.Snapshot().LineByID(r.PathValue("id"))
	if line == nil {
		e.refuse(w, problem(node.NotFound))
		return
	}
	from := uint64(0)
	if text := r.URL.Query().Get("from"); text != "" {
		var err error
		if from, err = strconv.ParseUint(text, 10, 32); err != nil {
			e.refuse(w, detailed("bad_request", "from에는 0 이상의 회차 번호를 적어 주세요.", "from must be an epoch number, 0 or more."))
			return
		}
	}
	body, err := json.Marshal(line.Seals.From(uint32(from), sealsPerAnswer))
	if err != nil {
		e.unexpected(err)
		e.refuse(w, problem("internal"))
		return
	}
	cacheable(w, body)
}

func (e *Edge) eligibility(w http.ResponseWriter, r *http.Request) {
	var req api.EligibilityRequest
	if p := readJSON(w, r, &req); p != nil {
		e.refuse(w, p)
		return
	}
	got, err := e.eligible(req, langOf(r))
	e.reply(w, got, err)
}

// eligible says whether a person may join and why, by number or by birth date alone.
func (e *Edge) eligible(req api.EligibilityRequest, lang string) (api.Eligibility, error) {
	now := e.node.Now()
	switch {
	case req.RRN != "" && req.BirthDate != "", req.RRN == "" && req.BirthDate == "":
		return api.Eligibility{}, detailed("bad_request", "rrn과 birth_date 가운데 하나만 보내 주세요.", "Send either rrn or birth_date.")
	case req.RRN != "":
		number, err := e.number(req.RRN, now)
		if err != nil {
			return api.Eligibility{}, err
		}
		id := e.node.Subject(number)
		return eligibility(e.node.Decide(number.Birth(), &id, now), lang), nil
	}
	birth, err := subject.ParseDate(req.BirthDate)
	if err != nil || e.unborn(birth, now) {
		return api.Eligibility{}, detailed("bad_request", "birth_date는 1967-03-01처럼 적고, 오늘까지의 날짜여야 합니다.", "Write birth_date like 1967-03-01; it must not be in the future.")
	}
	return eligibility(e.node.Decide(birth, nil, now), lang), nil
}

func (e *Edge) unborn(birth subject.Date, now time.Time) bool {
	return subject.DateOf(now).Before(birth)
}

// number reads a registration number; the problem it returns says what is wrong with it and never what it was.
func (e *Edge) number(text string, now time.Time) (subject.Number, error) {
	number, err := subject.ParseNumber(text)
	if err != nil {
		p := problem("bad_number")
		if n, ok := err.(*subject.NumberError); ok {
			p.Detail, p.DetailEn = n.Ko, n.En
		}
		return number, p
	}
	if e.unborn(number.Birth(), now) {
		return number, problem("bad_number")
	}
	return number, nil
}

func eligibility(d cohort.Decision, lang string) api.Eligibility {
	a := api.Eligibility{Eligible: d.Eligible, Code: d.Code, Reason: d.Reason(lang)}
	if d.Opening != nil {
		opens, closes := d.OpensAt, d.ClosesAt
		a.Opening, a.OpensAt, a.ClosesAt = d.Opening.ID, &opens, &closes
	}
	if d.Cohort != nil {
		a.Cohort = d.Cohort.ID
	}
	return a
}

func (e *Edge) join(w http.ResponseWriter, r *http.Request) {
	var req api.JoinRequest
	if p := readJSON(w, r, &req); p != nil {
		e.refuse(w, p)
		return
	}
	now := e.node.Now()
	number, err := e.number(req.RRN, now)
	if err != nil {
		e.refuse(w, e.problemOf(err))
		return
	}
	text, t, line, err := e.node.Join(number, req.Opening, ticketOf(r), now)
	if err != nil {
		e.refuse(w, e.problemOf(err))
		return
	}
	place := line.Place(&t, now)
	buf := buffers.Get().(*[]byte)
	*buf = e.appendJoined((*buf)[:0], line, &text, &t, &place, now)
	answer(w, http.StatusOK, *buf)
	buffers.Put(buf)
}

// appendJoined appends the place of somebody who joined, with their ticket and its short code.
func (e *Edge) appendJoined(dst []byte, line *queue.Line, text *queue.Text, t *queue.Ticket, place *queue.Place, now time.Time) []byte {
	dst = line.AppendPlace(dst, text[:], t, place, now)
	end := len(dst) - 1 // the closing brace
	dst = e.node.AppendCode(append(dst[:end], `,"code":"`...), t)
	return append(dst, `"}`...)
}

// ticketOf returns the ticket that a request shows: the header's, else the cookie's.
func ticketOf(r *http.Request) []byte {
	if h := r.Header["Authorization"]; len(h) == 1 && len(h[0]) > len(ticketScheme) && h[0][:len(ticketScheme)] == ticketScheme {
		return []byte(h[0][len(ticketScheme):])
	}
	if c, err := r.Cookie(pages.TicketCookie); err == nil {
		return []byte(c.Value)
	}
	return nil
}

func (e *Edge) place(w http.ResponseWriter, r *http.Request) {
	t, line, err := e.node.Locate(ticketOf(r))
	if err != nil {
		e.refuse(w, e.problemOf(err))
		return
	}
	now := e.node.Now()
	place := line.Place(&t, now)
	buf := buffers.Get().(*[]byte)
	*buf = line.AppendPlace((*buf)[:0], nil, &t, &place, now)
	answer(w, http.StatusOK, *buf)
	buffers.Put(buf)
}

func (e *Edge) enter(w http.ResponseWriter, r *http.Request) {
	entry, err := e.node.Enter(r.Context(), ticketOf(r), e.node.Now())
	e.reply(w, entry, err)
}

// reply sends v, or the problem that stands for err.
func (e *Edge) reply(w http.ResponseWriter, v any, err error) {
	if err != nil {
		e.refuse(w, e.problemOf(err))
		return
	}
	body, err := json.Marshal(v)
	if err != nil {
		e.refuse(w, e.problemOf(err))
		return
	}
	answer(w, http.StatusOK, body)
}

// langOf is the language of a sentence in an API answer: Korean unless English is asked for.
func langOf(r *http.Request) string {
	if r.URL.Query().Get("lang") == pages.English {
		return pages.English
	}
	return pages.Korean
}
