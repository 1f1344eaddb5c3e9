package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// asker asks over one connection after another, as long as it may, and counts what is not answered.
type asker struct {
	addr                        string
	answered, lost, closed, off atomic.Int64 // closed: at rest, before anything of an answer; off: nobody listened
	told                        atomic.Int64 // that this is the connection's last answer
	why                         sync.Map     // what was lost
}

func (a *asker) run(stop <-chan struct{}, request func(i int) string) {
	var c net.Conn
	var in *bufio.Reader
	used := false
	for i := 0; ; i++ {
		select {
		case <-stop:
			if c != nil {
				c.Close()
			}
			return
		default:
		}
		if c == nil {
			var err error
			if c, err = net.DialTimeout("tcp", a.addr, 10*time.Second); err != nil {
				if !errors.Is(err, syscall.ECONNREFUSED) {
					a.lost.Add(1)
					a.why.Store("dial: "+err.Error(), true)
				}
				a.off.Add(1)
				c = nil
				time.Sleep(5 * time.Millisecond)
				continue
			}
			in, used = bufio.NewReader(c), false
		}
		if last := a.ask(c, in, request(i), used); last {
			c.Close()
			c = nil
		}
		used = true
	}
}

// ask asks once; true: the connection is at its end.
func (a *asker) ask(c net.Conn, in *bufio.Reader, request string, used bool) bool {
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	_, err := io.WriteString(c, request)
	var r *http.Response
	if err == nil {
		if _, err = in.Peek(1); err != nil && used {
			a.closed.Add(1) // the server may end a connection at rest
			return true
		}
		r, err = http.ReadResponse(in, nil)
	} else if used {
		a.closed.Add(1)
		return true
	}
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body)
	}
	if err != nil {
		a.lost.Add(1)
		a.why.Store(fmt.Sprintf("%s: %v", time.Now().Format("05.000"), err), true)
		return true
	}
	a.answered.Add(1)
	if r.Close {
		a.told.Add(1)
	}
	return r.Close
}

// TestRestartedUnderLoad: while people ask without pause, the gateway is asked to stop and is started again. Every request is
// answered, and everybody stands where they stood.
func TestRestartedUnderLoad(t *testing.T) {
	s := newSite(t)
	gateway := []string{"gateway", "--data", s.data, "--listen", s.public, "--control", s.control, "--lanes", s.lanes, "--backend", "http://" + s.backend,
		"--admission-start", "0.000001", "--admission-max", "0.000001", "--drain-wait", "500ms"}
	s.parts = []*process{start(t, "backend", "--data", s.data, "--demo", "--listen", s.backend), start(t, gateway...)}
	s.bothReady()
	eligible, _ := s.citizens()
	tickets := make([]string, 60)
	for i := range tickets {
		tickets[i] = s.join(eligible[i])
	}
	before := s.standing(tickets)
	a := &asker{addr: s.public}
	stop, askers := make(chan struct{}), sync.WaitGroup{}
	for k := range 8 {
		askers.Go(func() {
			a.run(stop, func(i int) string {
				if i%3 == 0 {
					body := fmt.Sprintf(`{"rrn":%q}`, eligible[(k*31+i)%200].Number.Digits())
					return fmt.Sprintf("POST /v1/queue/join HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				}
				return "GET /v1/queue/place HTTP/1.1\r\nHost: h\r\nAuthorization: Ticket " + tickets[(k+i)%len(tickets)] + "\r\n\r\n"
			})
		})
	}
	for range 2 {
		seen := a.answered.Load()
		s.eventually("people are answered", func() bool { return a.answered.Load() > seen+500 })
		if code := s.parts[1].stop(t); code != 0 {
			t.Errorf("exit code %d:\n%s", code, s.parts[1].output)
		}
		s.parts[1] = start(t, gateway...)
		s.bothReady()
	}
	seen := a.answered.Load()
	s.eventually("people are answered again", func() bool { return a.answered.Load() > seen+500 })
	close(stop)
	askers.Wait()
	t.Logf("%d answered, %d times told that this is the last answer; %d connections ended at rest, %d found nobody listening", a.answered.Load(), a.told.Load(), a.closed.Load(), a.off.Load())
	if a.lost.Load() != 0 || a.told.Load() == 0 {
		t.Errorf("%d requests were not answered; told %d times", a.lost.Load(), a.told.Load())
		a.why.Range(func(why, _ any) bool { t.Log(why); return true })
	}
	for i, p := range s.standing(tickets) {
		if p != before[i] {
			t.Errorf("ticket %d stood at %d, now at %d", i, before[i], p)
		}
	}
}

// standing is how many people are before each ticket, once that is drawn.
func (s *site) standing(tickets []string) (ahead []int64) {
	s.t.Helper()
	for _, ticket := range tickets {
		var p api.Place
		s.eventually("the place is drawn", func() bool {
			p = s.place(ticket)
			return p.State == api.PlaceWaiting && p.Ahead != nil
		})
		ahead = append(ahead, *p.Ahead)
	}
	return ahead
}

// TestAskedTwiceToStop: who asks a second time does not wait for those who are still answered.
func TestAskedTwiceToStop(t *testing.T) {
	s := newSite(t)
	p := start(t, "backend", "--data", s.data, "--demo", "--listen", s.backend, "--drain-wait", "10m")
	s.eventually("it listens", func() bool {
		c, err := net.Dial("tcp", s.backend)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	s.eventually("it ends at the second request", func() bool {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
			return true
		default:
			return false
		}
	})
}

// TestOddRequestsAreAnsweredPolitely: by the process as it is, with words in both languages and the end of the connection.
func TestOddRequestsAreAnsweredPolitely(t *testing.T) {
	s := newSite(t)
	s.up()
	for _, v := range []struct {
		name, request string
		status        string
		code          string
	}{
		{"a huge header", "GET /v1/openings HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 200<<10) + "\r\n\r\n", "431", "too_large"},
		{"a huge body", "POST /v1/queue/join HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300000), "413", "too_large"},
		{"a huge body after asking", "POST /v1/queue/join HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 300000\r\n\r\n", "413", "too_large"},
		{"HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", "400", "bad_request"},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00", "400", "bad_request"},
	} {
		c, err := net.Dial("tcp", s.public)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(c, v.request); err != nil {
			t.Errorf("%s: not heard out: %v", v.name, err)
		}
		text, err := io.ReadAll(c)
		answer := string(text)
		if i := strings.Index(answer, "HTTP/1.1 100 Continue\r\n\r\n"); i == 0 {
			answer = answer[len("HTTP/1.1 100 Continue\r\n\r\n"):]
		}
		if err != nil || !strings.HasPrefix(answer, "HTTP/1.1 "+v.status) || !strings.Contains(answer, v.code) || !strings.Contains(answer, "detail_en") || !strings.Contains(answer, "Connection: close") {
			t.Errorf("%s: %v, %.400s", v.name, err, answer)
		}
		c.Close()
	}
}
