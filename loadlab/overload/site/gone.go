package site

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// lookEvery is how often somebody who waits is looked after: one who has left is worked for all the same, but holds no file of
// this process any more. There would be more of them than a process may have.
const lookEvery = time.Second

// leave closes a connection whose other side has left. What it was asked goes on.
func leave(c net.Conn) {
	if gone(c) {
		_ = c.Close()
	}
}

// gone tells whether the other side has closed or reset a connection.
func gone(c net.Conn) bool {
	raw, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	r, err := raw.SyscallConn()
	if err != nil {
		return false
	}
	left := false
	err = r.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		left = n == 0 && err == nil || err != nil && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
		return true // whatever was there: do not wait for more
	})
	return left || err != nil
}

// patientListener waits where there is no file left for another connection, instead of giving up the whole listener.
type patientListener struct{ net.Listener }

// Accept waits for the next connection.
func (l patientListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
			return c, err
		}
		time.Sleep(5 * time.Millisecond)
	}
}
