package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"

	"github.com/daemun/daemun/loadlab/overload/result"
)

// The drawing area of the pictures, in user units.
const (
	wide, high                = 960.0, 300.0
	left, right, above, below = 64.0, 40.0, 26.0, 34.0
)

// plot is a picture with a horizontal axis whose scale is given, and a vertical one from 0 to top.
type plot struct {
	strings.Builder
	top float64
	x   func(float64) float64
}

func newPlot(title string, top float64, x func(float64) float64) *plot {
	p := &plot{top: top, x: x}
	fmt.Fprintf(p, `<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s"><title>%s</title>`, wide, high, html.EscapeString(title), html.EscapeString(title))
	return p
}

func (p *plot) y(v float64) float64 {
	return high - below - (high-above-below)*math.Min(v, p.top)/p.top
}

func (p *plot) horizontal(v float64, label string) {
	fmt.Fprintf(p, `<line class="grid" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/><text class="axis end" x="%.1f" y="%.1f">%s</text>`,
		left, wide-right, p.y(v), p.y(v), left-6, p.y(v)+4, html.EscapeString(label))
}

func (p *plot) tick(v float64, label string) {
	fmt.Fprintf(p, `<text class="axis mid" x="%.1f" y="%.1f">%s</text>`, p.x(v), high-below+18, html.EscapeString(label))
}

// mark is a vertical line with a word.
func (p *plot) mark(v float64, label string) {
	fmt.Fprintf(p, `<line class="opens" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/><text class="mark" x="%.1f" y="%.1f">%s</text>`,
		p.x(v), p.x(v), above, high-below, p.x(v)+3, above-6, html.EscapeString(label))
}

func (p *plot) line(class string, points [][2]float64) {
	fmt.Fprintf(p, `<polyline class="%s" points="`, class)
	for _, at := range points {
		fmt.Fprintf(p, "%.1f,%.1f ", p.x(at[0]), p.y(at[1]))
	}
	p.WriteString(`"/>`)
}

// dot is a median with its span over the repeats.
func (p *plot) dot(class string, at float64, s result.Stat) {
	fmt.Fprintf(p, `<line class="%s" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/><circle class="%s" cx="%.1f" cy="%.1f" r="4"><title>%.4g (%.4g–%.4g)</title></circle>`,
		class, p.x(at), p.x(at), p.y(s.Min), p.y(s.Max), class, p.x(at), p.y(s.Median), s.Median, s.Min, s.Max)
}

// end closes the picture; legend names its lines, by class.
func (p *plot) end(legend [][2]string) template.HTML {
	p.WriteString(`</svg><ul class="legend">`)
	for _, l := range legend {
		fmt.Fprintf(p, `<li><span class="key %s"></span>%s</li>`, l[0], html.EscapeString(l[1]))
	}
	p.WriteString(`</ul>`)
	return template.HTML(p.String()) //nolint:gosec // numbers, fixed words and escaped names only
}

// names are the systems of an experiment in the order in which they come.
func names(e *result.Experiment) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range e.Summaries {
		if !seen[s.System] {
			seen[s.System] = true
			out = append(out, s.System)
		}
	}
	return out
}

// logarithmic is a scale between two values.
func logarithmic(low, top float64) func(float64) float64 {
	return func(v float64) float64 {
		return left + 10 + (wide-left-right-20)*math.Log(v/low)/math.Log(top/low)
	}
}

func linear(low, top float64) func(float64) float64 {
	return func(v float64) float64 { return left + (wide-left-right)*(v-low)/math.Max(top-low, 1e-9) }
}
