package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// Listener hears what the stream brings, from one goroutine.
type Listener interface {
	Connected(who api.WhoAmI, now time.Time)
	Disconnected(problem words.Message, retryAt, now time.Time)
	Apply(s *api.Snapshot, received time.Time)
}

// Patience is how the stream deals with silence and failure.
type Patience struct {
	Silence time.Duration // a stream this long without an event is given up
	First   time.Duration // wait before the first retry; doubled each time
	Longest time.Duration
}

// Usual is the patience of a control room: events come once a second.
var Usual = Patience{Silence: 6 * time.Second, First: 500 * time.Millisecond, Longest: 8 * time.Second}

// Follow keeps the listener supplied until the context ends. It connects again by itself, with growing and jittered
// pauses, and says each time why and when. The pauses start small again once a snapshot has come.
func (c *Client) Follow(ctx context.Context, l Listener, p Patience) {
	pause := p.First
	for ctx.Err() == nil {
		heard := false
		err := c.follow(ctx, l, p.Silence, &heard)
		if ctx.Err() != nil {
			return
		}
		if heard {
			pause = p.First
		}
		wait := jitter(pause)
		now := time.Now()
		l.Disconnected(Describe(err), now.Add(wait), now)
		pause = min(2*pause, p.Longest)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// jitter spreads consoles that lost the same server: three quarters to five quarters of the pause.
func jitter(pause time.Duration) time.Duration {
	return pause*3/4 + rand.N(pause/2+1)
}

// follow reads one stream to its end, which is always an error.
func (c *Client) follow(ctx context.Context, l Listener, silence time.Duration, heard *bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	who, err := c.WhoAmI(ctx)
	if err != nil {
		return err
	}
	quiet := time.AfterFunc(silence, func() { cancel(&Error{Kind: Silent, Err: errors.New("no event for " + silence.String())}) })
	defer quiet.Stop()
	answer, err := c.send(ctx, http.MethodGet, "/control/v1/events", nil)
	if err != nil {
		return causeOf(ctx, err)
	}
	defer func() { _ = answer.Body.Close() }()
	l.Connected(who, time.Now())
	stream := newEvents(answer.Body)
	for {
		ev, err := stream.next()
		if err != nil {
			return causeOf(ctx, err)
		}
		quiet.Reset(silence)
		if ev.name != "snapshot" {
			continue
		}
		s := new(api.Snapshot)
		if err := json.Unmarshal(ev.data, s); err != nil {
			return &Error{Kind: Garbled, Err: fmt.Errorf("snapshot: %w", err)}
		}
		*heard = true
		l.Apply(s, time.Now())
	}
}

// causeOf prefers the reason for which we hung up ourselves.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var problem *api.Problem
	if errors.As(err, &problem) {
		return err
	}
	if errors.Is(err, io.EOF) {
		return &Error{Kind: BrokenOff, Err: err}
	}
	return classify(err)
}
