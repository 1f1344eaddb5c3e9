package peer

import (
	"flag"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not as it was; look at the difference, then run with -update\n%s", name, got)
	}
}

var config = Config{Listen: "127.0.0.1:31000", Backend: "127.0.0.1:32000", Limit: 32}

func TestConfigurations(t *testing.T) {
	for name, render := range map[string]func(Config) (string, error){"haproxy.cfg": HAProxy, "nginx.conf": Nginx, "Caddyfile": Caddy} {
		text, err := render(config)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, text)
	}
}

// Nothing but addresses and the limit differs from the files as they are published.
func TestOnlyAddressesAndLimitDiffer(t *testing.T) {
	same := Config{Listen: "127.0.0.1:8180", Backend: "127.0.0.1:9000", Limit: 64}
	if text, err := HAProxy(same); err != nil || text != haproxy {
		t.Errorf("HAProxy: %v\n%s", err, text)
	}
	same.Listen = "127.0.0.1:8181"
	if text, err := Nginx(same); err != nil || text != nginx {
		t.Errorf("nginx: %v\n%s", err, text)
	}
	text, err := HAProxy(config)
	if err != nil {
		t.Fatal(err)
	}
	was, is := strings.Split(haproxy, "\n"), strings.Split(text, "\n")
	differ := 0
	for i := range was {
		if was[i] != is[i] {
			differ++
		}
	}
	if differ != 2 || len(was) != len(is) {
		t.Errorf("%d lines differ, 2 wanted: the listener and the server", differ)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add("127.0.0.1:31000", "127.0.0.1:32000", 32)
	f.Add("127.0.0.1:1\n  stats uri /", "127.0.0.1:32000", 32)
	f.Add("127.0.0.1:080", "[::1]:1", -1)
	f.Fuzz(func(t *testing.T, listen, backend string, limit int) {
		c := Config{Listen: listen, Backend: backend, Limit: limit}
		for _, render := range []func(Config) (string, error){HAProxy, Nginx, Caddy} {
			text, err := render(c)
			if err == nil && (strings.Count(text, "\n") < 8 || checkAddress(listen) != nil || checkAddress(backend) != nil || strings.ContainsAny(listen+backend, " \n;{}")) {
				t.Errorf("%+v made\n%s", c, text)
			}
		}
	})
}

func TestFixedLimitHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := NewLimiter("fixed", 2)
		if err != nil {
			t.Fatal(err)
		}
		first, second := l.Acquire(0), l.Acquire(3)
		if first == nil || second == nil {
			t.Fatal("two of two were not let through")
		}
		began := time.Now()
		if l.Acquire(0) != nil {
			t.Error("a third was let through")
		}
		if waited := time.Since(began); waited != maxWait {
			t.Errorf("waited %v", waited)
		}
		var third func(bool)
		var wg sync.WaitGroup
		wg.Go(func() { third = l.Acquire(0) })
		synctest.Wait()
		first(true)
		wg.Wait()
		if third == nil {
			t.Error("who waited was not let through when there was room")
		}
	})
}

func TestEveryLimiterLetsGoAndTurnsAway(t *testing.T) {
	for _, name := range Limiters() {
		l, err := NewLimiter(name, 8)
		if err != nil {
			t.Fatal(err)
		}
		var held []func(bool)
		for range 2000 {
			done := l.Acquire(3)
			if done == nil {
				break
			}
			held = append(held, done)
		}
		if len(held) == 0 || len(held) >= 2000 {
			t.Errorf("%s let %d through at once", name, len(held))
		}
		for _, done := range held {
			done(true)
		}
		if l.Acquire(0) == nil {
			t.Errorf("%s turns everybody away when it is idle", name)
		}
	}
	if _, err := NewLimiter("other", 1); err == nil {
		t.Error("a limiter that nobody knows was made")
	}
}

// none lets nobody through, but P0.
type onlyP0 struct{}

func (onlyP0) Acquire(class int) func(bool) {
	if class == 0 {
		return func(bool) {}
	}
	return nil
}

func TestProxyAsksTheLimiter(t *testing.T) {
	backend := listen(t, &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("worked") }})
	address := listen(t, Proxy(onlyP0{}, backend))
	for class, want := range map[string]int{"p0": 200, "p1": 503, "p3": 503, "p9": 503, "": 503} {
		req, _ := http.NewRequest(http.MethodGet, "http://"+address+"/v1/clinics", nil)
		req.Header.Set("X-Class", class)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want || want == 503 && res.Header.Get("Retry-After") == "" {
			t.Errorf("class %q: %d, %d wanted", class, res.StatusCode, want)
		}
	}
}

func listen(t *testing.T, s *fasthttp.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}
