package upstream

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/shed"
)

// wired answers what the test says, without a connection.
type wired func(*fasthttp.Request, *fasthttp.Response) error

// wires are how instances answer, by host; to questions of how they are by host and a question mark. Who has no wire refuses.
type wires struct{ sync.Map }

func (w *wires) RoundTrip(c *fasthttp.HostClient, req *fasthttp.Request, resp *fasthttp.Response) (bool, error) {
	name := c.Addr
	if string(req.Header.RequestURI()) == "/internal/status" {
		name += "?"
	}
	if answer, ok := w.Load(name); ok {
		return false, answer.(wired)(req, resp)
	}
	return false, unsent{refusedError}
}

func answers(code int) wired {
	return func(_ *fasthttp.Request, resp *fasthttp.Response) error {
		resp.SetStatusCode(code)
		resp.SetBodyString(`{"store":"test"}`)
		return nil
	}
}

func fails(err error) wired {
	return func(*fasthttp.Request, *fasthttp.Response) error { return err }
}

// rig is a pool without connections: each instance answers as it is set, for requests and for questions.
type rig struct {
	*Pool
	t     *testing.T
	wires *wires
}

func newRig(t *testing.T, c Config, urls ...string) *rig {
	t.Helper()
	p, err := New(Options{Gate: shed.Default(), Config: c, Clock: time.Now, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{p, t, &wires{}}
	p.over = r.wires
	for _, url := range urls {
		r.set(url, answers(200))
		if err := p.add(url, true); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func hostOf(url string) string { return strings.TrimPrefix(url, "http://") }

func (r *rig) at(url string) *instance { return r.find(url) }

// set makes an instance answer requests and questions alike.
func (r *rig) set(url string, w wired) { r.setWork(url, w); r.setStatus(url, w) }

func (r *rig) setWork(url string, w wired)   { r.wires.Store(hostOf(url), w) }
func (r *rig) setStatus(url string, w wired) { r.wires.Store(hostOf(url)+"?", w) }

func (r *rig) read() error {
	_, err := r.Do(context.Background(), shed.At(shed.P2), Request{Method: http.MethodGet, Path: "/"})
	return err
}

func (r *rig) state(url string) string { return r.at(url).shown.Load().state }

func (r *rig) breaker(url string) api.BreakerStatus { return r.at(url).breaker.status() }

const one, two, three = "http://one:80", "http://two:80", "http://three:80"

// TestABreakerOpensAndClosesWhenItSaysItDoes, by the second: it opens at the ratio of the window, rests, and closes after as
// many good answers to questions as are asked for; nobody's request is sent meanwhile.
func TestABreakerOpensAndClosesWhenItSaysItDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Default()
		c.Breaker = BreakerConfig{Window: 10 * time.Second, MinCalls: 20, Ratio: 0.5, InARow: 1000, SlowCall: time.Second, Rest: 3 * time.Second, Probes: 4}
		c.Health.SlowStart = 0
		r := newRig(t, c, one)
		for range 10 {
			_ = r.read()
		}
		time.Sleep(11 * time.Second) // the good ones leave the window
		r.setWork(one, answers(500))
		for n := range 19 {
			if _ = r.read(); r.breaker(one).State != "closed" {
				t.Fatalf("open after %d failures", n+1)
			}
		}
		_ = r.read()
		opened := time.Now()
		if b := r.breaker(one); b.State != "open" || b.Reason != "backend answered 500" || b.ReasonKo == "" || !b.Until.Equal(opened.Add(3*time.Second)) {
			t.Fatalf("after 20 failures: %+v", b)
		}
		if r.state(one) != api.InstanceDown || !errors.Is(r.read(), ErrResting) {
			t.Fatal("requests go on through an open breaker")
		}
		r.setWork(one, answers(200))
		for r.breaker(one).State == "open" {
			look(r.Pool)
			time.Sleep(100 * time.Millisecond)
		}
		if rested := time.Since(opened); rested < 3*time.Second || rested > 3300*time.Millisecond {
			t.Errorf("rested %s", rested)
		}
		for n := 1; n < 4; n++ {
			if b := r.breaker(one); b.State != "half-open" || !errors.Is(r.read(), ErrResting) {
				t.Fatalf("after %d good answers: %+v", n, b)
			}
			look(r.Pool)
		}
		if b := r.breaker(one); b.State != "closed" || r.read() != nil || r.state(one) != api.InstanceReady {
			t.Fatalf("after 4 good answers: %+v, %s", b, r.state(one))
		}
	})
}

// TestWhoIsWellOnlyWhenAskedHasNoSecondTenChances: its questions are answered, its work fails. Three failures open the
// breaker that has just closed; after one answer it takes the usual number again.
func TestWhoIsWellOnlyWhenAskedHasNoSecondTenChances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Default(), one)
		failures := func() (n int) {
			for r.setWork(one, answers(500)); r.breaker(one).State == "closed"; n++ {
				_ = r.read()
			}
			time.Sleep(2*time.Second + time.Millisecond)
			for range Default().Breaker.Probes {
				look(r.Pool)
			}
			return n
		}
		if first, second := failures(), failures(); first != Default().Breaker.InARow || second != secondChance {
			t.Errorf("%d, then %d", first, second)
		}
		r.setWork(one, answers(200))
		_ = r.read()
		if n := failures(); n != Default().Breaker.InARow {
			t.Errorf("%d after an answer", n)
		}
	})
}

func TestFailuresInARowOpenABreakerWhateverWentBefore(t *testing.T) {
	r := newRig(t, Default(), one)
	for range 500 {
		_ = r.read()
	}
	r.setWork(one, answers(500))
	for range Default().Breaker.InARow {
		if r.breaker(one).State != "closed" {
			t.Fatal("too early")
		}
		_ = r.read()
	}
	if r.breaker(one).State != "open" {
		t.Fatal("still closed")
	}
}

func TestSlowAnswersOpenABreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Default(), one)
		r.setWork(one, func(*fasthttp.Request, *fasthttp.Response) error {
			time.Sleep(2*time.Second + time.Millisecond)
			return nil
		})
		for range 20 {
			if err := r.read(); err != nil {
				break
			}
		}
		if b := r.breaker(one); b.State != "open" || b.Reason != saidSlow.en {
			t.Fatalf("%+v", b)
		}
	})
}

// TestAQuestionThatHangsLeavesNoBreakerHalfOpen: the question that tries the breaker never comes back. The breaker hears so
// by the deadline, opens again, and closes when the next ones are answered.
func TestAQuestionThatHangsLeavesNoBreakerHalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Default(), one)
		r.setWork(one, answers(500))
		for range 20 {
			_ = r.read()
		}
		release := make(chan struct{})
		defer close(release)
		hangs := func(time.Duration) (*report, *fault) { <-release; return &report{}, nil }
		for range 3 {
			time.Sleep(2*time.Second + time.Millisecond)
			r.probe(r.at(one), hangs)
			if b := r.breaker(one); b.State != "open" || b.Reason != saidLate.en {
				t.Fatalf("after a question that hangs: %+v", b)
			}
		}
		r.probe(r.at(one), func(time.Duration) (*report, *fault) { t.Error("asked while it rests"); return nil, nil })
		time.Sleep(2*time.Second + time.Millisecond)
		r.probe(r.at(one), func(time.Duration) (*report, *fault) { panic("a bug") })
		if b := r.breaker(one); b.State != "open" {
			t.Fatalf("after a question that ends in a panic: %+v", b)
		}
		time.Sleep(2*time.Second + time.Millisecond)
		for range Default().Breaker.Probes {
			look(r.Pool)
		}
		if b := r.breaker(one); b.State != "closed" {
			t.Fatalf("answered, and yet %+v", b)
		}
	})
}

func TestADryRunOfTheBreakerLetsEverythingThroughAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Default()
		c.Breaker.DryRun = true
		r := newRig(t, c, one)
		r.setWork(one, answers(500))
		for range 30 {
			if err := r.read(); err != nil {
				t.Fatal(err)
			}
		}
		b := r.breaker(one)
		if b.State != "open" || b.Refused != 0 || b.WouldRefuse != 30-uint64(c.Breaker.InARow) || r.state(one) != api.InstanceReady {
			t.Fatalf("%+v, %s", b, r.state(one))
		}
		c.Breaker.DryRun = false
		if err := r.Configure(c); err != nil {
			t.Fatal(err)
		}
		if r.state(one) != api.InstanceDown || !errors.Is(r.read(), ErrResting) {
			t.Error("in earnest it lets requests through")
		}
	})
}

// TestOtherTimesLeaveABreakerWhereItStood: changed while it is open it stays open, and closes by the new times.
func TestOtherTimesLeaveABreakerWhereItStood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Default(), one)
		r.setWork(one, answers(500))
		for range 20 {
			_ = r.read()
		}
		c := Default()
		c.Breaker.Rest, c.Breaker.Probes = 20*time.Second, 1
		if err := r.Configure(c); err != nil {
			t.Fatal(err)
		}
		if b := r.breaker(one); b.State != "open" || b.Reason != "backend answered 500" || time.Until(b.Until) != 20*time.Second {
			t.Fatalf("%+v", b)
		}
		time.Sleep(19 * time.Second)
		if look(r.Pool); r.breaker(one).State != "open" {
			t.Error("tried too early")
		}
		time.Sleep(2 * time.Second)
		if look(r.Pool); r.breaker(one).State != "closed" {
			t.Error("not closed by one good answer")
		}
	})
}

// TestAnOpenBreakerTakesNoLock: there is nothing of the library's left to ask.
func TestAnOpenBreakerTakesNoLock(t *testing.T) {
	b := newBreaker("x", Default().Breaker, time.Now)
	for range Default().Breaker.InARow {
		done, err := b.allow()
		if err != nil {
			t.Fatal(err)
		}
		b.note(answered(500))
		done(answered(500))
	}
	b.two.Store(nil)
	if _, err := b.allow(); !errors.Is(err, errRests) || b.refused.Load() != 1 {
		t.Fatalf("%v", err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = b.allow() }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

// TestWhateverHappensEverythingIsGivenBack: answers of all kinds, failures and panics, and each time permit and breaker are
// as free as before.
func TestWhateverHappensEverythingIsGivenBack(t *testing.T) {
	c := Default()
	c.Breaker.DryRun = true // nothing is kept away
	r := newRig(t, c, one)
	ends := map[string]wired{
		"an answer": answers(200), "an error": answers(500), "overload": func(_ *fasthttp.Request, resp *fasthttp.Response) error {
			resp.SetStatusCode(503)
			resp.Header.SetContentType("application/problem+json")
			resp.SetBodyString(`{"code":"busy"}`)
			return nil
		},
		"a lost answer": fails(fasthttp.ErrConnectionClosed), "no connection": fails(unsent{errors.New("x")}), "a timeout": fails(fasthttp.ErrTimeout),
		"a panic": func(*fasthttp.Request, *fasthttp.Response) error { panic("a bug") },
	}
	for name, end := range ends {
		r.setWork(one, end)
		func() {
			defer func() {
				if got := recover() != nil; got != (name == "a panic") {
					t.Errorf("%s: panic %t", name, got)
				}
			}()
			_ = r.read()
		}()
		if g := r.Gate().Status(); g.InFlight != 0 {
			t.Errorf("%s keeps %d permits", name, g.InFlight)
		}
	}
	counts := r.at(one).breaker.two.Load().Counts()
	if judged := counts.TotalSuccesses + counts.TotalFailures + counts.TotalExclusions; judged != counts.Requests {
		t.Errorf("the breaker let %d through and heard of %d", counts.Requests, judged)
	}
}

// TestSecondTriesStayWithinTheirBudget whatever fails, how and how often.
func TestSecondTriesStayWithinTheirBudget(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := Default()
		c.Breaker.DryRun = true
		r := newRig(t, c, one)
		for range rapid.IntRange(1, 300).Draw(rt, "requests") {
			if rapid.IntRange(0, 3).Draw(rt, "fails") > 0 {
				r.setWork(one, fails(fasthttp.ErrConnectionClosed))
			} else {
				r.setWork(one, answers(200))
			}
			_ = r.read()
		}
		s := r.Status()
		if most := float64(s.Originals)*0.1 + triesHand/triesPer; float64(s.Attempts-s.Originals) > most {
			rt.Fatalf("%d attempts for %d requests", s.Attempts, s.Originals)
		}
	})
}

func TestWhoIsTriedASecondTime(t *testing.T) {
	refused := unsent{errors.New("connection refused")}
	for name, row := range map[string]struct {
		method, key string
		how         error
		others      bool
		calls       int
	}{
		"a read whose connection was closed":                {"GET", "", fasthttp.ErrConnectionClosed, false, 2},
		"a write with a key whose connection was closed":    {"POST", "k", fasthttp.ErrConnectionClosed, false, 2},
		"a write without a key whose connection was closed": {"POST", "", fasthttp.ErrConnectionClosed, false, 1},
		"a read that finds nobody":                          {"GET", "", refused, false, 1},
		"a read that finds nobody, where there are others":  {"GET", "", refused, true, 2},
		"a write without a key that finds nobody":           {"POST", "", refused, true, 1},
		"a read that was not answered in time":              {"GET", "", fasthttp.ErrTimeout, true, 1},
		"a read of a broken answer":                         {"GET", "", errors.New("garbage"), true, 1},
	} {
		urls := []string{one}
		if row.others {
			urls = append(urls, two)
		}
		r := newRig(t, Default(), urls...)
		calls := 0
		for _, url := range urls {
			r.setWork(url, func(*fasthttp.Request, *fasthttp.Response) error { calls++; return row.how })
		}
		if row.others {
			r.setWork(two, func(_ *fasthttp.Request, resp *fasthttp.Response) error { calls++; return nil })
			r.missed(r.at(two), saidRefused) // so that the first try goes to the other one
			r.heard(r.at(two), &report{received: time.Now()})
		}
		_, err := r.Do(context.Background(), shed.At(shed.P1), Request{Method: row.method, Path: "/", IdempotencyKey: row.key})
		if (err == nil) != (row.others && row.calls == 2) || calls != row.calls {
			t.Errorf("%s: %d calls, want %d (%v)", name, calls, row.calls, err)
		}
	}
}
