package pages

import (
	"net/http"
	"net/url"
	"strings"
)

// language is the visitor's: the one just asked for by ?lang=, else the one chosen before, else Korean.
func (p *Pages) language(w http.ResponseWriter, r *http.Request) string {
	if asked := queryLang(r); asked != "" {
		p.setCookie(w, LangCookie, asked, yearSeconds)
		return asked
	}
	if cookie(r, LangCookie) == English {
		return English
	}
	return Korean
}

func queryLang(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	if lang := r.URL.Query().Get("lang"); lang == Korean || lang == English {
		return lang
	}
	return ""
}

// switched tells whether a form was sent by its language switch: then it comes back in that language with what was typed,
// and nothing else is done.
func (p *Pages) switched(w http.ResponseWriter, r *http.Request) (lang string, yes bool) {
	asked := r.PostForm.Get("lang")
	if asked != Korean && asked != English {
		return "", false
	}
	p.setCookie(w, LangCookie, asked, yearSeconds)
	return asked, true
}

func otherLang(lang string) string {
	if lang == English {
		return Korean
	}
	return English
}

// switchHref is the link to the same page in the other language. A form that was sent has no address of its own to
// come back to, so it leads to the page on which the form stands.
func switchHref(r *http.Request, lang string) string {
	q := url.Values{}
	if isRead(r) {
		q = r.URL.Query()
	}
	q.Set("lang", otherLang(lang))
	return homeOf(r) + "?" + q.Encode()
}

func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// homeOf is the path at which a person goes on after a request that could not be served. A stranger's path is not
// repeated: "//host" would lead elsewhere.
func homeOf(r *http.Request) string {
	switch path := r.URL.Path; {
	case path == "/enter":
		return "/wait"
	case path == "/cancel", path == "/change" && !isRead(r):
		return "/lookup"
	case path == "/book" && !isRead(r), path == "/hold":
		return "/clinics"
	case path == "/apply", path == "/wait", path == "/draw", path == "/clinics", path == "/book", path == "/done", path == "/lookup", path == "/identity", path == "/change":
		return path
	case strings.HasPrefix(path, "/identity/") && strings.HasSuffix(path, "/return") && isRead(r):
		return path // a provider led here: what it brought may be tried again
	case strings.HasPrefix(path, "/identity/"):
		return "/identity"
	case strings.HasPrefix(path, "/clinics/") && !strings.Contains(path[len("/clinics/"):], "/"):
		return "/clinics/" + url.PathEscape(path[len("/clinics/"):])
	}
	return "/"
}
