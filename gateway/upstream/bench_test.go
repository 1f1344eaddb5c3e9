package upstream

import (
	"bufio"
	"context"
	"net"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/shed"
)

// answering is a connection that answers every request at once and at no cost, so that a benchmark shows what the way there
// costs.
type answering struct {
	net.Conn
	pending int
}

var nowhere = &net.TCPAddr{}

var ready = []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nCache-Control: no-store\r\nContent-Length: 14\r\n\r\n{\"well\":\"yes\"}")

func (a *answering) Write(b []byte) (int, error) { a.pending = 0; return len(b), nil }
func (a *answering) Read(b []byte) (int, error) {
	n := copy(b, ready[a.pending:])
	a.pending += n
	return n, nil
}
func (a *answering) Close() error                     { return nil }
func (a *answering) RemoteAddr() net.Addr             { return nowhere }
func (a *answering) LocalAddr() net.Addr              { return nowhere }
func (a *answering) SetReadDeadline(time.Time) error  { return nil }
func (a *answering) SetWriteDeadline(time.Time) error { return nil }

func benchPool(b *testing.B) *Pool {
	p, err := New(Options{URLs: []string{"http://127.0.0.1:1", "http://127.0.0.1:2"}, Token: []byte("token"), Gate: shed.Default(), Clock: time.Now, Log: zap.NewNop()})
	if err != nil {
		b.Fatal(err)
	}
	for _, i := range p.members.Load().list {
		i.client.Dial = func(string) (net.Conn, error) { return &answering{}, nil }
		p.heard(i, &report{received: time.Now().Add(-time.Hour)})
	}
	return p
}

func BenchmarkDo(b *testing.B) {
	p := benchPool(b)
	r := Request{Method: "GET", Path: "/v1/clinics?region=11", Authorization: "Pass abcdefghijklmnop", For: "192.0.2.1"}
	ctx := context.Background()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if a, err := p.Do(ctx, shed.At(shed.P2), r); err != nil || a.Status != 200 {
				b.Error(a, err)
				return
			}
		}
	})
}

func BenchmarkRelay(b *testing.B) {
	p := benchPool(b)
	ctx := context.Background()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		var in fasthttp.Request
		var out fasthttp.Response
		_ = in.Header.Read(bufio.NewReader(&text64{s: "GET /v1/clinics?region=11 HTTP/1.1\r\nHost: x\r\nAuthorization: Pass abcdefghijklmnop\r\n\r\n"}))
		for pb.Next() {
			if err := p.Relay(ctx, shed.At(shed.P2), &in, "192.0.2.1", &out); err != nil || out.StatusCode() != 200 {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkOpenBreaker is what it costs to be told that the backend rests.
func BenchmarkOpenBreaker(b *testing.B) {
	p := benchPool(b)
	for _, i := range p.members.Load().list {
		p.missed(i, saidRefused)
	}
	ctx := context.Background()
	r := Request{Method: "GET", Path: "/v1/clinics?region=11"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Do(ctx, shed.At(shed.P2), r); err == nil {
			b.Fatal("answered")
		}
	}
}

func BenchmarkKept(b *testing.B) {
	p := benchPool(b)
	c := p.Config()
	c.Fallback.SnapshotAge = time.Minute
	if err := p.Configure(c); err != nil {
		b.Fatal(err)
	}
	r := Request{Method: "GET", Path: "/v1/clinics?region=11"}
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Shared(ctx, shed.At(shed.P2), 1, r); err != nil {
			b.Fatal(err)
		}
	}
}

type text64 struct{ s string }

func (t *text64) Read(b []byte) (int, error) {
	n := copy(b, t.s)
	t.s = t.s[n:]
	if n == 0 {
		return 0, net.ErrClosed
	}
	return n, nil
}
