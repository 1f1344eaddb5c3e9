package shed

import (
	"fmt"
	"testing"
	"time"
)

// TestTheLimitForgetsOtherRequests lets a crowd come after a calm time in which all requests were of a kind that takes next to
// nothing: how long those took says nothing of the crowd's, and must not hold the limit down.
func TestTheLimitForgetsOtherRequests(t *testing.T) {
	for _, factor := range []float64{2, 10, 33} {
		for _, start := range []int{64, 4} {
			t.Run(fmt.Sprintf("%gx from %d", factor, start), func(t *testing.T) {
				l := ours(start)
				for at := time.Unix(-20, 0); at.Before(time.Unix(0, 0)); at = at.Add(5 * time.Millisecond) {
					l.Sample(at, 500*time.Microsecond, 1, Outcome{})
				}
				s := scenes[0].play(1, l, factor, 6*time.Second)
				first, later := s.goodput(500*time.Millisecond, 2*time.Second)/800, s.goodput(2*time.Second, 6*time.Second)/800
				t.Logf("goodput %.3f from half a second on, %.3f from two seconds on, limit %.0f", first, later, s.mean(2*time.Second, 6*time.Second))
				if first < 0.9 || later < 0.97 {
					t.Errorf("held down by what is no longer asked for")
				}
			})
		}
	}
}
