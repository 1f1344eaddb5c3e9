package node

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/state"
)

// apartMost is how far this gateway's clock and the backend's may be apart before what time brings is not remembered: what
// is remembered binds every gateway for good, so one clock alone must not decide it.
const apartMost = 5 * time.Second

// agrees tells whether the backend's last report shows that its clock and this gateway's say nearly the same.
func (n *Node) agrees() bool {
	report, received, fresh := n.backend.Report()
	if !fresh {
		return false
	}
	ahead := report.At.Sub(received)
	agrees := ahead <= apartMost && ahead >= -apartMost
	if agrees == n.leader.clocksApart {
		n.leader.clocksApart = !agrees
		n.log.Warn("clocks of this gateway and the backend: what time brings is remembered only while they agree; check both",
			zap.Bool("agree", agrees), zap.Duration("backend_ahead", ahead))
	}
	return agrees
}

// notice remembers in the shared state what time and stock have brought about.
func (n *Node) notice(ctx context.Context, snapshot *Snapshot, now time.Time) {
	if !n.agrees() {
		return
	}
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
