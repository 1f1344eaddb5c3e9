package report

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/daemun/daemun/loadlab/overload/result"
)

// curves draws goodput, P0 and P1 over the multiples of the capacity.
func curves(e *result.Experiment) []template.HTML {
	return []template.HTML{
		overPoints(e, "유효 처리량 ÷ C goodput, share of C", "ratio", 1.1),
		overPoints(e, "P0 성공 비율 P0 kept", "p0_ok", 1),
		overPoints(e, "P1 성공 비율 P1 kept", "p1_ok", 1),
	}
}

func overPoints(e *result.Experiment, title, figure string, top float64) template.HTML {
	low, most := math.Inf(1), 0.0
	var ticks []float64
	for _, s := range e.Summaries {
		low, most = math.Min(low, s.Point), math.Max(most, s.Point)
		if !slices.Contains(ticks, s.Point) {
			ticks = append(ticks, s.Point)
		}
	}
	if most <= low {
		most = low * 2
	}
	p := newPlot(title, top, logarithmic(low, most))
	for v := 0.0; v <= top; v += 0.25 {
		p.horizontal(v, fmt.Sprintf("%.2f", v))
	}
	for _, t := range ticks {
		p.tick(t, fmt.Sprintf("%g×", t))
	}
	var legend [][2]string
	for _, name := range names(e) {
		var points [][2]float64
		for _, s := range e.Summaries {
			if s.System == name && s.Valid > 0 {
				points = append(points, [2]float64{s.Point, s.Values[figure].Median})
				p.dot("s-"+name, s.Point, s.Values[figure])
			}
		}
		p.line("s-"+name, points)
		legend = append(legend, [2]string{"s-" + name, name})
	}
	return template.HTML("<h3>"+html.EscapeString(title)+"</h3>") + p.end(legend) //nolint:gosec // escaped
}

// timeLines draws the first repeat of each key.
func timeLines(e *result.Experiment) (out []template.HTML) {
	for i := range e.Lines {
		if l := &e.Lines[i]; l.Repeat == 0 {
			out = append(out, timeLine(l))
		}
	}
	return out
}

// shown are the values of a time line that are drawn as rates.
var shown = [...][3]string{{"sent", "offered", "보냄 sent/s"}, {"goodput", "goodput", "유효 good/s"}}

func timeLine(l *result.TimeLine) template.HTML {
	end, good := 0.0, 0.0
	for name, v := range l.Values {
		end = math.Max(end, float64(len(v))*l.StepS)
		if name == "goodput" && len(v) > 0 {
			good = slices.Max(v)
		}
	}
	p := newPlot(fmt.Sprintf("%s %s", l.System, l.Variant), math.Max(1, 1.6*good), linear(0, end))
	for i := range 5 {
		p.horizontal(p.top*float64(i)/4, fmt.Sprintf("%.0f", p.top*float64(i)/4))
	}
	for t := 0.0; t <= end; t += 2 {
		p.tick(t, fmt.Sprintf("%.0f s", t))
	}
	for _, m := range l.Marks {
		p.mark(m.AtS, m.Ko+" "+m.En)
	}
	var legend [][2]string
	for _, s := range shown {
		p.line(s[1], steps(l.Values[s[0]], l.StepS, 1))
		legend = append(legend, [2]string{s[1], s[2]})
	}
	if limit := l.Values["limit"]; len(limit) > 0 {
		most := math.Max(1, slices.Max(limit))
		p.line("shed", steps(limit, l.StepS, p.top/most/1.2))
		legend = append(legend, [2]string{"shed", fmt.Sprintf("한도 limit, %.0f at most", most)})
	}
	head := fmt.Sprintf("<h3>%s · %s · %g</h3>", html.EscapeString(l.System), html.EscapeString(l.Variant), l.Point)
	return template.HTML(head) + p.end(legend) //nolint:gosec // escaped
}

func steps(values []float64, step, by float64) [][2]float64 {
	points := make([][2]float64, len(values))
	for i, v := range values {
		points[i] = [2]float64{(float64(i) + .5) * step, v * by}
	}
	return points
}

// journeyPlots draw the share of completed journeys over their calls, and of the longest over the load.
func journeyPlots(e *result.Experiment) []template.HTML {
	longest, calls := &result.Experiment{}, strconv.Itoa(result.Longest)
	for _, s := range e.Summaries {
		if s.Variant == calls {
			longest.Summaries = append(longest.Summaries, s)
		}
	}
	slices.SortStableFunc(longest.Summaries, func(a, b result.Summary) int { return cmp.Compare(a.Point, b.Point) }) // lines go from left to right
	return []template.HTML{overCalls(e), overPoints(longest, "호출 "+calls+"번의 여정, 최선에 대한 비율 journeys of "+calls+" calls, share of the best", "of_best", 1.1)}
}

func overCalls(e *result.Experiment) template.HTML {
	const title = "완료된 여정의 비율 journeys completed"
	p := newPlot(title, 0.6, linear(0.5, 4.5))
	for v := 0.0; v <= 0.6; v += 0.1 {
		p.horizontal(v, fmt.Sprintf("%.1f", v))
	}
	var legend [][2]string
	for i, name := range names(e) {
		var points, best, lot [][2]float64
		for _, s := range e.Summaries {
			calls, err := strconv.ParseFloat(s.Variant, 64)
			if s.System != name || s.Valid == 0 || err != nil || s.Point != 2 {
				continue
			}
			points = append(points, [2]float64{calls, s.Values["completed"].Median})
			best = append(best, [2]float64{calls, s.Values["best"].Median})
			lot = append(lot, [2]float64{calls, s.Values["by_lot"].Median})
			p.dot("s-"+name, calls, s.Values["completed"])
			if i == 0 {
				p.tick(calls, s.Variant)
			}
		}
		if i == 0 {
			p.line("offered", best)
			p.line("shed", lot)
			legend = append(legend, [2]string{"offered", "최선 f_sat/f"}, [2]string{"shed", "제비뽑기 p^k"})
		}
		p.line("s-"+name, points)
		legend = append(legend, [2]string{"s-" + name, name})
	}
	return template.HTML("<h3>"+html.EscapeString(title+", 2×")+"</h3>") + p.end(legend) //nolint:gosec // escaped
}

// frontier is a table of triggers by load: how long a site stays down, without a gateway and with it; and the time lines of
// the first trigger.
func frontier(e *result.Experiment) []template.HTML {
	var variants []string
	var loads []float64
	for _, s := range e.Summaries {
		if !slices.Contains(variants, s.Variant) {
			variants = append(variants, s.Variant)
		}
		if !slices.Contains(loads, s.Point) {
			loads = append(loads, s.Point)
		}
	}
	slices.Sort(variants)
	slices.Sort(loads)
	var b strings.Builder
	b.WriteString(`<h3>회복까지 <span lang="en">back after the trigger's end: without → with the gateway</span></h3><div class="scroll"><table class="frontier"><tr><th>방아쇠 <span lang="en">processor at</span></th>`)
	for _, l := range loads {
		fmt.Fprintf(&b, `<th class="num">%g C</th>`, l)
	}
	b.WriteString("</tr>")
	for _, v := range variants {
		fmt.Fprintf(&b, "<tr><td>%s</td>", html.EscapeString(v))
		for _, l := range loads {
			fmt.Fprintf(&b, `<td class="num">%s → %s</td>`, backCell(e, "none", v, l), backCell(e, "ours", v, l))
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table></div>")
	out := []template.HTML{template.HTML(b.String())} //nolint:gosec // numbers and escaped names only
	for i := range e.Lines {
		if l := &e.Lines[i]; l.Repeat == 0 && l.Variant == e.Lines[0].Variant && l.Point == e.Lines[0].Point {
			out = append(out, timeLine(l))
		}
	}
	return out
}

func backCell(e *result.Experiment, system, variant string, load float64) string {
	s := e.Find(result.Key{System: system, Variant: variant, Point: load})
	switch {
	case s == nil:
		return "–"
	case s.Values["down"].Median == 1:
		return `<span class="bad">멈춤 down</span>`
	}
	return fmt.Sprintf(`<span class="good">%.1f s</span>`, s.Values["recover_ms"].Median/1000)
}
