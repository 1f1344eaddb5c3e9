package pages

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/daemun/daemun/gateway/api"
)

var waitingBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

// wait shows the visitor's place.
func (p *Pages) wait(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	ticket := cookie(r, TicketCookie)
	if ticket == "" {
		p.problem(w, r, lang, &api.Problem{Status: http.StatusUnauthorized, Code: "bad_ticket"})
		return
	}
	place, err := p.svc.Place(r.Context(), ticket)
	if err != nil {
		p.problem(w, r, lang, problemOf(err))
		return
	}
	auto := r.URL.RawQuery != "" && r.URL.Query().Get("auto") != ""
	if auto && reloads(&place) {
		w.Header().Set("Refresh", strconv.FormatInt(p.reloadSeconds(&place), 10))
	}
	buf := waitingBuffers.Get().(*[]byte)
	defer waitingBuffers.Put(buf)
	*buf = p.appendWaiting((*buf)[:0], lang, place, auto)
	p.headers(w.Header(), false)
	w.Header().Set("Content-Language", lang)
	w.Header().Set("Content-Length", strconv.Itoa(len(*buf)))
	_, _ = w.Write(*buf) // a visitor who left needs no answer
}

// appendWaiting writes the waiting page that the gateway has time for: a person's own, or the prepared one.
func (p *Pages) appendWaiting(dst []byte, lang string, place api.Place, auto bool) []byte {
	m := p.svc.Measures()
	around := Waiting{Opening: p.opening(place.Opening), Auto: auto, Lean: m.Lean}
	if m.Static && preparable(&place) {
		return append(dst, p.preparedPage(lang, &place, &around)...)
	}
	around.Notices = p.svc.Notices()
	return AppendWaiting(dst, lang, place, around)
}

// AppendWaitingPage appends the page of GET /wait for a place, for a server that answers it straight from a request's
// bytes; WaitingHeader goes with it.
func (p *Pages) AppendWaitingPage(dst []byte, lang string, place api.Place) []byte {
	return p.appendWaiting(dst, lang, place, false)
}

// WaitingHeader is the header of every waiting page in a language.
func (p *Pages) WaitingHeader(lang string) http.Header {
	h := http.Header{}
	p.headers(h, false)
	h.Set("Content-Language", lang)
	return h
}

// enter exchanges the ticket for a pass. Somebody who is too early goes back to their place.
func (p *Pages) enter(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	entry, err := p.svc.Enter(r.Context(), cookie(r, TicketCookie))
	if err != nil {
		problem := problemOf(err)
		if problem.Code == "not_your_turn" || problem.Code == "paused" {
			p.to(w, r, "/wait")
			return
		}
		p.problem(w, r, lang, problem)
		return
	}
	p.setPass(w, entry.Pass, entry.ExpiresAt)
	p.to(w, r, p.inside(r))
}

// leave forgets the visitor on this device; the language stays.
func (p *Pages) leave(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	for _, name := range []string{TicketCookie, PassCookie, UntilCookie, ProofCookie, SecondCookie} {
		p.setCookie(w, name, "", -1)
	}
	w.Header().Set("Clear-Site-Data", `"cache"`)
	p.show(w, r, page{Lang: lang, Title: text(lang, "left.title")}, "left", nil)
}
