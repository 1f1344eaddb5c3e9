package pages

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/daemun/daemun/gateway/api"
)

type bookingView struct {
	Booking   api.Booking
	Doses     []doseView
	Errors    []formError
	Cancelled bool
	Changed   bool // just now
	Moving    bool // it may still be changed and cancelled
}

// done confirms a booking just made, to the browser that made it.
func (p *Pages) done(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	no, proof := proofOf(r)
	if no == "" || proof == "" || no != r.URL.Query().Get("no") {
		p.to(w, r, "/lookup")
		return
	}
	booking, err := p.svc.Booking(r.Context(), no, proof)
	if err != nil {
		p.bookingRefused(w, r, lang, problemOf(err))
		return
	}
	if booking.State == "cancelled" {
		p.to(w, r, "/lookup")
		return
	}
	pg := page{Lang: lang, Title: text(lang, "done.title")}
	p.show(w, r, pg, "done", bookingView{Booking: booking, Doses: doses(booking, p.svc.Now())})
}

// bookingRefused closes a booking whose proof no longer opens it.
func (p *Pages) bookingRefused(w http.ResponseWriter, r *http.Request, lang string, problem *api.Problem) {
	if isBusy(problem) {
		p.problem(w, r, lang, problem)
		return
	}
	p.dropProof(w)
	p.showLookup(w, r, lang, http.StatusOK, lookupView{Errors: []formError{{Text: text(lang, "lookup.expired")}}})
}

type lookupView struct {
	Errors   []formError
	Name, No field
	Number   numberField
}

// lookupForm shows the booking that this browser has just proved to know, else the form.
func (p *Pages) lookupForm(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	no, proof := proofOf(r)
	if no == "" || proof == "" || r.URL.Query().Get("new") != "" {
		p.showLookup(w, r, lang, http.StatusOK, lookupView{})
		return
	}
	booking, err := p.svc.Booking(r.Context(), no, proof)
	if err != nil {
		p.bookingRefused(w, r, lang, problemOf(err))
		return
	}
	p.showBooking(w, r, lang, http.StatusOK, bookingView{Booking: booking})
}

func (p *Pages) showBooking(w http.ResponseWriter, r *http.Request, lang string, status int, v bookingView) {
	v.Cancelled = v.Booking.State == "cancelled"
	v.Moving = !v.Cancelled && p.svc.Now().Before(v.Booking.ChangeBy)
	v.Doses = doses(v.Booking, p.svc.Now())
	v.Changed = !v.Cancelled && r.URL.Query().Get("changed") != ""
	title := "booking.title"
	switch {
	case v.Cancelled:
		title = "booking.cancelled"
	case v.Changed:
		title = "booking.changed"
	}
	p.show(w, r, page{Status: status, Lang: lang, Title: formTitle(lang, title, v.Errors)}, "booking", v)
}

func (p *Pages) showLookup(w http.ResponseWriter, r *http.Request, lang string, status int, v lookupView) {
	if v.Name.ID == "" {
		v.Name, v.No = nameField(lang, ""), bookingNoField(lang, "")
	}
	v.Number.Hint = text(lang, "rrn.hint")
	pg := page{Status: status, Lang: lang, Title: formTitle(lang, "lookup.title", v.Errors), Form: true}
	p.show(w, r, pg, "lookup", v)
}

// lookup proves to whom the booking belongs and keeps the proof in a cookie, never in an address.
func (p *Pages) lookup(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	if lang, yes := p.switched(w, r); yes {
		req, _ := parseLookup(r.PostForm, lang)
		p.showLookup(w, r, lang, http.StatusOK, lookupView{Name: nameField(lang, req.Name), No: bookingNoField(lang, req.No)})
		return
	}
	req, v := parseLookup(r.PostForm, lang)
	if len(v.Errors) > 0 {
		p.showLookup(w, r, lang, http.StatusUnprocessableEntity, v)
		return
	}
	booking, err := p.svc.Lookup(r.Context(), req)
	if err != nil {
		problem := problemOf(err)
		setRetryAfter(w, problem)
		v.Number.Error = text(lang, "rrn.again")
		v.Errors = []formError{{Text: formSentence(lang, problem)}, {ID: "rrn1", Text: v.Number.Error}}
		p.showLookup(w, r, lang, problem.Status, v)
		return
	}
	p.setProof(w, &booking)
	p.to(w, r, "/lookup")
}

func parseLookup(form url.Values, lang string) (api.LookupRequest, lookupView) {
	req := api.LookupRequest{Name: clean(form.Get("name"), maxName), No: clean(form.Get("no"), maxNo)}
	v := lookupView{Name: nameField(lang, req.Name), No: bookingNoField(lang, req.No)}
	req.RRN, v.Number.Error = parseNumber(form, lang)
	if req.Name == "" {
		v.Name.Error = text(lang, "name.error")
	}
	if req.No == "" {
		v.No.Error = text(lang, "lookup.no.error")
	}
	if v.Name.Error+v.No.Error != "" {
		v.Number.Error = cmp.Or(v.Number.Error, text(lang, "rrn.again"))
	}
	v.Errors = listErrors([]field{v.Name, v.No}, v.Number, 1)
	return req, v
}

// cancel gives the slot back, once the person has said that they mean it. The form names the booking that was on the
// screen, so that a second window cannot make somebody cancel another one.
func (p *Pages) cancel(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	no, proof := proofOf(r)
	if no == "" || proof == "" || no != r.PostForm.Get("no") {
		p.to(w, r, "/lookup")
		return
	}
	if r.PostForm.Get("sure") != "yes" {
		p.askSure(w, r, lang, no, proof)
		return
	}
	if _, err := p.svc.Cancel(r.Context(), no, proof); err != nil {
		p.problem(w, r, lang, problemOf(err))
		return
	}
	p.to(w, r, "/lookup")
}

func (p *Pages) askSure(w http.ResponseWriter, r *http.Request, lang, no, proof string) {
	booking, err := p.svc.Booking(r.Context(), no, proof)
	if err != nil {
		p.bookingRefused(w, r, lang, problemOf(err))
		return
	}
	p.showBooking(w, r, lang, http.StatusUnprocessableEntity, bookingView{
		Booking: booking, Errors: []formError{{ID: "sure", Text: text(lang, "cancel.sure.error")}},
	})
}
