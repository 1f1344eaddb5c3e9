package queue

import (
	"math"
	"slices"
	"testing"
)

// ksUniform is the p-value of the one-sample Kolmogorov–Smirnov test that values, which it sorts, are uniform over [0, 1).
func ksUniform(values []float64) float64 {
	slices.Sort(values)
	n, d := float64(len(values)), 0.0
	for i, v := range values {
		d = max(d, float64(i+1)/n-v, v-float64(i)/n)
	}
	return kolmogorov(d, n)
}

// ksSame is the p-value of the two-sample Kolmogorov–Smirnov test that a and b, which it sorts, come from one
// distribution.
func ksSame(a, b []float64) float64 {
	slices.Sort(a)
	slices.Sort(b)
	n, m, d := float64(len(a)), float64(len(b)), 0.0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		at := min(a[i], b[j])
		for i < len(a) && a[i] == at {
			i++
		}
		for j < len(b) && b[j] == at {
			j++
		}
		d = max(d, math.Abs(float64(i)/n-float64(j)/m))
	}
	return kolmogorov(d, n*m/(n+m))
}

// kolmogorov is the probability that the statistic is at least d for n values, by Kolmogorov's series with Stephens's
// correction for finite n (Journal of the Royal Statistical Society B 32, 1970).
func kolmogorov(d, n float64) float64 {
	lambda := (math.Sqrt(n) + 0.12 + 0.11/math.Sqrt(n)) * d
	p, sign := 0.0, 1.0
	for k := 1.0; k < 100; k++ {
		p += sign * 2 * math.Exp(-2*k*k*lambda*lambda)
		sign = -sign
	}
	if lambda < 0.2 { // the series converges too slowly; the value is 1 to twelve digits
		return 1
	}
	return min(max(p, 0), 1)
}

// pearson is the correlation of a value with the order in which the values stand.
func pearson(values []float64) float64 {
	n := float64(len(values))
	meanX, meanY := (n-1)/2, 0.0
	for _, v := range values {
		meanY += v / n
	}
	xy, xx, yy := 0.0, 0.0, 0.0
	for i, v := range values {
		x, y := float64(i)-meanX, v-meanY
		xy, xx, yy = xy+x*y, xx+x*x, yy+y*y
	}
	return xy / math.Sqrt(xx*yy)
}

// The tests of the draw are only as good as their statistics: those must know published critical values, and must
// find what is not uniform.
func TestStatisticsFindWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ lambda, p float64 }{{1.2238, 0.10}, {1.3581, 0.05}, {1.6276, 0.01}, {1.9495, 0.001}} {
		const n = 1e12 // the correction vanishes
		if got := kolmogorov(c.lambda/math.Sqrt(n), n); math.Abs(got-c.p) > 2e-4 {
			t.Errorf("p at λ = %v: %v, want %v", c.lambda, got, c.p)
		}
	}
	const n = 100_000
	even, bent, late := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		x := (float64(i*7919%n) + 0.5) / n
		even[i], bent[i], late[i] = x, math.Pow(x, 1.02), 0.98*x+0.02*float64(i)/n
	}
	if p := ksUniform(slices.Clone(even)); p < 0.5 {
		t.Errorf("an even spread: p = %v", p)
	}
	if p := ksUniform(slices.Clone(bent)); p > 0.01 {
		t.Errorf("a spread bent by 2 %%: p = %v", p)
	}
	if p := ksSame(slices.Clone(even), slices.Clone(bent)); p > 0.05 {
		t.Errorf("two different spreads: p = %v", p)
	}
	if r := pearson(late); r < 0.005 {
		t.Errorf("values that grow by 2 %%: r = %v", r)
	}
}
