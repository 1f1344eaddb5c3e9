package porch

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// listener hands on the connections that found room.
type listener struct {
	net.Listener
	porch *Porch
	own   bool

	last chan net.Conn // what waited when the listener ended; closed behind them
	done chan struct{} // closed once all of them were handed on
}

func (p *Porch) listener(l net.Listener, own bool) *listener {
	return &listener{Listener: l, porch: p, own: own, last: make(chan net.Conn, backlog), done: make(chan struct{})}
}

// Accept waits for the next connection. That the system has no room is no reason to stop: connections at rest give way, and
// after a moment it is tried again.
func (l *listener) Accept() (net.Conn, error) {
	pause := least
	for {
		raw, err := l.Listener.Accept()
		switch {
		case err == nil:
			pause = least
			bufferLittle(raw, l.own)
			if c := l.porch.admit(raw, l.own); c != nil {
				return c, nil
			}
		case passes(err):
			l.porch.noFiles(err)
			time.Sleep(pause)
			pause = min(2*pause, most)
		case l.porch.ending.Load():
			return l.remaining()
		default:
			return nil, err
		}
	}
}

// sendBuffer is how much of its answers a client can leave unread before the server waits for it, in bytes.
const sendBuffer = 64 << 10

// bufferLittle bounds what the kernel keeps for a client that does not read, and the work that is done for it in vain.
func bufferLittle(c net.Conn, own bool) {
	if tcp, ok := c.(*net.TCPConn); ok && own {
		_ = tcp.SetWriteBuffer(sendBuffer) // without it, it only costs more
	}
}

// remaining hands on those who had connected when the listener ended.
func (l *listener) remaining() (net.Conn, error) {
	for raw := range l.last {
		if c := l.porch.admit(raw, l.own); c != nil {
			return c, nil
		}
	}
	close(l.done)
	return nil, net.ErrClosed
}

// How long accepting rests when the system has no room.
const (
	least = 5 * time.Millisecond
	most  = 500 * time.Millisecond
)

// passes tells whether an error of accept(2) may be gone in a moment.
func passes(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR, syscall.EPROTO} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// noFiles makes room when accept(2) found none.
func (p *Porch) noFiles(err error) {
	if errors.Is(err, syscall.ECONNABORTED) || errors.Is(err, syscall.EINTR) || errors.Is(err, syscall.EPROTO) {
		return
	}
	p.mu.Lock()
	gone := p.evict(NoFiles, batch(16, len(p.open)), func(*Conn) bool { return true })
	p.mu.Unlock()
	for _, c := range gone {
		c.drop()
	}
}

// leaveWord says for a while that the listener is going, then ends it.
func (l *listener) leaveWord(wait time.Duration) error {
	l.porch.draining.Store(true)
	time.Sleep(wait)
	tcp, ok := l.Listener.(*net.TCPListener)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	var deaf error
	if err := raw.Control(func(fd uintptr) { deaf = hearNobodyNew(int(fd)) }); err != nil {
		return err
	}
	if deaf == nil { // or there is no use in waiting: others would come meanwhile
		time.Sleep(handshake)
	}
	l.porch.ending.Store(true)
	defer close(l.last)
	var waiting []int
	var shut error
	if err := raw.Control(func(fd uintptr) { waiting, shut = takeAll(int(fd)) }); err != nil {
		return err
	}
	for _, fd := range waiting {
		l.adopt(fd)
	}
	return shut
}

// backlog is how many connections can wait to be accepted: no system keeps more.
const backlog = 1 << 16

// handshake is how long those who have begun to connect have to finish: a round trip, with something to spare.
const handshake = 200 * time.Millisecond

// hearNobodyNew lets further connections find nobody listening, while those who have begun to connect finish: it binds the
// listening socket to a network interface that there is not. Accepted connections inherit that only from a first segment that
// found the socket, and none does any more.
func hearNobodyNew(fd int) error {
	const nowhere = 1<<31 - 1
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BINDTOIFINDEX, nowhere)
}

// takeAll takes all connections that wait and ends the listening socket. Closing it alone would reset those who have connected,
// and perhaps asked, but were not accepted yet.
func takeAll(fd int) (waiting []int, err error) {
	for len(waiting) < backlog {
		c, _, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch {
		case err == nil:
			waiting = append(waiting, c)
			continue
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED):
			continue
		}
		break
	}
	return waiting, unix.Shutdown(fd, unix.SHUT_RDWR)
}

// adopt makes a connection of a socket that was taken.
func (l *listener) adopt(fd int) {
	file := os.NewFile(uintptr(fd), "connection")
	defer file.Close()
	if c, err := net.FileConn(file); err == nil {
		l.last <- c
	}
}

// left waits until those who had connected were handed on, or d is over.
func (l *listener) left(d time.Duration) {
	if !l.porch.ending.Load() {
		return
	}
	select {
	case <-l.done:
	case <-time.After(d):
	}
}
