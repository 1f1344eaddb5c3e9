// Package report shows what the overload experiments found as one self-contained page: a verdict, a picture and a table for
// each experiment, Korean first.
package report

import (
	"bytes"
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/daemun/daemun/loadlab/overload/result"
	"github.com/daemun/daemun/loadlab/report"
	"github.com/daemun/daemun/loadlab/verdict"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("overload").Funcs(template.FuncMap{
	"f0":    func(v float64) string { return fmt.Sprintf("%.0f", v) },
	"g":     figure,
	"seoul": func(t time.Time) string { return t.In(time.FixedZone("KST", 9*3600)).Format("2006-01-02 15:04 KST") },
}).Parse(pageText))

// words are an outcome in words.
type words struct{ Ko, En, Class string }

var outcomes = map[verdict.Outcome]words{
	verdict.Pass:         {"합격", "pass", "good"},
	verdict.Broken:       {"불변 조건 위반", "an invariant broke", "bad"},
	verdict.Missed:       {"기준 미달", "a level was missed", "warn"},
	verdict.Inconclusive: {"판정 불가", "inconclusive", "warn"},
}

// section is an experiment on the page.
type section struct {
	Name, Ko, En string
	Note, NoteEn string
	Pictures     []template.HTML
	Head         []column
	Rows         []tableRow
}

type tableRow struct {
	System, Variant, Point string
	Cells                  []string
	Valid                  int
}

// HTML writes the page.
func HTML(w io.Writer, r *result.Result) error {
	v := struct {
		*result.Result
		Outcome  words
		Style    template.CSS
		Open     []result.Line // what does not hold, or is not known to
		Sections []section
	}{r, outcomes[r.Verdict], report.Style(), nil, nil}
	for _, l := range r.Lines {
		if l.Unknown != "" || !l.OK {
			v.Open = append(v.Open, l)
		}
	}
	for i := range r.Experiments {
		v.Sections = append(v.Sections, sectionOf(r, &r.Experiments[i]))
	}
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// WriteFile writes report.html into a folder.
func WriteFile(dir string, r *result.Result) error {
	var b bytes.Buffer
	if err := HTML(&b, r); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "report.html"), b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("save the report: %w", err)
	}
	return nil
}

func sectionOf(r *result.Result, e *result.Experiment) section {
	l := layouts[e.Name]
	s := section{Name: e.Name, Ko: e.Ko, En: e.En, Note: l.note, NoteEn: l.noteEn, Head: l.columns}
	if l.picture != nil {
		s.Pictures = l.picture(e)
	}
	for _, sum := range e.Summaries {
		row := tableRow{System: systemWord(r, sum.System), Variant: sum.Variant, Valid: sum.Valid}
		if sum.Point > 0 {
			row.Point = fmt.Sprintf("%g", sum.Point)
		}
		for _, c := range l.columns {
			row.Cells = append(row.Cells, c.show(sum))
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

func systemWord(r *result.Result, name string) string {
	for _, s := range r.Systems {
		if s.Name == name {
			return s.Ko
		}
	}
	return name
}

// figure shows four digits, and all of those before the point.
func figure(v float64) string {
	if v >= 1000 || v <= -1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.4g", v)
}
