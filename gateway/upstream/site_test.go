package upstream

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fault modes of a site.
const (
	well = iota
	hang
	reset   // cuts the connection in the middle of the answer
	drip    // a byte now and then
	garbage // no HTTP
	broken  // 500
	sick    // 500 to requests, well to questions of how it is
)

// site is a backend of the test: a real server that can be made to fail in many ways.
type site struct {
	t       *testing.T
	address string
	tls     *tls.Config
	mode    atomic.Int32
	served  atomic.Int64

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]struct{}
	running  sync.WaitGroup
	quit     chan struct{}
}

func newSite(t *testing.T, secured *tls.Config) *site {
	s := &site{t: t, tls: secured, address: "127.0.0.1:0", conns: map[net.Conn]struct{}{}, quit: make(chan struct{})}
	s.listen()
	return s
}

func (s *site) url() string {
	if s.tls != nil {
		return "https://" + s.address
	}
	return "http://" + s.address
}

func (s *site) listen() {
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.address = l.Addr().String()
	s.mu.Lock()
	s.listener = l
	s.mu.Unlock()
	s.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[c] = struct{}{}
			s.mu.Unlock()
			s.running.Go(func() { s.serve(c) })
		}
	})
}

// refuse ends the listener and all connections: nobody is there any more.
func (s *site) refuse() {
	s.listener.Close()
	s.cutAll()
}

func (s *site) cutAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

func (s *site) close() {
	close(s.quit)
	s.refuse()
	s.running.Wait()
}

func (s *site) serve(raw net.Conn) {
	defer func() {
		raw.Close()
		s.mu.Lock()
		delete(s.conns, raw)
		s.mu.Unlock()
	}()
	c := raw
	if s.tls != nil {
		c = tls.Server(raw, s.tls)
	}
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		if !s.answer(c, raw, r.URL.Path == "/internal/status") {
			return
		}
	}
}

const wellAnswer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"store\":\"test\"}"

// answer tells whether the connection goes on.
func (s *site) answer(c, raw net.Conn, question bool) bool {
	switch mode := s.mode.Load(); {
	case mode == hang:
		<-s.quit
		return false
	case mode == reset:
		_, _ = io.WriteString(c, wellAnswer[:len(wellAnswer)-8])
		if t, ok := raw.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		return false
	case mode == drip:
		for i := range wellAnswer {
			if _, err := io.WriteString(c, wellAnswer[i:i+1]); err != nil {
				return false
			}
			select {
			case <-s.quit:
				return false
			case <-time.After(100 * time.Millisecond):
			}
		}
		return true
	case mode == garbage:
		_, _ = io.WriteString(c, "\x16\x03\x01 what is this?\r\n\r\n")
		return false
	case mode == broken, mode == sick && !question:
		_, err := io.WriteString(c, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
		return err == nil
	}
	if !question {
		s.served.Add(1)
	}
	_, err := io.WriteString(c, wellAnswer)
	return err == nil
}

// issuer makes certificates for 127.0.0.1 that end when they are told to.
type issuer struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pem  []byte
}

func newIssuer(t *testing.T) *issuer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{key, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

func (i *issuer) until(t *testing.T, end time.Time) *tls.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: end, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, i.cert, &i.key.PublicKey, i.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: i.key}
}

// sockets is how many sockets this process has open.
func sockets(t *testing.T) (n int) {
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: open sockets cannot be counted")
	}
	for _, e := range all {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// goroutines is how many there are, but for the client library's one per client that looks after idle connections and ends
// within a minute of the last one.
func goroutines() (n int) {
	b := make([]byte, 4<<20)
	for _, g := range strings.Split(string(b[:runtime.Stack(b, true)]), "\n\n") {
		if !strings.Contains(g, "connsCleaner") {
			n++
		}
	}
	return n
}

// leakless fails a test after which there are more goroutines or sockets than before. It goes before what else the test
// cleans up.
func leakless(t *testing.T) {
	t.Helper()
	threads, open := goroutines(), sockets(t)
	t.Cleanup(func() {
		for range 200 {
			if goroutines() <= threads && sockets(t) <= open {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		b := make([]byte, 1<<20)
		t.Errorf("%d goroutines, before %d; %d sockets, before %d\n%s", goroutines(), threads, sockets(t), open, b[:runtime.Stack(b, true)])
	})
}
