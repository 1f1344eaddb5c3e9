package attack

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daemun/daemun/loadlab/arrivals"
	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/wire"
)

// asker sends numbered requests and keeps what came back.
type asker struct {
	mu     sync.Mutex
	sent   int
	status map[int]int
	lost   int
	tries  int
}

func (a *asker) Next(_ time.Duration, out []byte) (citizen.Action, []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent++
	return citizen.Action{Kind: citizen.Home, Who: -1}, fmt.Appendf(out, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", a.sent)
}

func (a *asker) Apply(_ citizen.Action, _, _ time.Duration, res *wire.Response, err error) citizen.Outcome {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.lost++
		return citizen.Lost
	}
	a.status[res.Status]++
	return citizen.Good
}

func (a *asker) FailedTry(_, _ time.Duration, _ error) {
	a.mu.Lock()
	a.tries++
	a.mu.Unlock()
}

// ledger of what was recorded.
type records struct {
	mu    sync.Mutex
	n     int
	early int
}

func (r *records) Record(_ citizen.Kind, _ citizen.Outcome, due, sent, done time.Duration) {
	r.mu.Lock()
	r.n++
	if sent < due || done < sent {
		r.early++
	}
	r.mu.Unlock()
}

func attackOn(t *testing.T, addr string, n uint64, d time.Duration) (*asker, *records, Result, *wire.Pool) {
	t.Helper()
	s, err := arrivals.NewSchedule(n, d, func(time.Duration) float64 { return 1 })
	if err != nil {
		t.Fatal(err)
	}
	a, r, pool := &asker{status: map[int]int{}}, &records{}, wire.NewPool(addr)
	res, err := (&Attack{Schedule: s, Actor: a, Recorder: r, Pool: pool}).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return a, r, res, pool
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return l.Addr().String()
}

func TestEveryRequestGoesOutOnceAndNotEarly(t *testing.T) {
	var seen sync.Map
	var doubled, closed atomic.Int64
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, again := seen.LoadOrStore(r.URL.Path, true); again {
			doubled.Add(1)
		}
		if len(r.URL.Path) == 4 { // three digits: some connections are closed by the server
			closed.Add(1)
			w.Header().Set("Connection", "close")
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	a, r, res, pool := attackOn(t, addr, 5000, 500*time.Millisecond)
	if res.Hits != 5000 || res.Failed != 0 || a.sent != 5000 || a.status[503] != 5000 || r.n != 5000 || doubled.Load() != 0 {
		t.Errorf("vegeta %+v, sent %d, answers %v, recorded %d, doubled %d", res, a.sent, a.status, r.n, doubled.Load())
	}
	if r.early > 0 {
		t.Errorf("%d requests went out before they were due", r.early)
	}
	if d := pool.Dialled(); d < closed.Load() || d > closed.Load()+Workers*Burst {
		t.Errorf("%d connections for %d that were closed", d, closed.Load())
	}
}

func TestResetsAreLostAndNotSentTwice(t *testing.T) {
	addr := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if len(r.URL.Path)%2 == 0 {
			panic(http.ErrAbortHandler)
		}
	})
	a, r, res, _ := attackOn(t, addr, 1200, 200*time.Millisecond)
	if want := 9 + 900; a.lost != want || int(res.Failed) != want || a.status[200]+a.lost != 1200 || r.n != 1200 {
		t.Errorf("lost %d of 1200, want %d; vegeta %+v, answers %v", a.lost, want, res, a.status)
	}
}

func TestASlowServerEndsAtTheLimit(t *testing.T) {
	addr := serve(t, func(http.ResponseWriter, *http.Request) { time.Sleep(20 * time.Millisecond) })
	s, err := arrivals.NewSchedule(1_000_000, time.Second, func(time.Duration) float64 { return 1 })
	if err != nil {
		t.Fatal(err)
	}
	a := &Attack{Schedule: s, Actor: &asker{status: map[int]int{}}, Recorder: &records{}, Pool: wire.NewPool(addr), Limit: 200 * time.Millisecond}
	if res, err := a.Run(context.Background()); err != nil || res.Hits == 0 || res.Hits == s.Total() {
		t.Errorf("%d hits, error %v", res.Hits, err)
	}
}

func TestAnAttackCanBeStopped(t *testing.T) {
	addr := serve(t, func(http.ResponseWriter, *http.Request) {})
	s, err := arrivals.NewSchedule(1_000_000, time.Hour, func(time.Duration) float64 { return 1 })
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	a := &Attack{Schedule: s, Actor: &asker{status: map[int]int{}}, Recorder: &records{}, Pool: wire.NewPool(addr), Began: func(time.Time) { stop() }}
	if res, err := a.Run(ctx); err == nil || res.Hits > (Workers+2)*Burst {
		t.Errorf("%d hits, error %v", res.Hits, err)
	}
}
