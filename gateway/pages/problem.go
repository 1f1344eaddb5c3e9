package pages

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/daemun/daemun/gateway/api"
)

// Problem answers any problem as a page in the visitor's language. A busy page carries Retry-After, says that the
// place is kept, and loads itself again.
func (p *Pages) Problem(w http.ResponseWriter, r *http.Request, problem *api.Problem) {
	p.problem(w, r, p.language(w, r), problem)
}

type problemView struct {
	Title, Detail string
	RetryS        int
	RetryTo       string
	HasTicket     bool
	Post          *link
	Links         []link
}

func (p *Pages) problem(w http.ResponseWriter, r *http.Request, lang string, problem *api.Problem) {
	hasTicket := cookie(r, TicketCookie) != ""
	v := problemView{Title: problemTitle(lang, problem), Detail: detail(lang, problem), HasTicket: hasTicket}
	pg := page{Status: problem.Status, Lang: lang, Title: v.Title, Light: true}
	if problem.Status < 400 || problem.Status > 599 {
		pg.Status = http.StatusInternalServerError
	}
	if isBusy(problem) {
		v.RetryS = retrySeconds(problem)
		setRetryAfter(w, problem)
		v.RetryTo, pg.Head = again(r), waitingHead
	}
	v.Post, v.Links = wayOn(lang, problem.Code, hasTicket)
	p.show(w, r, pg, "problem", v)
}

// again is where a request that could not be served is tried again: the same page when it was only read.
func again(r *http.Request) string {
	home := homeOf(r)
	if isRead(r) && r.URL.RawQuery != "" && home != "/" {
		return home + "?" + r.URL.Query().Encode()
	}
	return home
}

// wayOn says what a person can do next: at most one button that sends something, and links.
func wayOn(lang, code string, hasTicket bool) (*link, []link) {
	home := link{"/", text(lang, "home")}
	wait := link{"/wait", text(lang, "problem.wait")}
	apply := link{"/apply", text(lang, "problem.apply")}
	lookup := link{"/lookup", text(lang, "nav.lookup")}
	switch code {
	case "bad_ticket":
		return nil, []link{apply, home}
	case "bad_pass":
		if hasTicket {
			return &link{"/enter", text(lang, "problem.enter")}, []link{wait}
		}
		return nil, []link{apply, home}
	case "busy", "backend_resting":
		return nil, nil // trying again stands there already
	case "identity_required":
		return nil, []link{{"/identity", text(lang, "identity.title")}}
	case "slot_full", "no_such_slot":
		return nil, []link{{"/clinics", text(lang, "clinic.other")}}
	case "already_booked", "no_such_booking", "too_late", "too_many_tries", "key_reused":
		return nil, []link{lookup, home}
	case "not_your_turn", "paused":
		return nil, []link{wait}
	}
	return nil, []link{home}
}

func problemTitle(lang string, problem *api.Problem) string {
	if title := text(lang, "problem."+problem.Code); title != "" {
		return title
	}
	return text(lang, "problem.title")
}

// detail is the problem's own sentence, else the one kept for its code, else a general one.
func detail(lang string, problem *api.Problem) string {
	if own := either(lang, problem.Detail, problem.DetailEn); own != "" {
		return own
	}
	if kept := text(lang, "problem."+problem.Code+".text"); kept != "" {
		return kept
	}
	return text(lang, "problem.text")
}

// formSentence is what stands above a form that could not be taken: a form does not send itself again, so a busy server
// asks the person to.
func formSentence(lang string, problem *api.Problem) string {
	if isBusy(problem) {
		return string(appendf(nil, lang, "busy.form", int64(retryAfter(problem))))
	}
	return detail(lang, problem)
}

// problemOf takes the problem out of an error. An error that carries none is not explained to the visitor.
func problemOf(err error) *api.Problem {
	var problem *api.Problem
	if errors.As(err, &problem) {
		return problem
	}
	return &api.Problem{Status: http.StatusInternalServerError, Code: "internal"}
}

func isBusy(problem *api.Problem) bool { return problem.Status == http.StatusServiceUnavailable }

// retrySeconds is when a page tries again by itself: the server's word, within 1 to 60 s.
func retrySeconds(problem *api.Problem) int { return min(retryAfter(problem), 60) }

func retryAfter(problem *api.Problem) int {
	if problem.RetryAfterS <= 0 {
		return 5
	}
	return problem.RetryAfterS
}

func setRetryAfter(w http.ResponseWriter, problem *api.Problem) {
	if isBusy(problem) || problem.RetryAfterS > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter(problem)))
	}
}
