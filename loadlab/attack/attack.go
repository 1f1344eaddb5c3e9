// Package attack drives a crowd against a server through vegeta's attack loop: vegeta keeps the pace and the workers,
// a table says when each request is due, and a round-tripper of our own lets the crowd choose who acts and sends the
// prepared bytes on pooled connections.
package attack

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/wire"
)

// Actor decides what is sent and hears what came of it. Times are offsets from the start of the attack.
type Actor interface {
	Next(now time.Duration, out []byte) (citizen.Action, []byte)
	Apply(a citizen.Action, sent, done time.Duration, res *wire.Response, err error) citizen.Outcome
	// FailedTry is a connection that could not be opened; the request waits for another try.
	FailedTry(sent, done time.Duration, err error)
}

// Recorder notes each request.
type Recorder interface {
	Record(k citizen.Kind, o citizen.Outcome, due, sent, done time.Duration)
}

// Schedule says when request n is due, until which it counts, and at what rate.
type Schedule interface {
	Due(n uint64) time.Duration
	Rate(t time.Duration) float64
	Total() uint64
}

// Workers is how many requests may be under way at once. Vegeta gets as many workers at the start as it may ever have,
// so that it never makes more under pressure.
const Workers = 192

// Attack is one run.
type Attack struct {
	Limit    time.Duration // when to give up on a schedule that cannot be kept; 0: never
	Schedule Schedule
	Actor    Actor
	Recorder Recorder
	Pool     *wire.Pool
	Began    func(time.Time) // told the start, may be nil

	start   time.Time
	once    sync.Once
	results map[int]*http.Response
}

// Result is vegeta's own count.
type Result struct {
	Hits    uint64
	Failed  uint64 // without an answer
	Started time.Time
	Took    time.Duration
}

// Run attacks until the schedule is through, the limit is reached or the context ends. Only the last is an error: who
// compares Hits with the schedule sees what was left undone.
func (a *Attack) Run(ctx context.Context) (Result, error) {
	a.results = map[int]*http.Response{}
	for code := 100; code < 600; code++ {
		a.results[code] = &http.Response{Status: strconv.Itoa(code), StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1,
			ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody}
	}
	client := &http.Client{Transport: a, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	attacker := vegeta.NewAttacker(vegeta.Workers(Workers), vegeta.MaxWorkers(Workers), vegeta.Client(client))
	limited, cancel := ctx, context.CancelFunc(func() {})
	if a.Limit > 0 {
		limited, cancel = context.WithTimeout(ctx, a.Limit)
	}
	defer cancel()
	stop := context.AfterFunc(limited, func() { attacker.Stop() })
	defer stop()
	target := func(t *vegeta.Target) error {
		t.Method, t.URL = http.MethodGet, "http://daemun/"
		return nil
	}
	var out Result
	for r := range attacker.Attack(target, a, 0, "") {
		out.Hits++
		if r.Code == 0 {
			out.Failed++
		}
	}
	out.Started, out.Took = a.start, time.Since(a.start)
	if err := ctx.Err(); err != nil {
		return out, fmt.Errorf("attack: %w", err)
	}
	return out, nil
}

// nap is the shortest sleep of the pacer: what falls due meanwhile goes out without another timer.
const nap = time.Millisecond

// Pace tells vegeta how long to wait before request n.
func (a *Attack) Pace(elapsed time.Duration, n uint64) (time.Duration, bool) {
	a.once.Do(func() {
		a.start = time.Now().Add(-elapsed)
		if a.Began != nil {
			a.Began(a.start)
		}
	})
	if n >= a.Schedule.Total() {
		return 0, true
	}
	wait := a.Schedule.Due(n) - elapsed
	if wait <= 0 {
		return 0, false
	}
	return max(wait, nap), false
}

// Rate is the offered rate, for vegeta's own reports.
func (a *Attack) Rate(elapsed time.Duration) float64 { return a.Schedule.Rate(elapsed) }

// RoundTrip sends what the crowd wants sent in place of vegeta's request, of which only the number counts.
func (a *Attack) RoundTrip(req *http.Request) (*http.Response, error) {
	n, err := strconv.ParseUint(req.Header.Get("X-Vegeta-Seq"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("vegeta's number: %w", err)
	}
	due := a.Schedule.Due(n)
	conn, err := a.connect(req.Context())
	now := time.Now()
	sent := now.Sub(a.start)
	if err != nil {
		action, _ := a.Actor.Next(sent, nil)
		return nil, a.note(action, due, sent, sent, nil, err)
	}
	action, out := a.Actor.Next(sent, conn.Out[:0])
	conn.Out = out
	var res wire.Response
	err = conn.Do(now, &res)
	end := time.Now()
	done := end.Sub(a.start)
	if err = a.note(action, due, sent, done, &res, err); err != nil {
		conn.Close()
		return nil, err
	}
	if res.Close {
		conn.Close()
	} else {
		a.Pool.Put(conn, end)
	}
	return a.results[res.Status], nil
}

func (a *Attack) note(action citizen.Action, due, sent, done time.Duration, res *wire.Response, err error) error {
	o := a.Actor.Apply(action, sent, done, res, err)
	a.Recorder.Record(action.Kind, o, due, sent, done)
	return err
}

// A refused connection is tried again as a browser's user would, for a while; each refusal is told.
const (
	tries    = 12
	tryAgain = 80 * time.Millisecond
)

func (a *Attack) connect(ctx context.Context) (*wire.Conn, error) {
	for try := 1; ; try++ {
		began := time.Now()
		conn, err := a.Pool.Get(ctx, began)
		if err == nil || try == tries {
			return conn, err
		}
		a.Actor.FailedTry(began.Sub(a.start), time.Since(a.start), err)
		time.Sleep(tryAgain)
	}
}

var (
	_ vegeta.Pacer      = (*Attack)(nil)
	_ http.RoundTripper = (*Attack)(nil)
)
