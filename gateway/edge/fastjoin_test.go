package edge

import (
	"bufio"
	"strconv"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// plainRequest is a join as every program sends it.
func plainRequest(t testing.TB) *fasthttp.RequestCtx {
	t.Helper()
	body := `{"rrn":"` + member + `"}`
	var ctx fasthttp.RequestCtx
	request := "POST /v1/queue/join HTTP/1.1\r\nHost: daemun.test\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
	if err := ctx.Request.Read(bufio.NewReader(strings.NewReader(request))); err != nil {
		t.Fatal(err)
	}
	return &ctx
}

func TestPlainJoinTakesTheFastWay(t *testing.T) {
	g := newGate(t)
	if !g.joinFast(plainRequest(t), nil) {
		t.Error("a plain join takes the slow way")
	}
}

func BenchmarkJoinFast(b *testing.B) {
	g := newGate(b)
	ctx := plainRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		ctx.Response.Reset()
		g.serveFast(ctx)
	}
}
