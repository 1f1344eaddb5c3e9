package edge

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/shed"
)

func (g *gate) pass(change func(*pass.Pass)) string {
	key, id := g.ring.PassSigner()
	p := pass.Pass{KeyID: id, Opening: cohort.Opening{ID: "now"}.Number(), Subject: [16]byte{1, 2, 3}, IssuedAt: g.now(), ExpiresAt: g.now().Add(15 * time.Minute)}
	if change != nil {
		change(&p)
	}
	return "Pass " + pass.Sign(p, key)
}

// TestBothWaysPassOnTheSame holds the fast way to the backend to the slow one: what reaches it, and what comes back.
func TestBothWaysPassOnTheSame(t *testing.T) {
	g := newGate(t)
	connect := dial(t, g)
	good := g.pass(nil)
	rehearsal := g.pass(func(p *pass.Pass) { p.Rehearsal = true })
	long := `{"x":"` + strings.Repeat("x", maxBody) + `"}`
	for _, row := range []struct{ name, method, target, shown, body, header, value string }{
		{"clinics", "GET", "/v1/clinics", good, "", "Accept-Language", "en"},
		{"clinics of a region", "GET", "/v1/clinics?region=%EC%84%9C%EC%9A%B8&vaccine=x", good, "", "X-Nothing", "x"},
		{"slots", "GET", "/v1/clinics/C-1/slots?day=2021-07-20", good, "", "X-Nothing", "x"},
		{"slots of an escaped clinic", "GET", "/v1/clinics/C%2D1/slots", good, "", "X-Nothing", "x"},
		{"hold", "POST", "/v1/holds", good, `{"slot":"s"}`, "Content-Type", "application/json"},
		{"holding", "GET", "/v1/holds", good, "", "X-Nothing", "x"},
		{"release", "DELETE", "/v1/holds", good, "", "X-Nothing", "x"},
		{"book", "POST", "/v1/bookings", good, `{"slot":"s"}`, "Idempotency-Key", "k-1"},
		{"book, with too much", "POST", "/v1/bookings", good, long, "Idempotency-Key", "k-2"},
		{"book, from another site", "POST", "/v1/bookings", good, `{}`, "Origin", "https://elsewhere.test"},
		{"book, from here", "POST", "/v1/bookings", good, `{}`, "Sec-Fetch-Site", "same-origin"},
		{"book, in a rehearsal", "POST", "/v1/bookings", rehearsal, `{}`, "X-Nothing", "x"},
		{"identity, in a rehearsal", "GET", "/v1/identity", rehearsal, "", "X-Nothing", "x"},
		{"book, without a pass", "POST", "/v1/bookings", "", `{}`, "X-Nothing", "x"},
		{"book, expired", "POST", "/v1/bookings", g.pass(func(p *pass.Pass) { p.ExpiresAt = g.now() }), `{}`, "X-Nothing", "x"},
		{"book, with a proof", "POST", "/v1/bookings", "Proof x", `{}`, "X-Nothing", "x"},
		{"look up", "POST", "/v1/bookings/lookup", "", `{}`, "X-Nothing", "x"},
		{"a booking", "GET", "/v1/bookings/ABCDE-23456", "Proof x", "", "X-Nothing", "x"},
		{"a booking, with nothing", "GET", "/v1/bookings/ABCDE-23456", "Proof ", "", "X-Nothing", "x"},
		{"change", "PATCH", "/v1/bookings/ABCDE-23456", "Proof x", `{"slot":"t"}`, "X-Nothing", "x"},
		{"cancel", "DELETE", "/v1/bookings/ABCDE-23456", "Proof x", "", "X-Nothing", "x"},
		{"leftovers", "GET", "/v1/leftovers?region=x", "", "", "X-Nothing", "x"},
		{"leftovers, to HEAD", "HEAD", "/v1/leftovers?region=x", "", "", "X-Nothing", "x"},
		{"nothing there", "GET", "/v1/holds/x", good, "", "X-Nothing", "x"},
	} {
		for _, status := range []int{0, 404, 409, 500, 503} {
			g.answer.Store(int64(status))
			none := ""
			g.last.Store(&none)
			header := []string{row.header, row.value}
			g.offset.Add(int64(time.Second)) // right after a failure the kept list is given without asking
			want := g.ask(row.method, row.target, row.shown, row.body, header...)
			g.offset.Add(int64(time.Second))
			sent := *g.last.Swap(&none)
			request := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: daemun.test\r\n%s: %s\r\nContent-Length: %d\r\n", row.method, row.target, row.header, row.value, len(row.body))
			if row.shown != "" {
				request += "Authorization: " + row.shown + "\r\n"
			}
			got, body := raw(t, connect(), request+"\r\n"+row.body)
			if row.method == "HEAD" {
				body = want.Body.String()
			}
			if got.StatusCode != want.Code || withoutWait(body) != withoutWait(want.Body.String()) || (got.Header.Get("Retry-After") == "") != (want.Header().Get("Retry-After") == "") {
				t.Errorf("%s, %d: %d %s\nwant %d %s", row.name, status, got.StatusCode, body, want.Code, want.Body)
			}
			for _, name := range []string{"Content-Type", "Cache-Control"} {
				if got.Header.Get(name) != want.Header().Get(name) {
					t.Errorf("%s, %d: %s %q, want %q", row.name, status, name, got.Header.Get(name), want.Header().Get(name))
				}
			}
			if came := *g.last.Load(); withoutSource(came) != withoutSource(sent) {
				t.Errorf("%s: to the backend went\n%s\nwant\n%s", row.name, came, sent)
			}
		}
	}
}

// withoutWait takes the time to come back out of a problem: it is dealt by chance.
func withoutWait(body string) string {
	var p api.Problem
	if json.Unmarshal([]byte(body), &p) != nil || p.RetryAfterS == 0 {
		return body
	}
	p.RetryAfterS = 1
	out, _ := json.Marshal(p)
	return string(out)
}

// withoutSource takes out of a request where it came from, which the two ways of a test do not share.
func withoutSource(request string) string {
	var out []string
	for line := range strings.SplitSeq(request, "\r\n") {
		if !strings.HasPrefix(line, "Daemun-For:") && !strings.HasPrefix(line, "Content-Length: 0") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// BenchmarkRefuseFast is all that the gateway does with a request for which there is no permit, but for reading and writing.
func BenchmarkRefuseFast(b *testing.B) {
	for _, row := range []struct{ name, method, target string }{
		{"list", "GET", "/v1/clinics?region=11&page=7"}, {"booking", "GET", "/v1/bookings/ABCDE-23456"}, {"hold", "POST", "/v1/holds"},
	} {
		b.Run(row.name, func(b *testing.B) {
			g := newGate(b)
			cfg := g.backend.Gate().Config()
			cfg.Queue, cfg.Limit.Start, cfg.Limit.Min, cfg.Limit.Max = 0, 1, 1, 1
			g.backend.Gate().Configure(cfg)
			held, err := g.backend.Gate().Acquire(b.Context(), shed.At(shed.P0))
			if err != nil {
				b.Fatal(err)
			}
			defer held.Release(shed.Outcome{})
			ctx := &fasthttp.RequestCtx{}
			ctx.Request.Header.SetMethod(row.method)
			ctx.Request.SetRequestURI(row.target)
			ctx.Request.Header.SetHost("daemun.test")
			shown := g.pass(nil)
			if strings.Contains(row.target, "bookings/") {
				shown = "Proof x"
			}
			ctx.Request.Header.Set("Authorization", shown)
			b.ReportAllocs()
			for b.Loop() {
				ctx.Response.Reset()
				if !g.relayFast(ctx, []byte(row.target), []byte(shown)) || ctx.Response.StatusCode() != http.StatusServiceUnavailable {
					b.Fatal(ctx.Response.StatusCode())
				}
			}
		})
	}
}
