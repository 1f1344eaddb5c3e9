package scenario

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNamed(t *testing.T) {
	if s, err := Named("surge"); err != nil || s.Name != "surge" {
		t.Errorf("surge: %v, %v", s.Name, err)
	}
	if _, err := Named("calm"); err == nil {
		t.Error("an unknown scenario was found")
	}
}

func TestTheFullSurgeIsFull(t *testing.T) {
	p := Surge().Scale(10_000_000)
	if p.Eligible != 150_000 || p.NotEligible != 50_000 || p.Stock != 140_000 || p.MinBookings != 100_000 {
		t.Errorf("%+v", p)
	}
	if cheats := float64(p.Requests) * p.CheatShare; cheats < 50_000 {
		t.Errorf("%.0f cheats", cheats)
	}
}

// Whatever the size and the machine: the run leaves room for the lobby, both faults and what follows them, and ends in
// time.
func TestPlansHaveRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		requests := rapid.Uint64Range(20_000, 20_000_000).Draw(t, "requests")
		capacity := rapid.Float64Range(1000, 500_000).Draw(t, "capacity")
		p := Surge().Scale(requests).Paced(capacity, 0)
		if p.Run < shortest || p.Run > longest {
			t.Fatalf("run of %v", p.Run)
		}
		if p.Lobby <= 0 || p.Lobby > p.Run/5 {
			t.Fatalf("lobby of %v in %v", p.Lobby, p.Run)
		}
		if p.Stock >= p.Eligible || p.MinBookings >= p.Stock {
			t.Fatalf("%d doses for %d people, %d bookings wanted", p.Stock, p.Eligible, p.MinBookings)
		}
		last := p.Lobby
		for _, f := range p.Faults {
			if at := p.FaultAt(f); at < last+2*time.Second || at > p.Run-5*time.Second {
				t.Fatalf("fault at %v of %v", at, p.Run)
			} else {
				last = at
			}
		}
	})
}

func TestTheFullRunFitsItsTime(t *testing.T) {
	p := Surge().Scale(10_000_000)
	for capacity, want := range map[float64]time.Duration{45_000: full, 90_000: full, 43_000: 246 * time.Second, 20_000: longest} {
		if got := p.Paced(capacity, 0).Run; got != want {
			t.Errorf("at %.0f/s the run takes %v, want %v", capacity, got, want)
		}
	}
}

// The stroke stands out and stays within a third of the average, at every size.
func TestTheStrokeIsBounded(t *testing.T) {
	for _, requests := range []uint64{20_000, 200_000, 1_500_000, 5_000_000, 10_000_000} {
		p := Surge().Scale(requests).Paced(60_000, 0)
		sum, n := 0.0, 0
		for at := time.Duration(0); at < p.Run; at += 50 * time.Millisecond {
			sum, n = sum+p.Weight(at), n+1
		}
		if over := p.Weight(p.Lobby) / (sum / float64(n)); over < 1.25 || over > 1.37 {
			t.Errorf("%d requests: the stroke is %.2f of the average", requests, over)
		}
	}
}

func TestTheOpeningIsThePeak(t *testing.T) {
	p := Surge().Scale(10_000_000).Paced(60_000, 0)
	peak := p.Weight(p.Lobby)
	for at := time.Duration(0); at < p.Run; at += 100 * time.Millisecond {
		if w := p.Weight(at); w <= 0 || w > peak {
			t.Fatalf("weight %.2f at %v, at the opening %.2f", w, at, peak)
		}
	}
	if end := p.Weight(p.Run); end > .75*peak {
		t.Errorf("the load does not decay: %.2f at the end, %.2f at the opening", end, peak)
	}
	if r := p.StartRate(0); r < 500 || r > 1000 {
		t.Errorf("%d people a second to begin with", r)
	}
	if q := p.Paced(60_000, time.Minute); q.Run != time.Minute {
		t.Errorf("asked for a minute, got %v", q.Run)
	}
}
