package porch

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

// FuzzListener: whatever a stranger sends, in whatever pieces, the server neither falls nor hangs, and the connection ends.
func FuzzListener(f *testing.F) {
	for _, s := range []string{
		"", get, strings.Repeat(get, 100), "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe",
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00\x01", "\r\n\r\n\r\n" + get,
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 9000), "GET / HTTP/1.0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", "GET http://[::1 HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n folded: x\r\n\r\n",
	} {
		f.Add([]byte(s), uint8(7))
	}
	f.Fuzz(func(t *testing.T, text []byte, piece uint8) {
		synctest.Test(t, func(t *testing.T) {
			p, h, stop := serveIn(t, Citizens(), 4)
			c := h.dial(t, "192.0.2.1")
			go func() {
				for size := int(piece)*16 + 1; len(text) > 0; text = text[min(size, len(text)):] {
					if _, err := c.Write(text[:min(size, len(text))]); err != nil {
						return
					}
				}
			}()
			if _, err := io.Copy(io.Discard, c); err != nil { // in virtual time: a server that hangs is a deadlock
				t.Error(err)
			}
			stop()
			if n := p.Status().Open; n != 0 {
				t.Errorf("%d connections are open", n)
			}
		})
	})
}
