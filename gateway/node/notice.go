package node

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/state"
)

// notice remembers in the shared state what time and stock have brought about.
func (n *Node) notice(ctx context.Context, snapshot *Snapshot, now time.Time) {
	var news []*queue.Line
	n.shared.Read(func(m *state.Model) {
		for i, l := range snapshot.Lines {
			scheduled := opening.Scheduled(&snapshot.plan.schedule.Openings[i])
			if _, changes := m.Openings[l.ID].Notice(scheduled, l.StockLeft, now); len(changes) > 0 {
				news = append(news, l)
			}
		}
	})
	for _, l := range news {
		scheduled := opening.Scheduled(snapshot.plan.schedule.Opening(l.ID))
		_, after, err := n.shared.ChangeOpening(ctx, l.ID, now, func(o opening.Opening) (opening.Opening, []opening.Change, error) {
			next, changes := o.Notice(scheduled, l.StockLeft, now)
			return next, changes, nil
		})
		if err != nil {
			n.log.Warn("could not remember what has come", zap.String("opening", l.ID), zap.Error(err))
			return
		}
		n.log.Info("opening moved on", zap.String("opening", l.ID), zap.String("phase", after.Noticed))
	}
}
