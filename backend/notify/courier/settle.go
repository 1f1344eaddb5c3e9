package courier

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
)

const (
	settleMost  = 256 // in one write
	settleAgain = 200 * time.Millisecond
	lastSettle  = 5 * time.Second // to settle what was sent when the courier has to stop
)

// settle writes down what became of messages, many at a time, until there is nothing more to come. A message is in hand
// until that is on the disk: until then it would be found pending.
func (p *post) settle(ctx context.Context) {
	batch := make([]booking.Settlement, 0, settleMost)
	for first := range p.settling {
		batch = p.gather(append(batch[:0], first))
		numbers := make([]uint64, len(batch))
		sent := uint64(0)
		for i, s := range batch {
			numbers[i] = s.Number
			if s.State == booking.MessageSent {
				sent++
			}
		}
		p.sent.Add(sent)
		p.keep(ctx, batch)
		p.drop(numbers...)
	}
}

// gather adds what else is there to be settled.
func (p *post) gather(batch []booking.Settlement) []booking.Settlement {
	for len(batch) < settleMost {
		select {
		case s, ok := <-p.settling:
			if !ok {
				return batch
			}
			batch = append(batch, s)
		default:
			return batch
		}
	}
	return batch
}

// keep writes until that succeeds. Bookings come first: while too many of them wait, this does.
func (p *post) keep(ctx context.Context, batch []booking.Settlement) {
	stopping := context.WithoutCancel(ctx)
	for {
		call, cancel := context.WithTimeout(stopping, lastSettle)
		err := p.options.Outbox.Settle(call, batch)
		cancel()
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			p.options.Log.Warn("messages were sent and are not marked so: they will be sent again, under the same id",
				zap.String("channel", string(p.name)), zap.Int("messages", len(batch)), zap.Error(err))
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(settleAgain):
		}
	}
}
