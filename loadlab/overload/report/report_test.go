package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/overload/result"
	"github.com/daemun/daemun/loadlab/overload/site"
)

var update = flag.Bool("update", false, "write the golden files anew")

func rows(system string, point float64, variant string, values map[string]float64) (out []result.Row) {
	for repeat := range 2 {
		v := map[string]float64{}
		for name, x := range values {
			v[name] = x * (1 - 0.01*float64(repeat))
		}
		out = append(out, result.Row{Key: result.Key{System: system, Point: point, Variant: variant}, Repeat: repeat, Values: v})
	}
	return out
}

func line(system, variant string, point float64) result.TimeLine {
	return result.TimeLine{Key: result.Key{System: system, Variant: variant, Point: point}, StepS: load.Grain.Seconds(),
		Values: map[string][]float64{"sent": {900, 1800, 1700}, "goodput": {780, 400, 800}, "limit": {64, 32, 33}},
		Marks:  []result.Mark{{AtS: 0.1, Ko: "용량 절반", En: "halve"}}}
}

func sample() *result.Result {
	r := &result.Result{At: time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC), TookS: 3600, Machine: "linux/amd64, 2 CPUs", Command: "daemun loadlab experiment <all>",
		Site: site.Setting{Places: 16, ServiceMS: 20, Speed: 1}, Nominal: 800, C: result.Stat{Median: 800, Min: 798, Max: 801, Spread: 3}, Repeats: 2,
		Systems: []result.System{{Name: "ours", Ko: "대문", En: "Daemun"}, {Name: "haproxy", Ko: "HAProxy", En: "HAProxy"}, {Name: "caddy", Ko: "Caddy", En: "Caddy", Missing: "caddy is not installed"}}}
	var curve, journeys, meta, proxy []result.Row
	for _, p := range []float64{0.8, 2, 33} {
		curve = append(curve, rows("ours", p, "", map[string]float64{"offered": 800 * p, "goodput": 780, "ratio": 0.98, "p0_ok": 1, "p1_ok": 1, "p2_ok": 0.5, "inversions": 0})...)
		curve = append(curve, rows("haproxy", p, "", map[string]float64{"offered": 800 * p, "goodput": 600, "ratio": 0.75, "p0_ok": 0.5, "p1_ok": 0.4, "inversions": 12})...)
	}
	for _, calls := range []string{"1", "4"} {
		journeys = append(journeys, rows("ours", 2, calls, map[string]float64{"completed": 0.48, "best": 0.5, "by_lot": 0.3, "of_best": 0.96})...)
	}
	journeys = append(journeys, rows("ours", 33, "4", map[string]float64{"completed": 0.027, "best": 0.0303, "by_lot": 0.0002, "of_best": 0.9})...)
	journeys = append(journeys, rows("ours", 1.2, "4", map[string]float64{"completed": 0.8, "best": 0.833, "by_lot": 0.743, "of_best": 0.96})...)
	meta = append(rows("none", 0.8, "0.40 for 10 s", map[string]float64{"down": 1, "recover_ms": 10_000, "attempts_per_original": 4}),
		rows("ours", 0.8, "0.40 for 10 s", map[string]float64{"recover_ms": 900, "attempts_per_original": 1.02, "down": 0})...)
	meta[1].Values["down"] = 1
	proxy = append(rows("ours", 0, "full", map[string]float64{"goodput": 20_000, "cpu_us": 20}), rows("caddy", 0, "full", map[string]float64{"goodput": 12_000, "cpu_us": 60})...)
	r.Experiments = []result.Experiment{
		{Name: "curve", Ko: "과부하 곡선", En: "goodput", Rows: curve},
		{Name: "step", Ko: "계단", En: "a step", Rows: rows("ours", 1.4, "halve", map[string]float64{"recover_ms": 300, "follow_ms": 900}), Lines: []result.TimeLine{line("ours", "halve", 1.4)}},
		{Name: "journeys", Ko: "여정", En: "journeys", Rows: journeys},
		{Name: "metastability", Ko: "고착", En: "metastability", Rows: meta, Lines: []result.TimeLine{line("none", "0.40 for 10 s", 0.8)}},
		{Name: "proxy", Ko: "통과 비용", En: "what a request costs", Rows: proxy},
	}
	for i := range r.Experiments {
		r.Experiments[i].Summaries = result.Summarize(r.Experiments[i].Rows)
	}
	result.Decide(r)
	return r
}

func TestGolden(t *testing.T) {
	var b bytes.Buffer
	if err := HTML(&b, sample()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "report.html")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("the page is not as it was; look at the difference, then run with -update")
	}
}

func TestPageStandsAlone(t *testing.T) {
	var b bytes.Buffer
	if err := HTML(&b, sample()); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, wrong := range []string{"http://", "https://", "<script", "<all>", "NaN", "%!"} {
		if strings.Contains(page, wrong) {
			t.Errorf("the page holds %q", wrong)
		}
	}
	for _, tag := range []string{"svg", "table", "section", "ul", "h3"} {
		if open, end := len(regexp.MustCompile("<"+tag+`[ >]`).FindAllString(page, -1)), strings.Count(page, "</"+tag+">"); open != end {
			t.Errorf("%d <%s>, %d ends", open, tag, end)
		}
	}
	for _, said := range []string{"미달", "멈춤 down", "없음 missing", "0.975 ±0.005"} {
		if !strings.Contains(page, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
}

// A result of which nothing was valid is shown too.
func TestNothingValid(t *testing.T) {
	r := sample()
	for i := range r.Experiments {
		e := &r.Experiments[i]
		for j := range e.Rows {
			e.Rows[j].Invalid = "late"
		}
		e.Summaries, e.Lines = result.Summarize(e.Rows), nil
	}
	result.Decide(r)
	var b bytes.Buffer
	if err := HTML(&b, r); err != nil || strings.Contains(b.String(), "NaN") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
