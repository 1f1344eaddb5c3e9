package pages

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

type bookView struct {
	Until               time.Time
	Now                 time.Time // the server's
	Held                *api.Hold // what is kept for the visitor; nil when it is not the chosen slot
	Errors              []formError
	Key                 string
	Slot, Clinic, Day   string
	ClinicName, Address string
	Vaccine             string
	At                  time.Time
	Back                string
	Times               []api.Slot // offered when the chosen time is gone
	Name, Phone         field
	Number              numberField
	ProxyAllowed, Proxy bool
	ProxyName           field
	ProxyPhone          field
	ProxyRelation       field
}

func newBookView(r *http.Request, lang string, in bookInput) bookView {
	v := bookView{
		Until: passUntil(r), Key: in.Key, Slot: in.Slot, Clinic: in.Clinic, Day: in.Day, Proxy: in.Proxy,
		Back:   "/clinics/" + in.Clinic + "?" + url.Values{"day": {in.Day}}.Encode(),
		Name:   nameField(lang, in.Name),
		Phone:  phoneField(lang, in.Phone),
		Number: numberField{Hint: text(lang, "book.rrn"), Error: in.Errors["rrn1"]},
	}
	v.Name.Error, v.Phone.Error = in.Errors["name"], in.Errors["phone"]
	v.ProxyName, v.ProxyPhone, v.ProxyRelation = proxyFields(lang, in)
	v.Errors = listErrors([]field{v.Name, v.Phone, v.ProxyName, v.ProxyPhone, v.ProxyRelation}, v.Number, 1)
	if v.Key == "" {
		v.Key = rand.Text()
	}
	return v
}

// describe adds what the chosen slot is.
func (v *bookView) describe(list api.SlotList) (found bool) {
	v.ClinicName, v.Address = clinicName(list, v.Clinic)
	for _, s := range onDay(list.Slots, v.Day) {
		v.Vaccine = s.Vaccine
		if s.ID == v.Slot {
			v.At = s.At
			return s.Left > 0
		}
	}
	return false
}

// offer lists what is still free on that day, so that nothing has to be typed again when a slot was just taken.
func (v *bookView) offer(list api.SlotList) {
	v.Times = nil
	for _, s := range onDay(list.Slots, v.Day) {
		if s.Left > 0 && s.ID != v.Slot {
			v.Times = append(v.Times, s)
		}
	}
}

func (p *Pages) bookForm(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	q := r.URL.Query()
	in := bookInput{Slot: token(q.Get("slot"), maxKey), Clinic: token(q.Get("clinic"), maxKey), Day: dayOf(q.Get("day"))}
	if in.Slot == "" || in.Clinic == "" || in.Day == "" {
		p.to(w, r, "/clinics")
		return
	}
	list, err := p.slotsFor(r, in)
	if err != nil {
		p.problem(w, r, lang, problemOf(err))
		return
	}
	v := newBookView(r, lang, in)
	p.look(r, &v)
	if free := v.describe(list); !free && v.Held == nil {
		p.slotGone(w, r, lang, v, list)
		return
	}
	p.showBook(w, r, lang, http.StatusOK, v)
}

func (p *Pages) slotsFor(r *http.Request, in bookInput) (api.SlotList, error) {
	pass := cookie(r, PassCookie)
	if pass == "" {
		return api.SlotList{}, badPass()
	}
	return p.svc.Slots(r.Context(), pass, in.Clinic, in.Day)
}

func (p *Pages) showBook(w http.ResponseWriter, r *http.Request, lang string, status int, v bookView) {
	v.ProxyAllowed, v.Now = p.proxyAllowed(r), p.svc.Now()
	p.show(w, r, page{Status: status, Lang: lang, Title: formTitle(lang, "book.title", v.Errors), Form: true}, "book", v)
}

// proxyAllowed asks the visitor's own opening whether it takes bookings for somebody else.
func (p *Pages) proxyAllowed(r *http.Request) bool {
	place, err := p.svc.Place(r.Context(), cookie(r, TicketCookie))
	if err != nil {
		return false
	}
	o := p.opening(place.Opening)
	return o != nil && o.Proxy
}

// book makes the booking. The form brought its own key, so pressing twice books once.
func (p *Pages) book(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	in := parseBook(r.PostForm, lang)
	in.Day = dayOf(in.Day)
	if in.Slot == "" || in.Clinic == "" || in.Day == "" || len(in.Key) < 8 {
		p.problem(w, r, lang, &api.Problem{Status: http.StatusBadRequest, Code: "bad_request"})
		return
	}
	if p.bookOnTheWay(w, r, lang, in) {
		return
	}
	if len(in.Errors) > 0 {
		p.bookAgain(w, r, lang, http.StatusUnprocessableEntity, in)
		return
	}
	booking, err := p.bookWithTurn(w, r, lang, in)
	if err != nil {
		p.bookRefused(w, r, lang, in, problemOf(err))
		return
	}
	p.setProof(w, &booking)
	p.to(w, r, "/done?"+url.Values{"no": {booking.No}}.Encode())
}

// bookWithTurn books, and when the pass ended while the person was typing enters once more with their ticket, so that nobody
// has to type all of it again.
func (p *Pages) bookWithTurn(w http.ResponseWriter, r *http.Request, lang string, in bookInput) (api.Booking, error) {
	return withTurn(p, w, r, func(pass string) (api.Booking, error) { return p.svc.Book(r.Context(), pass, in.Key, in.request(lang)) })
}

// bookAgain shows the form with what was typed, except the registration number, which it asks for again.
func (p *Pages) bookAgain(w http.ResponseWriter, r *http.Request, lang string, status int, in bookInput, more ...formError) {
	p.bookShown(w, r, lang, status, in.retyped(lang), more...)
}

func (p *Pages) bookShown(w http.ResponseWriter, r *http.Request, lang string, status int, in bookInput, more ...formError) {
	v := newBookView(r, lang, in)
	v.Errors = append(more, v.Errors...)
	p.look(r, &v)
	if list, err := p.slotsFor(r, in); err == nil {
		v.describe(list)
	}
	p.showBook(w, r, lang, status, v)
}

func (p *Pages) bookRefused(w http.ResponseWriter, r *http.Request, lang string, in bookInput, problem *api.Problem) {
	sentence := detail(lang, problem)
	switch {
	case isBusy(problem):
		p.bookBusy(w, r, lang, in, problem)
	case problem.Code == "bad_number", problem.Code == "identity_mismatch":
		in.Key = ""
		in.wrong("rrn1", numberRefusal(lang, problem))
		p.bookAgain(w, r, lang, problem.Status, in)
	case problem.Code == "slot_full":
		p.bookFull(w, r, lang, in)
	case problem.Code == "key_reused":
		in.Key = ""
		lookup := &link{Href: "/lookup", Text: text(lang, "nav.lookup")}
		p.bookAgain(w, r, lang, problem.Status, in, formError{Text: text(lang, "problem.key_reused.text"), Link: lookup})
	case problem.Code == "proxy_not_allowed", problem.Code == "bad_request":
		in.Key = ""
		p.bookAgain(w, r, lang, problem.Status, in, formError{Text: sentence})
	default:
		p.problem(w, r, lang, problem)
	}
}

func numberRefusal(lang string, problem *api.Problem) string {
	if problem.Code == "identity_mismatch" {
		return text(lang, "rrn.mismatch")
	}
	return detail(lang, problem)
}

// bookBusy keeps everything, the key above all: whether the booking was made may be unknown, and the same key makes
// sure that it is made once. It asks nothing more of a backend that is busy.
func (p *Pages) bookBusy(w http.ResponseWriter, r *http.Request, lang string, in bookInput, problem *api.Problem) {
	setRetryAfter(w, problem)
	v := newBookView(r, lang, in.retyped(lang))
	v.Errors = append([]formError{{Text: formSentence(lang, problem)}}, v.Errors...)
	p.showBook(w, r, lang, problem.Status, v)
}

func (p *Pages) bookFull(w http.ResponseWriter, r *http.Request, lang string, in bookInput) {
	list, err := p.slotsFor(r, in)
	if err != nil {
		p.problem(w, r, lang, problemOf(err))
		return
	}
	in.Key = ""
	v := newBookView(r, lang, in.retyped(lang))
	v.describe(list)
	p.slotGone(w, r, lang, v, list)
}

// slotGone offers the other times of that day, or leads back to the clinic's days when there is none.
func (p *Pages) slotGone(w http.ResponseWriter, r *http.Request, lang string, v bookView, list api.SlotList) {
	v.offer(list)
	if len(v.Times) == 0 {
		p.problem(w, r, lang, &api.Problem{
			Status: http.StatusConflict, Code: "slot_full",
			Detail: text(Korean, "clinic.day.full"), DetailEn: text(English, "clinic.day.full"),
		})
		return
	}
	gone := formError{ID: "slot-" + v.Times[0].ID, Text: text(lang, "problem.slot_full") + ". " + text(lang, "book.times") + "."}
	v.Errors = append([]formError{gone}, v.Errors...)
	p.showBook(w, r, lang, http.StatusConflict, v)
}
