package result

import (
	"fmt"

	"github.com/daemun/daemun/loadlab/bench"
)

// BenchRows are the comparisons that go into the file of `make bench`: goodput under overload and what a request costs that is
// let through, ours beside each peer, over the repeats.
func BenchRows(r *Result) (rows []bench.Row) {
	words := map[string]string{}
	for _, s := range r.Systems {
		words[s.Name] = s.En
	}
	row := func(e *Experiment, name, unit, figure string, better bench.Better, k Key, peer string) {
		mine := e.values(Key{ours, k.Variant, k.Point}, figure)
		theirs := e.values(Key{peer, k.Variant, k.Point}, figure)
		if len(mine) > 0 && len(theirs) > 0 {
			rows = append(rows, bench.Compare("overload: "+name+", "+peer, unit, better, mine, words[peer], theirs))
		}
	}
	for _, name := range []string{"curve", "ablation"} {
		e := r.Experiment(name)
		if e == nil {
			continue
		}
		for _, k := range e.keys(ours) {
			for _, peer := range e.others() {
				at := fmt.Sprintf(" at %g × C", k.Point)
				row(e, name+" goodput"+at, "1/s", "goodput", bench.More, k, peer)
				row(e, name+" P0 kept"+at, "share", "p0_ok", bench.More, k, peer)
			}
		}
	}
	if e := r.Experiment("proxy"); e != nil {
		for _, peer := range e.others() {
			row(e, "let through a second", "1/s", "goodput", bench.More, Key{Variant: "full"}, peer)
			row(e, "p50 at 4 × C let through", "ms", "p50_ms", bench.Less, Key{Variant: "busy"}, peer)
			row(e, "p99 at 4 × C let through", "ms", "p99_ms", bench.Less, Key{Variant: "busy"}, peer)
		}
	}
	return rows
}

// values are a figure of a key in its valid rows.
func (e *Experiment) values(k Key, figure string) (out []float64) {
	for _, r := range e.Rows {
		if v, ok := r.Values[figure]; ok && r.Key == k && r.Invalid == "" {
			out = append(out, v)
		}
	}
	return out
}
