package lane

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAnAgentIsBounded: whatever one asks, they get no more than the burst and the rate give in any stretch of time, they are
// told truly when to come back, and nobody else is touched.
func TestAnAgentIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a agents
		now := time.Unix(1_626_692_400, 0)
		var taken []time.Time
		for range rapid.IntRange(1, 400).Draw(t, "asks") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "ms")) * time.Millisecond)
			wait := a.take("busy", now)
			if wait == 0 {
				taken = append(taken, now)
				continue
			}
			if later := *a.buckets["busy"]; later.take(now.Add(wait+time.Microsecond), agentPerS, agentBurst) != 0 {
				t.Fatalf("told to wait %v, and refused then", wait)
			}
			if a.take("quiet", now) != 0 {
				t.Fatal("somebody else was refused")
			}
			delete(a.buckets, "quiet")
		}
		for i := range taken {
			for j := i; j < len(taken); j++ {
				if most := agentBurst + agentPerS*taken[j].Sub(taken[i]).Seconds() + 1; float64(j-i+1) > most {
					t.Fatalf("%d requests in %v", j-i+1, taken[j].Sub(taken[i]))
				}
			}
		}
	})
}

func TestSilentAgentsAreForgotten(t *testing.T) {
	var a agents
	now := time.Unix(1_626_692_400, 0)
	for range 5 {
		for _, name := range []string{"a", "b", "c"} {
			a.take(name+now.String(), now)
		}
		now = now.Add(2 * agentKept)
	}
	if a.take("d", now); len(a.buckets) > 4 {
		t.Errorf("%d are remembered", len(a.buckets))
	}
}

// TestEntriesAreAShareOfThePace holds what is reserved against the pace, over all gateways.
func TestEntriesAreAShareOfThePace(t *testing.T) {
	for _, c := range []struct {
		share, pace float64
		gateways    int
	}{{0.02, 1000, 1}, {0.02, 1000, 4}, {0.02, 0, 1}, {0.1, 50, 2}, {0, 1000, 1}} {
		now := time.Unix(1_626_692_400, 0)
		reserves := make([]entries, c.gateways)
		taken := 0
		const seconds = 600
		for range seconds * 100 {
			now = now.Add(10 * time.Millisecond)
			for i := range reserves {
				if reserves[i].take(now, c.share, c.pace, c.gateways) {
					taken++
				}
			}
		}
		want := max(c.share*c.pace, entriesLeast*float64(c.gateways)) * seconds
		if c.share == 0 {
			want = 0
		}
		if got := float64(taken); got > want+entriesBurst*float64(c.gateways)+1 || got < 0.99*want {
			t.Errorf("share %g of %g with %d gateways: %d entries in %d s, want about %g", c.share, c.pace, c.gateways, taken, seconds, want)
		}
	}
}
