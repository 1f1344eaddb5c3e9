// Package sms hands text messages to a gateway by HTTP.
package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/daemun/daemun/backend/notify"
)

// Options are how a gateway is reached.
type Options struct {
	URL      string // http or https
	Token    string // sent as Authorization: Bearer …; may be empty
	From     string // the number that people see; may be empty where the gateway knows it
	Parallel int    // connections
}

// Gateway sends text messages. It is safe for use by many goroutines.
type Gateway struct {
	options Options
	client  *http.Client
}

// Message is the body of the gateway's POST. The header Idempotency-Key holds the same ID.
type Message struct {
	ID      string `json:"id"`
	Type    string `json:"type"` // sms, or lms where the text takes more than 90 bytes
	From    string `json:"from,omitempty"`
	To      string `json:"to"`                // digits
	Subject string `json:"subject,omitempty"` // of an lms
	Text    string `json:"text"`
}

const (
	dialTimeout = 3 * time.Second
	maxAnswer   = 4 << 10 // bytes of an answer that are read, so that the connection can be used again
)

// New returns a Gateway; nothing is sent yet.
func New(o Options) (*Gateway, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, errors.New("address of the text-message gateway: want http://HOST/PATH or https://HOST/PATH, without a password")
	}
	return &Gateway{options: o, client: &http.Client{
		Transport: &http.Transport{
			DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext, TLSHandshakeTimeout: dialTimeout,
			MaxIdleConnsPerHost: o.Parallel, MaxConnsPerHost: o.Parallel, IdleConnTimeout: time.Minute, Proxy: http.ProxyFromEnvironment,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Send posts one message and waits for the gateway's word.
func (g *Gateway) Send(ctx context.Context, l notify.Letter) error {
	if l.Phone == "" {
		return &notify.Refused{Reason: "no_number"}
	}
	body, err := json.Marshal(g.message(&l))
	if err != nil {
		return fmt.Errorf("sms: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.options.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("sms: %w", err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Idempotency-Key", l.ID)
	if g.options.Token != "" {
		req.Header.Set("Authorization", "Bearer "+g.options.Token)
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return &notify.Later{Reason: lost(err), Err: bare(err)}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // only for the connection's sake
	return judge(resp)
}

func (g *Gateway) message(l *notify.Letter) Message {
	m := Message{ID: l.ID, Type: "sms", From: g.options.From, To: l.Phone, Text: l.Text}
	if notify.Bytes(l.Text) > notify.ShortText {
		m.Type, m.Subject = "lms", l.Subject
	}
	return m
}

// judge reads what an answer means. Statuses that speak of how the gateway is reached, and not of this message, fail no
// message: somebody will mend that.
func judge(resp *http.Response) error {
	reason := "http_" + strconv.Itoa(resp.StatusCode)
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300, code == http.StatusConflict: // 409: it has the message from before
		return nil
	case code == http.StatusTooManyRequests:
		return &notify.Later{Reason: reason, Busy: true, After: retryAfter(resp)}
	case code == http.StatusBadRequest, code == http.StatusGone, code == http.StatusRequestEntityTooLarge, code == http.StatusUnprocessableEntity:
		return &notify.Refused{Reason: reason}
	}
	return &notify.Later{Reason: reason, After: retryAfter(resp)}
}

// retryAfter reads the header in seconds; its other form, a date, is left to the sender's own pauses.
func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 32)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

func lost(err error) string {
	var timeout net.Error
	var dial *net.OpError
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		return "unreachable"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	}
	return "connection"
}

// bare takes the address off an error: it may hold what an operator put into its query.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
