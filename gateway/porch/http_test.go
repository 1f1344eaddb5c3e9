package porch

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// identity is a certificate that is its own authority, for both sides.
func identity(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "h"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// secured serves over mutual TLS and returns its address and what a client that is known needs.
func secured(t *testing.T, p *Porch, h http.Handler) (address string, client *tls.Config) {
	t.Helper()
	cert, pool := identity(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: tls.VersionTLS13}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(ctx, l, s, Drain{Finish: time.Minute}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: pool, NextProtos: []string{"h2"}}
}

func tellProto(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }

func TestNobodyUnknownGetsPastTheHandshake(t *testing.T) {
	p := New(Options{Name: "test", Most: 100, Limits: Inside()})
	served := 0
	address, client := secured(t, p, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { served++; tellProto(w, r) }))
	stranger := &tls.Config{RootCAs: client.RootCAs}
	if c, err := tls.Dial("tcp", address, stranger); err == nil {
		_, _ = c.Write([]byte(get))
		if n, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("a stranger was told %d bytes", n)
		}
		c.Close()
	}
	plain, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = plain.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	_, _ = io.Copy(io.Discard, plain)
	plain.Close()
	if served != 0 {
		t.Errorf("%d requests of strangers were served", served)
	}
	known := &http.Client{Transport: &http.Transport{TLSClientConfig: client.Clone(), ForceAttemptHTTP2: true}}
	defer known.CloseIdleConnections()
	r, err := known.Get("https://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if text, _ := io.ReadAll(r.Body); string(text) != "HTTP/2.0" {
		t.Errorf("who is known is answered by %q, want HTTP/2.0", text)
	}
	if s := p.Status(); s.Cut[Unknown.String()] != 2 {
		t.Errorf("cut %v, want two unknown clients", s.Cut)
	}
}

// TestHandshakesGiveWay: connections that begin no handshake pile up; who can show a certificate gets in.
func TestHandshakesGiveWay(t *testing.T) {
	l := Inside()
	l.Handshakes = 4
	p := New(Options{Name: "test", Most: 1000, Limits: l})
	address, client := secured(t, p, http.HandlerFunc(tellProto))
	for range 100 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	c, err := tls.Dial("tcp", address, client)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if s := p.Status(); s.Open > 2*l.Handshakes+1 || s.Cut[Handshake.String()] < 80 {
		t.Errorf("%d connections are open, cut %v; want %d handshakes at most under way", s.Open, s.Cut, l.Handshakes)
	}
}

// TestResetFlood: who takes back streams as fast as they can be written is cut; who takes back a few is not.
func TestResetFlood(t *testing.T) {
	for _, v := range []struct {
		streams int
		cut     bool
	}{{20, false}, {5000, true}} {
		limits := Inside()
		limits.Resets = 50
		p := New(Options{Name: "test", Most: 100, Limits: limits})
		address, client := secured(t, p, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		c, err := tls.Dial("tcp", address, client)
		if err != nil {
			t.Fatal(err)
		}
		took := takeBack(c, v.streams)
		ended := make(chan struct{})
		go func() { _, _ = io.Copy(io.Discard, c); close(ended) }()
		if v.cut {
			<-ended
		}
		if cut := p.Status().Cut[StreamReset.String()] > 0; cut != v.cut && !(v.cut && took) {
			t.Errorf("%d streams taken back: cut %t, want %t", v.streams, cut, v.cut)
		}
		c.Close()
		<-ended
	}
}

// takeBack opens streams and takes each back at once; true: the server ended that itself.
func takeBack(c net.Conn, streams int) bool {
	var header bytes.Buffer
	enc := hpack.NewEncoder(&header)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "h"}, {":path", "/"}} {
		_ = enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1], Sensitive: true})
	}
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
		return true
	}
	f := http2.NewFramer(c, c)
	if f.WriteSettings() != nil {
		return true
	}
	for i := range streams {
		id := uint32(2*i + 1)
		if f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: header.Bytes(), EndHeaders: true, EndStream: true}) != nil || f.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
			return true
		}
	}
	return false
}
