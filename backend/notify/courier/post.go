package courier

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/notify"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
)

const (
	pollEvery   = 500 * time.Millisecond // how long a new message may wait to be found
	countEvery  = 2 * time.Second
	countShare  = 100 // counting takes no more than a hundredth of the time
	sendTimeout = 15 * time.Second
	lastSend    = 3 * time.Second // for what is under way when the courier has to stop
	readAhead   = 256             // messages in hand at once
)

// post carries the messages of one channel.
type post struct {
	name    booking.Channel
	channel Channel // nil: not configured
	options *Options
	guard   *guard
	limit   *rate.Limiter
	places  chan struct{} // one for each letter under way

	mu     sync.Mutex
	inHand map[uint64]subject.ID   // messages, from reading until what became of them is settled
	busy   map[subject.ID]struct{} // their people: nobody is told two things at once
	freed  chan struct{}           // a message left the hand

	settling chan booking.Settlement
	sent     atomic.Uint64
	backlog  atomic.Pointer[booking.Backlog]
}

func newPost(o *Options, name booking.Channel) *post {
	return &post{
		name: name, channel: o.Channels[name], options: o, guard: newGuard(string(name), o.Clock),
		limit: rate.NewLimiter(rate.Limit(o.PerS), max(1, o.PerS/10)), places: make(chan struct{}, o.Parallel),
		inHand: map[uint64]subject.ID{}, busy: map[subject.ID]struct{}{}, freed: make(chan struct{}, 1),
		settling: make(chan booking.Settlement, readAhead),
	}
}

func (p *post) run(ctx context.Context) {
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		p.settle(ctx)
	}()
	var sending sync.WaitGroup
	for ctx.Err() == nil {
		if p.round(ctx, &sending) == 0 {
			p.rest(ctx)
		}
	}
	sending.Wait()
	close(p.settling)
	<-settled
}

// rest waits for something to do.
func (p *post) rest(ctx context.Context) {
	timer := time.NewTimer(max(pollEvery, p.guard.closedFor()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-p.freed:
	}
}

// round starts to send what is due and returns how much that was.
func (p *post) round(ctx context.Context, sending *sync.WaitGroup) (started int) {
	held := p.held()
	if held >= readAhead || !p.guard.mayOpen() {
		return 0
	}
	ms, err := p.options.Outbox.Due(ctx, p.name, p.options.Clock(), held+readAhead)
	if err != nil {
		if ctx.Err() == nil {
			p.options.Log.Warn("the messages that are due cannot be read", zap.String("channel", string(p.name)), zap.Error(err))
		}
		return 0
	}
	for i := range ms {
		if !p.take(&ms[i]) {
			continue
		}
		if !p.start(ctx, &ms[i], sending) {
			p.drop(ms[i].Number)
			return started
		}
		started++
	}
	return started
}

// start sends a message in the background, once there is room and the channel may be called.
func (p *post) start(ctx context.Context, m *booking.Message, sending *sync.WaitGroup) bool {
	letter, settled := p.prepare(m)
	if settled != nil {
		p.settling <- *settled
		return true
	}
	if p.limit.Wait(ctx) != nil {
		return false
	}
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	done, ok := p.guard.allow()
	if !ok {
		<-p.places
		return false
	}
	sending.Go(func() {
		defer func() { <-p.places }()
		p.send(ctx, m, letter, done)
	})
	return true
}

// prepare writes the letter, or says what becomes of a message without one.
func (p *post) prepare(m *booking.Message) (notify.Letter, *booking.Settlement) {
	catalog, now := p.options.Outbox.Catalog(), p.options.Clock()
	if now.After(notify.Deadline(m, catalog)) {
		late := notify.GiveUp(m, catalog, m.Attempts, notify.TooLate, now)
		return notify.Letter{}, &late
	}
	letter, err := p.write(m, catalog)
	if err == nil {
		return letter, nil
	}
	p.options.Log.Error("a message cannot be written", zap.Uint64("number", m.Number), zap.Error(errors.Unwrap(err)))
	unwritten := notify.Settle(m, catalog, err, now, jitter())
	return letter, &unwritten
}

// send carries one letter. What was cut off because ctx ended is settled by nobody: it is sent again.
func (p *post) send(ctx context.Context, m *booking.Message, letter notify.Letter, done func(error)) {
	err := p.call(ctx, letter)
	done(err)
	if err != nil && ctx.Err() != nil {
		p.drop(m.Number)
		return
	}
	if err != nil {
		p.options.Log.Warn("a message was not taken", zap.String("channel", string(p.name)), zap.Uint64("number", m.Number),
			zap.Int("attempt", m.Attempts+1), zap.String("reason", err.Error()))
	}
	p.settling <- notify.Settle(m, p.options.Outbox.Catalog(), err, p.options.Clock(), jitter())
}

func (p *post) write(m *booking.Message, c *booking.Catalog) (notify.Letter, error) {
	address, err := booking.OpenAddress(p.options.Sealer, m)
	if err != nil { // a key that is gone may come back
		return notify.Letter{}, &notify.Later{Reason: "sealed", Err: err}
	}
	return p.options.Writer.Write(m, address, c)
}

// call gives a call that is under way when the courier must stop a moment more.
func (p *post) call(ctx context.Context, l notify.Letter) error {
	outlasting, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(lastSend, cancel)
	})
	defer stop()
	return p.channel.Send(outlasting, l)
}

func (p *post) held() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.inHand)
}

// take takes a message in hand, unless it is, or its person is being told something else.
func (p *post) take(m *booking.Message) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.busy[m.Subject]; ok {
		return false
	}
	p.busy[m.Subject], p.inHand[m.Number] = struct{}{}, m.Subject
	return true
}

// drop lets go of messages.
func (p *post) drop(numbers ...uint64) {
	p.mu.Lock()
	for _, n := range numbers {
		delete(p.busy, p.inHand[n])
		delete(p.inHand, n)
	}
	p.mu.Unlock()
	select {
	case p.freed <- struct{}{}:
	default:
	}
}

func (p *post) status() api.ChannelStatus {
	s := api.ChannelStatus{
		Channel: string(p.name), Configured: p.channel != nil, Sent: p.sent.Load(),
		Open: p.guard.breaker.State() == gobreaker.StateClosed, Reason: p.guard.reason(),
	}
	if b := p.backlog.Load(); b != nil {
		s.Due, s.Scheduled, s.Failed = b.Due, b.Scheduled, b.Failed
		if !b.Oldest.IsZero() {
			s.OldestS = max(0, p.options.Clock().Sub(b.Oldest).Seconds())
		}
	}
	return s
}

// count looks at what waits, now and then: the longer that takes the more rarely, for it reads all of it.
func (p *post) count(ctx context.Context) {
	for {
		started := time.Now()
		b, err := p.options.Outbox.Backlog(ctx, p.name, p.options.Clock())
		if err == nil {
			p.backlog.Store(&b)
		} else if ctx.Err() == nil {
			p.options.Log.Warn("the messages that wait cannot be counted", zap.String("channel", string(p.name)), zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(countEvery, countShare*time.Since(started))):
		}
	}
}
