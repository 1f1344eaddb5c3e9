package pages

import (
	"embed"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/clinic"
)

//go:embed templates
var templateFiles embed.FS

// look is how pages are shown: in a language, and lean while the gateway leaves out what is only an extra.
type look struct {
	lang string
	lean bool
}

var looks = []look{{Korean, false}, {English, false}, {Korean, true}, {English, true}}

// parseTemplates reads the templates with the words of one language bound in.
func parseTemplates(l look) (*template.Template, error) {
	t, err := template.New("pages").Funcs(functions(l)).ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("pages: reading templates: %w", err)
	}
	return t, nil
}

func functions(l look) template.FuncMap {
	lang := l.lang
	return template.FuncMap{
		"lean":         func() bool { return l.lean },
		"t":            func(key string) (string, error) { return mustText(lang, key) },
		"tf":           func(key string, args ...any) (string, error) { return formatText(lang, key, args) },
		"words":        func(ko, en string) string { return either(lang, ko, en) },
		"asset":        func(name string) string { return assets[name].url },
		"num":          number,
		"date":         func(t time.Time) string { return dateWords(lang, t) },
		"dateTime":     func(t time.Time) string { return dateTimeWords(lang, t) },
		"dateTimeYear": func(t time.Time) string { return dateTimeYearWords(lang, t) },
		"deadline":     func(t time.Time) string { return deadlineWords(lang, t) },
		"clock":        clockWords,
		"clockS":       clockSeconds,
		"seconds":      secondsWords,
		"iso":          func(t time.Time) string { return t.Format(time.RFC3339) },
		"until":        func(t, now time.Time) int64 { return max(t.Sub(now).Milliseconds(), 0) },
		"stock":        func(left *int64) string { return stockWords(lang, left) },
		"vaccine":      func(name string) string { return vaccineWords(lang, name) },
		"region":       func(name string) string { return regionWords(lang, name) },
	}
}

func mustText(lang, key string) (string, error) {
	if _, known := catalog[key]; !known {
		return "", fmt.Errorf("no sentence %q", key)
	}
	return text(lang, key), nil
}

func formatText(lang, key string, args []any) (string, error) {
	format, err := mustText(lang, key)
	return fmt.Sprintf(format, args...), err
}

func number(n any) (string, error) {
	switch n := n.(type) {
	case int:
		return thousands(int64(n)), nil
	case int64:
		return thousands(n), nil
	}
	return "", fmt.Errorf("not a number: %T", n)
}

func regionWords(lang, name string) string {
	if lang == English {
		return clinic.RegionEn(name)
	}
	return name
}

// The frame of every page, compiled once. That it compiles is settled when the program is built: templates and words
// are embedded, so a failure here shows in every test.
var frames = mustFrames()

func mustFrames() map[look]program {
	all := map[look]program{}
	for _, l := range looks {
		prog, err := compile(mustRender(l, "layout", nil))
		if err != nil {
			panic(err)
		}
		all[l] = prog
	}
	return all
}

// switches are the links to a page's other language, and the buttons of pages with a form: what was typed goes along.
var (
	switchLinks   = map[string][]string{Korean: mustSwitch(Korean), English: mustSwitch(English)}
	switchButtons = map[string]string{Korean: mustRender(look{lang: Korean}, "switch-form", nil), English: mustRender(look{lang: English}, "switch-form", nil)}
)

func mustSwitch(lang string) []string {
	before, after, found := strings.Cut(mustRender(look{lang: lang}, "switch", nil), "⟦href⟧")
	if !found {
		panic("pages: the switch leads nowhere")
	}
	return []string{before, after}
}

// What stands in the head besides the frame's: of the waiting page and of problems, which must be light, and of all others.
var (
	waitingHead = mustRender(look{lang: Korean}, "waiting-head", nil)
	fullHeads   = map[bool]string{false: mustRender(look{lang: Korean}, "head", nil), true: mustRender(look{lang: Korean, lean: true}, "head", nil)} // by lean
)

// mustRender renders a template whose data is known when the program starts.
func mustRender(l look, name string, data any) string {
	t, err := parseTemplates(l)
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		panic(err)
	}
	return b.String()
}
