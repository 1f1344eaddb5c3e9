package sim

import (
	_ "embed" // the page
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// words for what befalls a day and for why ranges moved up.
var words = map[string]string{
	capacity: "처리 능력 변화 capacity changed", pause: "일시 정지 paused", resume: "재개 resumed", postpone: "개통 연기 postponed",
	capTo: "입장 속도 제한 변경 cap changed", down: "백엔드 장애 backend failed", up: "백엔드 복구 backend back",
	"paused": "일시 정지 paused", "postponed": "개통 연기 postponed", "cap_lowered": "입장 속도 제한 cap lowered",
	"backend_rests": "백엔드 쉼 backend rests", "slowed": "처리 느려짐 slowed", "calibration": "추정 보정 calibration",
}

// grouped writes whole numbers with commas.
var grouped = message.NewPrinter(language.English)

func clock(ticks int) string { return at(ticks).Format("15:04:05") }

// Text writes what came of a day, in Korean and English.
func (r *Result) Text(w io.Writer) error {
	var b strings.Builder
	s, a := &r.Scenario, &r.All
	grouped.Fprintf(&b, "모의 하루 simulated day: %d명 people, 시드 seed %s, %g시간 hours, 1인당 %d바이트 bytes each\n\n", s.People, strconv.FormatUint(s.Seed, 10), s.Hours, r.Bytes)
	grouped.Fprintf(&b, "안내한 대기 범위 ranges told       %12d\n", a.Told)
	grouped.Fprintf(&b, "  맞은 비율 held                   %11.2f %%  (이름 early %.2f %%, 늦음 late %.2f %%)\n", 100*a.HeldShare(), 100*share(a.Early, a.Told), 100*share(a.Late, a.Told))
	grouped.Fprintf(&b, "  계산한 표본 computed ones         %12d, 맞음 held %.2f %%\n", a.Sampled, 100*share(a.SampledHeld, a.Sampled))
	grouped.Fprintf(&b, "  공지된 일이 없던 범위 none announced in between %.2f %%  (전체의 %.1f %% of all)\n", 100*a.CalmShare(), 100*share(a.Told-a.Apart, a.Told))
	grouped.Fprintf(&b, "  이유 없이 늘어난 범위 moved up unexplained      %d\n", r.Jumps)
	grouped.Fprintf(&b, "  너무 넓은 범위 wider than %d × low + %d s         %d;  10분 이상의 중앙값 median high ÷ low %.2f\n", wideRatio, wideExtra, a.WideBy, r.Median)
	grouped.Fprintf(&b, "  범위를 말하지 못함 no range            %.2f %%\n", 100*a.UnknownShare())
	grouped.Fprintf(&b, "  따로 셈 counted apart: 추첨 전 not drawn %d, 물량 부족 doses gone %d, 마감 뒤 after the close %d, 대기·정지 lobby or pause %d\n", a.Undrawn, a.Scarce, a.Closing, a.Paused)
	grouped.Fprintf(&b, "  대기열 자체 표본 the line's own samples %.2f %%\n\n", 100*r.LineSays)
	grouped.Fprintf(&b, "시각 hour   범위 told    맞음 held   공지 없음 calm   중앙 비율 ratio   없음 no range\n")
	for _, h := range r.Hours {
		if h.Told == 0 {
			grouped.Fprintf(&b, "%s %16d %13s %15s %15s %14d\n", h.Clock, h.Told, "–", "–", "–", h.Unknown)
			continue
		}
		grouped.Fprintf(&b, "%s %16d %11.2f %% %13.2f %% %15.2f %14d\n", h.Clock, h.Told, 100*h.HeldShare(), 100*h.CalmShare(), h.Median, h.Unknown)
	}
	grouped.Fprintf(&b, "\n참여 joined %d, 차례에 옴 came %d, 입장 entered %d, 예약 booked %d, 잃음 lost %d, 커서 뒤로 감 cursor back %d\n", r.Joined, r.Came, r.Entered, r.Booked, r.Lost, r.Back)
	b.WriteString("\n있었던 일 what befell the day:\n")
	for _, h := range r.Befell {
		grouped.Fprintf(&b, "  %s %s %s\n", clock(h.At), words[h.Kind], valueOf(h))
	}
	b.WriteString("\n범위를 늘린 이유 why ranges moved up:\n")
	for _, m := range r.Moved {
		grouped.Fprintf(&b, "  %s %s\n", clock(m.At), words[m.Code])
	}
	if r.OK {
		b.WriteString("\n판정 verdict: 통과 pass\n")
	} else {
		grouped.Fprintf(&b, "\n판정 verdict: 실패 fail\n  %s\n", strings.Join(r.Broken, "\n  "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func valueOf(h Happening) string {
	switch {
	case h.Kind == capacity:
		return fmt.Sprintf("%.0f %%", 100*h.Value)
	case h.Kind == capTo && h.Value > 0:
		return fmt.Sprintf("%.0f %%", 100*h.Value)
	case h.Kind == capTo:
		return "해제 lifted"
	case h.Kind == postpone:
		return fmt.Sprintf("+%.0f min", h.Value/minute)
	}
	return ""
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("day").Funcs(template.FuncMap{
	"percent": func(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) }, "clock": clock,
	"count": func(n any) string { return grouped.Sprintf("%d", n) },
	"word":  func(k string) string { return words[k] }, "value": valueOf,
}).Parse(pageText))

// HTML writes the page with its pictures.
func (r *Result) HTML(w io.Writer) error {
	return page.Execute(w, struct {
		*Result
		Coverage, Truth template.HTML
	}{r, r.coverage(), r.truth()})
}

const picW, picH, picL = 960, 320, 60

func svg(body string) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %d %d" role="img">%s</svg>`, picW, picH+30, body)) //nolint:gosec // numbers of our own
}

// coverage draws the share that held by hour: all ranges, and those with nothing announced in between.
func (r *Result) coverage() template.HTML {
	var b strings.Builder
	y := func(v float64) float64 { return picH - (v-0.5)*2*(picH-10) }
	for _, v := range []float64{.5, .6, .7, .8, .9, 1} {
		fmt.Fprintf(&b, `<path class="grid%s" d="M%d %.1fH%d"/><text x="8" y="%.1f">%.0f %%</text>`, map[bool]string{true: " aim"}[v == .9], picL, y(v), picW, y(v)+4, 100*v)
	}
	step := float64(picW-picL) / float64(max(len(r.Hours), 1))
	for i, h := range r.Hours {
		x := picL + float64(i)*step
		if h.Told > 0 {
			fmt.Fprintf(&b, `<rect class="all" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x+2, y(max(h.HeldShare(), .5)), step/2-2, picH-y(max(h.HeldShare(), .5)))
		}
		if h.Told > h.Apart {
			fmt.Fprintf(&b, `<rect class="calm" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x+step/2, y(max(h.CalmShare(), .5)), step/2-2, picH-y(max(h.CalmShare(), .5)))
		}
		fmt.Fprintf(&b, `<text x="%.1f" y="%d">%s</text>`, x, picH+18, h.Clock[:2])
	}
	return svg(b.String())
}

// truth draws sampled ranges as strokes and what came of them as dots, over the time at which they were told. The scale
// of waits is logarithmic, from ten seconds to a day.
func (r *Result) truth() template.HTML {
	var b strings.Builder
	end := float64(len(r.Hours)) * 3600
	x := func(t float64) float64 { return picL + t/end*(picW-picL) }
	y := func(s float64) float64 {
		return picH - math.Log(min(max(s, 10), 86400)/10)/math.Log(8640)*(picH-10)
	}
	for _, m := range []struct {
		s    float64
		name string
	}{{10, "10 s"}, {60, "1 min"}, {600, "10 min"}, {3600, "1 h"}, {36000, "10 h"}} {
		fmt.Fprintf(&b, `<path class="grid" d="M%d %.1fH%d"/><text x="8" y="%.1f">%s</text>`, picL, y(m.s), picW, y(m.s)+4, m.name)
	}
	for _, s := range r.samples {
		class := "held"
		if s.Wait < s.Low || s.Wait > s.High {
			class = "missed"
		}
		fmt.Fprintf(&b, `<path class="range" d="M%.1f %.1fV%.1f"/><circle class="%s" cx="%.1f" cy="%.1f" r="1.6"/>`, x(s.At), y(s.Low), y(s.High), class, x(s.At), y(s.Wait))
	}
	for i, h := range r.Hours {
		fmt.Fprintf(&b, `<text x="%.1f" y="%d">%s</text>`, x(float64(i)*3600), picH+18, h.Clock[:2])
	}
	return svg(b.String())
}

// WriteTo leaves day.json and day.html in a folder.
func (r *Result) WriteTo(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make the folder of the report: %w", err)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write down the day: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "day.json"), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	f, err := os.Create(filepath.Join(folder, "day.html"))
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := r.HTML(f); err != nil {
		_ = f.Close()
		return fmt.Errorf("write the report: %w", err)
	}
	return f.Close()
}
