package pages

import (
	"net/http"
	"net/url"

	"github.com/daemun/daemun/gateway/api"
)

// hold keeps the chosen time for the visitor and leads on to the form. Where the time was just taken, the clinic's other
// times are shown.
func (p *Pages) hold(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	in := bookInput{
		Slot: token(r.PostForm.Get("slot"), maxKey), Clinic: token(r.PostForm.Get("clinic"), maxKey), Day: dayOf(r.PostForm.Get("day")),
	}
	switch {
	case in.Clinic == "" || in.Day == "":
		p.problem(w, r, lang, &api.Problem{Status: http.StatusBadRequest, Code: "bad_request"})
		return
	case in.Slot == "":
		p.times(w, r, lang, in, &api.Problem{Status: http.StatusUnprocessableEntity, Detail: text(Korean, "hold.choose"), DetailEn: text(English, "hold.choose")})
		return
	}
	if err := p.holdWithTurn(w, r, in.Slot); err != nil {
		p.holdRefused(w, r, lang, in, problemOf(err))
		return
	}
	p.to(w, r, "/book?"+url.Values{"clinic": {in.Clinic}, "day": {in.Day}, "slot": {in.Slot}}.Encode())
}

// holdWithTurn holds, and when the pass has ended enters once more with the ticket.
func (p *Pages) holdWithTurn(w http.ResponseWriter, r *http.Request, slot string) error {
	_, err := withTurn(p, w, r, func(pass string) (api.Hold, error) { return p.svc.Hold(r.Context(), pass, slot) })
	return err
}

func (p *Pages) holdRefused(w http.ResponseWriter, r *http.Request, lang string, in bookInput, problem *api.Problem) {
	switch problem.Code {
	case "slot_full", "stock_held", "no_such_slot", "second_dose_full":
	default:
		p.problem(w, r, lang, problem)
		return
	}
	p.times(w, r, lang, in, problem)
}

// times shows the day's times once more, and why none is kept.
func (p *Pages) times(w http.ResponseWriter, r *http.Request, lang string, in bookInput, problem *api.Problem) {
	list, err := p.slotsFor(r, in)
	if err != nil {
		p.problem(w, r, lang, problemOf(err))
		return
	}
	setRetryAfter(w, problem)
	v := newClinicView(lang, in.Clinic, in.Day, list)
	v.Until, v.Errors = passUntil(r), []formError{{Text: formSentence(lang, problem)}}
	p.show(w, r, page{Status: problem.Status, Lang: lang, Title: text(lang, "error.prefix") + v.Name}, "clinic", v)
}

// look finds out whether the chosen time is still kept. That it cannot be found out just now changes nothing: the time may
// be booked either way.
func (p *Pages) look(r *http.Request, v *bookView) {
	if held, err := p.svc.Holding(r.Context(), cookie(r, PassCookie)); err == nil && held.Slot == v.Slot {
		v.Held = &held
	}
}

// bookOnTheWay answers the buttons of the booking form that do not book: another language, and keeping the time once more.
// What was typed comes back.
func (p *Pages) bookOnTheWay(w http.ResponseWriter, r *http.Request, lang string, in bookInput) bool {
	if other, yes := p.switched(w, r); yes {
		in.Errors = nil
		p.bookShown(w, r, other, http.StatusOK, in)
		return true
	}
	if r.PostForm.Get("do") != "hold" {
		return false
	}
	in.Errors = nil
	err := p.holdWithTurn(w, r, in.Slot)
	switch problem := problemOf(err); {
	case err == nil:
		p.bookShown(w, r, lang, http.StatusOK, in)
	case problem.Code == "slot_full", problem.Code == "no_such_slot":
		p.bookFull(w, r, lang, in)
	case problem.Code == "stock_held", problem.Code == "second_dose_full", isBusy(problem):
		setRetryAfter(w, problem)
		p.bookShown(w, r, lang, problem.Status, in, formError{Text: formSentence(lang, problem)})
	default:
		p.problem(w, r, lang, problem)
	}
	return true
}
