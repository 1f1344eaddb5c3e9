package brownout

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/gateway/shed"
)

var begin = time.Date(2021, 7, 19, 20, 0, 0, 0, time.UTC)

// anySignal draws how a gateway may stand, wild or plain.
func anySignal() *rapid.Generator[Signal] {
	return rapid.Custom(func(t *rapid.T) Signal {
		s := Signal{
			Lag:         time.Duration(rapid.IntRange(0, 300).Draw(t, "lag")) * time.Millisecond,
			Memory:      rapid.Float64Range(0, 1.1).Draw(t, "memory"),
			Connections: rapid.Float64Range(0, 1).Draw(t, "connections"),
			Wait:        time.Duration(rapid.IntRange(0, 600).Draw(t, "wait")) * time.Millisecond,
			Instances:   rapid.IntRange(0, 3).Draw(t, "instances"),
			Idle:        rapid.Float64Range(0, 1).Draw(t, "idle"),
		}
		s.Ready = rapid.IntRange(0, s.Instances).Draw(t, "ready")
		for class := range shed.Lane {
			s.Offered[class] = rapid.Uint64Range(0, 1000).Draw(t, "offered")
			s.Shed[class] = rapid.Uint64Range(0, s.Offered[class]).Draw(t, "shed")
		}
		return s
	})
}

func TestNeverDownByMoreThanOneStepAndBackWhenCalm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, now := New(Default(), begin), begin
		for range rapid.IntRange(0, 400).Draw(t, "seconds") {
			now = now.Add(time.Duration(rapid.IntRange(-500, 3000).Draw(t, "passed")) * time.Millisecond)
			s, before := anySignal().Draw(t, "signal"), l.Status().Step
			l.Look(&s, now)
			if after := l.Status().Step; after < before-1 || !after.Valid() {
				t.Fatalf("from %v to %v at once", before, after)
			}
		}
		for range int(mostPatience * 4 * Default().Down / time.Second) {
			now = now.Add(time.Second)
			l.Look(&Signal{}, now)
		}
		if s := l.Status(); s.Step != Full || s.Wanted != Full {
			t.Fatalf("still at %v (%s) when all is calm", s.Step, s.Cause.En)
		}
	})
}

// Whatever the signals are, if they stay as they are the ladder goes up, or goes down, and then stands.
func TestAConstantSignalDoesNotMoveItToAndFro(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, now := New(Default(), begin), begin
		l.step = Step(rapid.IntRange(0, int(steps)-1).Draw(t, "from"))
		s := anySignal().Draw(t, "signal")
		var moves []int
		for range 1000 {
			before := l.Status().Step
			if now = now.Add(time.Second); l.Look(&s, now) {
				moves = append(moves, int(l.Status().Step-before))
			}
		}
		for _, m := range moves {
			if m*moves[0] <= 0 {
				t.Fatalf("it moved %v", moves)
			}
		}
	})
}

func TestTheSameSignalsMakeTheSameMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		signals := rapid.SliceOfN(anySignal(), 0, 200).Draw(t, "signals")
		a, b := New(Default(), begin), New(Default(), begin)
		for i := range signals {
			now := begin.Add(time.Duration(i) * time.Second)
			if a.Look(&signals[i], now) != b.Look(&signals[i], now) || a.Status() != b.Status() {
				t.Fatalf("second %d: %+v and %+v", i, a.Status(), b.Status())
			}
		}
	})
}

func TestAHeldStepStaysUntilItIsReleased(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, now := New(Default(), begin), begin
		held := Step(rapid.IntRange(0, int(steps)-1).Draw(t, "held"))
		l.Hold(held, Cause{"점검", "a test"}, now)
		for range rapid.IntRange(0, 200).Draw(t, "seconds") {
			now = now.Add(time.Second)
			s := anySignal().Draw(t, "signal")
			if l.Look(&s, now) || l.Status().Step != held || l.Status().Cause.En != "a test" {
				t.Fatalf("held at %v, it went to %v", held, l.Status())
			}
		}
		l.Release()
		if l.Status().Held || l.Status().Step != held {
			t.Fatalf("released from %v it jumped to %v", held, l.Status())
		}
	})
}

// TestDays lives through what may come, a second at a time.
func TestDays(t *testing.T) {
	calm := Signal{Instances: 2, Ready: 2}
	late := func(ms int) Signal {
		s := calm
		s.Lag = time.Duration(ms) * time.Millisecond
		return s
	}
	crowd := calm
	crowd.Offered[shed.P3], crowd.Shed[shed.P3] = 30_000, 29_000
	starved := crowd
	starved.Offered[shed.P1], starved.Shed[shed.P1] = 500, 100
	one := calm
	one.Ready = 1
	none := starved
	none.Ready = 0
	few := calm
	few.Offered[shed.P0], few.Shed[shed.P0] = 4, 4
	mute := starved // what the ladder turns away itself is not in the signal
	mute.Offered[shed.P3], mute.Shed[shed.P3], mute.Shed[shed.P1] = 0, 0, 0
	type stretch struct {
		seconds int
		signal  Signal
		step    Step // at its end
	}
	for name, day := range map[string][]stretch{
		"an ordinary one":                          {{600, calm, Full}},
		"one second is no state":                   {{60, calm, Full}, {1, late(300), Full}, {60, calm, Full}},
		"up at once to what is needed":             {{10, calm, Full}, {2, late(200), Static}},
		"down one step at a time":                  {{5, late(200), Static}, {20, calm, Lean}, {20, calm, Aged}, {20, calm, Full}},
		"between mark and easing it stands":        {{5, late(90), Lean}, {600, late(60), Lean}, {20, late(30), Aged}},
		"a crowd of readers keeps its pages light": {{5, crowd, Lean}, {600, crowd, Lean}, {60, calm, Full}},
		"bookings are turned away":                 {{5, starved, Essential}, {1, mute, Essential}, {1, mute, Static}, {60, mute, Full}},
		"half of the backend is gone":              {{5, one, Aged}, {600, one, Aged}, {20, calm, Full}},
		"all of it is":                             {{600, none, Aged}},
		"four refusals are no crowd":               {{600, few, Full}},
		"needed again soon, given up later":        {{5, late(90), Lean}, {20, calm, Aged}, {2, late(90), Lean}, {39, calm, Lean}, {1, calm, Aged}, {40, calm, Full}},
		"and forgiven after a while":               {{5, late(90), Lean}, {20, calm, Aged}, {2, late(90), Lean}, {300, calm, Full}, {5, late(90), Lean}, {20, calm, Aged}},
	} {
		t.Run(name, func(t *testing.T) {
			l, now := New(Default(), begin), begin
			for i, s := range day {
				for range s.seconds {
					now = now.Add(time.Second)
					l.Look(&s.signal, now)
				}
				if got := l.Status(); got.Step != s.step || got.Cause.Ko == "" || got.Cause.En == "" {
					t.Fatalf("after stretch %d: %v (%s), want %v", i, got.Step, got.Cause.En, s.step)
				}
			}
		})
	}
}

// A process that was not run has seen nothing: neither that all is well nor that it is not.
// A backend that was too slow for P0 and P1 alone and is well again: their permits lie idle, and nobody is turned away in vain for
// long, however often the last step was taken before. While all permits are in use that takes patience.
func TestTheLastStepIsGivenUpWhilePermitsLieIdle(t *testing.T) {
	for idle, want := range map[float64]time.Duration{0.6: Default().Up, 0.1: mostPatience * Default().Up} {
		l, now := New(Default(), begin), begin
		l.step, l.patience = Essential, mostPatience
		for l.Status().Step == Essential {
			now = now.Add(time.Second)
			l.Look(&Signal{Idle: idle}, now)
		}
		if took := now.Sub(begin); took < want || took > want+2*time.Second {
			t.Errorf("%.0f %% of the permits idle: after %v, want %v", 100*idle, took, want)
		}
	}
}

func TestTimeThatNobodySawCountsLittle(t *testing.T) {
	l := New(Default(), begin)
	l.step = Lean
	if l.Look(&Signal{}, begin.Add(time.Hour)) {
		t.Error("an hour's silence made it go down")
	}
}

func TestWhatTheStepsMean(t *testing.T) {
	for s := Full; s < steps; s++ {
		m := MeasuresOf(s, 10*time.Second)
		if (m.SnapshotAge > 0) != (s >= Aged) || m.Lean != (s >= Lean) || m.Static != (s >= Static) || m.PollFactor < 1 {
			t.Errorf("%v: %+v", s, m)
		}
		for class := range shed.Class(shed.Classes) {
			if want := s < Essential || class <= shed.P1 || class == shed.Lane; m.Admits(class) != want {
				t.Errorf("%v admits %v: %v", s, class, !want)
			}
		}
	}
}

func TestReasonsSayTheFigures(t *testing.T) {
	l := New(Default(), begin)
	for i := range 3 {
		l.Look(&Signal{Connections: 0.97}, begin.Add(time.Duration(i+1)*time.Second))
	}
	if got := l.Status().Cause; got.En != "connections used 97 % (mark 95 %)" || got.Ko != "연결 사용 97 % (기준 95 %)" {
		t.Errorf("%+v", got)
	}
}

func BenchmarkLook(b *testing.B) {
	l, s, now := New(Default(), begin), Signal{Lag: 50 * time.Millisecond, Instances: 3, Ready: 3}, begin
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second)
		l.Look(&s, now)
	}
}
