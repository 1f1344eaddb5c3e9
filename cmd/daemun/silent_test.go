package main

import (
	"context"
	"net"
	"testing"

	"github.com/valyala/fasthttp"
)

// TestStopsBesideAConnectionThatSaysNothing: browsers open connections in advance; the server must not wait for what they
// will say until it gives up.
func TestStopsBesideAConnectionThatSaysNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- serveCitizens(ctx, l, &fasthttp.Server{Handler: func(*fasthttp.RequestCtx) {}}) }()
	var said, unsaid net.Conn
	for _, c := range []*net.Conn{&unsaid, &said} {
		if *c, err = net.Dial("tcp", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer (*c).Close()
	}
	if _, err := said.Write([]byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := said.Read(make([]byte, 1)); err != nil { // by then both have been accepted
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
