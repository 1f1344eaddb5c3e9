package pages

import (
	"bytes"
	"html/template"
	"net/http"
	"strconv"
	"sync"
)

// page is what stands around a page's main part. Title is escaped here; Head is trusted markup. A Light page comes without
// font and without what only forms and lists need.
type page struct {
	Status int
	Title  string
	Head   string
	Light  bool
	Lang   string // of the page
	Lean   bool   // without what is only an extra
	Switch string // link to the other language
	Form   bool   // the page's form takes along to the other language what was typed
	Public bool   // holds nothing personal: the browser may keep it and ask whether it changed
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// show renders a template into the frame and sends it. Rendering into a buffer first means that a page is sent whole or
// not at all.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, pg page, name string, data any) {
	main := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(main)
	main.Reset()
	pg.Lean = p.svc.Measures().Lean
	if err := p.templates[look{pg.Lang, pg.Lean}].ExecuteTemplate(main, name, data); err != nil {
		http.Error(w, text(pg.Lang, "problem.text"), http.StatusInternalServerError)
		return
	}
	if pg.Switch == "" {
		pg.Switch = switchHref(r, pg.Lang)
	}
	out := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(out)
	out.Reset()
	out.Write(appendPage(out.AvailableBuffer(), pg, main.Bytes()))
	p.send(w, pg, out.Bytes())
}

// appendPage puts a main part into the frame of its language.
func appendPage(dst []byte, pg page, main []byte) []byte {
	return frames[look{pg.Lang, pg.Lean}].append(dst, func(dst []byte, h hole) []byte {
		switch h {
		case holeTitle:
			return append(dst, template.HTMLEscapeString(pg.Title)...)
		case holeHead:
			if !pg.Light {
				dst = append(dst, fullHeads[pg.Lean]...)
			}
			return append(dst, pg.Head...)
		case holeSwitch:
			if pg.Form {
				return append(dst, switchButtons[pg.Lang]...)
			}
			link := switchLinks[pg.Lang]
			dst = append(append(dst, link[0]...), template.HTMLEscapeString(pg.Switch)...)
			return append(dst, link[1]...)
		case holeMain:
			return append(dst, main...)
		}
		return dst
	})
}

// Header values shared by all answers, so that a hot page allocates none of them.
var (
	htmlType   = []string{"text/html; charset=utf-8"}
	noStore    = []string{"no-store"}
	revalidate = []string{"private, no-cache"}
	policy     = []string{"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}
	noSniff     = []string{"nosniff"}
	denyFrames  = []string{"DENY"}
	referrer    = []string{"same-origin"} // "no-referrer" would make browsers send forms with Origin: null
	sameOrigin  = []string{"same-origin"}
	permissions = []string{"camera=(), microphone=(), geolocation=(), payment=(), usb=()"}
	onlyTLS     = []string{"max-age=31536000"}
)

func (p *Pages) headers(h http.Header, public bool) {
	h["Content-Type"] = htmlType
	h["Cache-Control"] = noStore
	if public {
		h["Cache-Control"] = revalidate
	}
	h["Content-Security-Policy"] = policy
	h["X-Content-Type-Options"] = noSniff
	h["X-Frame-Options"] = denyFrames
	h["Referrer-Policy"] = referrer
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	h["Permissions-Policy"] = permissions
	if p.secure {
		h["Strict-Transport-Security"] = onlyTLS
	}
}

func (p *Pages) send(w http.ResponseWriter, pg page, body []byte) {
	p.headers(w.Header(), pg.Public)
	w.Header().Set("Content-Language", pg.Lang)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if pg.Status != 0 {
		w.WriteHeader(pg.Status)
	}
	_, _ = w.Write(body) // a visitor who left needs no answer
}

// to leads on after a form (303), so that reloading the next page sends nothing twice.
func (p *Pages) to(w http.ResponseWriter, r *http.Request, path string) {
	p.headers(w.Header(), false)
	http.Redirect(w, r, path, http.StatusSeeOther)
}
