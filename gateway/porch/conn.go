package porch

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// phase is what is going on between a client and the server. The order is that in which connections of one source are given
// up when room runs out.
type phase uint32

const (
	silent    phase = iota // nothing was ever said
	idle                   // at rest after an answer
	lingering              // refused; what it still sends is thrown away
	asking                 // a header is on its way, or a handshake
	sending                // a body is on its way
	writing                // the client reads its answer
	answering              // the server works
	closing                // given up
)

func (p phase) rests() bool  { return p <= lingering }
func (p phase) yields() bool { return p <= writing }

// Conn is a connection that the porch watches. With own the porch keeps all its times; else net/http does and the porch
// sees only its phases.
type Conn struct {
	net.Conn
	porch   *Porch
	own     bool
	from    source
	at      int // in porch.open, under porch.mu; below 0: gone
	phase   atomic.Uint32
	since   atomic.Int64 // when the phase began, on the porch's clock
	shut    atomic.Bool
	refused atomic.Bool // in the middle of speaking

	// of the goroutine that serves it
	readBy, writeBy, bodyBy time.Duration // deadlines as set; bodyBy as wanted
	began                   time.Duration // of the answer
	written                 int           // of the answer, bytes
	run                     int           // requests since something was read
	tooLate                 bool          // it was cut in the middle of speaking
	spared, sparedReading   bool          // a rule that only counts has counted

}

var errGarbage = errors.New("what came is no request")

// to changes the phase unless the connection was given up.
func (c *Conn) to(next phase) bool {
	for {
		was := c.phase.Load()
		if phase(was) == closing {
			return false
		}
		if c.phase.CompareAndSwap(was, uint32(next)) {
			c.since.Store(int64(c.porch.clock()))
			return true
		}
	}
}

// Read reads what the client says, within the time that it has for what it is saying.
func (c *Conn) Read(b []byte) (n int, err error) {
	if !c.own {
		if n, err = c.Conn.Read(b); n > 0 && phase(c.phase.Load()) == silent {
			c.to(asking)
		}
		return n, err
	}
	for {
		c.hurry()
		if n, err = c.Conn.Read(b); n > 0 {
			return c.heard(b[:n], err)
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if why, cut := c.late(); cut {
			if why == Silent || why == Idle {
				return 0, io.EOF // nothing was asked, so nothing is answered
			}
			return 0, err
		}
	}
}

// heard takes note of what came. What cannot begin a request ends the connection at once.
func (c *Conn) heard(b []byte, err error) (int, error) {
	c.run, c.written, c.sparedReading = 0, 0, false
	if !phase(c.phase.Load()).rests() {
		return len(b), err
	}
	if !c.to(asking) {
		return 0, net.ErrClosed
	}
	c.bodyBy, c.spared = 0, false
	if begins(b[0]) || !c.porch.counts.cut(c.porch.limits.Load(), Garbage, 1) {
		return len(b), err
	}
	c.refused.Store(true)
	return 0, errGarbage
}

// begins tells whether a request may begin so: with a method, or with the empty line that old clients leave behind (RFC 9112, 2.2).
func begins(b byte) bool {
	return b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b == '\r' || b == '\n'
}

// SetReadDeadline is how the server says when a body must be there: see [Porch.guardFast].
func (c *Conn) SetReadDeadline(t time.Time) error {
	if !c.own {
		return c.Conn.SetReadDeadline(t)
	}
	c.bodyBy = c.porch.clock() + time.Until(t)
	c.to(sending)
	return nil
}

// hurry sets the deadline for what comes next. A connection at rest keeps the one it has while that is about right, so a
// request that comes in one piece sets none.
func (c *Conn) hurry() {
	var by, slack time.Duration
	l, since := c.porch.limits.Load(), time.Duration(c.since.Load())
	switch phase(c.phase.Load()) {
	case silent:
		by = since + l.Silent
	case idle:
		rest := c.porch.idleTime()
		by, slack = since+rest, rest/8
	case sending:
		by = c.bodyBy
	default:
		by = since + l.Header
	}
	if c.spared {
		by += outermost
	}
	if c.readBy < by-slack || c.readBy > by+slack {
		c.readBy = by
		_ = c.Conn.SetReadDeadline(c.porch.began.Add(by)) // fails only where reading fails too
	}
}

// outermost is what a client may take longer than it has while a rule only counts.
const outermost = time.Minute

// late says for which reason a client that took too long is cut, and whether it is.
func (c *Conn) late() (why Reason, cut bool) {
	switch phase(c.phase.Load()) {
	case silent:
		why = Silent
	case idle:
		why = Idle
	case sending:
		why = SlowBody
	default:
		why = SlowHeader
	}
	if c.spared {
		return why, true
	}
	c.spared = true
	if cut = c.porch.counts.cut(c.porch.limits.Load(), why, 1); cut {
		c.tooLate = why != Silent && why != Idle
		c.refused.Store(c.tooLate)
	}
	return why, cut
}

// Write sends a part of an answer. The client has a moment and the time that the answer so far takes at the least rate.
func (c *Conn) Write(b []byte) (n int, err error) {
	was := phase(c.phase.Load())
	if !c.own || was == closing {
		return c.Conn.Write(b)
	}
	c.to(writing)
	defer c.phase.CompareAndSwap(uint32(writing), uint32(was))
	if c.written == 0 {
		c.began = time.Duration(c.since.Load())
	}
	c.written += len(b)
	l := c.porch.limits.Load()
	by := c.began + l.Answer + time.Duration(c.written)*time.Second/time.Duration(l.AnswerRate)
	for {
		if c.writeBy < by || c.writeBy > by+l.Answer { // else a small answer sets none
			c.writeBy = by + l.Answer/2
			_ = c.Conn.SetWriteDeadline(c.porch.began.Add(c.writeBy))
		}
		m, err := c.Conn.Write(b[n:])
		if n += m; !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if c.sparedReading || c.porch.counts.cut(l, SlowRead, 1) {
			c.abort()
			return n, err
		}
		c.sparedReading = true
		by += outermost
	}
}

// SetWriteDeadline leaves the time of answers to Write.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if c.own {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}

// Close ends the connection. Who was refused in the middle of speaking is heard out for a moment, or the end of the
// connection would overtake the answer (RFC 9112, 9.6).
func (c *Conn) Close() error {
	if c.shut.Swap(true) {
		return nil
	}
	if c.refused.Load() && c.to(lingering) {
		linger(c.Conn)
	}
	err := c.Conn.Close()
	c.porch.leave(c)
	return err
}

// Bounds of hearing out.
const (
	lingerFor  = time.Second
	lingerMost = 1 << 20 // bytes
)

func linger(c net.Conn) {
	half, ok := c.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.SetReadDeadline(time.Now().Add(lingerFor)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, c, lingerMost)
}

// abort lets the kernel forget what the client did not read.
func (c *Conn) abort() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// drop ends a connection that was given up; whoever serves it is told by its next read or write.
func (c *Conn) drop() { _ = c.Conn.Close() }
