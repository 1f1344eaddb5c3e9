package load

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Request is one attempt of somebody.
type Request struct {
	Number  uint64 // of the first attempt; the same for those that follow
	Due     time.Duration
	Class   uint8
	Attempt uint8 // 0 for the first
	Step    uint8 // of a journey, 0 for the first
	Person  uint32

	begun time.Duration // when the generator came to it; it may have to wait for a connection then
}

// Follow decides what somebody does next after an attempt: false for nothing. It is called from many goroutines at once.
type Follow func(r Request, o Outcome, done time.Duration) (Request, bool)

// Options set a Run.
type Options struct {
	Address string
	Conns   int // how many connections there may be at most
	Table   []Due
	End     time.Duration // when to stop sending; who is still waited for is awaited
	Level   time.Duration // an answer later than this after the due time is of no use
	Timeout time.Duration // when a client gives up, from the sending
	People  uint32        // among whom the requests are shared out
	Encode  func(out []byte, r *Request) []byte
	Follow  Follow // may be nil
	Tally   *Tally
	Began   func(time.Time) // told the start, may be nil
}

// Workers and burst bound what vegeta hands out at once; one hit sends what is due, up to a burst.
const (
	workers = 4
	burst   = 32
	// shortestNap and longestNap bound a sleep of the pacer: what falls due in the shortest is sent at once, which at tens of
	// thousands a second are a few, and what follows from answers is not known before.
	shortestNap, longestNap = 200 * time.Microsecond, 4 * time.Millisecond

	// overtime is how long a machine that is behind may still send what was due.
	overtime = time.Second
)

type run struct {
	Options
	ctx    context.Context
	pool   *pool
	napper *napper
	failed error // the pacer's, read when it has ended

	start   time.Time
	next    int
	bursts  chan []Request
	pending atomic.Int64 // under way

	mu     sync.Mutex
	follow followUps
}

// Run offers the table and what follows from it. It returns when every answer is there or given up.
func Run(ctx context.Context, o Options) error {
	napper, err := newNapper()
	if err != nil {
		return err
	}
	defer napper.close()
	r := &run{Options: o, ctx: ctx, napper: napper, bursts: make(chan []Request, workers+2), start: time.Now()}
	if r.Began != nil {
		r.Began(r.start)
	}
	r.pool = newPool(o.Address, r)
	defer r.pool.close()
	client := &http.Client{Transport: r, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	attacker := vegeta.NewAttacker(vegeta.Workers(workers), vegeta.MaxWorkers(workers), vegeta.Client(client))
	stop := context.AfterFunc(ctx, func() { attacker.Stop() })
	defer stop()
	target := func(t *vegeta.Target) error {
		t.Method, t.URL = http.MethodGet, "http://daemun/"
		return nil
	}
	sweeping, end := context.WithCancel(ctx)
	defer end()
	go r.pool.sweep(sweeping)
	for range attacker.Attack(target, r, 0, "") {
	}
	r.settle(ctx)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	return r.failed
}

// settle waits for what is under way; the sweep ends what takes too long.
func (r *run) settle(ctx context.Context) {
	limit := time.Now().Add(r.Timeout + time.Second)
	for r.pending.Load() > 0 && time.Now().Before(limit) && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
}

func (r *run) since() time.Duration { return time.Since(r.start) }

// Pace waits until something is due and forms the burst of the next hit.
func (r *run) Pace(time.Duration, uint64) (time.Duration, bool) {
	for {
		now := r.since()
		if r.ctx.Err() != nil || now >= r.End && (r.next == len(r.Table) || now >= r.End+overtime) {
			return 0, true
		}
		if b := r.gather(now); len(b) > 0 {
			r.bursts <- b
			return 0, false
		}
		if err := r.napper.nap(r.wait(now)); err != nil {
			r.failed = err
			return 0, true
		}
	}
}

// gather takes what is due.
func (r *run) gather(now time.Duration) []Request {
	var b []Request
	for r.next < len(r.Table) && len(b) < burst && r.Table[r.next].At <= now {
		d := r.Table[r.next]
		b = append(b, Request{Number: uint64(r.next), Due: d.At, Class: d.Class, Person: person(uint64(r.next), r.People)})
		r.next++
	}
	r.mu.Lock()
	for len(b) < burst {
		f, ok := r.follow.due(now)
		if !ok {
			break
		}
		b = append(b, f)
	}
	r.mu.Unlock()
	return b
}

// wait is how long nothing falls due, within the bounds of a nap.
func (r *run) wait(now time.Duration) time.Duration {
	w := longestNap
	if r.next < len(r.Table) {
		w = min(w, r.Table[r.next].At-now)
	}
	return max(w, shortestNap)
}

// person spreads requests over people without a pattern.
func person(n uint64, people uint32) uint32 {
	if people == 0 {
		return 0
	}
	n *= 0x9e3779b97f4a7c15
	return uint32((n ^ n>>32) % uint64(people))
}

// Rate is for vegeta's own reports, which nobody reads.
func (r *run) Rate(time.Duration) float64 { return 0 }

// RoundTrip sends a burst in place of vegeta's request, which only says that it is time. It waits for nothing.
func (r *run) RoundTrip(*http.Request) (*http.Response, error) {
	b := <-r.bursts
	r.pending.Add(int64(len(b)))
	for i := range b {
		r.pool.send(b[i], r.since())
	}
	return answered, nil
}

var answered = &http.Response{Status: "204 No Content", StatusCode: http.StatusNoContent, Proto: "HTTP/1.1", ProtoMajor: 1,
	ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody}

// finish notes what became of an attempt and lets its sender decide what to do next.
func (r *run) finish(q Request, o Outcome, sent, done time.Duration) {
	if o == Good && done-q.Due > r.Level {
		o = Late
	}
	r.Tally.Record(&q, o, sent, done)
	if r.Follow != nil {
		if next, ok := r.Follow(q, o, done); ok && next.Due < r.End {
			r.then(next, done)
		}
	}
	r.pending.Add(-1)
}

// then sends what follows from an answer: at once where it is due, else by the pacer.
func (r *run) then(next Request, now time.Duration) {
	if next.Due <= now {
		r.pending.Add(1)
		r.pool.send(next, now)
		return
	}
	r.mu.Lock()
	r.follow.push(next)
	r.mu.Unlock()
}

var (
	_ vegeta.Pacer      = (*run)(nil)
	_ http.RoundTripper = (*run)(nil)
)
