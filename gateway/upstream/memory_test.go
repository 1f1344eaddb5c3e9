package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"
	"pgregory.net/rapid"

	"github.com/daemun/daemun/gateway/shed"
)

// says answers with a body that counts how often it was asked.
func says(n *atomic.Int64) wired {
	return func(_ *fasthttp.Request, resp *fasthttp.Response) error {
		resp.Header.SetContentType("application/json")
		resp.SetBodyString(fmt.Sprintf("answer %d", n.Add(1)))
		return nil
	}
}

func (r *rig) list(scope uint32, target string) (Answer, error) {
	return r.Shared(context.Background(), shed.At(shed.P2), scope, Request{Method: http.MethodGet, Path: target})
}

// TestTheLastGoodAnswerIsGivenWhenThereIsNoOther, whatever keeps the backend from answering, and with its age.
func TestTheLastGoodAnswerIsGivenWhenThereIsNoOther(t *testing.T) {
	faults := map[string]wired{
		"refuses": fails(unsent{refusedError}), "cut off": fails(fasthttp.ErrConnectionClosed), "late": fails(fasthttp.ErrTimeout),
		"errors": answers(500), "overload": func(_ *fasthttp.Request, resp *fasthttp.Response) error {
			resp.SetStatusCode(503)
			resp.Header.SetContentType("application/problem+json")
			resp.SetBodyString(`{"code":"busy"}`)
			return nil
		},
	}
	for name, fault := range faults {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Default(), one)
			var n atomic.Int64
			r.setWork(one, says(&n))
			if a, err := r.list(1, "/v1/clinics?region=11&page=2"); err != nil || a.Kept || string(a.Body) != "answer 1" {
				t.Fatalf("%+v, %v", a, err)
			}
			r.setWork(one, fault)
			time.Sleep(time.Minute)
			for range 30 { // with the breaker closed, and then open
				a, err := r.list(1, "/v1/clinics?page=2&region=11&utm=x")
				if err != nil || a.Status != 200 || string(a.Body) != "answer 1" || !a.Kept || a.Age != time.Minute || a.ContentType != "application/json" {
					t.Fatalf("%s: %+v, %v", name, a, err)
				}
			}
			if a, err := r.list(2, "/v1/clinics?page=2&region=11"); err == nil && a.Status == 200 {
				t.Errorf("%s: another opening's list was given", name)
			}
			time.Sleep(Default().Fallback.OldestAge)
			if a, err := r.list(1, "/v1/clinics?page=2&region=11"); err == nil && a.Status == 200 {
				t.Errorf("%s: a list of an hour ago was given", name)
			}
		})
	}
}

// TestABackendThatShedsTheClassIsNoReasonForABlank: there is no permit, and the list is there all the same.
func TestABackendThatShedsTheClassIsNoReasonForABlank(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Default(), one)
		if _, err := r.list(0, "/v1/leftovers?region=11"); err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		r.setWork(one, func(*fasthttp.Request, *fasthttp.Response) error { <-release; return nil })
		for range shed.Default().Limit.Start {
			go func() { _ = r.read() }()
		}
		synctest.Wait()
		if a, err := r.list(0, "/v1/leftovers?region=11"); err != nil || !a.Kept {
			t.Errorf("%+v, %v", a, err)
		}
		if _, err := r.list(0, "/v1/leftovers?region=12"); !errors.Is(err, ErrBusy) {
			t.Errorf("a list that nobody has asked for: %v", err)
		}
		if _, err := r.Shared(t.Context(), shed.At(shed.P2), 0, Request{Method: http.MethodPost, Path: "/v1/leftovers"}); !errors.Is(err, ErrBusy) {
			t.Errorf("a write: %v", err)
		}
		close(release)
	})
}

// TestACrowdDoesNotWaitForWhatFailedAMomentAgo: one asks again, the others have the kept list at once; and once the backend
// gives lists again everybody hears of it.
func TestACrowdDoesNotWaitForWhatFailedAMomentAgo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Default(), one)
		list := func() (Answer, time.Duration) {
			begun := time.Now()
			a, err := r.list(0, "/v1/leftovers?region=11")
			if err != nil {
				t.Error(err)
			}
			return a, time.Since(begun)
		}
		list()
		release := make(chan struct{})
		r.setWork(one, func(*fasthttp.Request, *fasthttp.Response) error { <-release; return nil })
		for range shed.Default().Limit.Start {
			go func() { _ = r.read() }()
		}
		synctest.Wait()
		list() // waits for a permit in vain
		var waited atomic.Int64
		var crowd sync.WaitGroup
		for range 200 {
			crowd.Go(func() {
				for range 10 {
					a, took := list()
					if !a.Kept {
						t.Error("not the kept one")
					}
					if took > 0 {
						waited.Add(1)
					}
					time.Sleep(50 * time.Millisecond)
				}
			})
		}
		crowd.Wait()
		if n := waited.Load(); n == 0 || n > 10 {
			t.Errorf("%d of 2,000 waited; a few should, to see whether there is a newer one", n)
		}
		close(release)
		time.Sleep(time.Second)
		if a, _ := list(); a.Kept {
			t.Error("the backend is well again, and yet an old list is given")
		}
	})
}

func TestAnswersYoungEnoughAreGivenWithoutAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Default(), one)
		var n atomic.Int64
		r.setWork(one, says(&n))
		ask := func() string {
			a, err := r.list(1, "/v1/clinics/c7/slots?day=2021-07-26")
			if err != nil {
				t.Fatal(err)
			}
			return string(a.Body)
		}
		if ask(); ask() != "answer 2" {
			t.Fatal("not asked, though it always is")
		}
		c := r.Config()
		c.Fallback.SnapshotAge = 5 * time.Second
		if err := r.Configure(c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(4 * time.Second)
		if got := ask(); got != "answer 2" {
			t.Errorf("%s after 4 s", got)
		}
		time.Sleep(time.Second)
		if got := ask(); got != "answer 3" {
			t.Errorf("%s after 5 s", got)
		}
		if s := r.Status(); s.Kept != 1 || s.Originals != 3 {
			t.Errorf("%+v", s)
		}
	})
}

// TestThoseWhoAskTheSameShareOneRequest, and what is no good answer is each one's own.
func TestThoseWhoAskTheSameShareOneRequest(t *testing.T) {
	for status, calls := range map[int]int64{200: 1, 500: 1, 401: 20} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Default(), one)
			release := make(chan struct{})
			var n atomic.Int64
			r.setWork(one, func(_ *fasthttp.Request, resp *fasthttp.Response) error {
				n.Add(1)
				<-release
				resp.SetStatusCode(status)
				return nil
			})
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if a, err := r.list(1, "/v1/clinics"); err != nil || a.Status != status {
						t.Errorf("%+v, %v", a, err)
					}
				})
			}
			synctest.Wait()
			if n.Load() != 1 {
				t.Errorf("%d requests at once", n.Load())
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := r.Shared(ctx, shed.At(shed.P2), 1, Request{Method: "GET", Path: "/v1/clinics"}); !errors.Is(err, ErrBusy) {
				t.Errorf("who left waits: %v", err)
			}
			close(release)
			all.Wait()
			if n.Load() != calls {
				t.Errorf("%d: %d requests, want %d", status, n.Load(), calls)
			}
		})
	}
}

// TestWhoAsksForAllMayBreak: a request that ends in a panic keeps nobody waiting and nothing under way.
func TestWhoAsksForAllMayBreak(t *testing.T) {
	r := newRig(t, Default(), one)
	r.setWork(one, func(*fasthttp.Request, *fasthttp.Response) error { panic("a bug") })
	for range 2 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_, _ = r.list(1, "/v1/clinics")
		}()
	}
	if len(r.kept.under) != 0 {
		t.Error("something is under way for ever")
	}
}

func TestOnlyListsThatAreEverybodysAreKept(t *testing.T) {
	for target, want := range map[string]string{
		"/v1/clinics": "7/v1/clinics", "/v1/clinics?": "7/v1/clinics", "/v1/clinics?page=2&region=11&x=y": "7/v1/clinics?page=2&region=11",
		"/v1/clinics?region=&page=1": "7/v1/clinics?page=1", "/v1/clinics?q=x": "", "/v1/clinics?%zz": "",
		"/v1/clinics/c1/slots": "7/v1/clinics/c1/slots", "/v1/clinics/c1/slots?day=d&q2=": "7/v1/clinics/c1/slots?day=d", "/v1/clinics/c1/c2/slots": "", "/v1/clinics//slots": "",
		"/v1/clinics/c1": "", "/v1/clinicsx": "", "/v1/leftovers?region=11&page=9": "0/v1/leftovers?region=11", "/v1/leftovers/offers/code": "",
		"/v1/holds": "", "/v1/identity": "", "/v1/bookings/1/slots": "", "/v1/bookings/1/clinics": "", "/internal/status": "",
	} {
		if want != "" != Shares(target) && !strings.HasPrefix(target, "/v1/clinics") {
			t.Errorf("%s: Shares says %t", target, Shares(target))
		}
		if got := shareKey(7, target); got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}

// TestWhatIsKeptStaysInItsBounds, and of what is kept the newest is there.
func TestWhatIsKeptStaysInItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := FallbackConfig{Entries: rapid.IntRange(1, 20).Draw(t, "entries"), Bytes: 64 << 10, OldestAge: time.Hour}
		m := newMemory()
		now := time.Unix(1e9, 0)
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			key := fmt.Sprint(rapid.IntRange(0, 30).Draw(t, "key"))
			body := strings.Repeat("x", rapid.IntRange(0, 20<<10).Draw(t, "length"))
			m.put(key, Answer{Body: []byte(body)}, now, c)
			cost := 0
			for e := m.order.Front(); e != nil; e = e.Next() {
				cost += e.Value.(*keptAnswer).cost()
			}
			if cost != m.bytes || cost > c.Bytes || m.order.Len() > c.Entries || len(m.kept) != m.order.Len() {
				t.Fatalf("%d bytes, counted %d; %d entries, %d keys", cost, m.bytes, m.order.Len(), len(m.kept))
			}
			if a, ok := m.atOnce(key, now, time.Hour, 0); !ok || string(a.Body) != body {
				t.Fatal("the newest is gone")
			}
		}
	})
}

func FuzzShareKey(f *testing.F) {
	f.Add("/v1/clinics?region=11&page=2")
	f.Add("/v1/clinics/a/slots?day=%32")
	f.Fuzz(func(t *testing.T, target string) {
		if key := shareKey(7, target); key != "" {
			if again := shareKey(7, strings.TrimLeft(key, "07")); again != key {
				t.Errorf("%q → %q → %q", target, key, again)
			}
		}
	})
}
