package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
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

func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, "half of")
	panic(http.ErrAbortHandler)
}

func newBackend(t *testing.T) (*Backend, *behave, *httptest.Server) {
	t.Helper()
	b := &behave{}
	b.set(ok)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	backend, err := New(Options{URL: server.URL, Token: []byte("token"), Gate: shed.Default(), Clock: time.Now, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	return backend, b, server
}

func call(b *Backend) (Answer, error) {
	return b.Do(context.Background(), shed.At(shed.P2), Request{Method: http.MethodGet, Path: "/v1/clinics"})
}

func TestAnswersComeBackWhole(t *testing.T) {
	b, _, _ := newBackend(t)
	a, err := call(b)
	if err != nil || a.Status != 200 || string(a.Body) != "well" {
		t.Fatalf("%+v, %v", a, err)
	}
}

// trip makes a fault until the breaker opens, and tells how many calls that took.
func trip(t *testing.T, b *Backend) int {
	t.Helper()
	for i := range 200 {
		if b.Breaker().State == "open" {
			return i
		}
		_, _ = call(b)
	}
	t.Fatalf("the breaker never opened: %+v", b.Breaker())
	return 0
}

func TestFaultsOpenTheBreakerAndItClosesByItself(t *testing.T) {
	faults := map[string]http.HandlerFunc{"errors": status(500), "cut in the middle": cut}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			b, site, _ := newBackend(t)
			site.set(fault)
			trip(t, b)
			if b.Breaker().Reason == "" {
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
				if b.Open() && b.Breaker().State == "closed" {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
			t.Fatalf("well again, and yet %+v", b.Breaker())
		})
	}
}

func TestABackendThatIsGoneSaysSo(t *testing.T) {
	b, _, server := newBackend(t)
	server.Close()
	if _, err := call(b); !errors.Is(err, ErrResting) {
		t.Fatalf("%v", err)
	}
}

func TestAnAnswerThatIsLostIsUnknown(t *testing.T) {
	b, site, _ := newBackend(t)
	site.set(cut)
	if _, err := call(b); !errors.Is(err, ErrUnknown) {
		t.Fatalf("%v", err)
	}
}

func TestOverloadIsNoFaultOfTheBreaker(t *testing.T) {
	b, site, _ := newBackend(t)
	site.set(status(http.StatusServiceUnavailable))
	limit := b.Gate().Permits
	for range 100 {
		if _, err := call(b); err != nil {
			t.Fatal(err)
		}
	}
	if s := b.Breaker().State; s != "closed" {
		t.Errorf("breaker %s", s)
	}
	time.Sleep(2 * shed.Default().Limit.Window)
	for range 20 {
		_, _ = call(b)
	}
	if b.Gate().Permits >= limit {
		t.Error("the limit did not learn from an overloaded backend")
	}
}

func TestAPermitIsNotWaitedForByThoseWhoLeft(t *testing.T) {
	b, site, _ := newBackend(t)
	release := make(chan struct{})
	site.set(func(http.ResponseWriter, *http.Request) { <-release })
	for range shed.Default().Limit.Start {
		go func() { _, _ = call(b) }()
	}
	for b.Gate().InFlight < shed.Default().Limit.Start {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.Do(ctx, shed.At(shed.P0), Request{Method: http.MethodGet, Path: "/"}); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	close(release)
	for b.Gate().InFlight > 0 {
		time.Sleep(time.Millisecond)
	}
	if s := b.Breaker().State; s != "closed" {
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
		b, _, server := newBackend(t)
		if _, err := call(b); err != nil {
			t.Fatal(err)
		}
		server.CloseClientConnections()
		if _, err := b.Do(context.Background(), shed.At(shed.P0), row.request); !errors.Is(err, row.want) {
			t.Errorf("%s with key %q: %v, want %v", row.request.Method, row.request.IdempotencyKey, err, row.want)
		}
	}
}

func TestReportsGrowOld(t *testing.T) {
	b, _, server := newBackend(t)
	if _, _, fresh := b.Report(); fresh {
		t.Fatal("a report before any was asked for")
	}
	b.poll()
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
	for _, address := range []string{"", "127.0.0.1:9090", "https://x", "http://", "http://x/path"} {
		if _, err := New(Options{URL: address, Clock: time.Now}); err == nil {
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
	b, err := New(Options{URL: "http://" + l.Addr().String(), Gate: shed.Default(), Clock: time.Now, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := call(b); err == nil {
		t.Fatalf("taken for an answer: %+v", a)
	}
}

func BenchmarkDo(b *testing.B) {
	site := &behave{}
	site.set(ok)
	server := httptest.NewServer(site)
	defer server.Close()
	backend, err := New(Options{URL: server.URL, Gate: shed.Default(), Clock: time.Now, Log: zap.NewNop()})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := call(backend); err != nil {
			b.Fatal(err)
		}
	}
}
