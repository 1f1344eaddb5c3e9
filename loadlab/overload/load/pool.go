package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/daemun/daemun/loadlab/overload/site"
	"github.com/daemun/daemun/loadlab/wire"
)

const (
	// sources is from how many addresses of the loopback connections come: one address has too few ports, and a server may
	// well bound the connections from one.
	sources    = 64
	sweepEvery = 5 * time.Millisecond
	// dialAfter is how long a request waits for a connection to come free before another one is opened, and dials how many are
	// opened in a sweep at most: a generator that is behind with reading would else spend its time on opening more, and never catch up.
	dialAfter = 4 * time.Millisecond
	dials     = 64
	// resting is how long a connection must have been idle for its loss to mean that the server had closed it before.
	resting = time.Second
)

// pool keeps connections, each with one request under way at most and a reader of its own.
type pool struct {
	run     *run
	address string

	mu     sync.Mutex
	idle   []*conn
	wait   line // for a connection
	all    map[*conn]struct{}
	opened int
	ended  bool
}

type conn struct {
	net    net.Conn
	reader *wire.Reader

	// Under the pool's lock.
	request Request
	sent    time.Duration
	busy    bool
	dead    bool
	gaveUp  bool
	rested  time.Duration // before the request under way
	idledAt time.Duration
}

func newPool(address string, r *run) *pool {
	return &pool{run: r, address: address, all: map[*conn]struct{}{}}
}

// send sends a request on an idle connection, or on the next one that comes free.
func (p *pool) send(q Request, now time.Duration) {
	q.begun = now
	p.mu.Lock()
	c := p.take(now)
	switch {
	case c != nil:
		c.begin(q, now)
		p.mu.Unlock()
		p.write(c, q)
	case p.ended:
		p.mu.Unlock()
		p.run.finish(q, Unsent, now, now)
	default:
		p.wait.push(waiting{q, now})
		p.mu.Unlock()
	}
}

// grow opens connections for those who have waited for one. Where there may be no more, they wait on, until a client gives up.
func (p *pool) grow(now time.Duration) {
	for range dials {
		p.mu.Lock()
		full := len(p.all) >= p.run.Conns
		since := now - dialAfter
		if full {
			since = now - p.run.Timeout
		}
		w, ok := p.wait.pop(since)
		if !ok || full {
			p.mu.Unlock()
			if ok {
				p.run.finish(w.request, Unsent, now, now)
				continue
			}
			return
		}
		c := &conn{}
		c.begin(w.request, now)
		p.all[c] = struct{}{}
		n := p.opened
		p.opened++
		p.mu.Unlock()
		go p.open(c, w.request, n)
	}
}

// take is the connection that rested shortest; nil where there is none. The caller holds the lock.
func (p *pool) take(now time.Duration) *conn {
	for n := len(p.idle); n > 0; n = len(p.idle) {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		if !c.dead {
			c.rested = now - c.idledAt
			return c
		}
	}
	return nil
}

func (c *conn) begin(q Request, now time.Duration) {
	c.request, c.sent, c.busy, c.gaveUp = q, now, true, false
}

// open dials, sends and becomes the reader of the connection.
func (p *pool) open(c *conn, q Request, n int) {
	dialer := net.Dialer{Timeout: p.run.Timeout, KeepAlive: -1}
	if runtime.GOOS == "linux" { // where all of 127.0.0.0/8 is this machine
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+n%sources))}
	}
	nc, err := dialer.Dial("tcp", p.address)
	if err != nil {
		p.lost(c, fmt.Errorf("connect: %w", err))
		return
	}
	p.mu.Lock()
	c.net, c.reader = nc, wire.NewReader(nc)
	late := c.gaveUp || p.ended
	p.mu.Unlock()
	if late {
		p.lost(c, net.ErrClosed)
		return
	}
	p.write(c, q)
	p.read(c)
}

// buffers hold requests while they are written. They are not the connections' own: the answer may be read, and the next request
// begun, before the write of this one has returned.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

func (p *pool) write(c *conn, q Request) {
	b := buffers.Get().(*[]byte)
	*b = p.run.Encode((*b)[:0], &q)
	if _, err := c.net.Write(*b); err != nil {
		_ = c.net.Close() // its reader hears of it
	}
	buffers.Put(b)
}

// read takes answers until the connection ends.
func (p *pool) read(c *conn) {
	var res wire.Response
	for {
		if err := c.reader.Read(&res); err != nil {
			p.lost(c, err)
			return
		}
		p.answer(c, &res)
		if res.Close {
			p.lost(c, net.ErrClosed)
			return
		}
	}
}

func (p *pool) answer(c *conn, res *wire.Response) {
	p.mu.Lock()
	done := p.run.since()
	q, sent, busy := c.request, c.sent, c.busy
	c.busy = false
	outcome := p.judge(res, sent)
	next, more := waiting{}, false
	if busy && !res.Close && !c.gaveUp {
		c.idledAt, c.rested = done, 0
		if next, more = p.wait.pop(done); more {
			c.begin(next.request, done)
		} else {
			p.idle = append(p.idle, c)
		}
	}
	p.mu.Unlock()
	if !busy {
		_ = c.net.Close() // an answer that nobody asked for: nothing on this connection can be believed
		return
	}
	if more {
		p.write(c, next.request)
	}
	p.run.finish(q, outcome, sent, done)
}

// judge says what an answer is worth.
func (p *pool) judge(res *wire.Response, sent time.Duration) Outcome {
	switch {
	case res.Status < 300:
		worked, ok := site.WorkedAt(res.Body)
		if !ok || worked.Before(p.run.start.Add(sent)) {
			return Stale
		}
		return Good
	case res.Status == 503 || res.Status == 429:
		return Shed
	case res.Status < 500:
		return Refused
	}
	return Broken
}

// lost ends a connection, and what was under way on it.
func (p *pool) lost(c *conn, err error) {
	p.mu.Lock()
	done := p.run.since()
	delete(p.all, c)
	c.dead = true
	q, sent, busy, gaveUp := c.request, c.sent, c.busy, c.gaveUp
	again := busy && !gaveUp && c.rested > resting && !p.ended
	c.busy, c.rested = false, 0
	p.mu.Unlock()
	if c.net != nil {
		p.reset(c.net)
	}
	switch {
	case !busy:
	case again:
		p.send(q, done)
	case gaveUp || errors.Is(err, os.ErrDeadlineExceeded):
		p.run.finish(q, TimedOut, sent, done)
	default:
		p.run.finish(q, Lost, sent, done)
	}
}

// reset closes without the time that a port rests after a polite close: ports would run out.
func (p *pool) reset(nc net.Conn) {
	if t, ok := nc.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = nc.Close()
}

// sweep opens connections where they are missing and gives up what takes longer than a client waits.
func (p *pool) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for turn := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := p.run.since()
		p.grow(now)
		if turn++; turn%giveUpEvery == 0 {
			p.giveUp(now)
		}
	}
}

// giveUpEvery is how many sweeps go by before who waited too long is looked for again.
const giveUpEvery = 4

func (p *pool) giveUp(now time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.all {
		if c.busy && !c.gaveUp && now-c.sent > p.run.Timeout {
			c.gaveUp = true
			if c.net != nil {
				p.reset(c.net)
			}
		}
	}
}

// close ends every connection.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	for c := range p.all {
		c.gaveUp = true
		if c.net != nil {
			p.reset(c.net)
		}
	}
}
