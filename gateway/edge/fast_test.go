package edge

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/daemun/daemun/gateway/pages"
)

// dial serves a gate and returns a way to send it raw bytes.
func dial(t testing.TB, g *gate) func() net.Conn {
	t.Helper()
	l := fasthttputil.NewInmemoryListener()
	s := g.Server()
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Shutdown() })
	return func() net.Conn {
		c, err := l.Dial()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

func raw(t *testing.T, c net.Conn, request string) (*http.Response, string) {
	t.Helper()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	go func() { _, _ = io.WriteString(c, request) }()
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	return resp, string(body)
}

// TestBothWaysAnswerTheSame holds the fast way to what the slow one answers.
func TestBothWaysAnswerTheSame(t *testing.T) {
	g := newGate(t)
	still := g.now()
	g.offset.Store(int64(-time.Since(still)))
	ticket := g.ticket(t)
	connect := dial(t, g)
	for _, row := range []struct{ target, header, value string }{
		{"/v1/queue/place", "Authorization", "Ticket " + ticket},
		{"/v1/queue/place", "Cookie", pages.TicketCookie + "=" + ticket},
		{"/v1/queue/place", "Authorization", "Ticket x"},
		{"/v1/queue/place", "Authorization", "Pass " + ticket},
		{"/v1/queue/place", "X-Nothing", "x"},
		{"/v1/queue/place?lang=en", "Authorization", "Ticket " + ticket},
		{"/wait", "Cookie", pages.TicketCookie + "=" + ticket},
		{"/wait", "Cookie", pages.TicketCookie + "=" + ticket + "; " + pages.LangCookie + "=en"},
		{"/wait?lang=en", "Cookie", pages.TicketCookie + "=" + ticket},
		{"/wait?still=1", "Cookie", pages.TicketCookie + "=" + ticket},
		{"/wait", "X-Nothing", "x"},
		{"/v1/openings", "X-Nothing", "x"},
		{"/v1/openings/now/cursor", "X-Nothing", "x"},
		{"/v1/openings/none/cursor", "X-Nothing", "x"},
		{"/v1/openings//cursor", "X-Nothing", "x"},
		{"/v1/openings/cursor", "X-Nothing", "x"},
		{"/v1/clinics", "X-Nothing", "x"},
		{"/", "X-Nothing", "x"},
		{"/nowhere", "X-Nothing", "x"},
	} {
		want := g.ask("GET", row.target, "", "", row.header, row.value)
		got, body := raw(t, connect(), fmt.Sprintf("GET %s HTTP/1.1\r\nHost: daemun.test\r\n%s: %s\r\n\r\n", row.target, row.header, row.value))
		if got.StatusCode != want.Code || withoutTime(body) != withoutTime(want.Body.String()) {
			t.Errorf("%s %s: %d %s\nwant %d %s", row.target, row.value, got.StatusCode, body, want.Code, want.Body)
		}
		for _, name := range []string{"Content-Type", "Cache-Control", "Content-Security-Policy", "Content-Language", "X-Frame-Options"} {
			if got.Header.Get(name) != want.Header().Get(name) {
				t.Errorf("%s: %s %q, want %q", row.target, name, got.Header.Get(name), want.Header().Get(name))
			}
		}
	}
}

// withoutTime cuts the server's time off, which moves between two requests.
func withoutTime(body string) string {
	before, _, _ := strings.Cut(body, `"server_time"`)
	return before
}

func TestRawRequestsGetAnAnswer(t *testing.T) {
	g := newGate(t)
	ticket := g.ticket(t)
	connect := dial(t, g)
	rows := []struct {
		name, request string
		status        int
	}{
		{"two authorizations", "GET /v1/queue/place HTTP/1.1\r\nHost: h\r\nAuthorization: Ticket " + ticket + "\r\nAuthorization: Ticket " + ticket + "\r\n\r\n", 400},
		{"no host", "GET /v1/clinics HTTP/1.1\r\n\r\n", 400},
		{"no HTTP", "what is this\r\n\r\n", 400},
		{"header too large", "GET / HTTP/1.1\r\nHost: h\r\nX-Large: " + strings.Repeat("x", 2*maxHeader) + "\r\n\r\n", 431},
		{"body too large", "POST /v1/queue/join HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n" + strings.Repeat("x", 20000), 413},
		{"body far too large", "POST /v1/queue/join HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n", 413},
		{"body in chunks", "POST /v1/queue/join HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n{\"rrn\":\"" + member + "\"}\r\n0\r\n\r\n", 200},
		{"encoded dots", "GET /v1/queue/%2e%2e/clinics HTTP/1.1\r\nHost: h\r\n\r\n", 404},
		{"absolute form", "GET http://h/v1/clinics HTTP/1.1\r\nHost: h\r\n\r\n", 404},
		{"head", "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", 200},
	}
	for _, row := range rows {
		resp, body := raw(t, connect(), row.request)
		if resp.StatusCode != row.status {
			t.Errorf("%s: %d %s", row.name, resp.StatusCode, body)
		}
		if body == "" && row.name != "head" {
			t.Errorf("%s: a blank answer", row.name)
		}
	}
	if n := g.reached.Load(); n != 0 {
		t.Errorf("%d requests reached the backend", n)
	}
}

func BenchmarkPlaceOverTheWire(b *testing.B) {
	g := newGate(b)
	request := []byte("GET /v1/queue/place HTTP/1.1\r\nHost: daemun.test\r\nAuthorization: Ticket " + g.ticket(b) + "\r\n\r\n")
	c := dial(b, g)()
	defer c.Close()
	answer := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(request); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Read(answer); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlaceFast(b *testing.B) {
	g := newGate(b)
	var ctx fasthttp.RequestCtx
	ctx.Request.Header.SetMethod("GET")
	ctx.Request.SetRequestURI("/v1/queue/place")
	ctx.Request.Header.Set("Authorization", "Ticket "+g.ticket(b))
	b.ReportAllocs()
	for b.Loop() {
		ctx.Response.Reset()
		g.serveFast(&ctx)
	}
}
