package lane

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/edge"
)

type dayView struct {
	api.ClinicDay
	Visits []string
	Key    string
	Error  *api.Problem
}

// day is the clinic's own day.
func (p *pages) day(w http.ResponseWriter, r *http.Request, who person) error {
	return p.showDay(w, r, who, r.URL.Query().Get("day"), nil)
}

func (p *pages) showDay(w http.ResponseWriter, r *http.Request, who person, day string, wrong *api.Problem) error {
	target := "/lane/v1/clinic/day"
	if day != "" {
		target += "?" + url.Values{"day": {day}}.Encode()
	}
	v := dayView{Visits: []string{api.VisitArrived, api.VisitVaccinated, api.VisitNoShow}, Key: rand.Text(), Error: wrong}
	if err := p.lane.asked(r.Context(), who, http.MethodGet, target, "", "", nil, &v.ClinicDay); err != nil {
		return err
	}
	status := http.StatusOK
	if wrong != nil {
		status = wrong.Status
	}
	return p.show(w, r, status, "day", view{Who: who, Data: v})
}

// visit records what became of an appointment.
func (p *pages) visit(w http.ResponseWriter, r *http.Request, who person) error {
	f := r.PostForm
	var out api.ClinicAppointment
	err := p.lane.asked(r.Context(), who, http.MethodPost, "/lane/v1/clinic/visits", "", "", api.ClinicVisit{No: f.Get("no"), Visit: f.Get("visit")}, &out)
	return p.said(w, r, who, err)
}

// unused reports doses of a half hour that will not be given to those who booked them.
func (p *pages) unused(w http.ResponseWriter, r *http.Request, who person) error {
	f := r.PostForm
	doses, err := strconv.Atoi(f.Get("doses"))
	if err != nil {
		return p.said(w, r, who, edge.Detailed("bad_request", "남은 백신 수를 숫자로 적어 주세요.", "Write the number of doses in digits."))
	}
	opening, slot, _ := strings.Cut(f.Get("slot"), " ")
	var out api.ClinicUnusedReport
	err = p.lane.asked(r.Context(), who, http.MethodPost, "/lane/v1/clinic/unused", "", f.Get("key"), api.ClinicUnused{Opening: opening, Slot: slot, Doses: doses}, &out)
	return p.said(w, r, who, err)
}

// said shows the day again, with what is wrong where something is.
func (p *pages) said(w http.ResponseWriter, r *http.Request, who person, err error) error {
	day := r.PostForm.Get("day")
	if err == nil {
		return p.to(w, r, "/day?"+url.Values{"day": {day}}.Encode())
	}
	problem := p.lane.problemOf(err)
	if problem.Status >= http.StatusInternalServerError {
		return err
	}
	return p.showDay(w, r, who, day, problem)
}
