package edge

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pages"
	"github.com/daemun/daemun/gateway/route"
)

// wireTo serves a handler and returns a way to ask it raw requests, one after the other.
func wireTo(t *testing.T, g *gate, h fasthttp.RequestHandler) func(request string) (int, string) {
	t.Helper()
	l := fasthttputil.NewInmemoryListener()
	s := g.Server()
	s.Handler = h
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Shutdown() })
	var c net.Conn
	var in *bufio.Reader
	return func(request string) (int, string) {
		if c == nil {
			var err error
			if c, err = l.Dial(); err != nil {
				t.Fatal(err)
			}
			in = bufio.NewReader(c)
		}
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatalf("%.80q: %v", request, err)
		}
		method, _, _ := strings.Cut(request, " ")
		resp, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%.80q: %v", request, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatalf("%.80q: %v", request, err)
		}
		if resp.Close {
			c.Close()
			c = nil
		}
		return resp.StatusCode, codeIn(body)
	}
}

func codeIn(body []byte) string {
	var p api.Problem
	_ = json.Unmarshal(body, &p)
	return p.Code
}

// spellings of a path: the first one is right.
func spellings(p string) []string {
	out := []string{p, p + "?lang=en", p + "?", p + "?a=1&a=2", p + "?a=%zz", strings.ToUpper(p), "/" + p, p + "/", p + "/.", "/." + p, "/x/.." + p, p + ";x=1", p + "%00", p + "%20",
		"http://daemun.test" + p, "//daemun.test" + p, p + "//", "/%2e" + p, strings.ReplaceAll(p, "/", "%2f")}
	if p == "/" {
		return out[:5]
	}
	return append(out, fmt.Sprintf("/%%%02x%s", p[1], p[2:]))
}

// TestFastSlowAndTableAgree asks for every route in every spelling, by the fast way, by the slow one, and by the table as
// net/http reads the same bytes: the verdicts are the same, and only the right spelling leads anywhere.
func TestFastSlowAndTableAgree(t *testing.T) {
	g := newGate(t)
	ticket := g.ticket(t)
	fast := wireTo(t, g, g.serveFast)
	slow := wireTo(t, g, func(ctx *fasthttp.RequestCtx) {
		_, err := route.CheckRaw(ctx.Request.Header.RequestURI(), ctx.Request.Header.RawHeaders())
		g.serveSlow(ctx, err)
	})
	headers := map[string]string{
		"none": "", "ticket": "Authorization: Ticket " + ticket + "\r\n", "cookie": "Cookie: " + pages.TicketCookie + "=" + ticket + "\r\n",
		"pass that is none": "Authorization: Pass x\r\n", "two tickets": "Authorization: Ticket " + ticket + "\r\nauthorization: Ticket " + ticket + "\r\n",
		"two keys": "Idempotency-Key: a\r\nIdempotency-Key: b\r\n", "two cookies": "Cookie: a=1\r\nCookie: " + pages.TicketCookie + "=" + ticket + "\r\n",
		"empty": "Authorization:\r\n", "override": "X-HTTP-Method-Override: DELETE\r\nX-Original-URL: /v1/clinics\r\n", "upgrade": "Connection: Upgrade\r\nUpgrade: h2c\r\n",
		"ticket and cookie": "Authorization: Pass x\r\nCookie: " + pages.TicketCookie + "=" + ticket + "\r\n", "elsewhere": "Origin: https://elsewhere.test\r\n",
	}
	methods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "BREW"}
	asked := 0
	try := func(right bool, request string) {
		asked++
		before := g.reached.Load()
		defer func() {
			if _, target, _ := strings.Cut(request, " "); g.reached.Load() != before && !byKnowledge(target) {
				t.Errorf("%.120q reached the backend", request)
			}
		}()
		status, code := fast(request)
		busy := strings.Contains(request, "/sketches/") && status == 503 // these are read at a pace of their own
		if s, c := slow(request); (s != status || c != code) && !busy && s != 503 {
			t.Errorf("%.120q: fast %d %s, slow %d %s", request, status, code, s, c)
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
		if err != nil {
			if status != 400 {
				t.Errorf("%.120q: %d %s, and net/http cannot even read it: %v", request, status, code, err)
			}
			return
		}
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		busy = busy || w.Code == 503
		if c := codeIn(w.Body.Bytes()); !busy && (w.Code != status || r.Method != "HEAD" && r.Method != "CONNECT" && c != code) {
			t.Errorf("%.120q: fast %d %s, table %d %s", request, status, code, w.Code, c)
		}
		if !right && !busy && (status < 400 || status >= 500) {
			t.Errorf("%.120q leads somewhere: %d", request, status)
		}
	}
	for _, r := range g.Routes() {
		p := strings.NewReplacer("{id}", "now", "{no}", "ABCDE-23456", "{name}", "daemun.css", "{epoch}", "0", "{code}", "abcdefgh", "{provider}", "demo", "{$}", "").Replace(r.Pattern)
		if strings.Contains(p, "{") {
			t.Fatalf("give %s a value", r.Pattern)
		}
		for i, spelt := range spellings(p) {
			right := i < 3
			for _, method := range methods {
				try(right, method+" "+spelt+" HTTP/1.1\r\nHost: daemun.test\r\nContent-Length: 0\r\n\r\n")
			}
			for name, header := range headers {
				one := right && !strings.HasPrefix(name, "two")
				body := ""
				if r.Pattern == "/v1/queue/join" {
					body = `{"rrn":"` + member + `"}`
				}
				try(one, r.Method+" "+spelt+" HTTP/1.1\r\nHost: daemun.test\r\n"+header+"Content-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
			}
			try(false, r.Method+" "+spelt+" HTTP/1.0\r\n\r\n")
		}
	}
	if asked < 10_000 {
		t.Errorf("only %d requests", asked)
	}
}

// TestABodyIsNoRequest sends a body where none belongs, with a request in it.
func TestABodyIsNoRequest(t *testing.T) {
	g := newGate(t)
	ask := wireTo(t, g, g.serveFast)
	hidden := "DELETE /v1/nowhere HTTP/1.1\r\nHost: h\r\n\r\n"
	for _, method := range []string{"GET", "HEAD", "DELETE"} {
		for range 2 { // the second one would be answered with what the first one hid
			if status, _ := ask(method + " /v1/openings HTTP/1.1\r\nHost: h\r\nContent-Length: " + strconv.Itoa(len(hidden)) + "\r\n\r\n" + hidden); status != 200 && status != 405 {
				t.Errorf("%s: %d", method, status)
			}
		}
	}
}
