package main

import (
	"net"
	"sync"
	"time"
)

// silentFor is how long a connection may go on saying nothing once the server stops: browsers open some in advance.
const silentFor = time.Second

// listening is a listener that knows on which of its connections nothing has been said yet: nobody waits for an answer there.
type listening struct {
	net.Listener
	mu     sync.Mutex
	silent map[*heard]struct{}
}

// heard is a connection that tells when something is said on it.
type heard struct {
	net.Conn
	on   *listening
	once sync.Once
}

func listenWell(l net.Listener) *listening {
	return &listening{Listener: l, silent: map[*heard]struct{}{}}
}

// Accept waits for the next connection.
func (l *listening) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	h := &heard{Conn: c, on: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent[h] = struct{}{}
	return h, nil
}

func (h *heard) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	h.once.Do(func() { // whatever came first, if only the end
		h.on.mu.Lock()
		defer h.on.mu.Unlock()
		delete(h.on.silent, h)
	})
	return n, err
}

// endSilent ends the connections on which nothing was said.
func (l *listening) endSilent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for h := range l.silent {
		_ = h.Conn.Close() // its reader is told
	}
}
