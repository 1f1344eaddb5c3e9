package porch

import (
	"bufio"
	"fmt"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestFloodLeavesRoom: connections pour in that say nothing, from one address and from many. Whoever comes gets in, and who
// was there first and behaves is not disturbed, at the flood's own address neither while silent ones can go instead.
func TestFloodLeavesRoom(t *testing.T) {
	for _, own := range []bool{true, false} {
		t.Run(fmt.Sprintf("from the same address: %t", own), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, h, stop := serveIn(t, Citizens(), 64)
				defer stop()
				c := h.dial(t, "192.0.2.1")
				defer c.Close()
				in := bufio.NewReader(c)
				asks(c, in)
				from := "192.0.2.1"
				for i := range 1000 {
					if !own {
						from = fmt.Sprintf("198.51.100.%d", i%7)
					}
					defer h.dial(t, from).Close()
				}
				if status, last := asks(c, in); status != 200 || last {
					t.Errorf("who was there first: %d, last %t", status, last)
				}
				late := h.dial(t, "203.0.113.9")
				defer late.Close()
				if status, _ := asks(late, bufio.NewReader(late)); status != 200 {
					t.Errorf("who came last: %d", status)
				}
				synctest.Wait()
				if s := p.Status(); s.Open > 64 || s.Cut[TurnedAway.String()] != 0 || s.Cut[RoomFull.String()] < 900 {
					t.Errorf("%d open in a room of %d, cut %v", s.Open, s.Room, s.Cut)
				}
			})
		})
	}
}

// TestSourceGivesWayToItself: an address that holds all it may displaces itself and nobody else.
func TestSourceGivesWayToItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Citizens()
		l.PerSource = 8
		p, h, stop := serveIn(t, l, 64)
		defer stop()
		for i := range 100 {
			defer h.dial(t, fmt.Sprintf("2001:db8:0:1::%x", i+1)).Close() // one subscriber's /64
		}
		synctest.Wait()
		if s := p.Status(); s.Open != 8 && s.Open != 7 || s.Sources != 1 {
			t.Errorf("%d are open from %d sources, want 8 from one", s.Open, s.Sources)
		}
	})
}

func TestRoomShrinksWithMemory(t *testing.T) {
	pressure := 0.0
	p := New(Options{Most: 100, Limits: Citizens(), Memory: func() float64 { return pressure }})
	for _, v := range []struct {
		pressure float64
		room     int
	}{{0, 100}, {0.5, 100}, {0.75, 63}, {1, 25}} {
		if pressure = v.pressure; p.room() != v.room {
			t.Errorf("at %v there is room for %d, want %d", pressure, p.room(), v.room)
		}
	}
	if idle := Citizens().Idle; p.idleTime() != idle {
		t.Errorf("in an empty room a connection may rest for %v, want %v", p.idleTime(), idle)
	}
	p.held.Store(25)
	if tight := Citizens().IdleTight; p.idleTime() != tight {
		t.Errorf("in a full room a connection may rest for %v, want %v", p.idleTime(), tight)
	}
}

// deadEnd is a connection that nobody reads.
type deadEnd struct {
	net.Conn
	from net.Addr
}

func (d deadEnd) RemoteAddr() net.Addr           { return d.from }
func (deadEnd) Close() error                     { return nil }
func (deadEnd) Write(b []byte) (int, error)      { return len(b), nil }
func (deadEnd) SetWriteDeadline(time.Time) error { return nil }

// TestWhoGivesWay: whatever comes and goes, the bounds hold, the books are right, a newcomer is turned away only when nobody
// yields, and nobody is displaced while another source holds more that could go.
func TestWhoGivesWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Citizens()
		l.PerSource = rapid.IntRange(2, 20).Draw(t, "per source")
		p := New(Options{Most: rapid.IntRange(2, 40).Draw(t, "room"), Limits: l})
		var all []*Conn
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if len(all) > 0 && rapid.IntRange(0, 3).Draw(t, "what") == 0 {
				c := rapid.SampledFrom(all).Draw(t, "who")
				c.to(rapid.SampledFrom([]phase{silent, idle, answering}).Draw(t, "phase"))
				continue
			}
			from := &net.TCPAddr{IP: net.IPv4(10, 0, 0, byte(rapid.IntRange(1, 5).Draw(t, "from"))), Port: 1}
			before := waitingBySource(p)
			c := p.admit(deadEnd{from: from}, true)
			after := waitingBySource(p)
			if c == nil && before[sourceOf(from)] > 0 {
				t.Fatal("turned away although its own source had connections to give")
			}
			if c != nil {
				all = append(all, c)
			}
			fair(t, before, after, sourceOf(from))
		}
		total := 0
		for from, v := range p.sources {
			if total += v.n; v.n > l.PerSource || v.n <= 0 {
				t.Fatalf("%v holds %d", from, v.n)
			}
		}
		if total != len(p.open) || total > p.most {
			t.Fatalf("%d by source, %d open, room for %d", total, len(p.open), p.most)
		}
	})
}

func waitingBySource(p *Porch) map[source]int {
	out := map[source]int{}
	for _, c := range p.open {
		if phase(c.phase.Load()).rests() {
			out[c.from]++
		}
	}
	return out
}

// fair: who lost connections was not left with fewer than another that could have given, but for the newcomer's own.
func fair(t *rapid.T, before, after map[source]int, newcomer source) {
	most := 0
	for from, n := range after {
		if from == newcomer {
			n--
		}
		most = max(most, n)
	}
	for from, n := range before {
		if left := after[from]; from != newcomer && left < n && left < most-1 {
			t.Fatalf("%v lost %d and was left with %d while another holds %d", from, n-left, left, most)
		}
	}
}

// tired is a listener that the system has no room for now and then.
type tired struct {
	*hall
	errs []error
}

func (l *tired) Accept() (net.Conn, error) {
	if len(l.errs) > 0 {
		err := l.errs[0]
		l.errs = l.errs[1:]
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: err}
	}
	return l.hall.Accept()
}

func TestNoFilesLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := New(Options{Most: 10, Limits: Citizens()}), newHall()
		resting := p.admit(deadEnd{from: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}}, true)
		l := p.listener(&tired{h, []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED, syscall.ENOBUFS}}, true)
		go func() { _, theirs := net.Pipe(); h.comes <- theirs }()
		c, err := l.Accept()
		if err != nil || c == nil {
			t.Fatalf("%v, %v: want the connection that came once there was room", c, err)
		}
		if phase(resting.phase.Load()) != closing || p.Status().Cut[NoFiles.String()] != 1 {
			t.Errorf("cut %v: want the connection at rest to have given way", p.Status().Cut)
		}
	})
}

func TestSpareFiles(t *testing.T) {
	for files, want := range map[uint64]int{1: 1, 64: 32, 1024: 512, 20000: 18750, 1 << 40: 1<<20 - 1<<16} {
		if got := spare(files); got != want {
			t.Errorf("of %d files %d are left for connections, want %d", files, got, want)
		}
	}
}

func TestParameters(t *testing.T) {
	p := New(Options{Name: "test", Most: 10, Limits: Citizens()})
	for _, v := range p.Parameters() {
		for _, bad := range []float64{v.Least - 1, v.Most + 1} {
			if p.Set(v.Name, bad) == nil {
				t.Errorf("%s takes %v", v.Name, bad)
			}
		}
		if err := p.Set(v.Name, v.Most); err != nil {
			t.Error(err)
		}
	}
	for _, v := range p.Parameters() {
		if v.Value != v.Most {
			t.Errorf("%s is %v after it was set to %v", v.Name, v.Value, v.Most)
		}
	}
	if p.Set("nonsense", 1) == nil {
		t.Error("takes a limit that there is not")
	}
}
