package site

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/daemun/daemun/gateway/api"
)

func TestRequestsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Setting{Places: 2, ServiceMS: 20, Speed: 1})
		began := time.Now()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { s.Work(2, nil) })
		}
		synctest.Wait()
		if st := s.Status(); st.Working != 2 || st.Waiting != 8 || st.Counts[2].Started != 10 {
			t.Errorf("two places and ten requests: %+v", st)
		}
		all.Wait()
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("ten requests of 20 ms on two places took %v", took)
		}
		if st := s.Status(); st.Counts[2].Finished != 10 || st.Working+st.Waiting != 0 {
			t.Errorf("afterwards: %+v", st)
		}
	})
}

func TestCapacityChangesWhileRequestsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		setting := Setting{Places: 1, ServiceMS: 100, Speed: 1}
		s := New(setting)
		began := time.Now()
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { s.Work(0, nil) })
		}
		time.Sleep(50 * time.Millisecond)
		setting.Places, setting.Speed = 2, 0.5 // 50 ms of work left of the first, 100 of each other
		s.Set(setting)
		all.Wait()
		if took := time.Since(began); took != 350*time.Millisecond {
			t.Errorf("took %v, not 350 ms", took)
		}
	})
}

func TestClearEndsAllWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Setting{Places: 1, ServiceMS: 1000, Speed: 1})
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { s.Work(3, nil) })
		}
		synctest.Wait()
		began := time.Now()
		s.Clear()
		all.Wait()
		if took := time.Since(began); took != 0 {
			t.Errorf("work went on for %v", took)
		}
	})
}

// dial serves on a listener in memory.
func dial(t *testing.T, s *fasthttp.Server) *http.Client {
	t.Helper()
	l := fasthttputil.NewInmemoryListener()
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = l.Close() })
	return &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return l.Dial() }}}
}

func TestAnswersLikeTheBackend(t *testing.T) {
	s := New(Setting{Places: 4, ServiceMS: 0.01, Speed: 1})
	c := dial(t, s.Server(600))
	before := time.Now()
	for path, class := range classes {
		method, want := http.MethodGet, http.StatusOK
		if class < 2 {
			method, want = http.MethodPost, http.StatusCreated
		}
		req, _ := http.NewRequest(method, "http://site"+path, strings.NewReader(""))
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, 2000)
		n, _ := res.Body.Read(body)
		worked, ok := WorkedAt(body[:n])
		if res.StatusCode != want || !ok || worked.Before(before) || worked.After(time.Now()) || !json.Valid(body[:n]) {
			t.Errorf("%s: %d, worked at %v (%v): %s", path, res.StatusCode, worked, ok, body[:n])
		}
		_ = res.Body.Close()
		if got := s.Status().Counts[class].Finished; got != 1 {
			t.Errorf("%s counted %d", path, got)
		}
	}
	res, err := c.Post("http://site/internal/admissions", "text/plain", strings.NewReader("the pass"))
	if err != nil {
		t.Fatal(err)
	}
	var entry api.Entry
	if err := json.NewDecoder(res.Body).Decode(&entry); err != nil || entry.Pass != "the pass" {
		t.Errorf("admission: %+v, %v", entry, err)
	}
	res, err = c.Get("http://site/internal/status")
	if err != nil {
		t.Fatal(err)
	}
	var report api.BackendReport
	if err := json.NewDecoder(res.Body).Decode(&report); err != nil || report.QueueWaitMS != 0 || report.At.IsZero() {
		t.Errorf("status: %+v, %v", report, err)
	}
}

func TestControl(t *testing.T) {
	s := New(Setting{Places: 4, ServiceMS: 20, Speed: 1})
	c := &Client{url: "http://site/", http: *dial(t, s.Control())}
	ctx := t.Context()
	if err := c.Set(ctx, Setting{Places: 8, ServiceMS: 10, Speed: 0.4}); err != nil {
		t.Fatal(err)
	}
	st, err := c.Status(ctx)
	if err != nil || st.Places != 8 || st.Speed != 0.4 || st.Capacity() != 320 {
		t.Errorf("%+v, %v", st, err)
	}
	if err := c.Set(ctx, Setting{Places: 0, ServiceMS: 10, Speed: 1}); err == nil {
		t.Error("a site without places was made")
	}
	if err := c.Clear(ctx); err != nil {
		t.Error(err)
	}
}

func FuzzParseSetting(f *testing.F) {
	f.Add([]byte(`{"places":16,"service_ms":20,"speed":1,"spread":0,"report":false}`))
	f.Add([]byte(`{"places":-1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseSetting(text)
		if err == nil && s.Check() != nil {
			t.Errorf("%s was taken as %+v", text, s)
		}
	})
}

func FuzzWorkedAt(f *testing.F) {
	f.Add([]byte(Stamp + `1764261234567890123,"filler":""}`))
	f.Add([]byte(Stamp))
	f.Add([]byte(Stamp + `99999999999999999999,`))
	f.Fuzz(func(t *testing.T, body []byte) {
		at, ok := WorkedAt(body)
		if !ok && !at.IsZero() {
			t.Errorf("%q: %v without a stamp", body, at)
		}
		if ok && at.Before(time.Unix(0, 0)) {
			t.Errorf("%q: %v", body, at)
		}
	})
}

func TestWhoHasLeftIsSeen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, how := range []string{"reset", "closed"} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		served, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("GET")); err != nil {
			t.Fatal(err)
		}
		if _, err := served.Read(make([]byte, 3)); err != nil {
			t.Fatal(err)
		}
		if gone(served) {
			t.Errorf("%s: gone before it left", how)
		}
		if how == "reset" {
			_ = c.(*net.TCPConn).SetLinger(0)
		}
		_ = c.Close()
		for !gone(served) {
			time.Sleep(time.Millisecond)
		}
		leave(served)
		if _, err := served.Write([]byte("late")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: the file is still held: %v", how, err)
		}
	}
}
