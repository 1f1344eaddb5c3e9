package edge

import (
	"bytes"
	"math/rand/v2"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/daemun/daemun/gateway/meter"
)

// joinFast gives a place to somebody who sends a number and nothing else, which is what millions do in one second.
// False leaves the request to the slow way, that knows every answer: whatever is odd about it, every refusal, and
// whatever a browser sends, which says where it comes from.
func (e *Edge) joinFast(ctx *fasthttp.RequestCtx, shown []byte) bool {
	start := time.Now()
	digits, plain := plainJoin(ctx.Request.Body())
	held, usual := fastTicket(ctx, shown)
	head := &ctx.Request.Header
	if !plain || !usual || len(head.Peek("Origin")) > 0 || len(head.Peek("Sec-Fetch-Site")) > 0 {
		return false
	}
	now := e.node.Now()
	number, err := e.number(string(digits), now)
	if err != nil {
		return false
	}
	text, t, line, err := e.node.Join(number, "", held, now)
	if err != nil {
		return false
	}
	place := line.Place(&t, now)
	buf := buffers.Get().(*[]byte)
	*buf = e.appendJoined((*buf)[:0], line, &text, &t, &place, now)
	fastJSON(ctx, "no-store")
	ctx.Response.SetBody(*buf)
	buffers.Put(buf)
	e.meter.Count(meter.W, time.Since(start), false, rand.Uint32())
	return true
}

var (
	joinBefore = []byte(`{"rrn":"`)
	joinAfter  = []byte(`"}`)
)

// plainJoin takes the number out of a body as every program writes it: one key, digits and dashes, no escapes. What it
// takes means the same to a JSON reader.
func plainJoin(body []byte) (digits []byte, ok bool) {
	rest, before := bytes.CutPrefix(body, joinBefore)
	digits, after := bytes.CutSuffix(rest, joinAfter)
	if !before || !after {
		return nil, false
	}
	for _, c := range digits {
		if (c < '0' || c > '9') && c != '-' {
			return nil, false
		}
	}
	return digits, true
}
