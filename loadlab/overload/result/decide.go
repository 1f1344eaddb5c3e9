package result

import (
	"fmt"

	"github.com/daemun/daemun/loadlab/verdict"
)

// Decide writes the lines of verdict and what they come to: a broken invariant first, then measurements that say nothing, then
// a level that was missed. Experiments that were not done have no lines.
func Decide(r *Result) {
	r.Lines = nil
	for _, judge := range []func(*Result) []Line{curveLines, spikeLines, stepLines, journeyLines, metaLines, ablationLines, shedLines, proxyLines} {
		r.Lines = append(r.Lines, judge(r)...)
	}
	r.Verdict = verdict.Pass
	for _, l := range r.Lines {
		switch {
		case l.Unknown != "":
			r.Verdict = worse(r.Verdict, verdict.Inconclusive)
		case !l.OK && l.Invariant:
			r.Verdict = verdict.Broken
		case !l.OK:
			r.Verdict = worse(r.Verdict, verdict.Missed)
		}
	}
}

// order is how much an outcome says: the later one stands.
var order = []verdict.Outcome{verdict.Pass, verdict.Missed, verdict.Inconclusive, verdict.Broken}

func worse(a, b verdict.Outcome) verdict.Outcome {
	for _, o := range order {
		if o == a {
			return b
		}
		if o == b {
			return a
		}
	}
	return a
}

const ours = "ours"

// bound is what is wanted of a figure.
type bound struct {
	value float64
	most  bool // at most; else at least
}

func atLeast(v float64) bound { return bound{v, false} }
func atMost(v float64) bound  { return bound{v, true} }

func (b bound) holds(v float64) bool {
	if b.most {
		return v <= b.value
	}
	return v >= b.value
}

func (b bound) String() string {
	sign := ">="
	if b.most {
		sign = "<="
	}
	if b.value >= 1000 {
		return fmt.Sprintf("%s %.0f", sign, b.value)
	}
	return fmt.Sprintf("%s %.4g", sign, b.value)
}

// judge holds the median of a figure of a key against a bound.
func (e *Experiment) judge(l Line, k Key, figure string, want bound) Line {
	return e.judgeBy(l, k, figure, want, func(s Stat) float64 { return s.Median })
}

// judgeWorst is judge for the worst of the repeats.
func (e *Experiment) judgeWorst(l Line, k Key, figure string, want bound) Line {
	return e.judgeBy(l, k, figure, want, func(s Stat) float64 {
		if want.most {
			return s.Max
		}
		return s.Min
	})
}

func (e *Experiment) judgeBy(l Line, k Key, figure string, want bound, of func(Stat) float64) Line {
	l.Wanted = want.String()
	s := e.Find(k)
	if s == nil {
		l.Unknown = "no valid measurement"
		return l
	}
	stat, ok := s.Values[figure]
	if !ok {
		l.Unknown = "not measured"
		return l
	}
	l.Value = of(stat)
	l.OK = want.holds(l.Value)
	return l
}

// points are the keys of a system in an experiment.
func (e *Experiment) keys(system string) []Key {
	var out []Key
	for _, s := range e.Summaries {
		if s.System == system {
			out = append(out, s.Key)
		}
	}
	return out
}

// others are the systems of an experiment that are measured against ours.
func (e *Experiment) others() []string {
	var out []string
	seen := map[string]bool{ours: true, "none": true}
	for _, s := range e.Summaries {
		if !seen[s.System] {
			seen[s.System] = true
			out = append(out, s.System)
		}
	}
	return out
}
