package result

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/verdict"
)

func TestStat(t *testing.T) {
	if got := StatOf([]float64{3, 1, 2}); got != (Stat{2, 1, 3, 2}) {
		t.Errorf("%+v", got)
	}
	if got := StatOf([]float64{4, 1, math.NaN(), 2, 3, math.Inf(1)}); got != (Stat{2.5, 1, 4, 3}) {
		t.Errorf("%+v", got)
	}
	if got := StatOf(nil); got != (Stat{}) {
		t.Errorf("%+v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 20).Draw(t, "values")
		before := slices.Clone(v)
		s := StatOf(v)
		if s.Min > s.Median || s.Median > s.Max || math.Abs(s.Spread-(s.Max-s.Min)) > 1e-9 || !slices.Equal(v, before) {
			t.Fatalf("%+v of %v", s, v)
		}
	})
}

func row(system string, point float64, repeat int, values map[string]float64) Row {
	return Row{Key: Key{System: system, Point: point}, Repeat: repeat, Values: values}
}

func TestInvalidRowsDoNotCount(t *testing.T) {
	rows := []Row{row(ours, 2, 0, map[string]float64{"ratio": 0.9}), row(ours, 2, 1, map[string]float64{"ratio": 1}), row("haproxy", 2, 0, nil)}
	bad := row(ours, 2, 2, map[string]float64{"ratio": 0})
	bad.Invalid = "late"
	s := Summarize(append(rows, bad))
	if len(s) != 2 || s[0].Valid != 2 || s[0].Values["ratio"].Min != 0.9 || s[0].Key.System != ours {
		t.Errorf("%+v", s)
	}
	e := Experiment{Summaries: Summarize([]Row{bad})}
	if e.Find(bad.Key) != nil {
		t.Error("found what has no valid row")
	}
}

func TestRatiosAreOfTheRepeatsOwnCapacity(t *testing.T) {
	rows := []Row{
		RowOf(Key{System: ours, Point: 2}, 0, load.Figures{Goodput: 400, Achieved: 1}, 800),
		RowOf(Key{System: ours, Point: 2}, 1, load.Figures{Goodput: 400, Achieved: 0.9}, 800),
	}
	Normalize(rows, func(repeat int) float64 { return []float64{500, 0}[repeat] })
	if rows[0].Values["ratio"] != 0.8 || rows[1].Values["ratio"] != 0.5 {
		t.Errorf("%v, %v", rows[0].Values["ratio"], rows[1].Values["ratio"])
	}
	if rows[0].Invalid != "" || rows[1].Invalid == "" {
		t.Error("what was not offered counts, or what was does not")
	}
}

// good is a curve that shows all that has to be shown.
func good() *Result {
	r := &Result{}
	var rows, journeys []Row
	for repeat := range 3 {
		for _, p := range []float64{1, 2, 10, 33} {
			for system, share := range map[string]float64{ours: 0.97, "haproxy": 0.6} {
				x := row(system, p, repeat, map[string]float64{"completed": share / p})
				x.Variant = "4"
				journeys = append(journeys, x)
			}
			rows = append(rows, row(ours, p, repeat, map[string]float64{"ratio": 0.98 + 0.005*float64(repeat), "p0_ok": 1, "p1_ok": 0.995, "inversions": 0}),
				row("haproxy", p, repeat, map[string]float64{"ratio": 0.98, "p0_ok": 0.9, "p1_ok": 0.8, "inversions": 12}),
				row("none", p, repeat, map[string]float64{"ratio": 1.2}))
		}
	}
	r.Experiments = []Experiment{{Name: "curve", Rows: rows}, {Name: "journeys", Rows: journeys}}
	return r
}

func decided(r *Result) *Result {
	for i := range r.Experiments {
		r.Experiments[i].Summaries = Summarize(r.Experiments[i].Rows)
	}
	Decide(r)
	return r
}

func TestVerdictOfTheCurve(t *testing.T) {
	each := func(r *Result, system string, point float64, do func(*Row)) {
		for i := range r.Experiments[0].Rows {
			if x := &r.Experiments[0].Rows[i]; x.System == system && x.Point == point {
				do(x)
			}
		}
	}
	set := func(system string, point float64, figure string, v float64) func(*Result) {
		return func(r *Result) { each(r, system, point, func(x *Row) { x.Values[figure] = v }) }
	}
	both := func(point float64) func(*Result) {
		return func(r *Result) {
			each(r, "haproxy", point, func(x *Row) {
				x.Values = map[string]float64{"ratio": 0.98, "p0_ok": 1, "p1_ok": 1, "inversions": 0}
			})
		}
	}
	whole := func(r *Result, system string, point, share float64) {
		for i := range r.Experiments[1].Rows {
			if x := &r.Experiments[1].Rows[i]; x.System == system && x.Point == point {
				x.Values["completed"] = share
			}
		}
	}
	for name, c := range map[string]struct {
		bend func(*Result)
		want verdict.Outcome
		line string // the one that says so
	}{
		"all shown":                         {func(*Result) {}, verdict.Pass, ""},
		"goodput":                           {set(ours, 33, "ratio", 0.94), verdict.Missed, "goodput_at_33"},
		"less is wanted at 10 ×":            {set(ours, 10, "ratio", 0.96), verdict.Missed, "ahead_of_haproxy_at_10"},
		"P0":                                {set(ours, 10, "p0_ok", 0.9985), verdict.Missed, "p0_at_10"},
		"P1":                                {set(ours, 2, "p1_ok", 0.989), verdict.Missed, "p1_at_2"},
		"one inversion once":                {func(r *Result) { r.Experiments[0].Rows[0].Values["inversions"] = 1 }, verdict.Broken, "inversions_at_1"},
		"a peer is ahead":                   {set("haproxy", 2, "ratio", 1.2), verdict.Missed, "ahead_of_haproxy_at_2"},
		"ahead within the spread":           {set("haproxy", 2, "ratio", 0.994), verdict.Pass, ""},
		"a peer's priority is as good":      {both(2), verdict.Missed, "priority_of_haproxy_at_2"},
		"a peer completes as many journeys": {func(r *Result) { whole(r, "haproxy", 2, 0.485) }, verdict.Missed, "journeys_of_haproxy_at_2"},
		"as many within the spread":         {func(r *Result) { whole(r, "haproxy", 2, 0.481) }, verdict.Missed, "journeys_of_haproxy_at_2"},
		"nobody made our journeys": {func(r *Result) {
			for i := range r.Experiments[1].Rows {
				if x := &r.Experiments[1].Rows[i]; x.System == ours {
					x.Invalid = "late"
				}
			}
		}, verdict.Inconclusive, "journeys_of_haproxy_at_2"},
		"too few journeys":                {func(r *Result) { whole(r, ours, 10, 0.079) }, verdict.Missed, "journeys_of_4_at_10"},
		"as good before there is a crowd": {both(1), verdict.Pass, ""},
		"nothing was offered":             {func(r *Result) { each(r, ours, 33, func(x *Row) { x.Invalid = "late" }) }, verdict.Inconclusive, "goodput_at_33"},
		"an inversion says more than a busy machine": {func(r *Result) {
			each(r, ours, 33, func(x *Row) { x.Invalid = "late" })
			r.Experiments[0].Rows[0].Values["inversions"] = 1
		}, verdict.Broken, "inversions_at_1"},
	} {
		r := good()
		c.bend(r)
		decided(r)
		if r.Verdict != c.want {
			t.Errorf("%s: %v, %v wanted", name, r.Verdict, c.want)
		}
		for _, l := range r.Lines {
			if fails := !l.OK || l.Unknown != ""; l.Name == c.line && !fails {
				t.Errorf("%s: the line %s does not say so: %+v", name, c.line, l)
			}
		}
	}
}

func TestVerdictOfTheTriggers(t *testing.T) {
	of := func(system string, down, recover, tries float64) Row {
		return Row{Key: Key{System: system, Variant: "0.40 for 10 s", Point: 0.8}, Values: map[string]float64{"down": down, "recover_ms": recover, "attempts_per_original": tries}}
	}
	for name, c := range map[string]struct {
		rows []Row
		want verdict.Outcome
	}{
		"down without, back with":   {[]Row{of("none", 1, 10_000, 4), of(ours, 0, 800, 1.02)}, verdict.Pass},
		"back without":              {[]Row{of("none", 0, 1000, 1.3), of(ours, 0, 800, 1.02)}, verdict.Missed},
		"too late with the gateway": {[]Row{of("none", 1, 10_000, 4), of(ours, 0, 5200, 1.02)}, verdict.Missed},
		"too many attempts":         {[]Row{of("none", 1, 10_000, 4), of(ours, 0, 800, 1.2)}, verdict.Missed},
	} {
		r := decided(&Result{Experiments: []Experiment{{Name: "metastability", Rows: c.rows}}})
		if r.Verdict != c.want {
			t.Errorf("%s: %v, %v wanted: %+v", name, r.Verdict, c.want, r.Lines)
		}
	}
}

func TestVerdictAgainstCaddy(t *testing.T) {
	of := func(system, variant string, goodput, p50, p99 float64) Row {
		return Row{Key: Key{System: system, Variant: variant}, Values: map[string]float64{"goodput": goodput, "added_p50_ms": p50, "added_p99_ms": p99}}
	}
	rows := func(p99 float64) (rows []Row) {
		for _, v := range []string{"full", "calm", "busy"} {
			rows = append(rows, of(ours, v, 20_000, 0.1, p99), of("caddy", v, 12_000, 0.2, 1))
		}
		return rows
	}
	if r := decided(&Result{Experiments: []Experiment{{Name: "proxy", Rows: rows(0.5)}}}); r.Verdict != verdict.Pass || len(r.Lines) != 5 {
		t.Errorf("%v: %+v", r.Verdict, r.Lines)
	}
	if r := decided(&Result{Experiments: []Experiment{{Name: "proxy", Rows: rows(1.5)}}}); r.Verdict != verdict.Missed {
		t.Errorf("%v", r.Verdict)
	}
	alone := slices.DeleteFunc(rows(0.5), func(r Row) bool { return r.System == "caddy" })
	if r := decided(&Result{Experiments: []Experiment{{Name: "proxy", Rows: alone}}}); r.Verdict != verdict.Inconclusive {
		t.Errorf("without Caddy: %v", r.Verdict)
	}
}

func TestNothingMeasuredIsNoLine(t *testing.T) {
	r := decided(&Result{})
	if r.Verdict != verdict.Pass || len(r.Lines) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestFileAndText(t *testing.T) {
	dir := t.TempDir()
	r := decided(good())
	if err := Save(dir, r); err != nil {
		t.Fatal(err)
	}
	again, err := Load(dir)
	if err != nil || again.Verdict != r.Verdict || len(again.Lines) != len(r.Lines) || again.Experiment("curve") == nil {
		t.Errorf("%+v, %v", again, err)
	}
	var b strings.Builder
	if err := Text(&b, again); err != nil || !strings.Contains(b.String(), "goodput_at_33") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestBenchRows(t *testing.T) {
	rows := BenchRows(&Result{Systems: []System{{Name: "haproxy", En: "HAProxy"}}, Experiments: []Experiment{func() Experiment {
		e := Experiment{Name: "curve", Rows: []Row{row(ours, 2, 0, map[string]float64{"goodput": 800, "p0_ok": 1}), row("haproxy", 2, 0, map[string]float64{"goodput": 400, "p0_ok": 0.5})}}
		e.Summaries = Summarize(e.Rows)
		return e
	}()}})
	if len(rows) != 2 || rows[0].Ratio != 2 || rows[0].Peer != "HAProxy" || rows[0].Name == rows[1].Name {
		t.Errorf("%+v", rows)
	}
}
