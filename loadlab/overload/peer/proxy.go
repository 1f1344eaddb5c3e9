package peer

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

const (
	dialTimeout = 200 * time.Millisecond // as in HAProxy's configuration
	callTimeout = 2 * time.Second
	connections = 4096
)

// Proxy is a reverse proxy that asks a limiter before it asks the backend (host:port). Classes come in X-Class; who shows
// none is P3.
func Proxy(l Limiter, backend string) *fasthttp.Server {
	client := &fasthttp.HostClient{Addr: backend, MaxConns: connections, NoDefaultUserAgentHeader: true, DisablePathNormalizing: true,
		MaxIdemponentCallAttempts: 1, Dial: func(a string) (net.Conn, error) { return net.DialTimeout("tcp", a, dialTimeout) }}
	return &fasthttp.Server{NoDefaultServerHeader: true, Concurrency: 1 << 20, Logger: quiet{}, Handler: func(ctx *fasthttp.RequestCtx) {
		done := l.Acquire(classOf(ctx.Request.Header.Peek("X-Class")))
		if done == nil {
			ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
			ctx.Response.Header.Set("Retry-After", "1")
			return
		}
		err := client.DoTimeout(&ctx.Request, &ctx.Response, callTimeout)
		done(err == nil)
		if err != nil {
			ctx.Error("", fasthttp.StatusGatewayTimeout)
		}
	}}
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

func classOf(header []byte) int {
	if len(header) == 2 && header[0] == 'p' && header[1] >= '0' && header[1] <= '3' {
		return int(header[1] - '0')
	}
	return 3
}

// Command is `loadlab peer`: a proxy with a limiter in a process of its own, as the experiments start it.
func Command() *cobra.Command {
	var c Config
	var name string
	cmd := &cobra.Command{
		Use: "peer", Short: "a proxy with another limiter, for the overload experiments", Args: cobra.NoArgs, Hidden: true, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := NewLimiter(name, c.Limit)
			if err != nil {
				return err
			}
			listener, err := net.Listen("tcp", c.Listen)
			if err != nil {
				return fmt.Errorf("peer: %w", err)
			}
			return serve(cmd.Context(), Proxy(l, c.Backend), listener)
		},
	}
	f := cmd.Flags()
	f.StringVar(&name, "limiter", "fixed", "`name` of the limiter: "+strings.Join(slices.Sorted(slices.Values(Limiters())), ", "))
	f.IntVar(&c.Limit, "limit", fileLimit, "`requests` under way, for fixed")
	f.StringVar(&c.Listen, "listen", "127.0.0.1:8184", "`address` for clients")
	f.StringVar(&c.Backend, "backend", "127.0.0.1:9000", "`address` of the backend")
	return cmd
}

func serve(ctx context.Context, s *fasthttp.Server, l net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("peer: %w", err)
	case <-ctx.Done():
		return nil
	}
}
