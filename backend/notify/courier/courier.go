// Package courier carries the outbox's messages to those who pass them on.
//
// A message is read, written as a letter, sent, and what became of it is settled in the store. The store has one backend at
// a time, and in it one courier, which has each message in hand at most once. When the process ends between sending and
// settling, the message is still pending and is sent again under the same ID: none is lost, and whoever keeps IDs sees none
// twice.
package courier

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/notify"
	"github.com/daemun/daemun/gateway/api"
)

// Outbox is what a courier needs of a booking.Store.
type Outbox interface {
	Due(ctx context.Context, channel booking.Channel, now time.Time, limit int) ([]booking.Message, error)
	Settle(ctx context.Context, settled []booking.Settlement) error
	Backlog(ctx context.Context, channel booking.Channel, now time.Time) (booking.Backlog, error)
	Catalog() *booking.Catalog
}

// Channel hands a letter to who passes it on. Its errors are *notify.Refused and *notify.Later; any other is taken for the
// latter. It must give up when ctx ends.
type Channel interface {
	Send(ctx context.Context, l notify.Letter) error
}

// Options are what a Courier needs; all but Channels.
type Options struct {
	Outbox   Outbox
	Sealer   booking.Sealer
	Writer   notify.Writer
	Channels map[booking.Channel]Channel // what is missing is not configured: its messages wait
	Clock    func() time.Time
	Log      *zap.Logger
	Parallel int // letters under way at once, each channel
	PerS     int // letters a second at most, each channel
}

// Courier carries messages while it runs.
type Courier struct {
	posts map[booking.Channel]*post // all channels
	order []booking.Channel
}

// New returns a Courier; Run carries.
func New(o Options) *Courier {
	c := &Courier{posts: map[booking.Channel]*post{}, order: booking.Channels}
	for _, channel := range booking.Channels {
		c.posts[channel] = newPost(&o, channel)
	}
	return c
}

// Run carries messages until ctx ends, and a moment longer what is under way.
func (c *Courier) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, p := range c.posts {
		wg.Go(func() { p.count(ctx) })
		if p.channel != nil {
			wg.Go(func() { p.run(ctx) })
		}
	}
	wg.Wait()
}

// Status is what the control room sees.
func (c *Courier) Status() api.NotifyStatus {
	s := api.NotifyStatus{Channels: []api.ChannelStatus{}}
	for _, channel := range c.order {
		s.Channels = append(s.Channels, c.posts[channel].status())
	}
	return s
}

// jitter is in [0, 1).
func jitter() float64 { return rand.Float64() }
