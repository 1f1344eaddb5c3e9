package site

import (
	"context"
	"fmt"
	"net"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

// Command is `loadlab site`: a site in a process of its own, as the experiments start it.
func Command() *cobra.Command {
	var listen, control string
	var body int
	s := Setting{Speed: 1}
	c := &cobra.Command{
		Use: "site", Short: "a backend of known capacity, for the overload experiments", Args: cobra.NoArgs, Hidden: true, SilenceUsage: true,
		Long: `Answers what a gateway asks of Daemun's backend, each request taking one of a number of places for the service time and
waiting before them in order of arrival, without a bound. The control address answers GET / (how it stands), PUT / (another
capacity from now on) and DELETE / (all work ends at once).`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.Check(); err != nil {
				return err
			}
			site := New(s)
			return serve(cmd.Context(), map[string]*fasthttp.Server{listen: site.Server(body), control: site.Control()})
		},
	}
	f := c.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:9000", "`address` for the gateway")
	f.StringVar(&control, "site-control", "127.0.0.1:9001", "`address` for the experiments")
	f.IntVar(&s.Places, "places", 16, "`requests` worked on at once")
	f.Float64Var(&s.ServiceMS, "service-ms", 20, "mean work of a request, `ms`; 0: as fast as the machine can")
	f.Float64Var(&s.Spread, "spread", 0, "`sigma` of the logarithm of the work; 0: all requests are the same work")
	f.Float64Var(&s.Speed, "speed", 1, "`work` done in a second by a place")
	f.BoolVar(&s.Report, "report", false, "tell the gateway how long requests wait")
	f.IntVar(&body, "body", 600, "`bytes` of an answer")
	return c
}

// serve answers on each address until ctx ends.
func serve(ctx context.Context, servers map[string]*fasthttp.Server) error {
	ended := make(chan error, len(servers))
	for address, s := range servers {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return fmt.Errorf("site: %w", err)
		}
		go func() { ended <- s.Serve(patientListener{l}) }()
	}
	select {
	case err := <-ended:
		return fmt.Errorf("site: %w", err)
	case <-ctx.Done():
		return nil
	}
}
