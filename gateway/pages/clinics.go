package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
)

type clinicsView struct {
	Until     time.Time
	Action    string // where the search leads: /clinics, or /change
	Dose      string // of a booking to be changed
	Regions   []string
	Region    string
	Districts []string // of the region; empty before one is chosen
	District  string
	Query     string
	AsOf      time.Time
	Clinics   []clinicLink
	Total     int
	Page      int
	Pages     int
	Prev      string
	Next      string
}

type clinicLink struct {
	api.Clinic
	Href string
}

// clinics lists a region's clinics. Without a region it asks nothing of the backend.
func (p *Pages) clinics(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	q := r.URL.Query()
	v := clinicsView{Until: passUntil(r), Action: "/clinics", Regions: clinic.Regions, Query: clean(q.Get("q"), maxName)}
	pass := cookie(r, PassCookie)
	if pass == "" {
		p.problem(w, r, lang, badPass())
		return
	}
	if region := q.Get("region"); clinic.ValidRegion(region) {
		v.Region = region
		list, err := p.svc.Clinics(r.Context(), pass, v.asked(q))
		if err != nil {
			p.problem(w, r, lang, problemOf(err))
			return
		}
		v.fill(list, q.Get("district"))
	}
	p.show(w, r, page{Lang: lang, Title: text(lang, "clinics.title")}, "clinics", v)
}

func badPass() *api.Problem { return &api.Problem{Status: http.StatusUnauthorized, Code: "bad_pass"} }

// asked is what a query looks for, in the region that it names.
func (v *clinicsView) asked(q url.Values) api.ClinicSearch {
	page, _ := strconv.Atoi(q.Get("page")) // anything else is the first page
	return api.ClinicSearch{Region: v.Region, District: clean(q.Get("district"), maxName), Words: v.Query, Page: max(page, 1)}
}

func (v *clinicsView) fill(list api.ClinicList, district string) {
	v.AsOf, v.Total, v.Page, v.Pages, v.Districts = list.AsOf, list.Total, list.Page, list.Pages, list.Districts
	if slices.Contains(v.Districts, district) {
		v.District = district
	}
	for _, c := range list.Clinics {
		v.Clinics = append(v.Clinics, clinicLink{Clinic: c, Href: v.clinicHref(c.ID)})
	}
	v.Prev, v.Next = v.pageHref(v.Page-1), v.pageHref(v.Page+1)
}

func (v *clinicsView) clinicHref(id string) string {
	if v.Action == "/clinics" {
		return "/clinics/" + id
	}
	q := url.Values{"clinic": {id}}
	if v.Dose != "" {
		q.Set("dose", v.Dose)
	}
	return v.Action + "?" + q.Encode()
}

func (v *clinicsView) pageHref(n int) string {
	if n < 1 || n > v.Pages {
		return ""
	}
	q := url.Values{"region": {v.Region}, "page": {strconv.Itoa(n)}}
	for name, value := range map[string]string{"q": v.Query, "district": v.District, "dose": v.Dose} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return v.Action + "?" + q.Encode() + "#found"
}

type clinicView struct {
	Until         time.Time
	Errors        []formError
	ID, Date      string // of the clinic, and the chosen day as YYYY-MM-DD
	Name, Address string
	Days          []dayLink
	Day           string // in words; empty before one is chosen
	Slots         []api.Slot
	AsOf          time.Time
}

type dayLink struct {
	Href, Label string
	Now         bool
}

// clinic shows the days on which a clinic has anything left and the times of one of them: the one asked for, else the
// first, which saves most people a page.
func (p *Pages) clinic(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	id := token(r.PathValue("id"), maxKey)
	if id == "" {
		p.problem(w, r, lang, &api.Problem{Status: http.StatusNotFound, Code: "not_found"})
		return
	}
	day := dayOf(r.URL.Query().Get("day"))
	pass := cookie(r, PassCookie)
	if pass == "" {
		p.problem(w, r, lang, badPass())
		return
	}
	list, err := p.svc.Slots(r.Context(), pass, id, day)
	if err != nil {
		p.problem(w, r, lang, problemOf(err))
		return
	}
	v := newClinicView(lang, id, day, list)
	v.Until = passUntil(r)
	p.show(w, r, page{Lang: lang, Title: v.Name}, "clinic", v)
}

func newClinicView(lang, id, day string, list api.SlotList) clinicView {
	v := clinicView{ID: id, AsOf: list.AsOf}
	v.Name, v.Address = clinicName(list, id)
	if day == "" && len(list.Slots) > 0 {
		day = list.Slots[0].At.In(subject.Seoul).Format(time.DateOnly)
	}
	if t, err := time.ParseInLocation(time.DateOnly, day, subject.Seoul); err == nil {
		v.Day = dateWords(lang, t)
	}
	for _, d := range list.Days {
		t, err := time.ParseInLocation(time.DateOnly, d, subject.Seoul)
		if err != nil {
			continue
		}
		v.Days = append(v.Days, dayLink{Href: "/clinics/" + id + "?day=" + d + "#times", Label: dateWords(lang, t), Now: d == day})
	}
	v.Date, v.Slots = day, onDay(list.Slots, day)
	return v
}

func clinicName(list api.SlotList, id string) (name, address string) {
	if list.Clinic == nil {
		return id, ""
	}
	return list.Clinic.Name, list.Clinic.Address
}

// dayOf keeps a day that can be one.
func dayOf(s string) string {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return ""
	}
	return s
}

func onDay(slots []api.Slot, day string) []api.Slot {
	var out []api.Slot
	for _, s := range slots {
		if s.At.In(subject.Seoul).Format(time.DateOnly) == day {
			out = append(out, s)
		}
	}
	return out
}
