package porch

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestNobodyIsResetByALeavingListener: whoever could connect is answered, up to the last; the others find nobody.
func TestNobodyIsResetByALeavingListener(t *testing.T) {
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			ended := make(chan error, 1)
			p := New(Options{Name: "test", Most: 1000, Limits: Inside()})
			go func() { ended <- p.ServeFast(ctx, l, testServer(), Drain{Finish: 10 * time.Second}) }()
			var answered atomic.Int64
			var people sync.WaitGroup
			for range 16 {
				people.Go(func() {
					for {
						c, err := net.DialTimeout("tcp", l.Addr().String(), 20*time.Second)
						if errors.Is(err, syscall.ECONNREFUSED) {
							return
						}
						if err != nil {
							t.Errorf("connecting: %v", err)
							return
						}
						if err := askOnce(c); err != nil {
							t.Errorf("asking: %v", err)
						}
						if answered.Add(1) == 500 {
							leave()
						}
					}
				})
			}
			people.Wait()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

func askOnce(c net.Conn) error {
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err
}
