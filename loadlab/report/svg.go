package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
	"time"

	"github.com/daemun/daemun/loadlab/measure"
	"github.com/daemun/daemun/loadlab/verdict"
)

// The drawing area of the pictures, in user units.
const (
	wide, high                = 960.0, 300.0
	left, right, above, below = 64.0, 16.0, 26.0, 34.0
)

// line is one series of a picture over the seconds of the run.
type line struct {
	ko, en, class string
	value         func(measure.Second) float64
}

// overTime draws series per second with the faults marked.
func overTime(title string, s []measure.Second, faults []verdict.Fault, opens time.Duration, lines []line) template.HTML {
	for len(s) > 0 && s[len(s)-1].Offered == 0 { // only answers that came behind the end
		s = s[:len(s)-1]
	}
	top := 1.0
	for _, x := range s {
		for _, l := range lines {
			top = math.Max(top, l.value(x))
		}
	}
	top = niceAbove(top)
	x := func(t float64) float64 { return left + (wide-left-right)*t/math.Max(float64(len(s)), 1) }
	y := func(v float64) float64 { return high - below - (high-above-below)*v/top }
	var b strings.Builder
	begin(&b, title, high)
	for _, f := range faults {
		end := f.BackS
		if end == 0 {
			end = float64(len(s))
		}
		fmt.Fprintf(&b, `<rect class="fault" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x(f.AtS), above, math.Max(x(end)-x(f.AtS), 2), high-above-below)
		fmt.Fprintf(&b, `<text class="mark" x="%.1f" y="%.1f">%s</text>`, x(f.AtS)+3, above-4, html.EscapeString(faultWord(f.Name)))
	}
	if o := opens.Seconds(); o > 0 {
		fmt.Fprintf(&b, `<line class="opens" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/><text class="mark" x="%.1f" y="%.1f">개통 opening</text>`, x(o), x(o), above, high-below, x(o)+3, above-4)
	}
	grid(&b, top, y)
	seconds(&b, len(s), x)
	for _, l := range lines {
		fmt.Fprintf(&b, `<polyline class="%s" points="`, l.class)
		for i, v := range s {
			fmt.Fprintf(&b, "%.1f,%.1f ", x(float64(i)+.5), y(l.value(v)))
		}
		b.WriteString(`"/>`)
	}
	b.WriteString(`</svg>`)
	legend(&b, lines)
	return template.HTML(b.String()) //nolint:gosec // numbers and fixed words only
}

func begin(b *strings.Builder, title string, h float64) {
	fmt.Fprintf(b, `<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s"><title>%s</title>`, wide, h, html.EscapeString(title), html.EscapeString(title))
}

func grid(b *strings.Builder, top float64, y func(float64) float64) {
	for i := range 5 {
		v := top * float64(i) / 4
		fmt.Fprintf(b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`, left, wide-right, y(v), y(v))
		fmt.Fprintf(b, `<text class="axis end" x="%.1f" y="%.1f">%s</text>`, left-6, y(v)+4, thousands(int64(v)))
	}
}

func seconds(b *strings.Builder, n int, x func(float64) float64) {
	step := 10
	if n > 100 {
		step = 30
	}
	if n <= 30 {
		step = 5
	}
	for t := 0; t <= n; t += step {
		fmt.Fprintf(b, `<text class="axis mid" x="%.1f" y="%.1f">%d s</text>`, x(float64(t)), high-below+18, t)
	}
}

func legend(b *strings.Builder, lines []line) {
	b.WriteString(`<ul class="legend">`)
	for _, l := range lines {
		fmt.Fprintf(b, `<li><span class="key %s"></span>%s <span lang="en">%s</span></li>`, l.class, l.ko, l.en)
	}
	b.WriteString(`</ul>`)
}

// niceAbove rounds up to 1, 2 or 5 times a power of ten, times four so that the grid's numbers are round.
func niceAbove(v float64) float64 {
	for p := math.Pow(10, math.Floor(math.Log10(v))-1); ; p *= 10 {
		for _, f := range []float64{1, 2, 4, 6, 8} {
			if f*p >= v {
				return f * p
			}
		}
	}
}

// latencies draws the percentiles of each kind on a logarithmic scale.
func latencies(list []measure.Latency) template.HTML {
	const row = 30.0
	h := above + row*float64(len(list)) + below
	const low, top = 0.1, 20_000.0 // ms
	x := func(ms float64) float64 {
		return 170 + (wide-170-right)*math.Log(min(max(ms, low), top)/low)/math.Log(top/low)
	}
	var b strings.Builder
	begin(&b, "응답 시간 latency from the due time", h)
	for i, label := range []string{"0.1 ms", "1 ms", "10 ms", "100 ms", "1 s", "10 s"} {
		v := low * math.Pow10(i)
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/><text class="axis mid" x="%.1f" y="%.1f">%s</text>`,
			x(v), x(v), above, h-below, x(v), h-below+18, label)
	}
	for i, l := range list {
		y := above + row*(float64(i)+.5)
		fmt.Fprintf(&b, `<text class="axis end" x="162" y="%.1f">%s</text>`, y+4, html.EscapeString(kindWord(l.Kind)))
		fmt.Fprintf(&b, `<line class="span" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`, x(l.P50), x(l.P999), y, y)
		for _, p := range []struct {
			class string
			v     float64
		}{{"p50", l.P50}, {"p90", l.P90}, {"p99", l.P99}, {"p999", l.P999}} {
			fmt.Fprintf(&b, `<circle class="%s" cx="%.1f" cy="%.1f" r="5"><title>%s %.1f ms</title></circle>`, p.class, x(p.v), y, p.class, p.v)
		}
	}
	b.WriteString(`</svg><ul class="legend"><li><span class="key p50"></span>p50</li><li><span class="key p90"></span>p90</li><li><span class="key p99"></span>p99</li><li><span class="key p999"></span>p99.9</li></ul>`)
	return template.HTML(b.String()) //nolint:gosec // numbers and fixed words only
}

// bar is one step of the funnel.
type bar struct {
	ko, en string
	n      int
}

func funnel(bars []bar) template.HTML {
	const row = 34.0
	top := 1
	for _, f := range bars {
		top = max(top, f.n)
	}
	var b strings.Builder
	begin(&b, "시민의 길 the citizens' way", row*float64(len(bars))+8)
	for i, f := range bars {
		y := row*float64(i) + 6
		w := (wide - 230 - 110) * float64(f.n) / float64(top)
		fmt.Fprintf(&b, `<text class="axis end" x="222" y="%.1f">%s %s</text><rect class="bar" x="230" y="%.1f" width="%.1f" height="22" rx="3"/><text class="axis" x="%.1f" y="%.1f">%s</text>`,
			y+16, f.ko, f.en, y, max(w, 1), 238+w, y+16, thousands(int64(f.n)))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // numbers and fixed words only
}
