package lane

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/edge"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/route"
)

//go:embed templates static
var files embed.FS

// Languages, and the cookie that keeps the choice.
const (
	korean     = "ko"
	english    = "en"
	langCookie = "daemun_lang"
)

// pages are the lanes' pages: rendered here, in Korean and English, without a script.
type pages struct {
	lane      *Lane
	templates map[string]*template.Template // by language
	style     []byte
	styleURL  string
}

func newPages(l *Lane) (*pages, error) {
	p := &pages{lane: l, templates: map[string]*template.Template{}}
	var err error
	if p.style, err = files.ReadFile("static/lane.css"); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(p.style)
	p.styleURL = "/static/lane." + hex.EncodeToString(sum[:6]) + ".css"
	for _, lang := range []string{korean, english} {
		if p.templates[lang], err = template.New("lane").Funcs(p.functions(lang)).ParseFS(files, "templates/*.html"); err != nil {
			return nil, fmt.Errorf("lane: reading templates: %w", err)
		}
	}
	return p, nil
}

// functions are what the templates use; w picks one of two sentences by the page's language.
func (p *pages) functions(lang string) template.FuncMap {
	pick := func(ko, en string) string {
		if lang == english && en != "" {
			return en
		}
		return ko
	}
	return template.FuncMap{
		"w": pick, "lang": func() string { return lang }, "style": func() string { return p.styleURL },
		"regions": func() []string { return clinic.Regions },
		"region": func(name string) string {
			if lang == english {
				return clinic.RegionEn(name)
			}
			return name
		},
		"day":   func(t time.Time) string { return t.In(subject.Seoul).Format("2006-01-02") },
		"clock": func(t time.Time) string { return t.In(subject.Seoul).Format("15:04") },
		"when":  func(t time.Time) string { return t.In(subject.Seoul).Format("2006-01-02 15:04") },
		"wait":  func(p api.Place) string { return waitWords(pick, &p) },
		"state": func(state string) string { return stateWords(pick, state) },
		"visit": func(visit string) string { return visitWords(pick, visit) },
	}
}

// rows are the pages' part of the table of routes.
func (p *pages) rows() []row {
	at := func(method, pattern string, class route.Class, guard route.Guard, serve handler) row {
		return row{route.Route{Method: method, Pattern: pattern, Class: class, Guard: guard}, serve}
	}
	return []row{
		at("GET", "/{$}", route.W, route.AnyLane, p.home),
		at("GET", "/static/{name}", route.W, route.AnyLane, p.static),
		at("GET", "/join", route.W, route.CallCentre, p.joinForm),
		at("POST", "/join", route.W, route.CallCentre, p.form(p.join)),
		at("POST", "/drop", route.W, route.CallCentre, p.form(p.drop)),
		at("POST", "/enter", route.Lane, route.CallCentre, p.form(p.enter)),
		at("GET", "/book", route.Lane, route.CallCentre, p.choose),
		at("POST", "/book", route.Lane, route.CallCentre, p.form(p.book)),
		at("GET", "/lookup", route.W, route.CallCentre, p.lookupForm),
		at("POST", "/lookup", route.Lane, route.CallCentre, p.form(p.lookup)),
		at("POST", "/cancel", route.Lane, route.CallCentre, p.form(p.cancel)),
		at("GET", "/day", route.Lane, route.Clinic, p.day),
		at("POST", "/visit", route.Lane, route.Clinic, p.form(p.visit)),
		at("POST", "/unused", route.Lane, route.Clinic, p.form(p.unused)),
	}
}

// home leads to where somebody of either lane works.
func (p *pages) home(w http.ResponseWriter, r *http.Request, who person) error {
	if who.Role == keyring.RoleClinic {
		return p.day(w, r, who)
	}
	return p.list(w, r, who)
}

const maxForm = 16 << 10 // bytes

// form reads a form before it is served.
func (p *pages) form(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request, who person) error {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			return edge.Problem("bad_request")
		}
		return next(w, r, who)
	}
}

// view is what every page shows around its own part.
type view struct {
	Who     person
	Title   string
	Switch  string // the same page in the other language
	Refresh int    // seconds until the page asks again by itself; 0: never
	Problem *api.Problem
	Data    any
}

func (p *pages) language(w http.ResponseWriter, r *http.Request) string {
	if asked := r.URL.Query().Get("lang"); asked == korean || asked == english {
		setCookie(w, langCookie, asked, 365*24*time.Hour)
		return asked
	}
	if c, err := r.Cookie(langCookie); err == nil && c.Value == english {
		return english
	}
	return korean
}

// show renders a page whole, or not at all.
func (p *pages) show(w http.ResponseWriter, r *http.Request, status int, name string, v view) error {
	lang := p.language(w, r)
	q := url.Values{}
	if r.Method == http.MethodGet {
		q = r.URL.Query()
	}
	q.Set("lang", map[string]string{korean: english, english: korean}[lang])
	v.Switch = "/?" + q.Encode()
	if r.Method == http.MethodGet {
		v.Switch = r.URL.Path + "?" + q.Encode()
	}
	v.Title = titles[name][map[string]int{korean: 0, english: 1}[lang]]
	var out bytes.Buffer
	if err := p.templates[lang].ExecuteTemplate(&out, name, v); err != nil {
		return err
	}
	p.headers(w)
	w.Header().Set("Content-Language", lang)
	w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // who left needs no answer
	return nil
}

func (p *pages) headers(w http.ResponseWriter) {
	for name, value := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Frame-Options":         "DENY", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
	} {
		w.Header().Set(name, value)
	}
}

// to leads on after a form, so that reloading the next page sends nothing twice.
func (p *pages) to(w http.ResponseWriter, r *http.Request, path string) error {
	p.headers(w)
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// problem is the page for what was refused.
func (p *pages) problem(w http.ResponseWriter, r *http.Request, problem *api.Problem) {
	who, _ := p.lane.who(r)
	if err := p.show(w, r, problem.Status, "problem", view{Who: who, Problem: problem}); err != nil {
		http.Error(w, problem.Detail, problem.Status)
	}
}

func (p *pages) static(w http.ResponseWriter, r *http.Request, _ person) error {
	if r.URL.Path != p.styleURL {
		return edge.Problem("not_found")
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(p.style)
	return nil
}

func setCookie(w http.ResponseWriter, name, value string, keep time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(keep / time.Second), HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode,
	})
}
