package edge

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/daemun/daemun/gateway/api"
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

// TestBothWaysJoinTheSame holds the fast way in to what the slow one answers: the same person, place and refusal.
func TestBothWaysJoinTheSame(t *testing.T) {
	g := newGate(t)
	ticket := g.ticket(t)
	connect := dial(t, g)
	usual := `{"rrn":"` + member + `"}`
	for _, row := range []struct{ name, body, header, value string }{
		{"usual", usual, "X-Nothing", "x"},
		{"digits alone", `{"rrn":"` + strings.ReplaceAll(member, "-", "") + `"}`, "X-Nothing", "x"},
		{"with the ticket", usual, "Authorization", "Ticket " + ticket},
		{"with the cookie", usual, "Cookie", pages.TicketCookie + "=" + ticket},
		{"with a ticket that is none", usual, "Authorization", "Ticket x"},
		{"with another proof", usual, "Authorization", "Pass x"},
		{"with an opening", `{"rrn":"` + member + `","opening":"now"}`, "X-Nothing", "x"},
		{"with spaces", ` { "rrn" : "` + member + `" } `, "X-Nothing", "x"},
		{"escaped", `{"rrn":"\u0036` + member[1:] + `"}`, "X-Nothing", "x"},
		{"twice", usual + usual, "X-Nothing", "x"},
		{"two keys", `{"rrn":"","rrn":"` + member + `"}`, "X-Nothing", "x"},
		{"no number", `{"rrn":""}`, "X-Nothing", "x"},
		{"short number", `{"rrn":"670301"}`, "X-Nothing", "x"},
		{"not on the roster", `{"rrn":"670302-1000000"}`, "X-Nothing", "x"},
		{"not eligible", `{"rrn":"800101-1000000"}`, "X-Nothing", "x"},
		{"nothing", ``, "X-Nothing", "x"},
		{"from this site", usual, "Sec-Fetch-Site", "same-origin"},
		{"from another site", usual, "Sec-Fetch-Site", "cross-site"},
		{"from another origin", usual, "Origin", "https://elsewhere.test"},
		{"from nowhere", usual, "Origin", "null"},
	} {
		want := g.ask("POST", "/v1/queue/join", "", row.body, row.header, row.value)
		got, body := raw(t, connect(), fmt.Sprintf("POST /v1/queue/join HTTP/1.1\r\nHost: daemun.test\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s", row.header, row.value, len(row.body), row.body))
		if got.StatusCode != want.Code || withoutIssue(g, body) != withoutIssue(g, want.Body.String()) {
			t.Errorf("%s: %d %s\nwant %d %s", row.name, got.StatusCode, body, want.Code, want.Body)
		}
		for _, name := range []string{"Content-Type", "Cache-Control"} {
			if got.Header.Get(name) != want.Header().Get(name) {
				t.Errorf("%s: %s %q, want %q", row.name, name, got.Header.Get(name), want.Header().Get(name))
			}
		}
	}
}

// withoutIssue puts what a ticket means in the place of its text, which holds the instant at which it was given.
func withoutIssue(g *gate, body string) string {
	var p api.Place
	if err := json.Unmarshal([]byte(body), &p); err != nil || p.Ticket == "" {
		return body
	}
	t, _, err := g.node.Locate([]byte(p.Ticket))
	if err != nil {
		return body
	}
	return fmt.Sprintln(t.Subject, t.Epoch, t.Opening, t.Cohort, p.Opening, p.Cohort, p.State, p.StockOutlook, p.NextPollS)
}

func FuzzPlainJoin(f *testing.F) {
	for _, seed := range []string{`{"rrn":"` + member + `"}`, `{"rrn":""}`, `{"rrn":"1"}{"rrn":"2"}`, `{"rrn":"1","rrn":"2"}`, `{"rrn":"\"}`, ``, `{"rrn":"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		digits, ok := plainJoin(body)
		if !ok {
			return
		}
		var req api.JoinRequest
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&req); err != nil || d.More() || req.RRN != string(digits) || req.Opening != "" {
			t.Fatalf("%q was read as %q, by JSON as %+v: %v", body, digits, req, err)
		}
	})
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

func BenchmarkJoinOverTheWire(b *testing.B) {
	g := newGate(b)
	body := `{"rrn":"` + member + `"}`
	request := []byte("POST /v1/queue/join HTTP/1.1\r\nHost: daemun.test\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
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
	request := "GET /v1/queue/place HTTP/1.1\r\nHost: daemun.test\r\nAuthorization: Ticket " + g.ticket(b) + "\r\n\r\n"
	if err := ctx.Request.Header.Read(bufio.NewReader(strings.NewReader(request))); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		ctx.Response.Reset()
		g.serveFast(&ctx)
	}
}
