package overload

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/loadlab/audit"
	"github.com/daemun/daemun/loadlab/fault"
)

// ours is our gateway as it is delivered, with people who joined, waited for their turn and entered like anybody else.
type ours struct {
	public  string // URL
	control string // URL
	client  http.Client
	room    *http.Client // of the control room
	tickets []string
	renewed time.Time
	passes  atomic.Pointer[[]string]
}

const (
	opensIn = 6 * time.Second
	// A pass is good for 15 minutes: who measures longer has everybody enter again with their tickets.
	renewAfter = 6 * time.Minute
	atOnce     = 8 // people who join or enter at the same time
)

func startOurs(ctx context.Context, l *Lab) (*system, error) {
	data := filepath.Join(l.o.Out, "data")
	if err := os.RemoveAll(data); err != nil {
		return nil, fmt.Errorf("data of an earlier run: %w", err)
	}
	args := []string{"seed", "--data", data, "--citizens", strconv.Itoa(people + people/4), "--on-roster", strconv.Itoa(people),
		"--clinics", "20", "--opens-in", opensIn.String()}
	if text, err := exec.CommandContext(ctx, l.o.Binary, args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("seed: %w: %s", err, text)
	}
	ports, err := fault.FreePorts(2)
	if err != nil {
		return nil, err
	}
	s := &system{address: ports[0], ours: &ours{public: "http://" + ports[0], control: "https://" + ports[1], client: http.Client{Timeout: 10 * time.Second}}}
	s.process, err = fault.Start(fault.Spec{Name: "ours", Binary: l.o.Binary, Log: l.o.log("ours"), Ready: s.ours.public + "/readyz",
		Args: []string{"gateway", "--listen", ports[0], "--control", ports[1], "--lanes", "127.0.0.1:0", "--backend", "http://" + l.backend,
			"--data", data, "--admission-start", "400"}})
	if err == nil {
		err = s.process.WaitReady(ctx, time.Minute)
	}
	if err == nil {
		s.ours.room, err = audit.ControlClientAs(data, "viewer")
	}
	if err == nil {
		err = s.ours.admit(ctx, filepath.Join(data, "demo", "citizens.csv"))
	}
	if err != nil && s.process != nil {
		s.process.Stop(5 * time.Second)
	}
	return s, err
}

// admit takes people all the way in.
func (g *ours) admit(ctx context.Context, file string) error {
	numbers, err := onRoster(file)
	if err != nil {
		return err
	}
	g.tickets = make([]string, len(numbers))
	err = together(len(numbers), func(i int) (err error) {
		g.tickets[i], err = g.join(ctx, numbers[i])
		return err
	})
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	return g.enterAll(ctx)
}

// onRoster reads the registration numbers of those of the demo's people who may join.
func onRoster(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("citizens: %w", err)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("citizens: %w", err)
	}
	var numbers []string
	for _, r := range rows[1:] {
		if r[4] == "true" || r[4] == "1" {
			numbers = append(numbers, r[0])
		}
	}
	if len(numbers) == 0 {
		return nil, errors.New("citizens: nobody may join")
	}
	return numbers, nil
}

// renew has everybody enter again before the passes run out.
func (g *ours) renew(ctx context.Context) error {
	if time.Since(g.renewed) < renewAfter {
		return nil
	}
	return g.enterAll(ctx)
}

func (g *ours) enterAll(ctx context.Context) error {
	passes := make([]string, len(g.tickets))
	err := together(len(passes), func(i int) (err error) {
		passes[i], err = g.enter(ctx, g.tickets[i])
		return err
	})
	if err != nil {
		return fmt.Errorf("enter: %w", err)
	}
	g.passes.Store(&passes)
	g.renewed = time.Now()
	return nil
}

// pass is the pass of a person.
func (g *ours) pass(person uint32) string {
	passes := *g.passes.Load()
	return passes[int(person)%len(passes)]
}

func (g *ours) join(ctx context.Context, number string) (string, error) {
	body, err := json.Marshal(api.JoinRequest{RRN: number})
	if err != nil {
		return "", err
	}
	var place api.Place
	status, err := g.post(ctx, "/v1/queue/join", "", body, &place)
	if err == nil && (status != http.StatusOK || place.Ticket == "") {
		err = fmt.Errorf("answered %d", status)
	}
	return place.Ticket, err
}

const patience = 2 * time.Minute

// enter waits for the turn.
func (g *ours) enter(ctx context.Context, ticket string) (string, error) {
	limit := time.Now().Add(patience)
	for {
		var entry api.Entry
		status, err := g.post(ctx, "/v1/queue/enter", "Ticket "+ticket, nil, &entry)
		switch {
		case err != nil:
			return "", err
		case status == http.StatusOK:
			return entry.Pass, nil
		case status != http.StatusConflict && status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests || time.Now().After(limit):
			return "", fmt.Errorf("answered %d", status)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func (g *ours) post(ctx context.Context, path, authorization string, body []byte, into any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.public+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := g.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode == http.StatusOK {
		err = json.Unmarshal(text, into)
	}
	return res.StatusCode, err
}

// snapshot is what the control room sees.
func (g *ours) snapshot(ctx context.Context) (s api.Snapshot, err error) {
	err = audit.JSON(ctx, g.room, g.control+"/control/v1/snapshot", &s)
	return s, err
}

// together does n things, a few at a time, and returns the first error.
func together(n int, do func(i int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, atOnce)
	for w := range atOnce {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && errs[w] == nil; i = int(next.Add(1)) - 1 {
				errs[w] = do(i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
