package wait

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2021, 7, 19, 20, 0, 0, 0, time.UTC)

const round = 100 * time.Millisecond

// line is a line that the test serves at a speed it chooses.
type line struct {
	Look
	people float64
	e      *Estimator
	p      *Published
}

func newLine(total uint64) *line {
	return &line{Look: Look{Now: start, Total: total, Calling: true, Rate: 100, OpensAt: start}, e: New(nil)}
}

func (l *line) round(speed float64) {
	l.Now = l.Now.Add(round)
	if l.Calling && !l.Resting {
		if l.Cap > 0 {
			speed = min(speed, l.Cap)
		}
		l.people = min(l.people+speed*round.Seconds(), float64(l.Total))
		l.Rate = speed
	}
	l.Served = uint64(l.people)
	l.p = l.e.Step(l.Look)
}

// No range moves up without an event, none is wider than promised, and none is upside down, whatever the line does, and
// whoever leads.
func TestNoRangeMovesUpUnexplained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLine(uint64(rapid.IntRange(10, 500_000).Draw(t, "people")))
		l.Total = max(l.Total, 20)
		speed := rapid.Float64Range(1, 2000).Draw(t, "speed")
		var watched []uint64 // places of people who ask in every round
		for i := range 12 {
			watched = append(watched, l.Total*uint64(i+1)/12)
		}
		highs, lows := make([]int64, 12), make([]int64, 12)
		number := uint32(0)
		noise := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "noise"), 0))
		for step := range 60 {
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				speed = rapid.Float64Range(1, 2000).Draw(t, "speed")
			case 1:
				l.Calling = !l.Calling
			case 2:
				l.Resting = !l.Resting
			case 3:
				l.Cap = rapid.SampledFrom([]float64{0, 10, 100}).Draw(t, "cap")
			case 4:
				l.Total += uint64(rapid.IntRange(0, 50_000).Draw(t, "more"))
			case 5:
				l.OpensAt = l.OpensAt.Add(time.Minute)
			case 6:
				l.Found = true
			case 7: // another gateway takes the lead
				l.e = New(throughJSON(t, l.p))
			}
			for range rapid.IntRange(1, 200).Draw(t, "rounds") {
				l.round(speed * (0.5 + noise.Float64()))
				for i, at := range watched {
					low, high, ok := l.p.Timetable.Range(at)
					if !ok {
						highs[i] = 0
						continue
					}
					if low < 0 || high < low || high > MostRatio*low+MostExtra {
						t.Fatalf("step %d: %d to %d s at %d of %d", step, low, high, at, l.Total)
					}
					if highs[i] > 0 && l.p.Timetable.Event.Number == number && (high > highs[i] || low > lows[i]) {
						t.Fatalf("step %d: from %d–%d to %d–%d s without an event", step, lows[i], highs[i], low, high)
					}
					highs[i], lows[i] = high, low
				}
				number = l.p.Timetable.Event.Number
			}
		}
	})
}

func throughJSON(t *rapid.T, p *Published) *Published {
	if p == nil {
		return nil
	}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var out Published
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return &out
}

// run serves a line and gives the share of ranges, told each minute to people all over the line, that held.
func run(l *line, length time.Duration, speed func(time.Duration) float64) (held float64, told int) {
	type told1 struct {
		at        uint64
		when      time.Time
		low, high int64
	}
	var open []told1
	good, settled := 0, 0
	for since := time.Duration(0); since < length; since += round {
		l.round(speed(since))
		if since%time.Minute == 0 && since > 0 {
			for far := uint64(50); l.Served+far < l.Total; far *= 2 {
				if low, high, ok := l.p.Timetable.Range(l.Served + far); ok {
					open = append(open, told1{l.Served + far, l.Now, low, high})
				}
			}
		}
		rest := open[:0]
		for _, o := range open {
			if o.at > l.Served {
				rest = append(rest, o)
				continue
			}
			settled++
			if w := l.Now.Sub(o.when).Seconds(); w >= float64(o.low) && w <= float64(o.high)+0.1 {
				good++
			}
		}
		open = rest
	}
	return float64(good) / float64(settled), settled
}

func TestRangesHoldOnASteadyAndAChangingLine(t *testing.T) {
	noise := rand.New(rand.NewPCG(1, 2))
	walk := 0.0
	rows := []struct {
		name  string
		speed func(time.Duration) float64
		least float64
	}{
		{"steady", func(time.Duration) float64 { return 60 }, 1},
		{"saw-tooth of 30 s", func(d time.Duration) float64 { return 80 - float64(d%(30*time.Second))/float64(time.Second) }, 0.97},
		{"a quarter of the capacity goes after an hour", func(d time.Duration) float64 {
			if d > time.Hour {
				return 45
			}
			return 60
		}, 0.95},
		{"half of it goes and comes back", func(d time.Duration) float64 {
			if d > time.Hour && d < 2*time.Hour {
				return 30
			}
			return 60
		}, 0.90},
		{"wanders", func(time.Duration) float64 {
			walk = walk*0.99999 + 0.002*noise.NormFloat64()
			return 60 * math.Exp(walk)
		}, 0.90},
	}
	for _, row := range rows {
		l := newLine(600_000)
		l.Found = true
		held, settled := run(l, 4*time.Hour, row.speed)
		if held < row.least || settled < 1000 {
			t.Errorf("%s: %.3f of %d ranges held, want %.2f", row.name, held, settled, row.least)
		}
		q := l.p.Memory.Quality
		if share, ok := q.LastHour(); !ok || share < 0.85 || share > 1 {
			t.Errorf("%s: the line's own count of the last hour says %.3f", row.name, share)
		}
	}
}

func TestReasonsAreToldForAWhile(t *testing.T) {
	l := newLine(100_000)
	l.Found = true
	for range 600 {
		l.round(50)
	}
	_, before, _ := l.p.Timetable.Range(80_000)
	l.Cap = 10
	l.round(50)
	event := l.p.Timetable.Event
	_, after, _ := l.p.Timetable.Range(80_000)
	if event.Code != CapLowered || after < 3*before {
		t.Fatalf("a cap of a fifth: %+v, from %d to %d s", event, before, after)
	}
	if event.Reason(l.Now) == "" || event.Reason(l.Now.Add(time.Hour)) != "" {
		t.Error("the reason is not told, or for ever")
	}
	for _, code := range []string{Paused, Postponed, CapLowered, Rests, Slowed, Calibration} {
		if e := (Event{Number: 1, Code: code, At: start}); e.Reason(start) == "" {
			t.Errorf("nothing to tell for %s", code)
		}
	}
}

func TestShortWaitsAreToldFromTheFirstRound(t *testing.T) {
	l := newLine(100_000)
	l.round(100)
	if low, high, ok := l.p.Timetable.Range(l.Served + 3000); !ok || low > 30 || high < 30 {
		t.Errorf("30 s away at the first rate: %d to %d, %v", low, high, ok)
	}
	if _, _, ok := l.p.Timetable.Range(90_000); ok {
		t.Error("a quarter of an hour is told from a guess")
	}
	l.Found = true
	for range 310 {
		l.round(50)
	}
	if low, high, ok := l.p.Timetable.Range(90_000); !ok || low > 1770 || high < 1770 {
		t.Errorf("after half a minute half an hour is told as %d to %d, %v", low, high, ok)
	}
}

func TestShowUpIsTheShareThatComes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Float64Range(0.35, 1).Draw(t, "share")
		speed := rapid.Float64Range(5, 500).Draw(t, "speed")
		var s ShowUp
		if n := Calls(0); n != 1 {
			t.Fatalf("calls %v for one while nothing is known", n)
		}
		for at := range 1800 {
			called := speed * float64(at)
			entered := share * speed * max(float64(at)-10, 0)
			s.Step(start.Add(time.Duration(at)*time.Second), called, entered)
		}
		got, ok := s.Share()
		if !ok || math.Abs(got-share) > 0.05 || math.Abs(Calls(got)*share-1) > 0.08 {
			t.Fatalf("%v of the called came: estimated %v, calls %v", share, got, Calls(got))
		}
	})
}

func BenchmarkRange(b *testing.B) {
	l := newLine(3_000_000)
	l.Found = true
	for range 200 {
		l.round(60)
	}
	b.ReportAllocs()
	for b.Loop() {
		l.p.Timetable.Range(1_234_567)
	}
}

func BenchmarkStep(b *testing.B) {
	l := newLine(3_000_000)
	l.Found = true
	for range 200 {
		l.round(60)
	}
	b.ReportAllocs()
	for b.Loop() {
		l.round(60)
	}
}
