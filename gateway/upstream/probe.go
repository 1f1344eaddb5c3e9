package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"
)

// staleAfter is how old the last report may be before the backend counts as unreachable.
const staleAfter = time.Second

// Watch asks every instance how it is and sees to those that come and go, until ctx ends.
func (p *Pool) Watch(ctx context.Context) {
	var asking sync.WaitGroup
	defer asking.Wait()
	for {
		p.ask(&asking)
		p.tidy()
		timer := time.NewTimer(p.Config().Health.ProbeEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// ask begins to ask everybody who is not being asked already, each by itself: one that hangs holds nobody up.
func (p *Pool) ask(asking *sync.WaitGroup) {
	for _, i := range p.members.Load().list {
		if i.asked.CompareAndSwap(false, true) {
			asking.Go(func() {
				defer i.asked.Store(false)
				p.probe(i, func(timeout time.Duration) (*report, *fault) { return p.question(i, timeout) })
			})
		}
	}
}

// probe asks one instance. While its breaker is not closed the question goes through it, as its only way to close again; and
// the breaker hears what came of it by the deadline, whatever becomes of the question.
func (p *Pool) probe(i *instance, question func(time.Duration) (*report, *fault)) {
	done := ungauged
	if !i.breaker.closed() {
		var err error
		if done, err = i.breaker.try(); err != nil {
			return
		}
	}
	r, f := within(p.Config().Health.ProbeTimeout, question)
	if f != nil {
		i.breaker.last.Store(f)
		done(f)
		if away(f) {
			p.missed(i, f.words)
		}
		p.turned(i)
		return
	}
	r.received = p.clock()
	done(nil)
	p.heard(i, r)
	p.turned(i)
}

// within waits for an answer no longer than until the deadline. A question that outlives it ends with its connection, and
// there are no more of them than connections for questions.
func within(timeout time.Duration, question func(time.Duration) (*report, *fault)) (*report, *fault) {
	type outcome struct {
		r *report
		f *fault
	}
	out := make(chan outcome, 1)
	go func() {
		o := outcome{f: errPanic}
		defer func() {
			_ = recover() // a report that cannot be read must not end the gateway
			out <- o
		}()
		o.r, o.f = question(timeout)
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case o := <-out:
		return o.r, o.f
	case <-timer.C:
		return nil, &fault{words: saidLate}
	}
}

// question asks an instance how it is.
func (p *Pool) question(i *instance, timeout time.Duration) (*report, *fault) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	(&Request{Method: http.MethodGet, Path: "/internal/status"}).write(req, p.token)
	err := i.call(i.asks, req, resp, timeout)
	if err != nil && sent(err) && cutOff(err) { // a kept connection says nothing of a backend that was started anew since
		i.asks.CloseIdleConnections()
		err = i.call(i.asks, req, resp, timeout)
	}
	if err != nil {
		f, _ := lost(err)
		return nil, f
	}
	if status := resp.StatusCode(); status != http.StatusOK {
		return nil, answered(status)
	}
	var r report
	if err := json.Unmarshal(resp.Body(), &r.BackendReport); err != nil {
		p.log.Error("backend's report cannot be read", zap.String("url", i.url), zap.Error(err))
		return nil, &fault{words: saidNoAnswer, err: fmt.Errorf("read the report: %w", err)}
	}
	return &r, nil
}

// tidy moves on what only time moves: slow starts, silence, and those that leave.
func (p *Pool) tidy() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	p.settle(now)
	for _, i := range p.members.Load().list {
		if i.draining && (!now.Before(i.drainBy) || i.site.Status().InFlight == 0 && i.waiting.Load() == 0) {
			p.dismiss(i)
		}
	}
}
