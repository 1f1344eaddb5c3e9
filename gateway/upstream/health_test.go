package upstream

import (
	"context"
	"errors"
	"math"
	"net"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/shed"
)

// stand waits, in a bubble, until watched instances have had time to come into their states.
func stand(d time.Duration) { time.Sleep(d); synctest.Wait() }

// watched runs do beside a pool that is watched.
func watched(t *testing.T, c Config, do func(*testing.T, *rig), urls ...string) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, c, urls...)
		ctx, stop := context.WithCancel(t.Context())
		watching := make(chan struct{})
		go func() { defer close(watching); r.Watch(ctx) }()
		stand(time.Second)
		do(t, r)
		stop()
		<-watching
	})
}

func TestAnInstanceThatComesBackStartsSlowly(t *testing.T) {
	c := Default()
	c.Health.SlowStart = 4 * time.Second
	watched(t, c, func(t *testing.T, r *rig) {
		r.set(one, fails(unsent{refusedError}))
		stand(150 * time.Millisecond)
		if s := r.Instances()[0]; s.State != api.InstanceDown || s.En != saidRefused.en || s.Ko != saidRefused.ko || s.Share != 0 {
			t.Fatalf("refuses, and yet %+v", s)
		}
		if s := r.Instances()[1]; s.State != api.InstanceReady || s.Share != 1 {
			t.Fatalf("the other one: %+v", s)
		}
		r.set(one, answers(200))
		stand(150 * time.Millisecond)
		last := 0.0
		for range 9 {
			s := r.Instances()[0]
			if s.State != api.InstanceSlowStart || s.Share <= last-1e-9 || s.Share >= 1 || s.Share < leastShare {
				t.Fatalf("%+v after a share of %g", s, last)
			}
			last = s.Share
			stand(400 * time.Millisecond)
		}
		stand(500 * time.Millisecond)
		if s := r.Instances()[0]; s.State != api.InstanceReady || s.Share != 1 {
			t.Fatalf("%+v", s)
		}
	}, one, two)
}

// TestSilenceTakesOutAllButTheLast: an instance that says nothing is not sent anything as long as there is another one that
// speaks. Where all are silent all go on: they are busy, and who is left alone for that never gets out of it.
func TestSilenceTakesOutAllButTheLast(t *testing.T) {
	watched(t, Default(), func(t *testing.T, r *rig) {
		hangs := func(*fasthttp.Request, *fasthttp.Response) error { time.Sleep(time.Second); return fasthttp.ErrTimeout }
		r.setStatus(one, hangs)
		stand(Default().Health.Silence + 300*time.Millisecond)
		if r.state(one) != api.InstanceDown || r.state(two) != api.InstanceReady {
			t.Fatalf("one is silent: %s, %s", r.state(one), r.state(two))
		}
		r.setStatus(one, answers(200))
		stand(5 * time.Second)
		r.setStatus(one, hangs)
		r.setStatus(two, hangs)
		stand(5 * time.Second)
		if !r.at(one).takes() && !r.at(two).takes() || r.read() != nil {
			t.Fatalf("both are silent: %s, %s", r.state(one), r.state(two))
		}
		if r.Open() {
			t.Error("silent, and yet people are to be called in")
		}
	}, one, two)
}

func TestInstancesComeAndGoWhileEverythingRuns(t *testing.T) {
	watched(t, Default(), func(t *testing.T, r *rig) {
		for range 2 { // twice changes nothing
			if err := r.Add(two); err != nil {
				t.Fatal(err)
			}
		}
		if s := r.Instances(); len(s) != 2 || s[1].State != api.InstanceDown || s[1].En != saidUnasked.en {
			t.Fatalf("added: %+v", s)
		}
		r.set(two, answers(200))
		stand(150 * time.Millisecond)
		if r.state(two) != api.InstanceSlowStart {
			t.Fatal(r.state(two))
		}
		stand(3 * time.Second)
		release := make(chan struct{})
		r.setWork(one, func(*fasthttp.Request, *fasthttp.Response) error { <-release; return nil })
		r.setWork(two, func(*fasthttp.Request, *fasthttp.Response) error { <-release; return nil })
		out := make(chan error, 6)
		for range 6 {
			go func() { out <- r.read() }()
			synctest.Wait()
		}
		for range 2 {
			if err := r.Drain(one); err != nil {
				t.Fatal(err)
			}
		}
		stand(time.Second)
		if s := r.Instances()[0]; s.State != api.InstanceDraining || s.InFlight != 3 || s.Share != 0 {
			t.Fatalf("drained: %+v", s)
		}
		close(release)
		for range 6 {
			if err := <-out; err != nil {
				t.Errorf("drained away: %v", err)
			}
		}
		stand(150 * time.Millisecond)
		if s := r.Instances(); len(s) != 1 || s[0].URL != two {
			t.Fatalf("left: %+v", s)
		}
		if err := errors.Join(r.Drain(one), r.Drain("http://nobody:1")); err != nil || r.Drain("nowhere") == nil {
			t.Errorf("draining who is not there: %v", err)
		}
		_ = r.Drain(two) // the last one
		stand(150 * time.Millisecond)
		if err := r.read(); !errors.Is(err, ErrResting) || r.Open() || len(r.Instances()) != 0 {
			t.Fatalf("nobody is left: %v", err)
		}
		if _, err := r.Aside(t.Context(), Request{Method: "GET", Path: "/"}); !errors.Is(err, ErrResting) {
			t.Errorf("aside: %v", err)
		}
		if _, err := r.Stream(t.Context(), Request{Method: "GET", Path: "/"}); !errors.Is(err, ErrResting) {
			t.Errorf("a stream: %v", err)
		}
		if err := r.SetInstances([]string{three, "https://x y"}); err == nil || len(r.Instances()) != 0 {
			t.Error("an address that cannot be was taken, or others with it")
		}
		if err := r.SetInstances([]string{three, one + "/"}); err != nil {
			t.Fatal(err)
		}
		r.set(one, answers(200))
		r.set(three, answers(200))
		stand(150 * time.Millisecond)
		if err := r.read(); err != nil || len(r.Instances()) != 2 {
			t.Errorf("others have come: %v", err)
		}
		if err := r.SetInstances([]string{three}); err != nil {
			t.Fatal(err)
		}
		stand(150 * time.Millisecond)
		if s := r.Instances(); len(s) != 1 || s[0].URL != three {
			t.Errorf("%+v", s)
		}
	}, one)
}

// TestWhatHangsIsNotWaitedForForEver: an instance that drains leaves when its time is over, and the permit that is out comes
// back when the call ends.
func TestWhatHangsIsNotWaitedForForEver(t *testing.T) {
	c := Default()
	c.Health.Drain = 5 * time.Second
	watched(t, c, func(t *testing.T, r *rig) {
		r.setWork(one, func(*fasthttp.Request, *fasthttp.Response) error {
			time.Sleep(8 * time.Second)
			return fasthttp.ErrTimeout
		})
		out := make(chan error, 1)
		go func() { out <- r.read() }()
		synctest.Wait()
		_ = r.Drain(one)
		stand(4 * time.Second)
		if r.state(one) != api.InstanceDraining {
			t.Fatal("not waited for")
		}
		stand(1500 * time.Millisecond)
		if len(r.Instances()) != 0 {
			t.Fatal("waited for too long")
		}
		if err := <-out; !errors.Is(err, ErrUnknown) {
			t.Errorf("%v", err)
		}
		if g := r.Gate().Status(); g.InFlight != 0 {
			t.Errorf("%d permits are out", g.InFlight)
		}
	}, one)
}

func TestWhoStandsByIsSentNothing(t *testing.T) {
	watched(t, Default(), func(t *testing.T, r *rig) {
		by := func(_ *fasthttp.Request, resp *fasthttp.Response) error {
			resp.SetBodyString(`{"store":"second","standby":true,"queue_wait_ms":500}`)
			return nil
		}
		r.set(two, by)
		stand(150 * time.Millisecond)
		if s := r.Instances()[1]; s.State != api.InstanceStandby || s.Share != 0 {
			t.Fatalf("%+v", s)
		}
		if rep, _, fresh := r.Report(); !fresh || rep.Store != "test" || rep.QueueWaitMS != 0 {
			t.Errorf("the report of who stands by counts: %+v", rep)
		}
		r.set(one, fails(unsent{refusedError}))
		r.set(two, answers(200))
		stand(150 * time.Millisecond)
		if r.state(two) != api.InstanceReady || r.read() != nil { // alone it is needed whole
			t.Fatalf("took over: %s", r.state(two))
		}
	}, one, two)
}

// TestTheLongestWaitOfAllCounts, and of who takes work the newest word.
func TestTheLongestWaitOfAllCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Default(), one, two)
		say := func(url, store string, wait float64) {
			r.heard(r.at(url), &report{api.BackendReport{Store: store, QueueWaitMS: wait}, time.Now()})
		}
		say(one, "older", 70)
		time.Sleep(100 * time.Millisecond)
		say(two, "newer", 20)
		if rep, at, fresh := r.Report(); rep.Store != "newer" || rep.QueueWaitMS != 70 || !fresh || !at.Equal(time.Now()) {
			t.Errorf("%+v", rep)
		}
		time.Sleep(950 * time.Millisecond)
		if rep, _, fresh := r.Report(); rep.QueueWaitMS != 20 || !fresh {
			t.Errorf("%+v: an old wait counts", rep)
		}
	})
}

// TestStatesAndSharesAgree whatever happens to the instances, in whatever order: who takes work has a share, and nobody else;
// who is down says why, in both languages; and the gate knows exactly the instances that there are.
func TestStatesAndSharesAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Unix(1e9, 0)
		r := newRig(t, Default(), one, two)
		r.Pool.clock = func() time.Time { return now }
		all := []string{one, two, three}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			url := rapid.SampledFrom(all).Draw(rt, "which")
			i := r.at(url)
			switch what := rapid.SampledFrom([]string{"add", "drain", "set", "heard", "standby", "missed", "trip", "wait", "tidy"}).Draw(rt, "what"); {
			case what == "add":
				_ = r.Add(url)
			case what == "set":
				_ = r.SetInstances(all[:rapid.IntRange(0, 3).Draw(rt, "how many")])
			case what == "drain":
				_ = r.Drain(url)
			case what == "wait":
				now = now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(rt, "ms")) * time.Millisecond)
			case what == "tidy":
				r.tidy()
			case i == nil:
			case what == "missed":
				r.missed(i, saidGone)
			case what == "trip":
				i.breaker.note(answered(500))
				i.breaker.forced.Store(true)
				if done, err := i.breaker.try(); err == nil {
					done(answered(500))
				}
				i.breaker.forced.Store(false)
				r.turned(i)
			default:
				r.heard(i, &report{api.BackendReport{Standby: what == "standby"}, now})
			}
			permits := 0
			for _, s := range r.Instances() {
				takes := s.State == api.InstanceReady || s.State == api.InstanceSlowStart
				if takes != (s.Share > 0) || s.Share < 0 || s.Share > 1 || (s.State == api.InstanceReady) != (s.Share == 1) {
					rt.Fatalf("%+v", s)
				}
				if s.State != api.InstanceReady && (s.Ko == "" || s.En == "") {
					rt.Fatalf("no reason: %+v", s)
				}
				if s.Share > 0 {
					permits += max(1, int(float64(s.Permits)*s.Share))
				}
			}
			if g := r.Gate().Status(); g.Permits != permits {
				rt.Fatalf("the gate has %d permits, the instances %d", g.Permits, permits)
			}
			seen := slices.Collect(func(yield func(string) bool) {
				for _, s := range r.Instances() {
					if !yield(s.URL) {
						return
					}
				}
			})
			slices.Sort(seen)
			if len(slices.Compact(seen)) != len(r.Instances()) || len(r.members.Load().bySite) != len(seen) {
				rt.Fatalf("%v", seen)
			}
		}
	})
}

func TestValuesOutOfBoundsChangeNothing(t *testing.T) {
	r := newRig(t, Default(), one)
	for name, spoil := range map[string]func(*Config){
		"window": func(c *Config) { c.Breaker.Window = 0 }, "ratio": func(c *Config) { c.Breaker.Ratio = 0 }, "no ratio": func(c *Config) { c.Breaker.Ratio = nan },
		"in a row": func(c *Config) { c.Breaker.InARow = 1 }, "probes": func(c *Config) { c.Breaker.Probes = 0 }, "rest": func(c *Config) { c.Breaker.Rest = time.Hour },
		"snapshots": func(c *Config) { c.Fallback.SnapshotAge = time.Hour }, "entries": func(c *Config) { c.Fallback.Entries = 0 }, "slow start": func(c *Config) { c.Health.SlowStart = -1 },
		"timeout": func(c *Config) { c.CallTimeout = 0 },
	} {
		c := Default()
		spoil(&c)
		if err := r.Configure(c); err == nil || r.Config() != Default() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var (
	nan          = math.NaN()
	refusedError = &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
)

// TestWhoIsStillWaitingForItsStoreIsSentNothing: at the start too, where there is another one.
func TestWhoIsStillWaitingForItsStoreIsSentNothing(t *testing.T) {
	p, err := New(Options{URLs: []string{one, two}, Gate: shed.Default(), Clock: time.Now, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := call(p); !errors.Is(err, ErrResting) {
		t.Errorf("before anybody was asked: %v", err)
	}
	p.heard(p.find(two), &report{received: time.Now()})
	if p.find(one).takes() || !p.find(two).takes() {
		t.Errorf("%+v", p.Instances())
	}
}
