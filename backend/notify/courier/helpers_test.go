package courier_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/notify"
	"github.com/daemun/daemun/backend/notify/courier"
	"github.com/daemun/daemun/backend/store/storetest"
)

// sealer seals nothing, and opens only what belongs where it is found.
type sealer struct{}

func (sealer) Seal(plain, aad []byte) []byte { return append(append([]byte(nil), aad...), plain...) }

func (sealer) Key([]byte) byte { return 1 }
func (sealer) Current() byte   { return 1 }

func (sealer) Open(sealed, aad []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, aad)
	if !ok {
		return nil, errors.New("does not open")
	}
	return plain, nil
}

func recipient(n int) booking.Recipient {
	a := booking.Address{Name: "홍길동", Phone: fmt.Sprintf("0100000%04d", n), Email: fmt.Sprintf("p%d@example.com", n)}
	return booking.Recipient{Lang: booking.Korean, Channels: []booking.Channel{booking.ByText}, Sealed: booking.SealAddress(sealer{}, a, storetest.Person(n))}
}

func book(t testing.TB, s booking.Store, n int, key string) booking.Placed {
	t.Helper()
	o := storetest.OrderOf(n, storetest.SlotID(0), key)
	o.Tell = recipient(n)
	p, err := s.Book(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// arrival is a letter that reached the receiver.
type arrival struct{ id, phone, kind string }

// receiver keeps idempotency keys: what comes again changes nothing.
type receiver struct {
	mu     sync.Mutex
	taken  []arrival // once each, in the order of coming
	keys   map[string]bool
	again  int // letters that it had
	active int // being handed over
	most   int // of them at once
}

func (r *receiver) take(l notify.Letter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys[l.ID] {
		r.again++
		return
	}
	if r.keys == nil {
		r.keys = map[string]bool{}
	}
	r.keys[l.ID] = true
	r.taken = append(r.taken, arrival{l.ID, l.Phone, string(l.Kind)})
}

// kinds are what a person was told, in order.
func (r *receiver) kinds(n int) (kinds []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.taken {
		if a.phone == fmt.Sprintf("0100000%04d", n) {
			kinds = append(kinds, a.kind)
		}
	}
	return kinds
}

// life is one process: from its death on, nothing that it does has any effect.
type life struct {
	booking.Store
	*receiver
	mu     sync.Mutex
	dead   bool
	die    context.CancelFunc
	answer []string // what the next calls of the receiver come to; then they are well
	death  int      // sends and settlements until it dies; 0: it does not
	after  bool     // it dies when the call was done, and not before
}

var errDead = errors.New("the process is dead")

// step counts a call and says whether the process dies before or after it.
func (l *life) step() (before, after bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return true, false
	}
	if l.death > 0 {
		if l.death--; l.death == 0 {
			l.dead = true
			l.die()
			return !l.after, l.after
		}
	}
	return false, false
}

func (l *life) next() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.answer) == 0 {
		return ""
	}
	a := l.answer[0]
	l.answer = l.answer[1:]
	return a
}

func (l *life) Send(ctx context.Context, letter notify.Letter) error {
	l.receiver.mu.Lock()
	l.active++
	l.most = max(l.most, l.active)
	l.receiver.mu.Unlock()
	defer func() {
		l.receiver.mu.Lock()
		l.active--
		l.receiver.mu.Unlock()
	}()
	before, after := l.step()
	if before {
		return errDead
	}
	switch l.next() {
	case "fails":
		return &notify.Later{Reason: "http_500"}
	case "busy":
		return &notify.Later{Reason: "http_429", Busy: true, After: 20 * time.Second}
	case "slow":
		time.Sleep(5 * time.Second)
	case "lost":
		l.take(letter)
		return &notify.Later{Reason: "connection"}
	case "hangs": // takes it and never answers
		l.take(letter)
		<-ctx.Done()
		return &notify.Later{Reason: "timeout", Err: ctx.Err()}
	}
	l.take(letter)
	if after {
		return errDead
	}
	return nil
}

func (l *life) Settle(ctx context.Context, settled []booking.Settlement) error {
	before, after := l.step()
	if before {
		return errDead
	}
	err := l.Store.Settle(ctx, settled)
	if after {
		return errDead
	}
	return err
}

// carry lets a courier live until it has nothing more to do, or dies.
func (l *life) carry(ctx context.Context, clock func() time.Time, parallel int) {
	ctx, l.die = context.WithCancel(ctx)
	defer l.die()
	c := courier.New(courier.Options{
		Outbox: l, Sealer: sealer{}, Writer: notify.Writer{Site: "https://example.go.kr"}, Channels: map[booking.Channel]courier.Channel{booking.ByText: l},
		Clock: clock, Log: zap.NewNop(), Parallel: parallel, PerS: 1000,
	})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Run(ctx)
	}()
	for ctx.Err() == nil {
		time.Sleep(time.Second)
		if ms, err := l.Due(ctx, booking.ByText, clock().Add(time.Hour), 1); err == nil && len(ms) == 0 {
			break
		}
	}
	l.die()
	<-ended
}
