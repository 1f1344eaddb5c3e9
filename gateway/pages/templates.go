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

// parseTemplates reads the templates with the words of one language bound in.
func parseTemplates(lang string) (*template.Template, error) {
	t, err := template.New("pages").Funcs(functions(lang)).ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("pages: reading templates: %w", err)
	}
	return t, nil
}

func functions(lang string) template.FuncMap {
	return template.FuncMap{
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
var frames = map[string]program{Korean: mustFrame(Korean), English: mustFrame(English)}

func mustFrame(lang string) program {
	prog, err := compile(mustRender(lang, "layout", nil))
	if err != nil {
		panic(err)
	}
	return prog
}

// switches are the links to a page's other language, and the buttons of pages with a form: what was typed goes along.
var (
	switchLinks   = map[string][]string{Korean: mustSwitch(Korean), English: mustSwitch(English)}
	switchButtons = map[string]string{Korean: mustRender(Korean, "switch-form", nil), English: mustRender(English, "switch-form", nil)}
)

func mustSwitch(lang string) []string {
	before, after, found := strings.Cut(mustRender(lang, "switch", nil), "⟦href⟧")
	if !found {
		panic("pages: the switch leads nowhere")
	}
	return []string{before, after}
}

// What stands in the head besides the frame's: of the waiting page and of problems, which must be light, and of all others.
var (
	waitingHead = mustRender(Korean, "waiting-head", nil)
	fullHead    = mustRender(Korean, "head", nil)
)

// mustRender renders a template whose data is known when the program starts.
func mustRender(lang, name string, data any) string {
	t, err := parseTemplates(lang)
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		panic(err)
	}
	return b.String()
}
