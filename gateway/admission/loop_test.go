package admission_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/admission"
	"github.com/daemun/daemun/gateway/admission/backendsim"
)

// loop is the controller on a simulated backend with people inside.
type loop struct {
	c     *admission.Controller
	b     *backendsim.Backend
	crowd *backendsim.Crowd
	now   time.Time
	rate  float64
	cap   float64
}

const tick = 100 * time.Millisecond

func newLoop(cfg admission.Config, capacity float64, h backendsim.Habits) *loop {
	b := backendsim.New(backendsim.Default(capacity))
	return &loop{c: admission.New(cfg), b: b, crowd: backendsim.NewCrowd(b, h), now: time.Unix(0, 0)}
}

func (l *loop) tick() {
	l.now = l.now.Add(tick)
	s := l.b.Signal(l.now)
	s.Waiting, s.Inside, s.Cap = true, int64(l.crowd.Inside()), l.cap
	l.rate = l.c.Step(s)
	l.crowd.Call(l.rate * tick.Seconds() / 0.7)
	l.crowd.Step()
}

// seen is how a stretch of time went.
type seen struct {
	used     float64       // people called in ÷ what the backend bears
	overload time.Duration // the longest stretch in which people inside waited for more than two seconds
	worst    time.Duration
	low, top float64 // lowest and highest minute ÷ what the backend bears
}

func (l *loop) run(length time.Duration) seen {
	s := seen{low: math.Inf(1)}
	over, minute := time.Duration(0), 0.0
	for at := time.Duration(0); at < length; at += tick {
		l.tick()
		share := l.rate * tick.Seconds() / l.crowd.Bears()
		s.used += share / length.Seconds()
		if minute += share / 60; (at+tick)%time.Minute == 0 {
			s.low, s.top, minute = min(s.low, minute), max(s.top, minute), 0
		}
		if over += tick; l.b.Overload() <= 1500*time.Millisecond {
			over = 0
		}
		s.overload, s.worst = max(s.overload, over), max(s.worst, l.b.Overload())
	}
	return s
}

// What is promised, whatever the backend bears and however long people inside take, up to a median of two minutes: what they
// do falls on the backend as late as that.
const (
	warm        = 10 * time.Minute // from a cold start
	recoverIn   = 4 * time.Minute  // until a minute in which at least nine tenths of what the backend bears are used
	recovered   = 0.9
	mostOver    = 100 * time.Second // people inside wait for more than 1.5 s for so long after half of the capacity is lost
	worstWait   = 3 * time.Second   // and nobody ever for more than this
	leastUse    = 0.80
	leastMinute = 0.60
	mostMinute  = 1.35
)

func TestLoopOnABackend(t *testing.T) {
	chance := rand.New(rand.NewPCG(7, 19))
	for range 24 {
		capacity := 30 * math.Exp(chance.Float64()*math.Log(100))
		h := backendsim.Usual()
		h.Thinking = time.Duration(20+chance.IntN(100)) * time.Second
		l := newLoop(admission.Default(), capacity, h)
		cold := l.run(warm)
		steady := l.run(15 * time.Minute)
		l.b.SetCapacity(capacity / 2)
		loss := l.run(recoverIn)
		half := l.run(10 * time.Minute)
		l.b.SetCapacity(capacity)
		gain := l.run(recoverIn)
		back := l.run(10 * time.Minute)
		for name, s := range map[string]seen{"steady": steady, "half": half, "back": back} {
			if s.used < leastUse || s.used > 1.02 || s.low < leastMinute || s.top > mostMinute || s.worst > time.Second {
				t.Errorf("capacity %.0f, thinking %v, %s: %+v", capacity, h.Thinking, name, s)
			}
		}
		for name, s := range map[string]seen{"cold": cold, "loss": loss, "gain": gain} {
			if s.overload > mostOver || s.worst > worstWait || s.top < recovered {
				t.Errorf("capacity %.0f, thinking %v, %s: %+v", capacity, h.Thinking, name, s)
			}
		}
	}
}

func TestFailureOfAMinuteIsFollowedByWhatWasThereBefore(t *testing.T) {
	l := newLoop(admission.Default(), 300, backendsim.Usual())
	l.run(warm)
	l.crowd.SetDown(true)
	for at := time.Duration(0); at < time.Minute; at += tick {
		if l.tick(); at > 2*time.Second && !l.b.Up() && l.rate != 0 {
			t.Fatalf("%v after the failure %.0f people a second are called", at, l.rate)
		}
	}
	l.crowd.SetDown(false)
	if after := l.run(5 * time.Minute); after.top < recovered || after.worst > worstWait {
		t.Errorf("after a minute's failure: %+v", after)
	}
}

func TestPeopleInsideAreBounded(t *testing.T) {
	cfg := admission.Default()
	cfg.Inside = 500
	l := newLoop(cfg, 10_000, backendsim.Usual())
	l.run(warm)
	for range 600 {
		if l.tick(); l.crowd.Inside() > 650 { // those already called still come
			t.Fatalf("%.0f people inside, 500 wanted", l.crowd.Inside())
		}
	}
	if l.crowd.Inside() < 350 {
		t.Errorf("only %.0f people inside, 500 wanted", l.crowd.Inside())
	}
}
