package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/gateway/api"
)

func operatorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "operator", Short: "look after personal data: who looked at it, its keys, how long it is kept, certificates",
		Long: `operator works on the data of a site, on the machine of its backend. What reads or changes personal data goes by the
backend that runs on the folder, needs a supervisor's certificate (--cert, or DAEMUN_CERT) and a reason, and stands in the log
of accesses. docs/privacy.md says what is kept where, for how long, and what to do after a leak.`,
	}
	cmd.AddCommand(accessesCommand(), exportBookingsCommand(), retentionCommand(), keysCommand(), certificateCommand())
	return cmd
}

// officer is who gives a command to the backend that runs on a folder.
type officer struct {
	data   folder
	cert   string
	reason string
}

func (o *officer) flags(cmd *cobra.Command, withReason bool) {
	dataFlag(cmd, &o.data)
	cmd.Flags().StringVar(&o.cert, "cert", "", "`PEM` file with a supervisor's certificate and key")
	if withReason {
		cmd.Flags().StringVar(&o.reason, "reason", "", "`why`, for the log of accesses")
	}
}

func (o *officer) check() error {
	if strings.TrimSpace(o.reason) == "" {
		return errors.New("--reason WHY is needed: it stands in the log of accesses")
	}
	return nil
}

// client reaches the backend that runs on the folder.
func (o *officer) client() (*http.Client, error) {
	if o.cert == "" {
		return nil, fmt.Errorf("--cert PEM is needed: a supervisor's certificate with its key (the demo's: %s; issue one with daemun operator certificate issue)",
			o.data.path("demo", "operators", "supervisor.pem"))
	}
	pair, err := tls.LoadX509KeyPair(o.cert, o.cert)
	if err != nil {
		return nil, fmt.Errorf("read --cert %s: %w; it must hold certificate and key", o.cert, err)
	}
	authority, err := os.ReadFile(o.data.path("keys", "ca.pem"))
	if err != nil {
		return nil, fmt.Errorf("there is no site in %s: %w; name its folder with --data", o.data, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("read %s: there is no certificate in it", o.data.path("keys", "ca.pem"))
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		path, done, err := deskPath(o.data)
		if err != nil {
			return nil, err
		}
		defer done()
		conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
		if err != nil {
			return nil, err
		}
		return lastWord{conn}, nil
	}
	settings := &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS13, ServerName: "localhost"}
	return &http.Client{Transport: &http.Transport{DialContext: dial, TLSClientConfig: settings}}, nil
}

// lastWord is a connection whose other end may refuse while it is being written to: with TLS 1.3 the backend says only after
// the handshake that it does not take a certificate, and closes. Whether writing or reading finds out first is chance; only
// what is read says why, so writing leaves it to that.
type lastWord struct{ net.Conn }

func (c lastWord) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return len(b), nil
	}
	return n, err
}

// ask sends a command and returns the answer's body, which is to be closed.
func (o *officer) ask(ctx context.Context, method, path string, body any) (io.ReadCloser, error) {
	client, err := o.client()
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, "https://localhost/operator/v1/"+path, bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("no backend runs on the folder %s: start it (daemun up, or daemun backend), or name another with --data; one process at a time has the bookings open, so this command goes by it", o.data)
	case err != nil && strings.Contains(err.Error(), "remote error: tls"):
		return nil, fmt.Errorf("the backend does not take the certificate %s: it is revoked, expired, or of another site: %w", o.cert, err)
	case err != nil:
		return nil, fmt.Errorf("ask the backend: %w", err)
	case resp.StatusCode != http.StatusOK:
		defer resp.Body.Close()
		return nil, refusedBy(resp)
	}
	return resp.Body, nil
}

func refusedBy(resp *http.Response) error {
	var p api.Problem
	if err := json.NewDecoder(io.LimitReader(resp.Body, 16<<10)).Decode(&p); err != nil || p.DetailEn == "" {
		return fmt.Errorf("the backend answered %s", resp.Status)
	}
	return fmt.Errorf("%s / %s", p.Detail, p.DetailEn)
}

// one reads an answer of one JSON value.
func (o *officer) one(ctx context.Context, method, path string, body, into any) error {
	answer, err := o.ask(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	if err := json.NewDecoder(answer).Decode(into); err != nil {
		return fmt.Errorf("read the backend's answer: %w", err)
	}
	return nil
}

// each reads an answer of JSON lines. One that ends in the middle is an error.
func (o *officer) each(ctx context.Context, path string, body any, line func([]byte) error) error {
	answer, err := o.ask(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	in := bufio.NewScanner(answer)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if err := line(in.Bytes()); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("the backend's answer ended in the middle: %w", err)
	}
	return nil
}

// whenFlag is an instant, or a day in Korea, on the command line.
type whenFlag struct{ time.Time }

func (w *whenFlag) String() string {
	if w.IsZero() {
		return ""
	}
	return w.Format(time.RFC3339)
}

func (w *whenFlag) Type() string { return "time" }

func (w *whenFlag) Set(text string) (err error) {
	if w.Time, err = time.ParseInLocation(time.DateOnly, text, korea); err == nil {
		return nil
	}
	if w.Time, err = time.Parse(time.RFC3339, text); err != nil {
		return fmt.Errorf("%q is neither a day (2026-11-22) nor an instant (2026-11-22T20:00:00+09:00)", text)
	}
	return nil
}
