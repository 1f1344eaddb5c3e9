package node

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/state"
	"github.com/daemun/daemun/gateway/upstream"
)

// record brings changes to the ledger, oldest first. While the backend rests they wait in the shared state.
func (n *Node) record(ctx context.Context) {
	if !n.leads.Load() {
		return
	}
	if err := n.shared.Post(ctx); err != nil {
		n.log.Warn("changes stay behind", zap.Error(err))
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
		path, event, err := addressed(key, events[key])
		if err != nil {
			n.log.Error("an operator's change cannot be read", zap.String("key", key), zap.Error(err))
			continue
		}
		a, err := n.backend.Do(ctx, shed.At(shed.P0), upstream.Request{
			Method: http.MethodPost, Path: path, ContentType: "application/json", Body: event,
		})
		if err != nil || a.Status >= http.StatusInternalServerError {
			return
		}
		if a.Status >= http.StatusBadRequest { // asking again would not help; the log says what the ledger lacks
			n.log.Error("ledger refuses an operator's change", zap.ByteString("event", event), zap.Error(ReadProblem(a)))
		}
		if err := n.shared.Recorded(ctx, key); err != nil {
			n.log.Warn("operator's change stays behind", zap.Error(err))
			return
		}
	}
}

// addressed says where an event goes, and what is sent.
func addressed(key string, event []byte) (path string, body []byte, err error) {
	if strings.HasSuffix(key, "."+state.ScheduleEvent) {
		return "/internal/schedule", event, nil
	}
	body, err = named(key, event)
	return "/internal/events", body, err
}

// named gives a change the key that it is kept under for its id, so that the ledger has it once however often it is
// brought, and the time that the key says for when it took effect.
func named(key string, event []byte) ([]byte, error) {
	var change ledger.Opening
	if err := json.Unmarshal(event, &change); err != nil {
		return nil, err
	}
	change.ID = key
	if change.At.IsZero() {
		_, at, _ := strings.Cut(key, ".")
		ns, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, err
		}
		change.At = time.Unix(0, ns).UTC()
	}
	return json.Marshal(change)
}
