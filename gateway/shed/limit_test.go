package shed

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawConfig(t *rapid.T) LimitConfig {
	low := rapid.IntRange(1, 20).Draw(t, "min")
	high := rapid.IntRange(low, 500).Draw(t, "max")
	return LimitConfig{
		Start: rapid.IntRange(low, high).Draw(t, "start"), Min: low, Max: high,
		QueueTarget: 20 * time.Millisecond, Ceiling: 250 * time.Millisecond, Window: 100 * time.Millisecond,
	}
}

type answer struct {
	step, took time.Duration
	out        float64 // share of the permits
	outcome    Outcome
	wait       time.Duration
}

func drawAnswers(t *rapid.T, most float64) []answer {
	one := rapid.Custom(func(t *rapid.T) answer {
		kind := rapid.IntRange(0, 99).Draw(t, "kind")
		return answer{
			step: time.Duration(rapid.Int64Range(-int64(5*time.Millisecond), int64(40*time.Millisecond)).Draw(t, "step")),
			took: time.Duration(rapid.Int64Range(-1, int64(time.Second)).Draw(t, "took")),
			out:  rapid.Float64Range(0, most).Draw(t, "out"), outcome: Outcome{Failed: kind < 5, Overloaded: kind == 5},
			wait: time.Duration(rapid.Int64Range(0, int64(30*time.Millisecond)).Draw(t, "wait")),
		}
	})
	return rapid.SliceOfN(one, 1, 400).Draw(t, "answers")
}

func (a answer) give(l *Limit, now time.Time) {
	l.Sample(now, a.took, int(a.out*float64(l.Permits())), a.outcome)
	if a.wait > 25*time.Millisecond {
		l.ReportQueueWait(now, a.wait)
	}
}

// Whatever comes, in whatever time, a limit stays within its bounds and is the same for the same answers.
func TestALimitStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := drawConfig(t)
		if err := cfg.Check(); err != nil {
			t.Fatal(err)
		}
		l, twin := NewLimit(cfg), NewLimit(cfg)
		now := time.Unix(1000, 0)
		for _, a := range drawAnswers(t, 1.2) {
			now = now.Add(a.step)
			before := l.Status().Permits
			a.give(&l, now)
			a.give(&twin, now)
			s := l.Status()
			if n := l.Permits(); n < cfg.Min || n > cfg.Max || s.Permits < n {
				t.Fatalf("%d permits out of %d to %d, found %d", n, cfg.Min, cfg.Max, s.Permits)
			}
			if a.outcome.Overloaded && s.Permits > before {
				t.Fatalf("overloaded, and raised from %d to %d", before, s.Permits)
			}
			if math.IsNaN(l.permits) || math.IsNaN(l.base.mean) || math.IsInf(s.Throughput, 0) || s.Baseline < 0 {
				t.Fatalf("not a number: %+v", l)
			}
			if l != twin {
				t.Fatal("the same answers, another limit")
			}
		}
	})
}

func TestALimitThatIsNotUsedIsNotRaised(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLimit(drawConfig(t))
		now := time.Unix(1000, 0)
		for _, a := range drawAnswers(t, 0.85) {
			before := l.Status().Permits
			now = now.Add(a.step)
			a.give(&l, now)
			if after := l.Status().Permits; after > before {
				t.Fatalf("raised from %d to %d", before, after)
			}
		}
	})
}

func TestALimitKeepsWhatItFoundWhenItIsSet(t *testing.T) {
	l := Remembered(Default().Limit, 40)
	if l.Permits() != 40 {
		t.Fatalf("remembered 40, starts with %d", l.Permits())
	}
	cfg := Default().Limit
	cfg.Start, cfg.QueueTarget = 500, 10*time.Millisecond
	if l.Set(cfg); l.Permits() != 40 || l.Status().Reason != ReasonStart {
		t.Errorf("within the new bounds, %d permits after %q", l.Permits(), l.Status().Reason)
	}
	cfg.Max = 30
	if l.Set(cfg); l.Permits() != 30 || l.Status().Reason != ReasonSet {
		t.Errorf("above the new most, %d permits after %q", l.Permits(), l.Status().Reason)
	}
}

func TestAConfigurationOutOfBoundsIsRefused(t *testing.T) {
	if err := Default().Limit.Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*LimitConfig){
		"no permits":              func(c *LimitConfig) { c.Min = 0 },
		"min over max":            func(c *LimitConfig) { c.Min = c.Max + 1 },
		"start under min":         func(c *LimitConfig) { c.Start = c.Min - 1 },
		"no target":               func(c *LimitConfig) { c.QueueTarget = 0 },
		"ceiling under target":    func(c *LimitConfig) { c.Ceiling = c.QueueTarget - 1 },
		"window longer than most": func(c *LimitConfig) { c.Window = time.Minute },
	} {
		c := Default().Limit
		if spoil(&c); !errors.Is(c.Check(), ErrLimitConfig) {
			t.Errorf("%s: %v", name, c.Check())
		}
	}
}

func TestAReportedWaitCuts(t *testing.T) {
	l := NewLimit(Default().Limit)
	now := time.Unix(0, 0)
	for range 200 {
		now = now.Add(time.Millisecond)
		l.Sample(now, 20*time.Millisecond, l.Permits(), Outcome{})
	}
	before := l.Permits()
	l.ReportQueueWait(now, 19*time.Millisecond)
	if l.Permits() != before {
		t.Error("cut for a wait within the target")
	}
	l.ReportQueueWait(now, 21*time.Millisecond)
	if l.Permits() >= before || l.Status().Reason != ReasonQueue {
		t.Errorf("%d permits after %d, %q", l.Permits(), before, l.Status().Reason)
	}
}

func BenchmarkSample(b *testing.B) {
	l := NewLimit(Default().Limit)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(1250 * time.Microsecond)
		l.Sample(now, 25*time.Millisecond, l.Permits(), Outcome{})
	}
}
