package pages

import (
	"cmp"
	"net/http"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

type applyView struct {
	Errors     []formError
	Number     numberField
	Agreed     bool
	AgreeError string
}

func (p *Pages) applyForm(w http.ResponseWriter, r *http.Request) {
	p.showApply(w, r, p.language(w, r), http.StatusOK, applyView{})
}

func (p *Pages) showApply(w http.ResponseWriter, r *http.Request, lang string, status int, v applyView) {
	v.Number.Hint = text(lang, "rrn.hint")
	pg := page{Status: status, Lang: lang, Title: formTitle(lang, "apply.title", v.Errors), Form: true}
	p.show(w, r, pg, "apply", v)
}

// formTitle is what a screen reader says first, so it says that something is wrong.
func formTitle(lang, key string, errors []formError) string {
	if len(errors) > 0 {
		return text(lang, "error.prefix") + text(lang, key)
	}
	return text(lang, key)
}

// apply checks the person and, when it is their turn to book, takes a place for them.
func (p *Pages) apply(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	in := parseApply(r.PostForm, lang)
	if lang, yes := p.switched(w, r); yes {
		p.showApply(w, r, lang, http.StatusOK, applyView{Agreed: in.Agreed})
		return
	}
	if v, ok := checkApply(in, lang); !ok {
		p.showApply(w, r, lang, http.StatusUnprocessableEntity, v)
		return
	}
	e, err := p.svc.Eligibility(r.Context(), api.EligibilityRequest{RRN: in.Digits}, lang)
	if err != nil {
		p.applyRefused(w, r, lang, in, err)
		return
	}
	if !e.Eligible {
		p.showRefused(w, r, lang, e)
		return
	}
	place, err := p.svc.Join(r.Context(), api.JoinRequest{RRN: in.Digits, Opening: e.Opening}, cookie(r, TicketCookie))
	if err != nil {
		p.applyRefused(w, r, lang, in, err)
		return
	}
	p.setTicket(w, place.Ticket, place.Opening)
	p.to(w, r, "/wait")
}

func checkApply(in applyInput, lang string) (applyView, bool) {
	v := applyView{Number: numberField{Error: in.NumberError}, Agreed: in.Agreed}
	if !in.Agreed {
		v.AgreeError = text(lang, "apply.agree.error")
		v.Number.Error = cmp.Or(v.Number.Error, text(lang, "rrn.again"))
	}
	if v.Number.Error != "" {
		v.Errors = append(v.Errors, formError{ID: "rrn1", Text: v.Number.Error})
	}
	if v.AgreeError != "" {
		v.Errors = append(v.Errors, formError{ID: "agree", Text: v.AgreeError})
	}
	return v, len(v.Errors) == 0
}

// applyRefused shows the form again where typing or trying again can help, else a page that says what is the matter.
func (p *Pages) applyRefused(w http.ResponseWriter, r *http.Request, lang string, in applyInput, err error) {
	problem := problemOf(err)
	sentence := formSentence(lang, problem)
	v := applyView{Agreed: in.Agreed}
	switch {
	case problem.Code == "bad_number":
		v.Number = numberField{Error: sentence}
		v.Errors = []formError{{ID: "rrn1", Text: sentence}}
	case isBusy(problem):
		v.Number = numberField{Error: text(lang, "rrn.again")}
		v.Errors = []formError{{Text: sentence}, {ID: "rrn1", Text: v.Number.Error}}
		setRetryAfter(w, problem)
	default:
		p.problem(w, r, lang, problem)
		return
	}
	p.showApply(w, r, lang, problem.Status, v)
}

type refusedView struct {
	Title, Reason string
	Later         bool // a window is to come
	Opening       *api.Opening
	OpensAt       time.Time
	ClosesAt      *time.Time
}

// showRefused tells a person who may not book now why, and when their turn is.
func (p *Pages) showRefused(w http.ResponseWriter, r *http.Request, lang string, e api.Eligibility) {
	v := refusedView{Title: refusedTitle(lang, e.Code), Reason: e.Reason, Opening: p.opening(e.Opening), ClosesAt: e.ClosesAt}
	if e.Code == "later" && e.OpensAt != nil {
		v.Later, v.OpensAt = true, *e.OpensAt
	}
	p.show(w, r, page{Lang: lang, Title: v.Title}, "refused", v)
}

func refusedTitle(lang, code string) string {
	switch code {
	case "later":
		return text(lang, "refused.not_yet")
	case "closed":
		return text(lang, "refused.closed")
	case "not_on_roster":
		return text(lang, "refused.no_roster")
	case "excluded":
		return text(lang, "refused.excluded")
	}
	return text(lang, "refused.title")
}
