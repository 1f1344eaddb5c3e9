package result

import (
	"math"
	"slices"

	"github.com/daemun/daemun/loadlab/bench"
	"github.com/daemun/daemun/loadlab/overload/load"
)

// Stat is a figure over the repeats.
type Stat struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Spread float64 `json:"spread"` // Max − Min
}

// StatOf sums values up; zero of none. Values that are no numbers are left out.
func StatOf(values []float64) Stat {
	values = slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if len(values) == 0 {
		return Stat{}
	}
	s := Stat{Median: bench.Median(values), Min: slices.Min(values), Max: slices.Max(values)}
	s.Spread = s.Max - s.Min
	return s
}

// Summarize sums up rows by key, in the order in which the keys come first.
func Summarize(rows []Row) []Summary {
	var out []Summary
	at := map[Key]int{}
	values := []map[string][]float64{}
	for _, r := range rows {
		i, ok := at[r.Key]
		if !ok {
			i = len(out)
			at[r.Key] = i
			out = append(out, Summary{Key: r.Key, Values: map[string]Stat{}})
			values = append(values, map[string][]float64{})
		}
		if r.Invalid != "" {
			continue
		}
		out[i].Valid++
		for name, v := range r.Values {
			values[i][name] = append(values[i][name], v)
		}
	}
	for i := range out {
		for name, v := range values[i] {
			out[i].Values[name] = StatOf(v)
		}
	}
	return out
}

// leastAchieved is the share of the attempts that must have been sent at their time for a measurement to mean anything.
const leastAchieved = 0.995

// RowOf is a row with the figures that every experiment shows; c is the capacity that ratios are of.
func RowOf(k Key, repeat int, f load.Figures, c float64) Row {
	r := Row{Key: k, Repeat: repeat, Figures: &f, Values: map[string]float64{
		"offered": f.Offered, "goodput": f.Goodput, "ratio": f.Goodput / c,
		"p0_ok": f.OK[0], "p1_ok": f.OK[1], "p2_ok": f.OK[2], "p3_ok": f.OK[3],
		"inversions": float64(f.Inversions), "achieved": f.Achieved, "late_p99_ms": f.Lateness.P99,
		"p50_ms": f.Trips.P50, "p99_ms": f.Trips.P99, "p0_p99_ms": f.Answers[0].P99,
		"shed_p50_ms": f.Sheds.P50, "shed_p99_ms": f.Sheds.P99, "attempts_per_original": ratio(f.Attempts, f.Originals),
	}}
	if f.Achieved < leastAchieved {
		r.Invalid = "the generator could not offer the load"
	}
	return r
}

func ratio(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// Normalize sets the ratios of rows anew, to the capacity that was found in each repeat; 0 stands for none found.
func Normalize(rows []Row, c func(repeat int) float64) {
	for i := range rows {
		if _, has := rows[i].Values["ratio"]; !has || rows[i].Figures == nil {
			continue
		}
		if found := c(rows[i].Repeat); found > 0 {
			rows[i].Values["ratio"] = rows[i].Figures.Goodput / found
		}
	}
}
