package node

import (
	"context"
	"net/http"
	"slices"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/state"
	"github.com/daemun/daemun/gateway/upstream"
)

// record brings operators' changes to the ledger, oldest first. While the backend rests they wait in the shared state.
func (n *Node) record(ctx context.Context) {
	if !n.leads.Load() {
		return
	}
	var keys []string
	events := map[string][]byte{}
	n.shared.Read(func(m *state.Model) {
		for key, event := range m.Events {
			keys = append(keys, key)
			events[key] = event
		}
	})
	slices.Sort(keys)
	for _, key := range keys {
		a, err := n.backend.Do(ctx, shed.P0, upstream.Request{
			Method: http.MethodPost, Path: "/internal/events",
			ContentType: "application/json", Body: events[key],
		})
		if err != nil || a.Status >= http.StatusInternalServerError {
			return
		}
		if a.Status >= http.StatusBadRequest { // asking again would not help; the log says what the ledger lacks
			n.log.Error("ledger refuses an operator's change", zap.ByteString("event", events[key]), zap.Error(ReadProblem(a)))
		}
		if err := n.shared.Recorded(ctx, key); err != nil {
			n.log.Warn("operator's change stays behind", zap.Error(err))
			return
		}
	}
}
