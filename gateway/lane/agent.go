package lane

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/edge"
)

// listRefresh is how often the work list asks again by itself, in seconds.
const listRefresh = 10

type listView struct {
	Work  []work
	Told  string // the short code that was just given
	Still bool   // does not refresh by itself
}

// list is the agent's work list.
func (p *pages) list(w http.ResponseWriter, r *http.Request, who person) error {
	q := r.URL.Query()
	v := listView{Work: p.listed(r, who), Still: q.Get("still") != ""}
	for i := range v.Work {
		if v.Work[i].ID == q.Get("told") {
			v.Told = v.Work[i].Place.Code
		}
	}
	refresh := listRefresh
	if v.Still || v.Told != "" || len(v.Work) == 0 {
		refresh = 0
	}
	return p.show(w, r, http.StatusOK, "list", view{Who: who, Refresh: refresh, Data: v})
}

type joinView struct {
	Openings        []api.Opening
	For, Back, Code string
	Caller, Reason  string
	Callers         []string
	Error           *api.Problem
	Opening         string
}

func (p *pages) joinForm(w http.ResponseWriter, r *http.Request, who person) error {
	return p.showJoin(w, r, who, http.StatusOK, joinView{})
}

func (p *pages) showJoin(w http.ResponseWriter, r *http.Request, who person, status int, v joinView) error {
	v.Openings, v.Callers = p.lane.Node.Snapshot().Openings, callers
	return p.show(w, r, status, "join", view{Who: who, Data: v})
}

// join takes a place for somebody and puts them on the list. What was typed comes back with what is wrong, the registration
// number never.
func (p *pages) join(w http.ResponseWriter, r *http.Request, who person) error {
	f := r.PostForm
	in := api.LaneJoin{
		RRN: f.Get("rrn"), Opening: f.Get("opening"), Code: strings.TrimSpace(f.Get("code")),
		LaneCall: api.LaneCall{Caller: f.Get("caller"), Reason: f.Get("reason")},
	}
	item := work{For: brief(f.Get("for")), Back: digits(f.Get("back")), At: p.lane.Node.Now().Unix()}
	if len(p.listed(r, who)) >= workMost { // before a place is taken that nobody would find again
		_, err := p.add(w, r, who, item)
		return err
	}
	place, err := p.lane.join(who, in)
	if err != nil {
		problem := p.lane.problemOf(err)
		if problem.Status >= http.StatusInternalServerError {
			return err
		}
		return p.showJoin(w, r, who, problem.Status, joinView{
			For: item.For, Back: item.Back, Code: in.Code, Caller: in.Caller, Reason: in.Reason, Opening: in.Opening, Error: problem,
		})
	}
	item.Ticket = place.Ticket
	id, err := p.add(w, r, who, item)
	if err != nil {
		return err
	}
	return p.to(w, r, "/?told="+id)
}

// brief keeps what an agent notes short and printable.
func brief(s string) string {
	out := []rune(strings.Join(strings.Fields(s), " "))
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return ""
	}
	return string(out[:min(len(out), longestFor)])
}

// digits keeps the digits of a number to call back.
func digits(s string) string {
	kept := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	return kept[:min(len(kept), 12)]
}

func (p *pages) drop(w http.ResponseWriter, r *http.Request, _ person) error {
	p.forget(w, r.PostForm.Get("id"))
	return p.to(w, r, "/")
}

// enter lets a person in whose turn has come, and leads on to the clinics.
func (p *pages) enter(w http.ResponseWriter, r *http.Request, who person) error {
	item, err := p.entry(r, who, r.PostForm.Get("id"))
	if err != nil {
		return err
	}
	entry, err := p.lane.enter(r.Context(), item.Ticket)
	if err != nil {
		return err
	}
	if err := p.keepPass(w, who, item.ID, entry); err != nil {
		return err
	}
	return p.to(w, r, "/book?id="+url.QueryEscape(item.ID))
}

type bookView struct {
	Work           work
	Region, Clinic string
	Clinics        *api.ClinicList
	Slots          *api.SlotList
	Day, Slot      string
	Chosen         *api.Slot
	Name, Phone    string
	Caller, Reason string
	Callers        []string
	Key            string
	Error          *api.Problem
}

// choose leads from the region to the clinic, to the day and to the half hour.
func (p *pages) choose(w http.ResponseWriter, r *http.Request, who person) error {
	q := r.URL.Query()
	item, err := p.entry(r, who, q.Get("id"))
	if err != nil {
		return err
	}
	v := bookView{Work: item, Region: q.Get("region"), Clinic: q.Get("clinic"), Day: q.Get("day"), Slot: q.Get("slot"), Key: rand.Text()}
	return p.showBook(w, r, who, http.StatusOK, v)
}

func (p *pages) showBook(w http.ResponseWriter, r *http.Request, who person, status int, v bookView) error {
	v.Callers = callers
	text := p.passOf(r, who, v.Work.ID)
	if err := p.lane.good(text); err != nil {
		return err
	}
	authorization := passScheme + text
	switch {
	case v.Clinic != "":
		target := "/v1/clinics/" + url.PathEscape(v.Clinic) + "/slots"
		if v.Day != "" {
			target += "?" + url.Values{"day": {v.Day}}.Encode()
		}
		if err := p.lane.asked(r.Context(), who, http.MethodGet, target, authorization, "", nil, &v.Slots); err != nil {
			return err
		}
		for i := range v.Slots.Slots {
			if v.Slots.Slots[i].ID == v.Slot {
				v.Chosen = &v.Slots.Slots[i]
			}
		}
	case v.Region != "":
		target := "/v1/clinics?" + url.Values{"region": {v.Region}}.Encode()
		if err := p.lane.asked(r.Context(), who, http.MethodGet, target, authorization, "", nil, &v.Clinics); err != nil {
			return err
		}
	}
	return p.show(w, r, status, "book", view{Who: who, Data: v})
}

// book makes the booking. The form brought its own key, so pressing twice books once.
func (p *pages) book(w http.ResponseWriter, r *http.Request, who person) error {
	f := r.PostForm
	item, err := p.entry(r, who, f.Get("id"))
	if err != nil {
		return err
	}
	in := api.LaneBooking{
		Slot: f.Get("slot"), Name: f.Get("name"), RRN: f.Get("rrn"), Phone: f.Get("phone"),
		LaneCall: api.LaneCall{Caller: f.Get("caller"), Reason: f.Get("reason")},
	}
	text := p.passOf(r, who, item.ID)
	err = checkCall(&in.LaneCall)
	if err == nil {
		err = p.lane.good(text)
	}
	var b api.Booking
	if err == nil {
		err = p.lane.asked(r.Context(), who, http.MethodPost, "/lane/v1/bookings", passScheme+text, f.Get("key"), in, &b)
	}
	if err == nil {
		p.forget(w, item.ID)
		return p.show(w, r, http.StatusCreated, "done", view{Who: who, Data: b})
	}
	problem := p.lane.problemOf(err)
	again := bookView{
		Work: item, Region: f.Get("region"), Clinic: f.Get("clinic"), Day: f.Get("day"), Slot: in.Slot, Name: in.Name, Phone: in.Phone,
		Caller: in.Caller, Reason: in.Reason, Key: f.Get("key"), Error: problem,
	}
	switch problem.Code {
	case "bad_request", "bad_number", "identity_mismatch":
		again.Key = rand.Text()
	case "slot_full":
		again.Key, again.Slot = rand.Text(), ""
	case "busy", "answer_lost", "backend_resting": // the same key again: it books once
	default:
		return err
	}
	return p.showBook(w, r, who, problem.Status, again)
}

type lookupView struct {
	No, Name       string
	Caller, Reason string
	Callers        []string
	Booking        *api.Booking
	Proof          string
	Error          *api.Problem
}

func (p *pages) lookupForm(w http.ResponseWriter, r *http.Request, who person) error {
	return p.show(w, r, http.StatusOK, "lookup", view{Who: who, Data: lookupView{Callers: callers}})
}

// lookup finds a booking by its number and the person's name.
func (p *pages) lookup(w http.ResponseWriter, r *http.Request, who person) error {
	f := r.PostForm
	in := api.LaneLookup{No: f.Get("no"), Name: f.Get("name"), LaneCall: api.LaneCall{Caller: f.Get("caller"), Reason: f.Get("reason")}}
	v := lookupView{No: in.No, Name: in.Name, Caller: in.Caller, Reason: in.Reason, Callers: callers}
	err := checkCall(&in.LaneCall)
	if err == nil {
		err = p.lane.asked(r.Context(), who, http.MethodPost, "/lane/v1/bookings/lookup", "", "", in, &v.Booking)
	}
	if err != nil {
		v.Booking, v.Error = nil, p.lane.problemOf(err)
		return p.show(w, r, v.Error.Status, "lookup", view{Who: who, Data: v})
	}
	v.Proof = v.Booking.Proof
	return p.show(w, r, http.StatusOK, "lookup", view{Who: who, Data: v})
}

// cancel withdraws the booking that was found.
func (p *pages) cancel(w http.ResponseWriter, r *http.Request, who person) error {
	f := r.PostForm
	if f.Get("sure") == "" {
		return edge.Detailed("bad_request", "취소를 확인하는 칸에 표시해 주세요.", "Tick the box that confirms the cancellation.")
	}
	in := api.LaneCancel{LaneCall: api.LaneCall{Caller: f.Get("caller"), Reason: f.Get("reason")}}
	if err := checkCall(&in.LaneCall); err != nil {
		return err
	}
	var b api.Booking
	target := "/lane/v1/bookings/" + url.PathEscape(f.Get("no")) + "/cancel"
	if err := p.lane.asked(r.Context(), who, http.MethodPost, target, proofScheme+f.Get("proof"), "", in, &b); err != nil {
		return err
	}
	return p.show(w, r, http.StatusOK, "lookup", view{Who: who, Data: lookupView{Booking: &b, Callers: callers}})
}
