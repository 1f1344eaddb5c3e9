package site

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Client steers a site of another process.
type Client struct {
	url  string
	http http.Client
}

// NewClient is a client of the site whose control listens at address (host:port).
func NewClient(address string) *Client {
	return &Client{url: "http://" + address + "/", http: http.Client{Timeout: 5 * time.Second}}
}

// Status asks how the site stands.
func (c *Client) Status(ctx context.Context) (Status, error) { return c.do(ctx, http.MethodGet, nil) }

// Set changes its capacity.
func (c *Client) Set(ctx context.Context, s Setting) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, http.MethodPut, b)
	return err
}

// Clear ends all its work at once.
func (c *Client) Clear(ctx context.Context) error {
	_, err := c.do(ctx, http.MethodDelete, nil)
	return err
}

func (c *Client) do(ctx context.Context, method string, body []byte) (s Status, err error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url, bytes.NewReader(body))
	if err != nil {
		return s, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return s, fmt.Errorf("site: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return s, fmt.Errorf("site: %s / answered %d", method, res.StatusCode)
	}
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		return s, fmt.Errorf("site: %w", err)
	}
	return s, nil
}
