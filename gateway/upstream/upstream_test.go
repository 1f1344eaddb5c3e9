package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/shed"
)

// behave is how the backend of a test answers; it can be changed while it runs.
type behave struct {
	handler atomic.Pointer[http.HandlerFunc]
	calls   atomic.Int64
}

func (b *behave) set(h http.HandlerFunc) { b.handler.Store(&h) }

func (b *behave) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.calls.Add(1)
	(*b.handler.Load())(w, r)
}

func ok(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/internal/status" {
		_ = json.NewEncoder(w).Encode(api.BackendReport{Store: "test"})
		return
	}
	_, _ = io.WriteString(w, "well")
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// busy is how the backend says that it has too much to do.
func busy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, `{"status":503,"code":"busy"}`)
}

func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, "half of")
	panic(http.ErrAbortHandler)
}

// newPool returns a pool of one instance, which is not watched.
func newPool(t *testing.T) (*Pool, *behave, *httptest.Server) {
	t.Helper()
	b := &behave{}
	b.set(ok)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return poolOf(t, Default(), server.URL), b, server
}

func poolOf(t *testing.T, c Config, urls ...string) *Pool {
	t.Helper()
	p, err := New(Options{URLs: urls, Token: []byte("token"), Gate: shed.Default(), Config: c, Clock: time.Now, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func call(p *Pool) (Answer, error) {
	return p.Do(context.Background(), shed.At(shed.P2), Request{Method: http.MethodGet, Path: "/v1/clinics"})
}

// look asks every instance how it is, once.
func look(p *Pool) {
	var asking sync.WaitGroup
	p.ask(&asking)
	asking.Wait()
	p.tidy()
}

func TestAnswersComeBackWhole(t *testing.T) {
	b, _, _ := newPool(t)
	a, err := call(b)
	if err != nil || a.Status != 200 || string(a.Body) != "well" {
		t.Fatalf("%+v, %v", a, err)
	}
}

// trip makes a fault until the breaker opens, and tells how many calls that took.
func trip(t *testing.T, b *Pool) int {
	t.Helper()
	for i := range 200 {
		if b.Breakers()[0].State == "open" {
			return i
		}
		_, _ = call(b)
	}
	t.Fatalf("the breaker never opened: %+v", b.Breakers()[0])
	return 0
}

func TestFaultsOpenTheBreakerAndItClosesByItself(t *testing.T) {
	faults := map[string]http.HandlerFunc{"errors": status(500), "cut in the middle": cut}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			b, site, _ := newPool(t)
			site.set(fault)
			trip(t, b)
			if b.Breakers()[0].Reason == "" {
				t.Error("an open breaker does not say why")
			}
			before := site.calls.Load()
			if _, err := call(b); !errors.Is(err, ErrResting) {
				t.Errorf("through an open breaker: %v", err)
			}
			if site.calls.Load() != before {
				t.Error("an open breaker let a request through")
			}
			if b.Open() {
				t.Error("the backend counts as open")
			}
			site.set(ok)
			ctx, stop := context.WithCancel(context.Background())
			defer stop()
			go b.Watch(ctx)
			for range 200 {
				if b.Open() && b.Breakers()[0].State == "closed" {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
			t.Fatalf("well again, and yet %+v", b.Breakers()[0])
		})
	}
}

func TestABackendThatIsGoneSaysSo(t *testing.T) {
	b, _, server := newPool(t)
	server.Close()
	if _, err := call(b); !errors.Is(err, ErrResting) {
		t.Fatalf("%v", err)
	}
}

func TestAnAnswerThatIsLostIsUnknown(t *testing.T) {
	b, site, _ := newPool(t)
	site.set(cut)
	if _, err := call(b); !errors.Is(err, ErrUnknown) {
		t.Fatalf("%v", err)
	}
}

func TestOverloadIsNoFaultOfTheBreaker(t *testing.T) {
	b, site, _ := newPool(t)
	site.set(busy)
	limit := b.Gate().Status().Permits
	for range 100 {
		if _, err := call(b); err != nil {
			t.Fatal(err)
		}
	}
	if s := b.Breakers()[0].State; s != "closed" {
		t.Errorf("breaker %s", s)
	}
	time.Sleep(2 * shed.Default().Limit.Window)
	for range 20 {
		_, _ = call(b)
	}
	if b.Gate().Status().Permits >= limit {
		t.Error("the limit did not learn from an overloaded backend")
	}
}

func TestAPermitIsNotWaitedForByThoseWhoLeft(t *testing.T) {
	b, site, _ := newPool(t)
	release := make(chan struct{})
	site.set(func(http.ResponseWriter, *http.Request) { <-release })
	for range shed.Default().Limit.Start {
		go func() { _, _ = call(b) }()
	}
	for b.Gate().Status().InFlight < shed.Default().Limit.Start {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.Do(ctx, shed.At(shed.P0), Request{Method: http.MethodGet, Path: "/"}); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	close(release)
	for b.Gate().Status().InFlight > 0 {
		time.Sleep(time.Millisecond)
	}
	if s := b.Breakers()[0].State; s != "closed" {
		t.Errorf("breaker %s", s)
	}
}

// A backend that was restarted has closed every connection that is kept: reads and writes with a key go out again on
// a new one, a write without a key does not.
func TestConnectionsOfAnEarlierLifeAreNotTrusted(t *testing.T) {
	for _, row := range []struct {
		request Request
		want    error
	}{
		{Request{Method: http.MethodGet, Path: "/"}, nil},
		{Request{Method: http.MethodPost, Path: "/", IdempotencyKey: "k", Body: []byte("x")}, nil},
		{Request{Method: http.MethodPost, Path: "/", Body: []byte("x")}, ErrUnknown},
	} {
		b, _, server := newPool(t)
		if _, err := call(b); err != nil {
			t.Fatal(err)
		}
		server.CloseClientConnections()
		if _, err := b.Do(context.Background(), shed.At(shed.P0), row.request); !errors.Is(err, row.want) {
			t.Errorf("%s with key %q: %v, want %v", row.request.Method, row.request.IdempotencyKey, err, row.want)
		}
	}
}

// A question goes out again, too: a breaker that is tried with a connection of the backend's earlier life would rest once more.
func TestAQuestionIsNotLostToAnEarlierLife(t *testing.T) {
	p, _, server := newPool(t)
	i := p.members.Load().list[0]
	for range 3 {
		if _, f := p.question(i, time.Second); f != nil {
			t.Fatal(f)
		}
		server.CloseClientConnections()
	}
}

func TestReportsGrowOld(t *testing.T) {
	b, _, server := newPool(t)
	if _, _, fresh := b.Report(); fresh {
		t.Fatal("a report before any was asked for")
	}
	look(b)
	if r, _, fresh := b.Report(); !fresh || r.Store != "test" {
		t.Fatalf("report %+v", r)
	}
	server.Close()
	now := time.Now()
	b.clock = func() time.Time { return now.Add(2 * staleAfter) }
	if r, _, fresh := b.Report(); fresh || r == nil {
		t.Error("an old report is fresh")
	}
}

func TestAddressesThatCannotBe(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1:9090", "ftp://x", "http://", "http://x/path", "http://u:p@x", "http://x?y"} {
		if _, err := New(Options{URLs: []string{address}, Clock: time.Now}); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}

func TestGarbageIsNoAnswer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "\x00\x01 what?\r\n\r\n")
			c.Close()
		}
	}()
	b := poolOf(t, Default(), "http://"+l.Addr().String())
	if a, err := call(b); err == nil {
		t.Fatalf("taken for an answer: %+v", a)
	}
}
