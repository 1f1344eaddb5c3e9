package porch

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// drip sends bytes one by one until somebody no longer wants them.
func drip(c net.Conn, text string, every time.Duration) {
	for i := range len(text) {
		if _, err := c.Write([]byte{text[i]}); err != nil {
			return
		}
		time.Sleep(every)
	}
}

// slow clients, each with what it gets and why it is cut.
var slow = []struct {
	name   string
	do     func(c net.Conn)
	reads  bool // its answer
	status int
	why    Reason
}{
	{"says nothing", func(net.Conn) {}, true, 0, Silent},
	{"drips a header", func(c net.Conn) { drip(c, "GET / HTTP/1.1\r\nHost: h\r\nX: "+strings.Repeat("x", 1000), time.Second) }, true, 400, SlowHeader},
	{"drips a body", func(c net.Conn) {
		_, _ = c.Write([]byte("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n"))
		drip(c, strings.Repeat("x", 1000), time.Second)
	}, true, 400, SlowBody},
	{"drips a body in pieces", func(c net.Conn) {
		_, _ = c.Write([]byte("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"))
		drip(c, strings.Repeat("1\r\nx\r\n", 1000), time.Second)
	}, true, 400, SlowBody},
	{"waits for permission, then sends nothing", func(c net.Conn) {
		_, _ = c.Write([]byte("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n"))
	}, true, 400, SlowBody},
	{"never reads its answer", func(c net.Conn) { _, _ = c.Write([]byte(get)) }, false, 0, SlowRead},
	{"rests", func(c net.Conn) { _, _ = c.Write([]byte(get)) }, true, 200, Idle},
	{"speaks TLS", func(c net.Conn) { _, _ = c.Write([]byte{0x16, 3, 1, 2, 0, 1}) }, true, 400, Garbage},
	{"speaks HTTP/2", func(c net.Conn) { _, _ = c.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) }, true, 400, Garbage},
	{"has much to say", func(c net.Conn) {
		_, _ = c.Write([]byte("GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 9<<10)))
	}, true, 400, BigHeader},
	{"brings too much", func(c net.Conn) {
		_, _ = c.Write([]byte("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"))
	}, true, 400, BigBody},
}

func TestSlowAndOddClientsAreAnsweredAndCut(t *testing.T) {
	for _, v := range slow {
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, h, stop := serveIn(t, Citizens(), 10)
				defer stop()
				c := h.dial(t, "192.0.2.1")
				defer c.Close()
				go v.do(c)
				if !v.reads {
					time.Sleep(time.Hour)
				}
				in := bufio.NewReader(c)
				status := 0
				for status == 0 || status == 100 {
					var last bool
					if status, last = answer(in); last {
						break
					}
				}
				if status != v.status {
					t.Errorf("answered with %d, want %d", status, v.status)
				}
				if _, err := io.Copy(io.Discard, in); err != nil {
					t.Error(err)
				}
				synctest.Wait()
				if s := p.Status(); s.Open != 0 || s.Cut[v.why.String()] != 1 || len(s.Cut) != 1 {
					t.Errorf("%d are open; cut %v, want one for %v", s.Open, s.Cut, v.why)
				}
			})
		})
	}
}

// TestRulesThatOnlyCount: the same clients are left alone by rules that only count, as long as the outermost bound allows.
func TestRulesThatOnlyCount(t *testing.T) {
	for _, v := range slow {
		if v.why == BigHeader || v.why == BigBody || v.why == Idle || v.name == "speaks HTTP/2" { // the server's own bounds
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := Citizens()
				l.Dry[v.why] = true
				p, h, stop := serveIn(t, l, 10)
				c := h.dial(t, "192.0.2.1")
				go v.do(c)
				if v.reads {
					go func() { _, _ = io.Copy(io.Discard, c) }()
				}
				time.Sleep(45 * time.Second)
				s := p.Status()
				if v.why != Garbage && s.Open != 1 || s.WouldCut[v.why.String()] != 1 || s.Cut[v.why.String()] != 0 {
					t.Errorf("%d are open; would have cut %v, want one for %v; cut %v", s.Open, s.WouldCut, v.why, s.Cut)
				}
				time.Sleep(2 * time.Minute)
				if n := p.Status().Open; n != 0 {
					t.Errorf("%d are open after the outermost bound", n)
				}
				c.Close()
				stop()
			})
		})
	}
}

func TestWhoBehavesStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h, stop := serveIn(t, Citizens(), 10)
		defer stop()
		c := h.dial(t, "192.0.2.1")
		defer c.Close()
		in := bufio.NewReader(c)
		for range 100 { // polls for a long while, each time after a rest
			if status, last := asks(c, in); status != 200 || last {
				t.Fatalf("answered with %d, the last one: %t", status, last)
			}
			time.Sleep(100 * time.Second)
		}
		if s := p.Status(); len(s.Cut) != 0 || s.Open != 1 {
			t.Errorf("cut %v, open %d", s.Cut, s.Open)
		}
	})
}

func TestPipelining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Citizens()
		p, h, stop := serveIn(t, l, 10)
		defer stop()
		c := h.dial(t, "192.0.2.1")
		defer c.Close()
		go func() { _, _ = c.Write([]byte(strings.Repeat(get, 200))) }()
		in, answered := bufio.NewReader(c), 0
		for {
			status, last := answer(in)
			if status == 200 {
				answered++
			}
			if last {
				break
			}
		}
		if answered != l.Pipelined+1 || p.Status().Cut[Pipelined.String()] != 1 {
			t.Errorf("%d answers, cut %v; want %d answers and the end", answered, p.Status().Cut, l.Pipelined+1)
		}
	})
}

func TestDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := New(Options{Name: "test", Most: 10, Limits: Citizens()}), newHall()
		stop := startServing(t, p, h, time.Minute)
		c, unsaid := h.dial(t, "192.0.2.1"), h.dial(t, "192.0.2.1")
		defer c.Close()
		defer unsaid.Close()
		in := bufio.NewReader(c)
		asks(c, in)
		ended := stop()
		synctest.Wait()
		if status, last := asks(c, in); status != 200 || !last {
			t.Errorf("while it drains: answered with %d, told that this is the last one: %t", status, last)
		}
		late := h.dial(t, "192.0.2.2") // during the wait people are still let in
		defer late.Close()
		_, _ = late.Write([]byte("GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n"))
		if status, last := answer(bufio.NewReader(late)); status != 503 || !last {
			t.Errorf("/readyz: %d, last %t; want a 503", status, last)
		}
		if err := <-ended; err != nil { // although one connection says nothing
			t.Error(err)
		}
		time.Sleep(time.Minute)
	})
}
