package site

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2021, 7, 19, 11, 0, 0, 0, time.UTC)

// waits lets n jobs arrive by chance (a Poisson process) at a rate and returns how long each waited for its place.
func waits(places int, work time.Duration, rate float64, n int, seed uint64) []time.Duration {
	lot := rand.New(rand.NewPCG(seed, 7))
	s := NewStation(places, start)
	now := start
	out := make([]time.Duration, n)
	for i := range out {
		now = now.Add(time.Duration(lot.ExpFloat64() / rate * float64(time.Second)))
		var j Job
		s.Arrive(now, work, &j)
		out[i] = j.Start.Sub(now)
	}
	return out
}

func meanOf(d []time.Duration) float64 {
	sum := 0.0
	for _, x := range d {
		sum += x.Seconds()
	}
	return sum / float64(len(d))
}

// One place and fixed work: the mean wait is ρ·work/(2(1−ρ)) (Pollaczek–Khinchine).
func TestOnePlaceWaitsAsTheorySays(t *testing.T) {
	const work = 20 * time.Millisecond
	for _, rho := range []float64{0.3, 0.6, 0.8} {
		got := meanOf(waits(1, work, rho/work.Seconds(), 150_000, 1))
		want := rho * work.Seconds() / (2 * (1 - rho))
		if math.Abs(got-want) > 0.05*want {
			t.Errorf("ρ = %.1f: mean wait %.5f s, theory says %.5f", rho, got, want)
		}
	}
}

// Many places and fixed work: about half of the wait of M/M/c (Erlang C), with the correction of Cosmetatos.
func TestManyPlacesWaitAsTheorySays(t *testing.T) {
	const places, work = 16, 20 * time.Millisecond
	for _, rho := range []float64{0.8, 0.9, 0.95} {
		got := meanOf(waits(places, work, rho*places/work.Seconds(), 400_000, 2))
		want := deterministicWait(places, work.Seconds(), rho)
		if math.Abs(got-want) > 0.08*want {
			t.Errorf("ρ = %.2f: mean wait %.6f s, theory says %.6f", rho, got, want)
		}
	}
}

// deterministicWait is the mean wait of M/D/c: Cosmetatos, "Approximate explicit formulae for the average queueing time in the
// processes (M/D/r) and (D/M/r)", INFOR 13 (1975).
func deterministicWait(c int, work, rho float64) float64 {
	a := rho * float64(c)
	sum, term := 0.0, 1.0
	for k := range c {
		if k > 0 {
			term *= a / float64(k)
		}
		sum += term
	}
	term *= a / float64(c)
	queued := term / (1 - rho) / (sum + term/(1-rho))
	exponential := queued * work / (float64(c) * (1 - rho))
	fix := 1 + (1-rho)*float64(c-1)*(math.Sqrt(4+5*float64(c))-2)/(16*rho*float64(c))
	return exponential / 2 * fix
}

func TestCapacityIsPlacesByWork(t *testing.T) {
	s := NewStation(16, start)
	var last Job
	for range 8000 { // ten seconds of work, all at once
		last = Job{}
		s.Arrive(start, 20*time.Millisecond, &last)
	}
	if got := last.Done.Sub(start); got != 10*time.Second {
		t.Errorf("8000 jobs of 20 ms on 16 places took %v, not 10 s", got)
	}
}

// Whatever changes meanwhile: never more jobs at work than places (but for those that were at work when places went), jobs
// start in the order in which they came, and none takes less than its work.
func TestNeverMoreThanPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.IntRange(1, 6).Draw(t, "places")
		s := NewStation(places, start)
		now := start
		var jobs []*Job
		for range rapid.IntRange(1, 120).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "µs")) * time.Microsecond)
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				working, _ := s.Load(now)
				places = rapid.IntRange(1, 6).Draw(t, "to")
				s.Change(now, places, rapid.SampledFrom([]float64{0.4, 1, 2}).Draw(t, "speed"))
				if after, _ := s.Load(now); after > max(places, working) {
					t.Fatalf("%d at work on %d places, %d before", after, places, working)
				}
			case 1:
				s.Clear(now)
			default:
				j := &Job{Moved: make(chan struct{}, 1)}
				s.Arrive(now, time.Duration(rapid.IntRange(1, 40).Draw(t, "ms"))*time.Millisecond, j)
				jobs = append(jobs, j)
			}
			begun := time.Time{}
			for _, j := range jobs {
				if j.Done.After(now) {
					if j.Start.Before(begun) {
						t.Fatal("a job overtook one that came before it")
					}
					begun = j.Start
				}
				if j.Done.Before(j.Start) && j.Done.After(now) {
					t.Fatal("a job is done before it starts")
				}
			}
		}
	})
}

func TestSlowerAndFasterAgain(t *testing.T) {
	s := NewStation(1, start)
	j := &Job{Moved: make(chan struct{}, 1)}
	s.Arrive(start, 100*time.Millisecond, j)
	s.Change(start.Add(50*time.Millisecond), 1, 0.5) // half is left, at half the speed
	if got := j.Done.Sub(start); got != 150*time.Millisecond {
		t.Errorf("done after %v, not 150 ms", got)
	}
	s.Change(start.Add(100*time.Millisecond), 1, 1) // a quarter is left
	if got := j.Done.Sub(start); got != 125*time.Millisecond {
		t.Errorf("done after %v, not 125 ms", got)
	}
	select {
	case <-j.Moved:
	default:
		t.Error("nobody told who waits for the job")
	}
}
