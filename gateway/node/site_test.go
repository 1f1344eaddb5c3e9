package node_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/admission"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/meter"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/state"
	"github.com/daemun/daemun/gateway/upstream"
)

// site is a folder with keys and shared state, a clock that a test moves forward, a backend that admits everybody
// once, and as many gateways as a test starts over it. Everything in the folder outlives everything that runs.
type site struct {
	t        testing.TB
	dir      string
	opens    time.Time
	schedule *cohort.Schedule
	ahead    atomic.Int64 // how far the clock has been moved

	nats    *server.Server
	backend *httptest.Server
	stock   atomic.Int64
	reports atomic.Pointer[func() time.Time] // the backend's clock, where it is not the site's

	mu       sync.Mutex
	admitted map[string]string // pass by subject
}

const opening = "o"

func newSite(t testing.TB, order cohort.Order) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), opens: time.Now().Add(time.Hour), admitted: map[string]string{}}
	s.stock.Store(10_000)
	s.schedule = &cohort.Schedule{Version: 3, Openings: []cohort.Opening{{
		ID: opening, Name: "시험", LobbyAt: s.opens.Add(-2 * time.Hour), OpensAt: s.opens, ClosesAt: s.opens.Add(3 * time.Hour),
		Order: order, Stock: 10_000, Vaccine: "모더나",
		Cohorts: []cohort.Cohort{
			{ID: "even", Name: "1966년생", BornFrom: subject.Date{Year: 1966, Month: 1, Day: 1}, BornTo: subject.Date{Year: 1966, Month: 12, Day: 31}},
			{ID: "odd", Name: "1967년생", BornFrom: subject.Date{Year: 1967, Month: 1, Day: 1}, BornTo: subject.Date{Year: 1967, Month: 12, Day: 31}},
		},
	}}}
	s.backend = httptest.NewServer(http.HandlerFunc(s.serveBackend))
	t.Cleanup(s.backend.Close)
	s.startShared()
	t.Cleanup(s.stopShared)
	return s
}

func (s *site) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// at moves the clock forward to a time after the opening.
func (s *site) at(sinceOpening time.Duration) time.Time {
	to := s.opens.Add(sinceOpening)
	if by := to.Sub(s.now()); by > 0 {
		s.ahead.Add(int64(by))
	}
	return s.now()
}

func (s *site) startShared() {
	s.t.Helper()
	ns, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: s.dir + "/nats", SyncAlways: true,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	go ns.Start()
	if !ns.ReadyForConnections(10 * time.Second) {
		s.t.Fatal("the shared state does not come up")
	}
	s.nats = ns
}

func (s *site) stopShared() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}

// serveBackend admits a person once per opening and gives the same pass again, as the real one does.
func (s *site) serveBackend(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/internal/status":
		clock := s.now
		if other := s.reports.Load(); other != nil {
			clock = *other
		}
		_ = json.NewEncoder(w).Encode(api.BackendReport{At: clock(), Openings: map[string]api.OpeningReport{
			opening: {StockTotal: 10_000, StockLeft: s.stock.Load()},
		}})
	case "/internal/admissions":
		text, _ := io.ReadAll(r.Body)
		p, err := s.ring().PassVerifier().Verify(string(text), s.now())
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(api.Problem{Code: "bad_pass"})
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		key := p.Subject.String()
		if s.admitted[key] == "" {
			s.admitted[key] = string(text)
		}
		_ = json.NewEncoder(w).Encode(api.Entry{Pass: s.admitted[key], ExpiresAt: p.ExpiresAt})
	default:
		_, _ = io.WriteString(w, `{}`)
	}
}

func (s *site) ring() *keyring.Ring {
	r, err := keyring.Open(s.dir)
	if err != nil {
		s.t.Error(err)
		return nil
	}
	return r
}

// gateway is one node at work.
type gateway struct {
	*node.Node
	site   *site
	shared *state.Store
	end    func()
	ended  sync.Once
}

func (s *site) gateway(name string) *gateway {
	s.t.Helper()
	g := &gateway{site: s}
	var err error
	if g.shared, err = state.Open(context.Background(), state.Options{URL: s.nats.ClientURL(), Node: name, Log: zap.NewNop()}); err != nil {
		s.t.Fatal(err)
	}
	up, err := upstream.New(upstream.Options{URLs: []string{s.backend.URL}, Gate: shed.Default(), Clock: s.now, Log: zap.NewNop()})
	if err != nil {
		s.t.Fatal(err)
	}
	cfg := admission.Default()
	cfg.Start, cfg.Max = 1000, 1000
	g.Node, err = node.New(node.Options{
		Name: name, Schedule: s.schedule, Roster: &roster.Filter{}, Ring: s.ring(), Shared: g.shared, Backend: up, Meter: &meter.Meter{},
		Admission: cfg, Clock: s.now, Log: zap.NewNop(),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { up.Watch(ctx) })
	running.Go(func() { g.Run(ctx) })
	g.end = func() {
		cancel()
		running.Wait()
	}
	s.t.Cleanup(g.stop)
	return g
}

// stop ends the gateway in good order: what it counted is handed in.
func (g *gateway) stop() {
	g.ended.Do(func() {
		g.end()
		g.shared.Close()
	})
}

// kill ends it without another word to the shared state.
func (g *gateway) kill() {
	g.ended.Do(func() {
		g.shared.Close()
		g.end()
	})
}

// number is the i-th person's: of 1966 or 1967, with a serial part that nobody was ever given.
func number(t testing.TB, i int) subject.Number {
	t.Helper()
	n, err := subject.ParseNumber(fmt.Sprintf("%02d%02d%02d-1%06d", 66+i%2, i/2%12+1, i/24%28+1, i))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// join takes the i-th person's ticket, now.
func (g *gateway) join(i int, held []byte) []byte {
	g.site.t.Helper()
	text, _, _, err := g.Join(number(g.site.t, i), "", held, g.Now())
	if err != nil {
		g.site.t.Fatalf("person %d cannot join: %v", i, err)
	}
	return text[:]
}

// place is where a ticket stands, by the newest that the gateway has heard.
func (g *gateway) place(ticket []byte) queue.Place {
	g.site.t.Helper()
	g.Renew()
	t, line, err := g.Locate(ticket)
	if err != nil {
		g.site.t.Fatalf("a ticket of ours is refused: %v", err)
	}
	return line.Place(&t, g.Now())
}

// until waits for what comes in real time: the watch, the leader's rounds, the backend's reports.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for range 1500 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

// state waits until a ticket's place has a state.
func (g *gateway) untilState(ticket []byte, want string) queue.Place {
	g.site.t.Helper()
	var p queue.Place
	until(g.site.t, "the place is "+want, func() bool {
		p = g.place(ticket)
		return p.State == want
	})
	return p
}

// sealedTo waits until a gateway knows the seals up to an epoch.
func (g *gateway) sealedTo(epoch uint32) {
	g.site.t.Helper()
	until(g.site.t, fmt.Sprintf("epoch %d is sealed", epoch), func() bool {
		g.Renew()
		return g.Snapshot().LineByID(opening).Seals.Next(0) > epoch
	})
}
