package pages

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// Cookies. Ticket, pass and proof are HttpOnly: no script reads them. None holds personal data.
const (
	LangCookie   = "daemun_lang"   // "ko" or "en"
	TicketCookie = "daemun_ticket" // the signed place, as the API takes it
	PassCookie   = "daemun_pass"   // the pass text, as the API takes it
	ProofCookie  = "daemun_proof"  // booking number, ".", proof of the person whose booking it is
	SecondCookie = "daemun_second" // the same of the second dose
	UntilCookie  = "daemun_until"  // Unix seconds until which the pass is good: shown, never trusted
)

const (
	yearSeconds  = 365 * 24 * 3600
	proofSeconds = 15 * 60
)

// setCookie sets a cookie for the given seconds; a negative number removes it.
func (p *Pages) setCookie(w http.ResponseWriter, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode,
	})
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// setTicket keeps the place for as long as the opening can last.
func (p *Pages) setTicket(w http.ResponseWriter, ticket, opening string) {
	keep := 24 * time.Hour
	if o := p.opening(opening); o != nil {
		keep = max(o.ClosesAt.Sub(p.svc.Now()), 0) + time.Hour
	}
	p.setCookie(w, TicketCookie, ticket, int(keep/time.Second))
}

func (p *Pages) setPass(w http.ResponseWriter, pass string, until time.Time) {
	left := max(int(until.Sub(p.svc.Now())/time.Second), 1)
	p.setCookie(w, PassCookie, pass, left)
	p.setCookie(w, UntilCookie, strconv.FormatInt(until.Unix(), 10), left)
}

// passUntil is when the visitor's pass ends, for showing; the zero time when that is not known.
func passUntil(r *http.Request) time.Time {
	s, err := strconv.ParseInt(cookie(r, UntilCookie), 10, 64)
	if err != nil || s <= 0 || s > 1<<40 {
		return time.Time{}
	}
	return time.Unix(s, 0)
}

// setProof keeps what opens a booking: the first dose's, and the second's where there is one.
func (p *Pages) setProof(w http.ResponseWriter, b *api.Booking) {
	p.setCookie(w, ProofCookie, b.No+"."+b.Proof, proofSeconds)
	if b.Second != nil && b.Second.Proof != "" {
		p.setCookie(w, SecondCookie, b.Second.No+"."+b.Second.Proof, proofSeconds)
		return
	}
	p.setCookie(w, SecondCookie, "", -1)
}

func (p *Pages) dropProof(w http.ResponseWriter) {
	p.setCookie(w, ProofCookie, "", -1)
	p.setCookie(w, SecondCookie, "", -1)
}

func proofOf(r *http.Request) (no, proof string) { return provenBy(r, ProofCookie) }

func secondProofOf(r *http.Request) (no, proof string) { return provenBy(r, SecondCookie) }

func provenBy(r *http.Request, name string) (no, proof string) {
	no, proof, _ = strings.Cut(cookie(r, name), ".")
	return no, proof
}
