package wire

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// maxIdle is how long a connection may rest before it is thrown away instead of used again: well below any
	// server's idle limit, so that a reset is always the server's doing.
	maxIdle = 15 * time.Second
	// Deadlines are set ahead in steps, because setting one for each request costs more than the request's parsing.
	deadline, deadlineSlack = 10 * time.Second, 5 * time.Second
)

// Pool keeps connections to one address.
type Pool struct {
	addr string
	dial net.Dialer

	mu         sync.Mutex
	idle       []*Conn
	generation int
	dialled    int64
}

// NewPool makes a pool of connections to addr (host:port).
func NewPool(addr string) *Pool {
	return &Pool{addr: addr, dial: net.Dialer{Timeout: 5 * time.Second, KeepAlive: -1}}
}

// Conn is a connection with its reader and room for a request.
type Conn struct {
	Out []byte // the caller's room for request bytes

	conn       net.Conn
	reader     *Reader
	generation int
	used       time.Time
	deadline   time.Time
}

// Get takes the connection that rested shortest, or dials.
func (p *Pool) Get(ctx context.Context, now time.Time) (*Conn, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		if now.Sub(c.used) < maxIdle {
			p.mu.Unlock()
			return c, nil
		}
		// The others rested even longer.
		old := append([]*Conn{c}, p.idle...)
		p.idle = nil
		p.mu.Unlock()
		closeAll(old)
	} else {
		p.mu.Unlock()
	}
	return p.open(ctx)
}

func (p *Pool) open(ctx context.Context) (*Conn, error) {
	p.mu.Lock()
	generation := p.generation
	p.dialled++
	p.mu.Unlock()
	nc, err := p.dial.DialContext(ctx, "tcp", p.addr)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &Conn{conn: nc, reader: NewReader(nc), generation: generation, Out: make([]byte, 0, 1024)}, nil
}

// Put gives a healthy connection back.
func (p *Pool) Put(c *Conn, now time.Time) {
	c.used = now
	p.mu.Lock()
	if c.generation == p.generation {
		p.idle = append(p.idle, c)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	c.Close()
}

// Forget drops every connection opened so far, because the server behind them is gone.
func (p *Pool) Forget() {
	p.mu.Lock()
	old := p.idle
	p.idle = nil
	p.generation++
	p.mu.Unlock()
	closeAll(old)
}

// Dialled counts the connections opened so far.
func (p *Pool) Dialled() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dialled
}

func closeAll(conns []*Conn) {
	for _, c := range conns {
		c.Close()
	}
}

// Do sends c.Out and reads the answer into res, which holds until the next one.
func (c *Conn) Do(now time.Time, res *Response) error {
	if err := c.Send(now); err != nil {
		return err
	}
	return c.Receive(res)
}

// Send sends c.Out.
func (c *Conn) Send(now time.Time) error {
	if c.deadline.Sub(now) < deadlineSlack {
		c.deadline = now.Add(deadline)
		if err := c.conn.SetDeadline(c.deadline); err != nil {
			return fmt.Errorf("set deadline: %w", err)
		}
	}
	if _, err := c.conn.Write(c.Out); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// Receive reads the answer to what was sent into res, which holds until the next one.
func (c *Conn) Receive(res *Response) error {
	if err := c.reader.Read(res); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	return nil
}

// Close ends the connection.
func (c *Conn) Close() { _ = c.conn.Close() }
