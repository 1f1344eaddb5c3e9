package verdict

import (
	"fmt"
	"math"
)

// leastGrowth is the growth of a work counter that noise on a shared machine never explains by itself.
const leastGrowth = .05

// regressions names each counter that grew beyond max(5 %, 3 × the spread between earlier runs). One earlier run has no
// spread to show, so the allowance is then three times wider.
func regressions(now []Counter, earlier [][]Counter) []string {
	var out []string
	for _, c := range now {
		var past []float64
		for _, run := range earlier {
			for _, e := range run {
				if e.Name == c.Name && e.Value > 0 {
					past = append(past, e.Value)
				}
			}
		}
		if len(past) == 0 || c.Value <= 0 {
			continue
		}
		mean, allowed := allowance(past)
		if growth := c.Value/mean - 1; growth > allowed {
			out = append(out, fmt.Sprintf("%s grew by %.1f %% to %.4g %s, noise explains %.1f %%", c.Name, 100*growth, c.Value, c.Unit, 100*allowed))
		}
	}
	return out
}

func allowance(past []float64) (mean, allowed float64) {
	low, high := past[0], past[0]
	for _, x := range past {
		mean += x / float64(len(past))
		low, high = math.Min(low, x), math.Max(high, x)
	}
	if len(past) == 1 {
		return mean, 3 * leastGrowth
	}
	return mean, math.Max(leastGrowth, 3*(high-low)/mean)
}
