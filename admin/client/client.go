// Package client speaks the control API: mutual TLS with an operator's certificate, orders as JSON, snapshots as a
// stream of server-sent events that mends itself.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/gateway/api"
)

// orderTimeout bounds one order; an operator must not wait longer without an answer.
const orderTimeout = 8 * time.Second

// maxBody bounds an answer; a snapshot is some tens of KiB.
const maxBody = 4 << 20

// Options say where the control API is and who we are.
type Options struct {
	Control  string // https://host:port
	CertFile string // certificate and key in one PEM
	CAFile   string // who signed the server's certificate
}

// Client is a connection to one control API. It is safe for concurrent use.
type Client struct {
	base *url.URL
	http *http.Client
}

// New reads the certificates; it does not connect.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.Control)
	if err != nil || base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("control address %q: want https://host:port", o.Control)
	}
	config, err := tlsConfig(o)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: config, TLSHandshakeTimeout: 5 * time.Second, IdleConnTimeout: time.Minute}
	return &Client{base: base, http: &http.Client{Transport: transport}}, nil
}

func tlsConfig(o Options) (*tls.Config, error) {
	own, err := os.ReadFile(o.CertFile)
	if err != nil {
		return nil, fmt.Errorf("read the operator's certificate: %w", err)
	}
	cert, err := tls.X509KeyPair(own, own)
	if err != nil {
		return nil, fmt.Errorf("%s: want certificate and key in one PEM: %w", o.CertFile, err)
	}
	ca, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read the CA certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s: no certificate in it", o.CAFile)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// Host is the address that is spoken to.
func (c *Client) Host() string { return c.base.Host }

// WhoAmI asks as whom the server knows us.
func (c *Client) WhoAmI(ctx context.Context) (api.WhoAmI, error) {
	var who api.WhoAmI
	_, err := c.call(ctx, http.MethodGet, "/control/v1/whoami", nil, &who)
	return who, err
}

// Snapshot asks for the state now.
func (c *Client) Snapshot(ctx context.Context) (*api.Snapshot, error) {
	s := new(api.Snapshot)
	_, err := c.call(ctx, http.MethodGet, "/control/v1/snapshot", nil, s)
	return s, err
}

// Command orders a verb for an opening or, with cohort set, for one of its cohorts.
func (c *Client) Command(ctx context.Context, verb, opening, cohort string, command api.Command) (model.Outcome, error) {
	path := "/control/v1/openings/" + url.PathEscape(opening)
	if cohort != "" {
		path += "/cohorts/" + url.PathEscape(cohort)
	}
	return c.order(ctx, http.MethodPost, path+"/"+verb, command)
}

// Rate sets the cap on people called in a second.
func (c *Client) Rate(ctx context.Context, opening string, command api.RateCommand) (model.Outcome, error) {
	return c.order(ctx, http.MethodPut, "/control/v1/openings/"+url.PathEscape(opening)+"/rate", command)
}

// Notice shows a line to everybody who waits.
func (c *Client) Notice(ctx context.Context, command api.NoticeCommand) error {
	_, err := c.call(ctx, http.MethodPost, "/control/v1/notices", command, nil)
	return err
}

// Brownout holds a step of the brownout ladder, or gives it back.
func (c *Client) Brownout(ctx context.Context, command api.BrownoutCommand) error {
	_, err := c.call(ctx, http.MethodPut, "/control/v1/brownout", command, nil)
	return err
}

// AddBackend lets the gateways use one more instance of the backend.
func (c *Client) AddBackend(ctx context.Context, command api.BackendCommand) error {
	_, err := c.call(ctx, http.MethodPost, "/control/v1/backends", command, nil)
	return err
}

// DrainBackend takes an instance away once it has answered what it has.
func (c *Client) DrainBackend(ctx context.Context, command api.BackendCommand) error {
	_, err := c.call(ctx, http.MethodDelete, "/control/v1/backends", command, nil)
	return err
}

// order makes a call that changes an opening. Accepted instead of OK means that a second person has to confirm.
func (c *Client) order(ctx context.Context, method, path string, command any) (model.Outcome, error) {
	var o model.Outcome
	status, err := c.call(ctx, method, path, command, &o.Opening)
	o.Pending = status == http.StatusAccepted
	return o, err
}

// call makes one request and returns the answer's status. A refusal comes back as *api.Problem, anything else that
// fails as *Error.
func (c *Client) call(ctx context.Context, method, path string, body, into any) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, orderTimeout)
	defer cancel()
	answer, err := c.send(ctx, method, path, body)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	if into == nil {
		return answer.StatusCode, nil
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxBody)).Decode(into); err != nil {
		return 0, &Error{Kind: Garbled, Err: fmt.Errorf("%s %s: %w", method, path, err)}
	}
	return answer.StatusCode, nil
}

// send returns an answer of the 200s with its body open.
func (c *Client) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	payload, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode %s %s: %w", method, path, err)
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(payload)
	}
	// The path is escaped already; ResolveReference keeps it so.
	ref, err := url.Parse(path)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", path, err)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base.ResolveReference(ref).String(), reader)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, classify(err)
	}
	if answer.StatusCode/100 != 2 {
		defer func() { _ = answer.Body.Close() }()
		return nil, problemOf(answer)
	}
	return answer, nil
}

// problemOf reads the problem document, or makes one of the bare status.
func problemOf(answer *http.Response) error {
	data, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return classify(err)
	}
	p := new(api.Problem)
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "application/problem+json") &&
		json.Unmarshal(data, p) == nil && p.Code != "" {
		return p
	}
	return &Error{Kind: Garbled, Err: errors.New("HTTP " + answer.Status)}
}
