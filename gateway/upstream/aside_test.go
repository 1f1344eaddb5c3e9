package upstream

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/daemun/daemun/gateway/shed"
)

// TestAsideKeepsNobodyElseWaiting: as many requests as may be wait for another server. What goes the usual way finds every
// permit free and the breaker closed, and one more of them is told to come back.
func TestAsideKeepsNobodyElseWaiting(t *testing.T) {
	backend, b, _ := newPool(t)
	release := make(chan struct{})
	var inside sync.WaitGroup
	inside.Add(asideMax)
	b.set(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/waits" {
			ok(w, r)
			return
		}
		inside.Done()
		<-release
		w.WriteHeader(http.StatusFailedDependency)
	})
	waits := Request{Method: "POST", Path: "/waits"}
	var all sync.WaitGroup
	for range asideMax {
		all.Go(func() {
			if a, err := backend.Aside(context.Background(), waits); err != nil || a.Status != http.StatusFailedDependency {
				t.Errorf("%d, %v", a.Status, err)
			}
		})
	}
	inside.Wait()
	if _, err := backend.Aside(context.Background(), waits); !errors.Is(err, ErrBusy) {
		t.Errorf("one more: %v", err)
	}
	if g := backend.Gate().Status(); g.InFlight != 0 {
		t.Errorf("%d permits are taken", g.InFlight)
	}
	for range 50 {
		if a, err := backend.Do(context.Background(), shed.At(shed.P3), Request{Method: "GET", Path: "/"}); err != nil || a.Status != 200 {
			t.Fatalf("the usual way: %d, %v", a.Status, err)
		}
	}
	close(release)
	all.Wait()
	if s := backend.Breakers()[0].State; s != "closed" {
		t.Errorf("the breaker is %s", s)
	}
}

// TestAsideHeedsTheBreaker: a backend that is left alone is left alone this way too, and what fails this way opens nothing.
func TestAsideHeedsTheBreaker(t *testing.T) {
	backend, b, _ := newPool(t)
	b.set(status(500))
	for range 40 {
		if a, err := backend.Aside(context.Background(), Request{Method: "POST", Path: "/"}); err != nil || a.Status != 500 {
			t.Fatalf("%d, %v", a.Status, err)
		}
	}
	if s := backend.Breakers()[0].State; s != "closed" {
		t.Fatalf("the breaker is %s", s)
	}
	for range 20 {
		_, _ = backend.Do(context.Background(), shed.At(shed.P2), Request{Method: "GET", Path: "/"})
	}
	calls := b.calls.Load()
	if _, err := backend.Aside(context.Background(), Request{Method: "POST", Path: "/"}); !errors.Is(err, ErrResting) || b.calls.Load() != calls {
		t.Errorf("%v", err)
	}
}
