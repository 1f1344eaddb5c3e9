package porch

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// hall is a listener within the process; its connections say where they come from. A write waits for its reader.
type hall struct {
	comes chan net.Conn
	once  sync.Once
	shut  chan struct{}
}

func newHall() *hall { return &hall{comes: make(chan net.Conn), shut: make(chan struct{})} }

type walker struct {
	net.Conn
	from net.Addr
}

func (w *walker) RemoteAddr() net.Addr { return w.from }

func (h *hall) Accept() (net.Conn, error) {
	select {
	case c := <-h.comes:
		return c, nil
	case <-h.shut:
		return nil, io.EOF
	}
}

func (h *hall) Close() error   { h.once.Do(func() { close(h.shut) }); return nil }
func (h *hall) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// dial comes from an address.
func (h *hall) dial(t testing.TB, from string) net.Conn {
	t.Helper()
	mine, theirs := net.Pipe()
	select {
	case h.comes <- &walker{theirs, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 5))}:
	case <-h.shut:
		t.Fatal("nobody listens")
	}
	return mine
}

const page = "a page that is longer than nothing"

func testServer() *fasthttp.Server {
	return &fasthttp.Server{
		Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString(page) }, ErrorHandler: func(ctx *fasthttp.RequestCtx, err error) { ctx.Error(err.Error(), 400) },
		ReadBufferSize: 8 << 10, MaxRequestBodySize: 64 << 10, NoDefaultDate: true, CloseOnShutdown: true, Logger: mute{},
	}
}

type mute struct{}

func (mute) Printf(string, ...any) {}

// serveIn serves in a hall until the test ends the context.
func serveIn(t testing.TB, l Limits, most int) (p *Porch, h *hall, stop func()) {
	t.Helper()
	p, h = New(Options{Name: "test", Most: most, Limits: l}), newHall()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.ServeFast(ctx, h, testServer(), Drain{Finish: time.Minute}) }()
	return p, h, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute) // the server's own caretaker looks up every now and then
	}
}

// The server's clock starts with the first answer that has a date, and never ends: outside of any test's time.
func init() {
	mine, theirs := net.Pipe()
	go func() { _ = (&fasthttp.Server{Handler: func(*fasthttp.RequestCtx) {}}).ServeConn(theirs) }()
	asks(mine, bufio.NewReader(mine))
	_ = mine.Close()
}

const get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

// asks sends a request and reads its answer; 0: none came.
func asks(c net.Conn, in *bufio.Reader) (status int, last bool) {
	if _, err := c.Write([]byte(get)); err != nil {
		return 0, true
	}
	return answer(in)
}

func answer(in *bufio.Reader) (status int, last bool) {
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		return 0, true
	}
	_, _ = io.Copy(io.Discard, r.Body)
	return r.StatusCode, r.Close
}

// startServing serves until it is told to stop, and then waits a while before it does.
func startServing(t *testing.T, p *Porch, h *hall, wait time.Duration) (stop func() (ended chan error)) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.ServeFast(ctx, h, testServer(), Drain{Wait: wait, Finish: time.Minute}) }()
	return func() chan error { cancel(); return ended }
}
