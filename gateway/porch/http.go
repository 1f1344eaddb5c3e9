package porch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
)

// Serve answers by net/http until ctx ends, then drains. Over TLS a connection reaches the server after its handshake only.
func (p *Porch) Serve(ctx context.Context, l net.Listener, s *http.Server, d Drain) error {
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go p.tell(watching)
	if err := p.guardHTTP(s); err != nil {
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	}
	open := p.listener(l, false)
	var from net.Listener = open
	if s.TLSConfig != nil {
		h := &handshakes{Listener: from, porch: p, secured: s.TLSConfig, ready: make(chan net.Conn), failed: make(chan error, 1), gone: make(chan struct{})}
		go h.run()
		from = h
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(from) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	leave := open.leaveWord(d.Wait)
	open.left(d.Finish)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.Finish)
	defer cancel()
	if err := errors.Join(leave, s.Shutdown(drain)); err != nil {
		return errors.Join(fmt.Errorf("drain %s: %w", l.Addr(), err), s.Close())
	}
	return nil
}

// guardHTTP lets the porch see a server's phases.
func (p *Porch) guardHTTP(s *http.Server) error {
	if s.TLSConfig != nil {
		s.TLSConfig = s.TLSConfig.Clone()
		for _, proto := range []string{"h2", "http/1.1"} {
			if !slices.Contains(s.TLSConfig.NextProtos, proto) {
				s.TLSConfig.NextProtos = append(s.TLSConfig.NextProtos, proto)
			}
		}
	}
	s.ConnState = func(c net.Conn, state http.ConnState) {
		own := ownOf(c)
		switch {
		case own == nil:
		case state == http.StateIdle:
			own.to(idle)
		case state == http.StateActive:
			own.to(answering)
		}
	}
	return p.guardHTTP2(s)
}

func ownOf(c net.Conn) *Conn {
	switch v := c.(type) {
	case *tls.Conn:
		return ownOf(v.NetConn())
	case *frames:
		return ownOf(v.Conn)
	case *Conn:
		return v
	}
	return nil
}

// handshakes is a listener whose connections have shown who they are.
type handshakes struct {
	net.Listener
	porch   *Porch
	secured *tls.Config
	ready   chan net.Conn
	failed  chan error
	gone    chan struct{}
}

// Accept waits for the next connection whose handshake is done.
func (h *handshakes) Accept() (net.Conn, error) {
	select {
	case c := <-h.ready:
		return c, nil
	case err := <-h.failed:
		return nil, err
	}
}

func (h *handshakes) run() {
	defer close(h.gone)
	for {
		c, err := h.Listener.Accept()
		if err != nil {
			h.failed <- err
			return
		}
		own := c.(*Conn)
		if !h.porch.begin(own) {
			_ = own.Close()
			continue
		}
		go h.shake(own)
	}
}

// begin counts a handshake; when too many are under way the oldest give way, and when none has had its moment yet and there
// are twice as many, the newcomer does: false.
func (p *Porch) begin(newcomer *Conn) bool {
	l := p.limits.Load()
	if p.handshaking.Add(1) <= int64(l.Handshakes) || !p.counts.cut(l, Handshake, 0) {
		return true
	}
	p.mu.Lock()
	over := 1 - l.Handshakes
	for _, c := range p.open {
		if c != newcomer && c.shakes() {
			over++
		}
	}
	var gone []*Conn
	if over > 0 {
		gone = p.evict(Handshake, batch(over, l.Handshakes), func(c *Conn) bool { return c != newcomer && c.shakes() })
	}
	p.mu.Unlock()
	for _, c := range gone {
		c.drop()
	}
	if over-len(gone) < l.Handshakes {
		return true
	}
	p.handshaking.Add(-1)
	p.counts.cuts[TurnedAway].Add(1)
	return false
}

// shakes tells whether a connection has not shown yet who it is.
func (c *Conn) shakes() bool {
	ph := phase(c.phase.Load())
	return ph == silent || ph == asking
}

func (h *handshakes) shake(raw *Conn) {
	p := h.porch
	defer p.handshaking.Add(-1)
	l := p.limits.Load()
	ctx, cancel := context.WithTimeout(context.Background(), l.Header)
	defer cancel()
	c := tls.Server(raw, h.secured)
	err := c.HandshakeContext(ctx)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		p.counts.cuts[Handshake].Add(1)
	case err != nil && phase(raw.phase.Load()) != closing:
		p.counts.cuts[Unknown].Add(1)
	}
	if err != nil || !raw.to(idle) {
		_ = raw.Close()
		return
	}
	select {
	case h.ready <- c:
	case <-h.gone:
		_ = c.Close()
	}
}
