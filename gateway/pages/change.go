package pages

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/gateway/api"
)

// Changes is what the pages know of moving a booking. Every call shows the booking's own proof; see Service for refusals.
type Changes interface {
	// Moves answers with the days and slots of a clinic, else of the booking's own, to which the booking may move.
	Moves(ctx context.Context, no, proof, clinic, day string) (api.SlotList, error)
	// MoveClinics answers with the clinics of a region to which the booking may move.
	MoveClinics(ctx context.Context, no, proof string, asked api.ClinicSearch) (api.ClinicList, error)
	Change(ctx context.Context, no, proof, slot string) (api.Booking, error)
}

// moving is the dose that a visitor wants to move, and where they look for another time.
type moving struct {
	No, Proof   string
	Dose        int // 2: the second dose of a booking of two
	Clinic, Day string
	Slot        string
}

// moving reads it from cookies and query or form; ok is false where there is no booking at hand.
func (p *Pages) moving(r *http.Request, from url.Values) (m moving, ok bool) {
	m = moving{Dose: 1, Clinic: token(from.Get("clinic"), maxKey), Day: dayOf(from.Get("day")), Slot: token(from.Get("slot"), maxKey)}
	m.No, m.Proof = proofOf(r)
	if from.Get("dose") == "2" {
		m.Dose = 2
		m.No, m.Proof = secondProofOf(r)
	}
	return m, m.No != "" && m.Proof != ""
}

func (m moving) href(more url.Values) string {
	if m.Dose == 2 {
		more.Set("dose", "2")
	}
	if m.Clinic != "" && more.Get("region") == "" {
		more.Set("clinic", m.Clinic)
	}
	return "/change?" + more.Encode()
}

type changeView struct {
	clinicView
	Errors  []formError
	Dose    int
	No      string
	Now     api.Booking // as it stands
	Search  clinicsView // of other clinics, where asked for
	Other   string      // link to other clinics
	Choose  bool        // other clinics are asked for
	To      api.Slot    // the time chosen, to be confirmed
	Pairing bool        // the second dose may have to move along
}

// changeForm shows other times for a booked dose: at its clinic, or at another one.
func (p *Pages) changeForm(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	m, ok := p.moving(r, r.URL.Query())
	if !ok {
		p.to(w, r, "/lookup")
		return
	}
	now, err := p.svc.Booking(r.Context(), m.No, m.Proof)
	if err != nil {
		p.bookingRefused(w, r, lang, problemOf(err))
		return
	}
	if now.State == "cancelled" || !p.svc.Now().Before(now.ChangeBy) {
		p.to(w, r, "/lookup")
		return
	}
	v := changeView{Dose: now.Dose, No: m.No, Now: now, Choose: r.URL.Query().Has("region")}
	v.Other = m.href(url.Values{"region": {""}})
	if v.Choose {
		p.otherClinics(w, r, lang, m, v)
		return
	}
	p.showMoves(w, r, lang, http.StatusOK, m, v)
}

func (p *Pages) otherClinics(w http.ResponseWriter, r *http.Request, lang string, m moving, v changeView) {
	q := r.URL.Query()
	v.Search = clinicsView{Action: "/change", Regions: clinic.Regions, Query: clean(q.Get("q"), maxName)}
	if m.Dose == 2 {
		v.Search.Dose = "2"
	}
	if region := q.Get("region"); clinic.ValidRegion(region) {
		v.Search.Region = region
		list, err := p.svc.MoveClinics(r.Context(), m.No, m.Proof, v.Search.asked(q))
		if err != nil {
			p.changeRefused(w, r, lang, m, problemOf(err))
			return
		}
		v.Search.fill(list, q.Get("district"))
	}
	p.show(w, r, page{Lang: lang, Title: text(lang, "change.title")}, "change", v)
}

func (p *Pages) showMoves(w http.ResponseWriter, r *http.Request, lang string, status int, m moving, v changeView) {
	list, err := p.svc.Moves(r.Context(), m.No, m.Proof, m.Clinic, m.Day)
	if err != nil {
		p.changeRefused(w, r, lang, m, problemOf(err))
		return
	}
	id := m.Clinic
	if id == "" {
		id = v.Now.Clinic
	}
	v.clinicView = newClinicView(lang, id, m.Day, list)
	for i, d := range list.Days {
		if i < len(v.Days) {
			v.Days[i].Href = m.href(url.Values{"day": {d}}) + "#times"
		}
	}
	pg := page{Status: status, Lang: lang, Title: formTitle(lang, "change.title", v.Errors)}
	p.show(w, r, pg, "change", v)
}

// change asks once more, and then moves the booking. The form names the booking that was on the screen, as for cancelling.
func (p *Pages) change(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	m, ok := p.moving(r, r.PostForm)
	if !ok || m.Slot == "" || m.No != r.PostForm.Get("no") {
		p.to(w, r, "/lookup")
		return
	}
	if r.PostForm.Get("sure") != "yes" {
		p.askMove(w, r, lang, m)
		return
	}
	if _, err := p.svc.Change(r.Context(), m.No, m.Proof, m.Slot); err != nil {
		p.changeRefused(w, r, lang, m, problemOf(err))
		return
	}
	p.to(w, r, "/lookup?changed=1")
}

// askMove shows from where to where the booking would go.
func (p *Pages) askMove(w http.ResponseWriter, r *http.Request, lang string, m moving) {
	now, err := p.svc.Booking(r.Context(), m.No, m.Proof)
	if err != nil {
		p.bookingRefused(w, r, lang, problemOf(err))
		return
	}
	list, err := p.svc.Moves(r.Context(), m.No, m.Proof, m.Clinic, m.Day)
	if err != nil {
		p.changeRefused(w, r, lang, m, problemOf(err))
		return
	}
	v := changeView{Dose: now.Dose, No: m.No, Now: now, Other: m.href(url.Values{"day": {m.Day}}), Pairing: now.Second != nil}
	v.clinicView = newClinicView(lang, m.Clinic, m.Day, list)
	for _, s := range v.Slots {
		if s.ID == m.Slot {
			v.To = s
		}
	}
	if v.To.ID == "" || v.To.Left == 0 {
		p.changeRefused(w, r, lang, m, &api.Problem{Status: http.StatusConflict, Code: "slot_full"})
		return
	}
	p.show(w, r, page{Lang: lang, Title: text(lang, "change.sure")}, "change-sure", v)
}

// changeRefused shows the times again where another one can help; the booking stays as it is.
func (p *Pages) changeRefused(w http.ResponseWriter, r *http.Request, lang string, m moving, problem *api.Problem) {
	switch problem.Code {
	case "slot_full", "no_such_slot", "second_dose_full", "bad_interval":
		now, err := p.svc.Booking(r.Context(), m.No, m.Proof)
		if err == nil && !isRead(r) {
			v := changeView{Dose: now.Dose, No: m.No, Now: now, Other: m.href(url.Values{"region": {""}}), Errors: []formError{{Text: formSentence(lang, problem)}}}
			p.showMoves(w, r, lang, problem.Status, m, v)
			return
		}
	case "bad_proof":
		p.bookingRefused(w, r, lang, problem)
		return
	}
	p.problem(w, r, lang, problem)
}

// doseView is one dose of a booking as the pages show it.
type doseView struct {
	api.Appointment
	Change string // link to move it; empty where that is no longer possible
}

// doses of a booking, the second after the first.
func doses(b api.Booking, now time.Time) []doseView {
	first := doseView{Appointment: api.Appointment{
		No: b.No, Dose: b.Dose, Slot: b.Slot, At: b.At, Clinic: b.Clinic, ClinicName: b.ClinicName, Address: b.Address, Vaccine: b.Vaccine, ChangeBy: b.ChangeBy,
	}}
	if now.Before(b.ChangeBy) {
		first.Change = "/change"
	}
	all := []doseView{first}
	if b.Second != nil {
		second := doseView{Appointment: *b.Second}
		if now.Before(b.Second.ChangeBy) {
			second.Change = "/change?dose=2"
		}
		all = append(all, second)
	}
	return all
}
