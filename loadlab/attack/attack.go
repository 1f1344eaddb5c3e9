// Package attack drives a crowd against a server through vegeta's attack loop: vegeta keeps the pace and the workers,
// a table says when each request is due, and a round-tripper of our own lets the crowd choose who acts and sends the
// prepared bytes on pooled connections.
package attack

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
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

// Witness looks at what is sent and answered; nothing of either may be kept.
type Witness interface {
	Asked(request []byte)
	Answered(k citizen.Kind, res *wire.Response)
}

// Schedule says when request n is due, until which it counts, and at what rate.
type Schedule interface {
	Due(n uint64) time.Duration
	Rate(t time.Duration) float64
	Total() uint64
}

// Vegeta gets as many workers at the start as it may ever have, so that it never makes more under pressure. A request
// alone would cost as much in handing it to a worker and waking that worker twice as in sending it. So one hit of vegeta
// sends whatever is due, each request on a connection of its own, and then reads the answers: a request a hit while
// the load is low, up to a burst when it is high or late. Workers × Burst requests may be under way at once, and besides
// them as many that go to the backend as Slow says: more connections would cost the server more for each request.
const (
	Workers = 12
	Burst   = 16
	Slow    = 512
)

// Attack is one run.
type Attack struct {
	Limit    time.Duration // when to give up on a schedule that cannot be kept; 0: never
	Schedule Schedule
	Actor    Actor
	Recorder Recorder
	Pool     *wire.Pool
	Began    func(time.Time) // told the start, may be nil
	Witness  Witness         // may be nil
	Inline   bool            // await every answer within its hit: no more under way than the workers send

	start  time.Time
	once   sync.Once
	next   uint64     // the first request that no burst contains; the pacer's own
	bursts chan burst // formed by the pacer, one for each hit
	slow   chan struct{}
	late   sync.WaitGroup // of requests that are awaited beside their hit
	sent   atomic.Uint64
	failed atomic.Uint64
}

// burst is a run of requests that one hit sends.
type burst struct{ from, to uint64 }

// Result counts requests.
type Result struct {
	Hits    uint64 // requests sent
	Failed  uint64 // without an answer
	Started time.Time
	Took    time.Duration
}

// Run attacks until the schedule is through, the limit is reached or the context ends. Only the last is an error: who
// compares Hits with the schedule sees what was left undone.
func (a *Attack) Run(ctx context.Context) (Result, error) {
	a.bursts, a.slow = make(chan burst, Workers+2), make(chan struct{}, Slow)
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
	for range attacker.Attack(target, a, 0, "") {
	}
	a.late.Wait()
	out := Result{Hits: a.sent.Load(), Failed: a.failed.Load(), Started: a.start, Took: time.Since(a.start)}
	if err := ctx.Err(); err != nil {
		return out, fmt.Errorf("attack: %w", err)
	}
	return out, nil
}

// nap is the shortest sleep of the pacer: what falls due meanwhile goes out without another timer.
const nap = time.Millisecond

// Pace waits until the next request is due and forms the burst of the next hit from everything that is. The wait is here
// and not in vegeta, because only after it is known what has fallen due.
func (a *Attack) Pace(elapsed time.Duration, _ uint64) (time.Duration, bool) {
	a.once.Do(func() {
		a.start = time.Now().Add(-elapsed)
		if a.Began != nil {
			a.Began(a.start)
		}
	})
	total := a.Schedule.Total()
	if a.next >= total {
		return 0, true
	}
	if wait := a.Schedule.Due(a.next) - elapsed; wait > 0 {
		time.Sleep(max(wait, nap))
		elapsed = time.Since(a.start)
	}
	b := burst{a.next, min(a.next+1, total)}
	for b.to < total && b.to-b.from < Burst && a.Schedule.Due(b.to) <= elapsed {
		b.to++
	}
	a.next = b.to
	a.bursts <- b
	return 0, false
}

// Rate is the offered rate, for vegeta's own reports.
func (a *Attack) Rate(elapsed time.Duration) float64 { return a.Schedule.Rate(elapsed) }

// flight is a request under way.
type flight struct {
	action    citizen.Action
	due, sent time.Duration
	conn      *wire.Conn
	err       error
}

// RoundTrip sends a burst in place of vegeta's request, which only says that it is time.
func (a *Attack) RoundTrip(req *http.Request) (*http.Response, error) {
	b := <-a.bursts
	var room [Burst]flight
	flights := room[:b.to-b.from]
	// All connections first: who has to wait for one must not keep answers unread.
	for i := range flights {
		f := &flights[i]
		f.due = a.Schedule.Due(b.from + uint64(i))
		f.conn, f.err = a.connect(req.Context())
	}
	for i := range flights {
		a.send(&flights[i])
	}
	for i := range flights {
		if f := &flights[i]; a.beside(f) {
			a.await(*f)
		}
	}
	// The last answer is awaited first: when it is there the others mostly are, and the worker sleeps once instead of once
	// for each.
	for i := len(flights) - 1; i >= 0; i-- {
		if f := &flights[i]; !a.beside(f) {
			a.receive(f)
		}
	}
	a.sent.Add(uint64(len(flights)))
	return answered, nil
}

// answered is what vegeta hears of every hit; what became of the requests is in the recorder.
var answered = &http.Response{Status: "204 No Content", StatusCode: http.StatusNoContent, Proto: "HTTP/1.1", ProtoMajor: 1,
	ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody}

// await receives beside the hit, so that neither answers from memory nor the worker wait for the backend.
func (a *Attack) await(f flight) {
	a.slow <- struct{}{}
	a.late.Go(func() {
		a.receive(&f)
		<-a.slow
	})
}

// beside tells whether an answer is awaited beside its hit: the backend's may take long.
func (a *Attack) beside(f *flight) bool { return !a.Inline && !f.action.Kind.WaitingRoom() }

func (a *Attack) send(f *flight) {
	f.sent = time.Since(a.start)
	if f.err != nil {
		f.action, _ = a.Actor.Next(f.sent, nil)
		return
	}
	f.action, f.conn.Out = a.Actor.Next(f.sent, f.conn.Out[:0])
	f.err = f.conn.Send(a.start.Add(f.sent))
	if a.Witness != nil {
		a.Witness.Asked(f.conn.Out)
	}
}

func (a *Attack) receive(f *flight) {
	var res wire.Response
	if f.err == nil {
		f.err = f.conn.Receive(&res)
	}
	done := f.sent
	if f.conn != nil {
		done = time.Since(a.start)
	}
	if f.err == nil && a.Witness != nil {
		a.Witness.Answered(f.action.Kind, &res)
	}
	o := a.Actor.Apply(f.action, f.sent, done, &res, f.err)
	a.Recorder.Record(f.action.Kind, o, f.due, f.sent, done)
	if f.err != nil {
		a.failed.Add(1)
	}
	switch {
	case f.conn == nil:
	case f.err != nil || res.Close:
		f.conn.Close()
	default:
		a.Pool.Put(f.conn, a.start.Add(done))
	}
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
