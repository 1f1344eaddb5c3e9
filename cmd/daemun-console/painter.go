package main

import (
	"context"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/views"
	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// painter keeps what the stream brings and has the window drawn anew. The toolkit's queue has no bound, so while a
// drawing waits in it no second one is put there: the one that waits shows the newest state anyway.
type painter struct {
	state   *model.Console
	console *views.Console
	waiting atomic.Bool
	heard   atomic.Int64 // when the last snapshot came, Unix milliseconds
}

func newPainter(state *model.Console, console *views.Console) *painter {
	return &painter{state: state, console: console}
}

// Connected implements client.Listener.
func (p *painter) Connected(who api.WhoAmI, now time.Time) {
	p.state.Connected(who, now)
	p.paint()
}

// Disconnected implements client.Listener.
func (p *painter) Disconnected(problem words.Message, retryAt, now time.Time) {
	p.state.Disconnected(problem, retryAt, now)
	p.paint()
}

// Apply implements client.Listener.
func (p *painter) Apply(s *api.Snapshot, received time.Time) {
	p.state.Apply(s, received)
	p.heard.Store(received.UnixMilli())
	p.paint()
}

func (p *painter) paint() {
	if p.waiting.Swap(true) {
		return
	}
	fyne.Do(func() {
		p.waiting.Store(false)
		p.console.Update()
	})
}

// lively is how long after a snapshot the next one, a second later, will paint the clock anyway. Painting it in between
// too would double the work: the toolkit draws the whole window each time.
const lively = 1200 * time.Millisecond

// tick lets the age of the data grow on the screen while nothing arrives.
func (p *painter) tick(ctx context.Context) {
	beat := time.NewTicker(500 * time.Millisecond)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if time.Since(time.UnixMilli(p.heard.Load())) > lively {
				p.paint()
			}
		}
	}
}
