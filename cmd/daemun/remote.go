package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// remote asks running servers: the control room with an operator's certificate, the public side like anybody.
type remote struct {
	control, public string
	inside, outside *http.Client
}

// remoteOf prepares the way to servers. cert is a PEM file with an operator's certificate and key, ca the control room's
// authority; public may be empty.
func remoteOf(control, cert, ca, public string) (*remote, error) {
	if cert == "" || ca == "" {
		return nil, errors.New("--control needs --cert PEM (an operator's certificate and key) and --ca PEM (the control room's authority)")
	}
	inside, err := controlClient(cert, ca)
	if err != nil {
		return nil, err
	}
	return &remote{
		control: strings.TrimSuffix(control, "/"), public: strings.TrimSuffix(public, "/"),
		inside: inside, outside: &http.Client{Timeout: 30 * time.Second},
	}, nil
}

// controlClient speaks to a control room: cert is a PEM file with an operator's certificate and key, ca one with the authority.
func controlClient(cert, ca string) (*http.Client, error) {
	pair, err := tls.LoadX509KeyPair(cert, cert)
	if err != nil {
		return nil, fmt.Errorf("read --cert %s: %w; it must hold certificate and key", cert, err)
	}
	authority, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("read --ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("read --ca %s: there is no certificate in it", ca)
	}
	settings := &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS13}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: settings}}, nil
}

// patience is how often a server that has too much to do is asked again.
const patience = 40

// get asks until it is answered; 503 is a wait, not a failure.
func (r *remote) get(ctx context.Context, c *http.Client, url string) (*http.Response, error) {
	for try := 0; ; try++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		resp, err := c.Do(req)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusOK {
			return resp, nil
		}
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 300))
		resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable || try == patience {
			return nil, &refused{resp.StatusCode, url, string(text)}
		}
		wait, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Duration(max(1, wait)) * 250 * time.Millisecond):
		}
	}
}

// refused is an answer that is not the one asked for.
type refused struct {
	status    int
	url, text string
}

func (r *refused) Error() string { return fmt.Sprintf("%s answered %d: %s", r.url, r.status, r.text) }

func (r *remote) json(ctx context.Context, c *http.Client, url string, into any) error {
	resp, err := r.get(ctx, c, url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(into)
}
