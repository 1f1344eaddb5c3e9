//lint:file-ignore SA1019 net/http's own HTTP/2 takes nothing but a *tls.Conn, so its frames cannot be counted; see docs/decisions/0017

package porch

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net/http"
	"time"

	"golang.org/x/net/http2"
)

// guardHTTP2 bounds HTTP/2 where a server speaks it. The package golang.org/x/net/http2 is the one inside net/http, but it
// takes any connection, so that the frames can be counted on their way in: a client that takes its streams back makes work
// that no bound on streams at once sees (CVE-2023-44487).
func (p *Porch) guardHTTP2(s *http.Server) error {
	if s.TLSConfig == nil {
		return nil
	}
	h2 := &http2.Server{
		MaxConcurrentStreams: uint32(p.limits.Load().Streams), MaxReadFrameSize: 16 << 10, MaxUploadBufferPerConnection: 256 << 10, MaxUploadBufferPerStream: 64 << 10,
		IdleTimeout: s.IdleTimeout, ReadIdleTimeout: 30 * time.Second, PingTimeout: 10 * time.Second, WriteByteTimeout: 10 * time.Second,
	}
	if err := http2.ConfigureServer(s, h2); err != nil {
		return err
	}
	s.TLSNextProto["h2"] = func(hs *http.Server, c *tls.Conn, h http.Handler) {
		ctx := context.Background()
		if b, ok := h.(interface{ BaseContext() context.Context }); ok {
			ctx = b.BaseContext()
		}
		h2.ServeConn(&frames{Conn: c, porch: p, skip: len(http2.ClientPreface)}, &http2.ServeConnOpts{Context: ctx, BaseConfig: hs, Handler: h})
	}
	return nil
}

// frames is a connection whose HTTP/2 frames are counted while they are read. It follows RFC 9113, 4.1: nine bytes, of which
// three are the length of what follows and one is the type.
type frames struct {
	*tls.Conn
	porch  *Porch
	skip   int // bytes until the next header
	header [9]byte
	have   int // bytes of header
	second int64
	resets int // in that second
}

var errResets = errors.New("too many streams were taken back")

// Read reads, and ends a connection on which too many streams are taken back in a second.
func (f *frames) Read(b []byte) (int, error) {
	n, err := f.Conn.Read(b)
	if taken := f.count(b[:n]); taken > 0 && f.tooMany(taken) {
		if own := ownOf(f.Conn); own != nil {
			own.abort()
			own.drop()
		}
		return 0, errResets
	}
	return n, err
}

// count is how many streams are taken back in what came.
func (f *frames) count(b []byte) (taken int) {
	for len(b) > 0 {
		if f.skip > 0 {
			k := min(f.skip, len(b))
			f.skip, b = f.skip-k, b[k:]
			continue
		}
		k := copy(f.header[f.have:], b)
		f.have, b = f.have+k, b[k:]
		if f.have < len(f.header) {
			break
		}
		f.have, f.skip = 0, int(binary.BigEndian.Uint32(f.header[:4])>>8)
		if http2.FrameType(f.header[3]) == http2.FrameRSTStream {
			taken++
		}
	}
	return taken
}

func (f *frames) tooMany(taken int) bool {
	l := f.porch.limits.Load()
	if now := int64(f.porch.clock() / time.Second); now != f.second {
		f.second, f.resets = now, 0
	}
	before := f.resets
	f.resets += taken
	return before <= l.Resets && f.resets > l.Resets && f.porch.counts.cut(l, StreamReset, 1)
}
