package porch

import (
	"bufio"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// BenchmarkRequest is a request and its answer over one connection of the loopback, with the porch and with the server's own
// deadlines.
func BenchmarkRequest(b *testing.B) {
	for name, serve := range map[string]func(context.Context, net.Listener, *fasthttp.Server) error{
		"porch": func(ctx context.Context, l net.Listener, s *fasthttp.Server) error {
			return New(Options{Most: 100, Limits: Citizens()}).ServeFast(ctx, l, s, Drain{Finish: time.Second})
		},
		"bare": func(ctx context.Context, l net.Listener, s *fasthttp.Server) error {
			s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = 20*time.Second, 30*time.Second, 2*time.Minute
			context.AfterFunc(ctx, func() { _ = s.Shutdown() })
			return s.Serve(l)
		},
	} {
		b.Run(name, func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- serve(ctx, l, testServer()) }()
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			in := bufio.NewReader(c)
			asks(c, in)
			if _, err := io.WriteString(c, get); err != nil {
				b.Fatal(err)
			}
			answered, err := c.Read(make([]byte, 4096))
			if err != nil {
				b.Fatal(err)
			}
			text := make([]byte, answered)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := io.WriteString(c, get); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, text); err != nil {
					b.Fatal(err)
				}
			}
			c.Close()
			cancel()
			<-ended
		})
	}
}

// BenchmarkEvict makes room among eighteen thousand connections, as often as a flood asks for it.
func BenchmarkEvict(b *testing.B) {
	p := New(Options{Most: 18000, Limits: Limits{}})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.admit(deadEnd{from: &net.TCPAddr{IP: net.IPv4(10, 0, byte(i%7), byte(i%11)), Port: 1}}, true)
	}
}
