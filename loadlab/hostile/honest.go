package hostile

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Honest are citizens who ask at a steady rate, whatever becomes of their answers.
type Honest struct {
	Base    string // http://host:port
	Opening string
	From    net.IP
	Rate    int // requests a second
	Numbers []string
	Tickets []string
}

// Seen is what they saw: latencies from the instant at which a request was due.
type Seen struct {
	Asked    int64   `json:"asked"`
	Answered int64   `json:"answered"` // with a 200 within the class's level of one second
	Late     int64   `json:"late"`     // with a 200, but later
	Share    float64 `json:"share"`
	P50MS    float64 `json:"p50_ms"`
	P99MS    float64 `json:"p99_ms"`
	MaxMS    float64 `json:"max_ms"`
	Error    string  `json:"error,omitempty"` // one of those that there were
}

// level is how late an answer from the waiting room may be.
const level = time.Second

// askers is how many requests may be out at once: more than a second's worth would be late anyway.
const askers = 256

// Ask asks for as long as d.
func (h *Honest) Ask(ctx context.Context, d time.Duration) Seen {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext:         (&net.Dialer{LocalAddr: &net.TCPAddr{IP: h.From}, Timeout: 5 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute,
	}}
	defer client.CloseIdleConnections()
	total := int(d.Seconds() * float64(h.Rate))
	took := make([]time.Duration, total)
	var next, answered, late, asked atomic.Int64
	var wrong atomic.Pointer[string]
	start := time.Now()
	var all sync.WaitGroup
	for range askers {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= total || ctx.Err() != nil {
					return
				}
				due := start.Add(time.Duration(i) * time.Second / time.Duration(h.Rate))
				time.Sleep(time.Until(due))
				asked.Add(1)
				err := h.once(ctx, client, i)
				took[i] = time.Since(due)
				switch {
				case err != nil:
					text := err.Error()
					wrong.Store(&text)
				case took[i] > level:
					late.Add(1)
				default:
					answered.Add(1)
				}
			}
		})
	}
	all.Wait()
	s := Seen{Asked: asked.Load(), Answered: answered.Load(), Late: late.Load()}
	if p := wrong.Load(); p != nil {
		s.Error = *p
	}
	return s.sum(took[:s.Asked])
}

func (s Seen) sum(took []time.Duration) Seen {
	if len(took) == 0 {
		return s
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	s.Share = float64(s.Answered) / float64(s.Asked)
	s.P50MS, s.P99MS, s.MaxMS = ms(took[len(took)/2]), ms(took[len(took)*99/100]), ms(took[len(took)-1])
	return s
}

// once asks one of the questions of a waiting room: mostly "how far am I".
func (h *Honest) once(ctx context.Context, client *http.Client, i int) error {
	method, path, body := http.MethodGet, "/v1/queue/place", []byte(nil)
	switch i % 20 {
	case 0:
		method, path, body = http.MethodPost, "/v1/queue/join", fmt.Appendf(nil, `{"rrn":%q}`, h.Numbers[i/20%len(h.Numbers)])
	case 1, 2, 3:
		path = "/v1/openings/" + h.Opening + "/cursor"
	case 4, 5, 6:
		path = "/"
	}
	r, err := http.NewRequestWithContext(ctx, method, h.Base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if path == "/v1/queue/place" {
		r.Header.Set("Authorization", "Ticket "+h.Tickets[i%len(h.Tickets)])
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	return nil
}
