package oidc

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

func (c *Config) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.ID == "" || c.Name == "" || c.ClientID == "" {
		fail("id, name and client_id are needed")
	}
	if u, err := url.Parse(c.Issuer); err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && !onThisMachine(u) {
		fail("issuer %q: want the https address that the provider gave, such as https://id.example.go.kr", c.Issuer)
	}
	if u, err := url.Parse(c.RedirectURL); err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && !onThisMachine(u) {
		fail("redirect address %q: want https://HOST/identity/%s/return", c.RedirectURL, c.ID)
	}
	if err := c.Claims.check(); err != nil {
		errs = append(errs, err)
	}
	if c.Claims.CI != "" && c.Links == nil {
		fail("claims: a CI needs a list of whom it is of (links)")
	}
	if c.Subjects == nil || c.Clock == nil {
		fail("no subject key or clock")
	}
	return errors.Join(errs...)
}

// onThisMachine lets a provider be tried without certificates.
func onThisMachine(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

const (
	dialTimeout = time.Second
	longest     = 10 * time.Second // of any one answer; who waits for it has less patience
	maxAnswer   = 1 << 20
)

// newClient returns a client that believes a provider little: no redirects, answers of a bounded size, in bounded time.
func newClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
		t.TLSHandshakeTimeout = 2 * time.Second
		t.MaxIdleConnsPerHost = 64
		t.MaxResponseHeaderBytes = 64 << 10
		transport = t
	}
	return &http.Client{
		Transport: bounded{transport}, Timeout: longest,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded cuts answers that are too long.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	return resp, err
}
