package shed

import (
	"math/rand/v2"
	"testing"
)

// TestTheLimitStaysAfterTriggers: a backend that bears what comes, is slowed down again and again, for longer than it takes to fill
// any queue, and left in peace in between. The limit must not stand far above what the backend works on when that is over.
func TestTheLimitStaysAfterTriggers(t *testing.T) {
	for _, load := range []float64{0.6, 0.8, 0.95} {
		for seed := range uint64(4) {
			slow := func(rng *rand.Rand, now int64) float64 {
				at := now % int64(20*sec)
				if at < int64(6*sec) {
					return 20e6
				}
				if at < int64(12*sec) {
					return 20e6 / []float64{0.2, 0.4}[now/int64(20*sec)%2]
				}
				return 20e6
			}
			l := ours(64).(*Limit)
			s := newSimulation(seed, l, &places{n: always(16), service: slow}, constant(load*800), 80)
			s.stalls = seed%2 == 1
			s.run(160 * sec)
			most := 0
			for _, n := range s.permits[:160*20] {
				most = max(most, n)
			}
			t.Logf("%g C, seed %d: at most %d, at the end %d", load, seed, most, s.permits[159*20])
			if most > 130 {
				t.Errorf("%g C, seed %d: the limit went up to %d", load, seed, most)
			}
		}
	}
}
