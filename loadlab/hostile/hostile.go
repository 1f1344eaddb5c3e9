// Package hostile is clients that mean harm, or are so broken that it comes to the same: they hold connections and say nothing,
// speak or listen a byte at a time, say far too much, or open and take back streams without end. Beside them honest citizens go
// on asking, and what counts is what these see.
package hostile

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Target is what is attacked: host:port of the citizens' and of the lanes' listener, and what opens the latter's door.
type Target struct {
	Public, Lanes string
	Known         *tls.Config // with a certificate of the lanes
	Stranger      *tls.Config // without
	Big           string      // path of an answer that is larger than a socket takes
}

// Tally is what the attackers did, and what it came to.
type Tally struct {
	Opened   atomic.Int64 // connections
	Cut      atomic.Int64 // ended by the server
	Refused  atomic.Int64 // could not be opened
	Answered atomic.Int64 // got words before the end
	Streams  atomic.Int64
}

// Attack is a kind of client. From are the addresses it comes from; it goes on until ctx ends.
type Attack struct {
	Name        string
	Connections int // held at once
	one         func(ctx context.Context, t *Target, c net.Conn, n *Tally)
	lanes       bool
}

// Attacks are all kinds. connections is how many the patient ones hold at once.
func Attacks(connections int) []Attack {
	return []Attack{
		{Name: "silent-flood", Connections: connections, one: silent},
		{Name: "connect-flood", Connections: 64, one: touch},
		{Name: "slow-header", Connections: connections, one: slowHeader},
		{Name: "slow-body", Connections: connections, one: slowBody},
		{Name: "expect-nothing", Connections: connections, one: expectNothing},
		{Name: "slow-read", Connections: connections, one: slowRead},
		{Name: "idle-hoard", Connections: connections, one: hoard},
		{Name: "huge-header", Connections: 32, one: hugeHeader},
		{Name: "huge-body", Connections: 32, one: hugeBody},
		{Name: "pipelined-flood", Connections: 8, one: pipelined},
		{Name: "garbage", Connections: 32, one: garbage},
		{Name: "h2c-preface", Connections: 32, one: preface},
		{Name: "h2-reset-known", Connections: 8, one: resetsKnown, lanes: true},
		{Name: "h2-reset-stranger", Connections: 8, one: resetsStranger, lanes: true},
		{Name: "handshake-hoard", Connections: min(connections, 1000), one: silent, lanes: true},
	}
}

// Run keeps the attack's connections open from the given addresses, each anew when it is cut, until ctx ends.
func (a Attack) Run(ctx context.Context, t *Target, from []net.IP, n *Tally) {
	address := t.Public
	if a.lanes {
		address = t.Lanes
	}
	var all sync.WaitGroup
	for i := range a.Connections {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from[i%len(from)]}, Timeout: 5 * time.Second, KeepAlive: -1, Control: control(a.Name)}
		all.Go(func() { a.again(ctx, t, &d, address, n) })
	}
	all.Wait()
}

func (a Attack) again(ctx context.Context, t *Target, d *net.Dialer, address string, n *Tally) {
	for ctx.Err() == nil {
		c, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			n.Refused.Add(1)
			rest(ctx, 20*time.Millisecond)
			continue
		}
		n.Opened.Add(1)
		stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
		a.one(ctx, t, c, n)
		if stop() {
			n.Cut.Add(1)
		}
		abandon(c)
	}
}

// control makes the receiver's buffer small where an attack is about not reading.
func control(name string) func(string, string, syscall.RawConn) error {
	if name != "slow-read" {
		return nil
	}
	return func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 2048) })
	}
}

// abandon closes without the pause that would use up the machine's ports.
func abandon(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// hear reads to the end.
func hear(c net.Conn, n *Tally) {
	if heard, _ := io.Copy(io.Discard, c); heard > 0 {
		n.Answered.Add(1)
	}
}

func silent(_ context.Context, _ *Target, c net.Conn, n *Tally) { hear(c, n) }

func touch(context.Context, *Target, net.Conn, *Tally) {}

// drips sends a beginning and then a byte every now and then, until it is cut.
func drips(ctx context.Context, c net.Conn, n *Tally, begin string, every time.Duration) {
	if _, err := io.WriteString(c, begin); err != nil {
		return
	}
	ended := make(chan struct{})
	go func() { hear(c, n); close(ended) }()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			<-ended
			return
		case <-tick.C:
			if _, err := c.Write([]byte("x")); err != nil {
				<-ended
				return
			}
		}
	}
}

func slowHeader(ctx context.Context, _ *Target, c net.Conn, n *Tally) {
	drips(ctx, c, n, "GET / HTTP/1.1\r\nHost: h\r\nX-", time.Second)
}

const join = "POST /v1/queue/join HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"

func slowBody(ctx context.Context, _ *Target, c net.Conn, n *Tally) {
	drips(ctx, c, n, join+"Content-Length: 4000\r\n\r\n{", time.Second)
}

func expectNothing(ctx context.Context, _ *Target, c net.Conn, n *Tally) {
	drips(ctx, c, n, join+"Expect: 100-continue\r\nContent-Length: 4000\r\n\r\n", time.Minute)
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n" }

// slowRead asks for much and reads next to nothing.
func slowRead(ctx context.Context, t *Target, c net.Conn, _ *Tally) {
	if _, err := io.WriteString(c, strings.Repeat(get(t.Big), 50)); err != nil {
		return
	}
	b := make([]byte, 16)
	for ctx.Err() == nil {
		if _, err := c.Read(b); err != nil {
			return
		}
		rest(ctx, time.Second)
	}
}

// hoard is answered once and keeps the connection.
func hoard(_ context.Context, _ *Target, c net.Conn, n *Tally) {
	if _, err := io.WriteString(c, get("/healthz")); err == nil {
		hear(c, n)
	}
}

func hugeHeader(_ context.Context, _ *Target, c net.Conn, n *Tally) {
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\nX: "+strings.Repeat("x", 256<<10)+"\r\n\r\n")
	hear(c, n)
}

func hugeBody(_ context.Context, _ *Target, c net.Conn, n *Tally) {
	_, _ = io.WriteString(c, join+"Content-Length: 10000000\r\n\r\n"+strings.Repeat("x", 512<<10))
	hear(c, n)
}

// pipelined asks much at once and reads it all.
func pipelined(_ context.Context, _ *Target, c net.Conn, n *Tally) {
	many := strings.Repeat(get("/v1/openings"), 256)
	go func() {
		for {
			if _, err := io.WriteString(c, many); err != nil {
				return
			}
		}
	}()
	hear(c, n)
}

func garbage(_ context.Context, _ *Target, c net.Conn, n *Tally) {
	_, _ = c.Write([]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 what is this"))
	hear(c, n)
}

func preface(_ context.Context, _ *Target, c net.Conn, n *Tally) {
	_, _ = io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	hear(c, n)
}
