package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/shed"
)

const (
	dialTimeout = time.Second
	maxAnswer   = 8 << 20
	// secureLife is how long a connection over TLS is used: a certificate is looked at when one is made.
	secureLife = time.Minute
	probeConns = 4 // to one instance, for questions
	// mostConns is how many connections there may be to one instance: more than any limit of the gate lets through, which is
	// what bounds them.
	mostConns = 1 << 17
)

// instance is one backend of a Pool.
type instance struct {
	url    string
	host   string
	secure bool
	// The ways there: of requests, of those that wait for others' servers, of questions, of streams.
	client, waits, asks *fasthttp.HostClient
	streams             *http.Client
	site                *shed.Site
	breaker             *breaker

	report  atomic.Pointer[report]
	asked   atomic.Bool   // a question is on its way
	waiting atomic.Int64  // requests that wait for others' servers
	latency atomic.Uint64 // bits of a float64: seconds, a moving mean
	gone    atomic.Bool   // connections that come back are not kept
	shown   atomic.Pointer[condition]
	seen    atomic.Pointer[standing] // of the breaker, as the state was settled by

	health // under the pool's lock
}

// report is what an instance said of itself, and when.
type report struct {
	api.BackendReport
	received time.Time
}

// takes tells whether requests are sent there.
func (i *instance) takes() bool {
	s := i.shown.Load().state
	return s == api.InstanceReady || s == api.InstanceSlowStart
}

// took keeps a mean of how long answers take. Two that come at once may count as one.
func (i *instance) took(d time.Duration) {
	mean := math.Float64frombits(i.latency.Load())
	if mean == 0 {
		mean = d.Seconds()
	}
	i.latency.Store(math.Float64bits(mean + (d.Seconds()-mean)/16))
}

func (i *instance) letGo() {
	for _, c := range []*fasthttp.HostClient{i.client, i.waits, i.asks} {
		c.CloseIdleConnections()
	}
	i.streams.CloseIdleConnections()
}

// CheckURL says what is wrong with an instance's address, if anything is.
func CheckURL(address string) error {
	_, _, err := place(address)
	return err
}

// place reads an instance's address.
func place(address string) (host string, secure bool, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return "", false, fmt.Errorf("backend address %q: want http://HOST:PORT or https://HOST:PORT", address)
	}
	host, secure = u.Host, u.Scheme == "https"
	if u.Port() == "" {
		host = fasthttp.AddMissingPort(host, secure)
	}
	return host, secure, nil
}

// spelt writes an instance's address in its one form.
func spelt(host string, secure bool) string {
	if secure {
		return "https://" + host
	}
	return "http://" + host
}

func (p *Pool) newInstance(host string, secure bool) *instance {
	dial := plain
	if secure {
		dial = p.overTLS(host)
	}
	i := &instance{
		url: spelt(host, secure), host: host, secure: secure,
		client: p.newClient(host, secure, mostConns, dial), waits: p.newClient(host, secure, asideMax, dial), asks: p.newClient(host, secure, probeConns, dial),
		breaker: newBreaker(host, p.Config().Breaker, p.clock),
		site:    p.gate.Open(),
	}
	i.streams = &http.Client{Transport: &http.Transport{
		DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext, TLSClientConfig: p.tls.Clone(), TLSHandshakeTimeout: dialTimeout, IdleConnTimeout: time.Minute,
	}}
	return i
}

// newClient returns a client that tries once: whether to try again is decided where more is known.
func (p *Pool) newClient(host string, secure bool, connections int, dial fasthttp.DialFunc) *fasthttp.HostClient {
	c := &fasthttp.HostClient{
		Addr: host, IsTLS: secure, Transport: p.over, MaxConns: connections, MaxIdleConnDuration: time.Minute, MaxResponseBodySize: maxAnswer,
		ReadBufferSize: 16 << 10, WriteBufferSize: 4 << 10, MaxIdemponentCallAttempts: 1,
		NoDefaultUserAgentHeader: true, DisablePathNormalizing: true, ConnPoolStrategy: fasthttp.LIFO, Dial: dial,
	}
	if secure {
		c.MaxConnDuration = secureLife
	}
	return c
}

func plain(address string) (net.Conn, error) {
	c, err := net.DialTimeout("tcp", address, dialTimeout)
	if err != nil {
		return nil, unsent{err}
	}
	return c, nil
}

// overTLS connects and shakes hands, both under a deadline.
func (p *Pool) overTLS(host string) fasthttp.DialFunc {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	trust := p.tls.Clone()
	trust.ServerName = name
	return func(address string) (net.Conn, error) {
		c, err := plain(address)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
		defer cancel()
		secured := tls.Client(c, trust)
		if err := secured.HandshakeContext(ctx); err != nil {
			c.Close()
			return nil, unsent{err}
		}
		return secured, nil
	}
}

// trusting is how certificates are judged, by the server's own time.
func trusting(ca []byte, clock func() time.Time) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, Time: clock}
	if ca == nil {
		return c, nil
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(ca) {
		return nil, errors.New("backends' CA: no certificate in PEM")
	}
	return c, nil
}
