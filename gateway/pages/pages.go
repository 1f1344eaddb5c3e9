// Package pages is the citizen's way through the front gate in a browser: pages rendered on the server, in Korean and
// English, that work without JavaScript, on old phones and with screen readers.
//
// It decides nothing. What is open, whose turn has come and what is booked it asks of a Service, and it turns the
// answers and the refusals into words. No registration number is ever stored, put into a URL or given back in a page.
package pages

import (
	"context"
	"html/template"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/brownout"
)

// Service is what the pages know of the world. Every refusal is an *api.Problem; any other error is shown as one of a
// general kind. Openings, Notices and Now are called for every page and must answer from memory.
type Service interface {
	Openings() []api.Opening
	Notices() []api.Notice
	Now() time.Time
	// Measures say what to leave out now. They are asked for with every page.
	Measures() *brownout.Measures
	// Eligibility answers with its reason in the given language ("ko" or "en").
	Eligibility(ctx context.Context, req api.EligibilityRequest, lang string) (api.Eligibility, error)
	// Join returns the place of a still valid ticket of the same person and opening, else a new one with its Ticket set.
	Join(ctx context.Context, req api.JoinRequest, ticket string) (api.Place, error)
	Place(ctx context.Context, ticket string) (api.Place, error)
	// Draw tells how the ticket's place was drawn, or when it will be.
	Draw(ctx context.Context, ticket string) (Draw, error)
	Enter(ctx context.Context, ticket string) (api.Entry, error)
	Clinics(ctx context.Context, pass string, asked api.ClinicSearch) (api.ClinicList, error)
	// Slots answers with the days that have anything left and the slots of the day asked for, else of the first of them.
	Slots(ctx context.Context, pass, clinic, day string) (api.SlotList, error)
	// Hold keeps a slot for the pass's person while they fill the form; Holding tells what is kept.
	Hold(ctx context.Context, pass, slot string) (api.Hold, error)
	Holding(ctx context.Context, pass string) (api.Hold, error)
	// Book answers with a Proof, by which Booking and Cancel know the person for the next quarter of an hour.
	Book(ctx context.Context, pass, key string, req api.BookingRequest) (api.Booking, error)
	Lookup(ctx context.Context, req api.LookupRequest) (api.Booking, error)
	Booking(ctx context.Context, no, proof string) (api.Booking, error)
	Changes
	Cancel(ctx context.Context, no, proof string) (api.Booking, error)
	Leftovers
	Identities
}

// Options of the pages. The zero value is for plain HTTP on one machine.
type Options struct {
	// Secure marks every cookie Secure and sends Strict-Transport-Security: set it where citizens arrive over TLS.
	Secure bool
}

// Pages serves the citizens' pages. It is safe for concurrent use.
type Pages struct {
	svc       Service
	secure    bool
	templates map[look]*template.Template
	landings  [8]atomic.Pointer[landing] // by language, whether the visitor holds a ticket, and whether it is lean
	prepared  atomic.Pointer[prepared]
	origin    *http.CrossOriginProtection
}

// Route is one row for the gateway's table of allowed routes.
type Route struct {
	Method  string // GET answers HEAD too
	Pattern string // a path pattern of net/http's ServeMux
	Handler http.HandlerFunc
	Doc     string
}

// New prepares the pages over a service.
func New(svc Service, o Options) (*Pages, error) {
	p := &Pages{
		svc: svc, secure: o.Secure,
		templates: map[look]*template.Template{},
		origin:    http.NewCrossOriginProtection(),
	}
	for _, l := range looks {
		t, err := parseTemplates(l)
		if err != nil {
			return nil, err
		}
		p.templates[l] = t
	}
	return p, nil
}

// Routes lists every page with its method, for a table in which what is not listed does not exist.
func (p *Pages) Routes() []Route {
	return append(p.identityRoutes(), []Route{
		{"GET", "/{$}", p.landing, "start page: what is open, for whom and when"},
		{"GET", "/apply", p.applyForm, "form for the registration number"},
		{"POST", "/apply", p.post(p.apply), "check eligibility and join the queue"},
		{"GET", "/wait", p.wait, "place in the queue"},
		{"GET", "/draw", p.draw, "how places are drawn, and how to check one's own"},
		{"POST", "/enter", p.post(p.enter), "exchange a ticket whose turn has come for a pass"},
		{"GET", "/clinics", p.clinics, "clinics of a region with what is left"},
		{"GET", "/clinics/{id}", p.clinic, "days and times of a clinic"},
		{"POST", "/hold", p.post(p.hold), "keep a time while the form is filled"},
		{"GET", "/book", p.bookForm, "form for the booking"},
		{"POST", "/book", p.post(p.book), "book; sending it twice books once"},
		{"GET", "/done", p.done, "confirmation with the booking number"},
		{"GET", "/lookup", p.lookupForm, "form to find a booking, or the booking found"},
		{"POST", "/lookup", p.post(p.lookup), "find a booking"},
		{"GET", "/change", p.changeForm, "other times and clinics for a booked dose"},
		{"POST", "/change", p.post(p.change), "move a booked dose, once the visitor is sure"},
		{"POST", "/cancel", p.post(p.cancel), "cancel the booking found"},
		{"GET", "/leftover", p.leftovers, "doses that came back, and the form to be told of more"},
		{"POST", "/leftover", p.post(p.wish), "ask to be told of doses that come back"},
		{"POST", "/leftover/end", p.post(p.unwish), "ask no longer"},
		{"GET", "/leftover/{code}", p.offer, "a dose offered to one person"},
		{"POST", "/leftover/{code}", p.post(p.take), "take it; sending it twice books once"},
		{"POST", "/leave", p.post(p.leave), "forget everything on this device"},
		{"GET", "/static/{name}", serveStatic, "style sheet, script and logo by content hash"},
	}...)
}

// maxBody bounds a form, in bytes.
const maxBody = 16 << 10

// post guards a form's handler: the form must come from these pages and be small.
func (p *Pages) post(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if p.origin.Check(r) != nil {
			p.Problem(w, r, &api.Problem{Status: http.StatusForbidden, Code: "cross_origin"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := r.ParseForm(); err != nil {
			p.Problem(w, r, formProblem(err))
			return
		}
		next(w, r)
	}
}
