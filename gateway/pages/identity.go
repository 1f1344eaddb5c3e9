package pages

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
)

// Identities is what the pages know of the identity check. See Service for refusals.
type Identities interface {
	Identity(ctx context.Context, pass string) (api.Identity, error)
	// StartIdentity answers with where to send the browser; nowhere where the check is over already. What was typed goes
	// along where the provider wants it.
	StartIdentity(ctx context.Context, pass, provider string, claim *api.IdentityClaim) (api.IdentityStart, error)
	EndIdentity(ctx context.Context, pass, provider string, back api.IdentityReturn) (api.Identity, error)
}

// identityRoutes are the pages of the step between entering and choosing a clinic, which only some openings have.
func (p *Pages) identityRoutes() []Route {
	return []Route{
		{"GET", "/identity", p.identity, "ways to show who one is"},
		{"GET", "/identity/{provider}", p.identityForm, "form of a way that needs name and number"},
		{"POST", "/identity/{provider}", p.post(p.startIdentity), "begin to show who one is"},
		{"GET", "/identity/{provider}/return", p.endIdentity, "the way back from a provider; read twice it changes nothing"},
	}
}

const (
	maxProvider = 64
	maxState    = 512  // of what a provider's page sends back, in bytes
	maxCodeBack = 1500 // the whole address has at most 2,048
)

// withTurn does something with the visitor's pass, and where the pass has ended enters once more with their ticket: a turn is
// kept until the opening closes, so the time somebody spends at a provider costs them nothing.
func withTurn[T any](p *Pages, w http.ResponseWriter, r *http.Request, do func(pass string) (T, error)) (T, error) {
	pass, ticket := cookie(r, PassCookie), cookie(r, TicketCookie)
	var out T
	err := error(badPass())
	if pass != "" {
		out, err = do(pass)
	}
	if err == nil || problemOf(err).Code != "bad_pass" || ticket == "" {
		return out, err
	}
	entry, enterErr := p.svc.Enter(r.Context(), ticket)
	if enterErr != nil {
		return out, err
	}
	p.setPass(w, entry.Pass, entry.ExpiresAt)
	return do(entry.Pass)
}

type identityView struct {
	Until   time.Time
	Errors  []formError
	Ways    []identityWay
	SomeUp  bool
	AnyDown bool
}

type identityWay struct {
	api.IdentityProvider
	Up bool
}

// inside is where somebody goes who was let in.
func (p *Pages) inside(r *http.Request) string {
	place, err := p.svc.Place(r.Context(), cookie(r, TicketCookie))
	if err != nil {
		return "/clinics" // whether the opening asks is found out when they book
	}
	if o := p.opening(place.Opening); o != nil && o.IdentityRequired {
		return "/identity"
	}
	return "/clinics"
}

// identity lists the ways. Nobody stays here who has nothing to show any more.
func (p *Pages) identity(w http.ResponseWriter, r *http.Request) {
	p.showIdentity(w, r, p.language(w, r), http.StatusOK)
}

func (p *Pages) showIdentity(w http.ResponseWriter, r *http.Request, lang string, status int, errors ...formError) {
	standing, err := withTurn(p, w, r, func(pass string) (api.Identity, error) { return p.svc.Identity(r.Context(), pass) })
	switch {
	case err != nil:
		p.problem(w, r, lang, problemOf(err))
		return
	case !standing.Required || standing.Verified:
		p.identified(w, r)
		return
	}
	v := identityView{Until: passUntil(r), Errors: errors}
	for _, way := range standing.Providers {
		up := way.State == api.ProviderUp
		v.SomeUp, v.AnyDown = v.SomeUp || up, v.AnyDown || !up
		v.Ways = append(v.Ways, identityWay{way, up})
	}
	pg := page{Status: status, Lang: lang, Title: formTitle(lang, "identity.title", errors), Switch: "/identity?lang=" + otherLang(lang)}
	p.show(w, r, pg, "identity", v)
}

// identified leads on: to the form of the time that is kept for the visitor, else to the clinics.
func (p *Pages) identified(w http.ResponseWriter, r *http.Request) {
	held, err := p.svc.Holding(r.Context(), cookie(r, PassCookie))
	if err != nil || held.Slot == "" {
		p.to(w, r, "/clinics")
		return
	}
	day := held.At.In(subject.Seoul).Format(time.DateOnly)
	p.to(w, r, "/book?"+url.Values{"clinic": {held.Clinic}, "day": {day}, "slot": {held.Slot}}.Encode())
}

type identityFormView struct {
	Until  time.Time
	Errors []formError
	ID     string
	Way    api.IdentityProvider
	Name   field
	Number numberField
}

// way finds a way by its id among those that the visitor's opening accepts.
func (p *Pages) way(w http.ResponseWriter, r *http.Request) (api.IdentityProvider, error) {
	id := token(r.PathValue("provider"), maxProvider)
	standing, err := withTurn(p, w, r, func(pass string) (api.Identity, error) { return p.svc.Identity(r.Context(), pass) })
	if err != nil {
		return api.IdentityProvider{}, err
	}
	for _, way := range standing.Providers {
		if way.ID == id {
			return way, nil
		}
	}
	return api.IdentityProvider{}, &api.Problem{Status: http.StatusNotFound, Code: "no_such_provider"}
}

func (p *Pages) identityForm(w http.ResponseWriter, r *http.Request) {
	p.askIdentity(w, r, p.language(w, r), "")
}

// askIdentity shows the form of a way that needs name and number; a name already typed stands in it.
func (p *Pages) askIdentity(w http.ResponseWriter, r *http.Request, lang, name string) {
	way, err := p.way(w, r)
	switch {
	case err != nil:
		p.identityRefused(w, r, lang, problemOf(err))
		return
	case !way.Typed:
		p.to(w, r, "/identity")
		return
	}
	p.showIdentityForm(w, r, lang, http.StatusOK, way, name, map[string]string{})
}

func (p *Pages) showIdentityForm(w http.ResponseWriter, r *http.Request, lang string, status int, way api.IdentityProvider, name string, wrong map[string]string, more ...formError) {
	v := identityFormView{
		Until: passUntil(r), ID: way.ID, Way: way, Name: nameField(lang, name), Number: numberField{Hint: text(lang, "identity.rrn"), Error: wrong["rrn1"]},
	}
	v.Name.Error = wrong["name"]
	v.Errors = more
	for _, problem := range []formError{{ID: "name", Text: wrong["name"]}, {ID: "rrn1", Text: wrong["rrn1"]}} {
		if problem.Text != "" {
			v.Errors = append(v.Errors, problem)
		}
	}
	p.show(w, r, page{Status: status, Lang: lang, Title: formTitle(lang, "identity.title", v.Errors), Form: true}, "identity-form", v)
}

// startIdentity begins a check. A provider's page cannot be the answer to a form, because forms may lead nowhere but here: a
// page stands between that leads on by itself.
func (p *Pages) startIdentity(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	id := token(r.PathValue("provider"), maxProvider)
	if id == "" {
		p.to(w, r, "/identity")
		return
	}
	var claim *api.IdentityClaim
	if other, yes := p.switched(w, r); yes {
		p.askIdentity(w, r, other, clean(r.PostForm.Get("name"), maxName))
		return
	}
	if r.PostForm.Has("rrn1") {
		claim = &api.IdentityClaim{Name: clean(r.PostForm.Get("name"), maxName)}
		var wrong string
		if claim.RRN, wrong = parseNumber(r.PostForm, lang); wrong != "" || claim.Name == "" {
			p.identityAgain(w, r, lang, claim.Name, wrong)
			return
		}
	}
	start, err := withTurn(p, w, r, func(pass string) (api.IdentityStart, error) {
		return p.svc.StartIdentity(r.Context(), pass, id, claim)
	})
	switch {
	case err != nil && claim != nil && problemOf(err).Code == "bad_number":
		p.identityAgain(w, r, lang, claim.Name, detail(lang, problemOf(err)))
	case err != nil:
		p.identityRefused(w, r, lang, problemOf(err))
	case start.Redirect == "":
		p.identified(w, r)
	default:
		p.leaveFor(w, r, lang, start.Redirect)
	}
}

// identityAgain shows the form of a way again, with what has to be put right.
func (p *Pages) identityAgain(w http.ResponseWriter, r *http.Request, lang, name, wrongNumber string) {
	way, err := p.way(w, r)
	if err != nil {
		p.identityRefused(w, r, lang, problemOf(err))
		return
	}
	wrong := map[string]string{"rrn1": cmp.Or(wrongNumber, text(lang, "rrn.again"))}
	if name == "" {
		wrong["name"] = text(lang, "name.error")
	}
	p.showIdentityForm(w, r, lang, http.StatusUnprocessableEntity, way, name, wrong)
}

type leavingView struct{ Address, Host string }

// leaveFor leads to a provider's page.
func (p *Pages) leaveFor(w http.ResponseWriter, r *http.Request, lang, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		p.problem(w, r, lang, &api.Problem{Status: http.StatusBadGateway, Code: "internal"})
		return
	}
	pg := page{Lang: lang, Title: text(lang, "identity.leaving"), Head: onwardTag(address), Switch: "/identity?lang=" + otherLang(lang)}
	p.show(w, r, pg, "identity-leaving", leavingView{Address: address, Host: u.Host})
}

// onwardTag leads on at once, for browsers that are let.
func onwardTag(address string) string {
	return string(append(appendEscaped([]byte(`<meta http-equiv="refresh" content="0; url=`), address), "\">\n"...))
}

// endIdentity is where a provider's page leads back to. Another site led here, so it does one thing only: it hands on what
// came back, which counts for nobody but the holder of the pass that the check was begun with. It leads on to an address
// without any of it.
func (p *Pages) endIdentity(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	id, q := token(r.PathValue("provider"), maxProvider), r.URL.Query()
	back := api.IdentityReturn{State: token(q.Get("state"), maxState), Code: q.Get("code"), Error: q.Get("error")}
	if id == "" || len(back.Code) > maxCodeBack || len(back.Error) > maxState {
		p.to(w, r, "/identity")
		return
	}
	_, err := withTurn(p, w, r, func(pass string) (api.Identity, error) {
		return p.svc.EndIdentity(r.Context(), pass, id, back)
	})
	if err != nil {
		p.identityRefused(w, r, lang, problemOf(err))
		return
	}
	p.identified(w, r)
}

// identityRefused says what is the matter and offers all ways again. What cannot be helped here is a page of its own.
func (p *Pages) identityRefused(w http.ResponseWriter, r *http.Request, lang string, problem *api.Problem) {
	if !strings.HasPrefix(problem.Code, "identity_") && !strings.HasPrefix(problem.Code, "provider_") && problem.Code != "no_such_provider" {
		p.problem(w, r, lang, problem)
		return
	}
	setRetryAfter(w, problem)
	p.showIdentity(w, r, lang, problem.Status, formError{Text: detail(lang, problem)})
}
