package porch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/valyala/fasthttp"
)

// Drain says how a listener stops: for Wait it goes on and says at /readyz that it is going, then for at most Finish it lets
// what is being answered finish.
type Drain struct{ Wait, Finish time.Duration }

// silentFor is how long a connection may go on saying nothing once the server stops: browsers open some in advance.
const silentFor = time.Second

// ServeFast answers citizens until ctx ends, then drains.
func (p *Porch) ServeFast(ctx context.Context, l net.Listener, s *fasthttp.Server, d Drain) error {
	p.guardFast(s)
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go p.tell(watching)
	open, ended := p.listener(l, true), make(chan error, 1)
	go func() { ended <- s.Serve(open) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	leave := open.leaveWord(d.Wait)
	open.left(d.Finish)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.Finish)
	defer cancel()
	defer time.AfterFunc(silentFor, p.endSilent).Stop()
	if err := errors.Join(leave, s.ShutdownWithContext(drain)); err != nil {
		return fmt.Errorf("drain %s: %w", l.Addr(), err)
	}
	return nil
}

// guardFast lets the porch keep the times of a server. The server itself then sets one deadline only, the body's, once it
// has read a header that announces one; that is how the porch learns of it.
func (p *Porch) guardFast(s *fasthttp.Server) {
	s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = 0, 0, 0
	most := s.MaxRequestBodySize
	s.HeaderReceived = func(h *fasthttp.RequestHeader) (c fasthttp.RequestConfig) {
		n := h.ContentLength()
		if n == -1 || n > most { // in pieces, or to be refused
			n = most
		}
		if n > 0 {
			l := p.limits.Load()
			c.ReadTimeout = l.Body + time.Duration(n)*time.Second/time.Duration(l.BodyRate)
		}
		return c
	}
	s.ConnState = func(c net.Conn, state fasthttp.ConnState) {
		if own, ok := c.(*Conn); ok && state == fasthttp.StateIdle {
			own.to(idle)
		}
	}
	s.ErrorHandler = p.refusing(s.ErrorHandler)
	s.Handler = p.answering(s.Handler, s.ErrorHandler)
}

var (
	readyPath  = []byte("/readyz")
	version1   = []byte("HTTP/1.")
	errVersion = errors.New("this listener speaks HTTP/1.1")
)

// answering notes that a request is whole, and ends connections that ask too much at once or that are to go elsewhere.
func (p *Porch) answering(next fasthttp.RequestHandler, refuse func(*fasthttp.RequestCtx, error)) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		c, ok := ctx.Conn().(*Conn)
		if ok {
			if !c.to(answering) {
				ctx.SetConnectionClose()
				return
			}
			c.run++
		}
		if !bytes.HasPrefix(ctx.Request.Header.Protocol(), version1) { // the preface of HTTP/2, for one
			refuse(ctx, errVersion)
			ctx.SetConnectionClose()
			return
		}
		draining := p.draining.Load()
		if draining && bytes.Equal(ctx.Path(), readyPath) {
			sayDraining(ctx)
			return
		}
		if ok && c.run > 1 { // or a flood of them would stand before everybody's first
			p.breath <- struct{}{}
			next(ctx)
			<-p.breath
		} else {
			next(ctx)
		}
		if l := p.limits.Load(); draining || ok && c.run > l.Pipelined && p.counts.cut(l, Pipelined, 1) {
			ctx.SetConnectionClose()
		}
	}
}

func sayDraining(ctx *fasthttp.RequestCtx) {
	ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
	ctx.SetContentType("application/json; charset=utf-8")
	ctx.Response.Header.Set("Cache-Control", "no-store")
	ctx.SetBodyString(`{"ready":false,"draining":true}` + "\n")
	ctx.SetConnectionClose()
}

// refusing counts what the server refuses before there is a request.
func (p *Porch) refusing(next func(*fasthttp.RequestCtx, error)) func(*fasthttp.RequestCtx, error) {
	return func(ctx *fasthttp.RequestCtx, err error) {
		if c, ok := ctx.Conn().(*Conn); ok && c.refused.Swap(true) && c.tooLate {
			err = os.ErrDeadlineExceeded // whatever the server made of it
		}
		var small *fasthttp.ErrSmallBuffer
		var network net.Error
		switch {
		case errors.As(err, &small):
			p.counts.cuts[BigHeader].Add(1)
		case errors.Is(err, fasthttp.ErrBodyTooLarge):
			p.counts.cuts[BigBody].Add(1)
		case errors.Is(err, errGarbage), errors.As(err, &network): // was counted, or the client left
		default:
			p.counts.cuts[Garbage].Add(1)
		}
		next(ctx, err)
	}
}
