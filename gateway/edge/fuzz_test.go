package edge

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pages"
)

// headerValue tells whether a text can stand in a header at all.
func headerValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// FuzzPlaceCookie shows anything as a cookie. Nobody gets a place by it but with our ticket, by either way in, and the
// answer is a whole document.
func FuzzPlaceCookie(f *testing.F) {
	g := newGate(f)
	ticket := g.ticket(f)
	for _, seed := range []string{
		ticket, "x", "", `"` + ticket + `"`, ticket + "; " + pages.TicketCookie + "=x", "x; " + pages.TicketCookie + "=" + ticket, ticket[:40], ticket + "A", "%41" + ticket[1:],
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !headerValue(value) {
			return
		}
		var ctx fasthttp.RequestCtx
		request := "GET /v1/queue/place HTTP/1.1\r\nHost: daemun.test\r\nCookie: " + pages.TicketCookie + "=" + value + "\r\n\r\n"
		if err := ctx.Request.Read(bufio.NewReader(strings.NewReader(request))); err != nil {
			return // the listener answers this before any handler
		}
		g.serveFast(&ctx)
		body := ctx.Response.Body()
		if ctx.Response.StatusCode() == http.StatusOK {
			if !strings.Contains(value, ticket) || !json.Valid(body) {
				t.Fatalf("%q has a place: %s", value, body)
			}
			return
		}
		var p api.Problem
		if err := json.Unmarshal(body, &p); err != nil || p.Code != "bad_ticket" || ctx.Response.StatusCode() != http.StatusUnauthorized {
			t.Fatalf("%q: %d %s", value, ctx.Response.StatusCode(), body)
		}
	})
}

// FuzzQueries asks for cursors and seals with any opening and any query. The answer is what there is, or what is wrong.
func FuzzQueries(f *testing.F) {
	g := newGate(f)
	for _, seed := range [][2]string{
		{"now/seals", "from=0"}, {"now/seals", "from=4294967296"}, {"now/seals", "from=-1&from=2"}, {"now/seals", "from=%30"}, {"now/seals", "%zz"},
		{"now/cursor", "x"}, {"none/cursor", ""}, {"now%2fcursor", ""}, {"../openings/now/cursor", ""},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		target := "/v1/openings/" + path
		if query != "" {
			target += "?" + query
		}
		if !headerValue(target) || strings.ContainsAny(target, " #") {
			return
		}
		w := g.ask("GET", target, "", "")
		switch w.Code {
		case http.StatusOK:
			if !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%q: %s", target, w.Body)
			}
		case http.StatusBadRequest, http.StatusNotFound:
		default:
			t.Fatalf("%q: %d %s", target, w.Code, w.Body)
		}
	})
}
