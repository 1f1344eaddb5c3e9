package lane

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/edge"
	"github.com/daemun/daemun/gateway/upstream"
)

// Tasks in the log of accesses that a gateway does from memory; the backend knows the same ones.
const (
	taskJoin   = "join"
	taskRecall = "recall"
)

// handled is what an agent did with somebody's number while nothing was asked of the backend. It is brought to the log of
// accesses as soon as the backend takes it, in its order.
type handled struct {
	person
	api.LaneAccess
}

const (
	handledMost  = 4096 // that may wait while the backend rests; beyond it agents must wait too
	handledAgain = time.Second
	handledLast  = 3 * time.Second // to bring the rest when the gateway stops
)

// keep takes an access over. Where too many wait nothing is done: without a trace there is no access.
func (l *Lane) keep(h handled) error {
	l.Log.Info("an agent acted", zap.String("who", h.Name), zap.String("from", h.from), zap.String("task", h.Task))
	select {
	case l.handled <- h:
		return nil
	default:
		return edge.Problem("backend_resting")
	}
}

// Run brings what agents did to the log of accesses until ctx ends.
func (l *Lane) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			l.drain(ctx)
			return
		case h := <-l.handled:
			for !l.bring(ctx, h) {
				select {
				case <-ctx.Done():
					l.drain(ctx, h)
					return
				case <-time.After(handledAgain):
				}
			}
		}
	}
}

// drain brings what is left, once, and says what could not be brought.
func (l *Lane) drain(ctx context.Context, first ...handled) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handledLast)
	defer cancel()
	for {
		select {
		case h := <-l.handled:
			first = append(first, h)
			continue
		default:
		}
		break
	}
	lost := 0
	for _, h := range first {
		if !l.bring(ctx, h) {
			lost++
		}
	}
	if lost > 0 {
		l.Log.Error("accesses could not be brought to their log", zap.Int("lost", lost))
	}
}

// bring tells whether the backend has taken an access. What it refuses for good is said in the log and not tried again.
func (l *Lane) bring(ctx context.Context, h handled) bool {
	body, err := json.Marshal(h.LaneAccess)
	if err != nil {
		l.Log.Error("an access cannot be written", zap.Error(err))
		return true
	}
	a, err := l.ask(ctx, h.person, upstream.Request{Method: http.MethodPost, Path: "/lane/v1/accesses", ContentType: "application/json", Body: body})
	switch {
	case err != nil || a.Status >= http.StatusInternalServerError:
		return false
	case a.Status >= http.StatusBadRequest:
		l.Log.Error("the backend refuses an access", zap.String("who", h.Name), zap.String("task", h.Task), zap.Int("status", a.Status))
	}
	return true
}
