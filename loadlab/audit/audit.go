// Package audit asks the servers afterwards what they kept: the ledger over the control API, the seals and acknowledged
// bookings over the public one.
package audit

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/invariant"
)

// ControlClient is a client of the control API with the supervisor's certificate of a data folder.
func ControlClient(dataDir string) (*http.Client, error) {
	return ControlClientAs(dataDir, "supervisor")
}

// ControlClientAs is ControlClient with the certificate of a role.
func ControlClientAs(dataDir, role string) (*http.Client, error) {
	dir := filepath.Join(dataDir, "demo", "operators")
	pair, err := os.ReadFile(filepath.Join(dir, role+".pem"))
	if err != nil {
		return nil, fmt.Errorf("operator's certificate: %w", err)
	}
	cert, err := tls.X509KeyPair(pair, pair)
	if err != nil {
		return nil, fmt.Errorf("operator's certificate: %w", err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("certificate authority: ca.pem holds no certificate")
	}
	return &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: roots, MinVersion: tls.VersionTLS12}}}, nil
}

// page is how many records are asked for at once.
const page = 20_000

// Ledger reads the whole ledger from a control API at base (https://host:port).
func Ledger(ctx context.Context, c *http.Client, base string) (*invariant.Journal, error) {
	j := invariant.NewJournal()
	for after := uint64(0); ; {
		last, n, err := ledgerPage(ctx, c, fmt.Sprintf("%s/control/v1/ledger?after=%d&limit=%d", base, after, page), j)
		if err != nil {
			return nil, fmt.Errorf("read the ledger after record %d: %w", after, err)
		}
		if n == 0 {
			return j, nil
		}
		after = last
	}
}

func ledgerPage(ctx context.Context, c *http.Client, url string, j *invariant.Journal) (last uint64, n int, err error) {
	body, err := get(ctx, c, url, "")
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = body.Close() }()
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 64<<10), 16<<20)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var r api.LedgerRecord
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return 0, 0, fmt.Errorf("line %d: %w", n+1, err)
		}
		if err := j.Add(r); err != nil {
			return 0, 0, err
		}
		last = r.Seq
		n++
	}
	return last, n, lines.Err()
}

func get(ctx context.Context, c *http.Client, url, authorization string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 300))
		_ = res.Body.Close()
		return nil, fmt.Errorf("answered %d: %s", res.StatusCode, text)
	}
	return res.Body, nil
}

// JSON reads one JSON document.
func JSON(ctx context.Context, c *http.Client, url string, into any) error {
	body, err := get(ctx, c, url, "")
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	if err := json.NewDecoder(io.LimitReader(body, 64<<20)).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	return nil
}

// Seals reads all published seals of an opening at base (http://host:port).
func Seals(ctx context.Context, c *http.Client, base, opening string) ([]api.Seal, error) {
	var all []api.Seal
	for from := uint64(0); ; {
		var some []api.Seal
		if err := JSON(ctx, c, fmt.Sprintf("%s/v1/openings/%s/seals?from=%d", base, opening, from), &some); err != nil {
			return nil, fmt.Errorf("read the seals: %w", err)
		}
		if len(some) == 0 {
			return all, nil
		}
		last := uint64(some[len(some)-1].Epoch)
		if last < from {
			return nil, fmt.Errorf("read the seals: asked from epoch %d, got epoch %d", from, last)
		}
		all = append(all, some...)
		from = last + 1
	}
}

// Bookings looks up acknowledged bookings at base (http://host:port): all that were in doubt, and a sample of the rest,
// at most limit in all.
func Bookings(ctx context.Context, base string, acked []citizen.Acked, limit int) invariant.ReadBack {
	var out invariant.ReadBack
	var mu sync.Mutex
	var wg sync.WaitGroup
	todo := make(chan *citizen.Acked)
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	for range 8 {
		wg.Go(func() {
			for a := range todo {
				err := look(ctx, client, base, a)
				mu.Lock()
				out.Asked++
				if err == nil {
					out.Found++
				} else if len(out.Notes) < 5 {
					out.Notes = append(out.Notes, fmt.Sprintf("%s: %v", a.No, err))
				}
				mu.Unlock()
			}
		})
	}
	for _, i := range sample(acked, limit) {
		todo <- &acked[i]
	}
	close(todo)
	wg.Wait()
	return out
}

// sample takes everything in doubt and every so many of the rest.
func sample(acked []citizen.Acked, limit int) []int {
	var out []int
	every := max(1, len(acked)/max(1, limit))
	for i := range acked {
		if acked[i].Unknown || i%every == 0 {
			out = append(out, i)
		}
	}
	return out[:min(len(out), limit+limit/4)]
}

// look asks for a booking, with its proof where there is one and the pass where not, and again when the server is busy.
func look(ctx context.Context, c *http.Client, base string, a *citizen.Acked) error {
	authorization := "Pass " + a.Pass
	if a.Proof != "" {
		authorization = "Proof " + a.Proof
	}
	var err error
	for try := range 5 {
		if try > 0 {
			time.Sleep(300 * time.Millisecond)
		}
		var body io.ReadCloser
		if body, err = get(ctx, c, base+"/v1/bookings/"+a.No, authorization); err != nil {
			continue
		}
		var b api.Booking
		err = json.NewDecoder(body).Decode(&b)
		_ = body.Close()
		if err == nil && (b.No != a.No || b.Slot != a.Slot || b.State != "booked") {
			return fmt.Errorf("is %s %s in %s, was acknowledged in %s", b.No, b.State, b.Slot, a.Slot)
		}
		if err == nil {
			return nil
		}
	}
	return err
}
