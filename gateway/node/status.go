package node

import (
	"math"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/state"
)

// Version is what this build calls itself.
var Version = "dev"

// Status is what the control room sees at a moment.
func (n *Node) Status(now time.Time) api.Snapshot {
	report, reportedAt, fresh := n.backend.Report()
	if report == nil {
		report = &api.BackendReport{}
	}
	gate := n.backend.Gate().Status()
	s := api.Snapshot{
		At: now, Node: n.name, Leader: n.leads.Load(), Version: Version, UpSince: n.upSince,
		Openings: []api.OpeningStatus{},
		Capacity: api.Capacity{
			PermitLimit: gate.Permits, InFlight: gate.InFlight, Queued: gate.Waiting,
			QueueWaitMS: report.QueueWaitMS, AdmitPerS: math.Float64frombits(n.leader.rate.Load()), ActivePasses: report.ActivePasses,
		},
		Classes: n.meter.Status(now), Errors: n.meter.Problems(),
		Breakers: n.backend.Breakers(),
		Backend: api.BackendStatus{
			Reachable: fresh, ReportedAt: reportedAt, Store: report.Store, CommitMS: report.CommitMS, LedgerSeq: report.LedgerSeq, Notify: report.Notify,
		},
		Notices: []api.Notice{}, Doors: n.doorStatus(), Overload: n.overloadStatus(now),
	}
	s.Breakers = append(s.Breakers, report.Breakers...)
	snapshot := n.Snapshot()
	s.Schedule = snapshot.plan.status
	n.shared.Read(func(m *state.Model) {
		s.Shared = shared(m, now)
		s.Notices = append(s.Notices, m.Notices...)
		for i, l := range snapshot.Lines {
			s.Openings = append(s.Openings, n.openingStatus(snapshot.Openings[i], l, snapshot.plan.rolls[l.ID], m.Openings[l.ID], m.Cursors[l.ID], report, now))
		}
	})
	s.Shared.Reachable = n.shared.Reachable()
	return s
}

// goneAfter is how long a gateway that says nothing still counts as being there.
const goneAfter = 5 * time.Second

func shared(m *state.Model, now time.Time) api.SharedStatus {
	s := api.SharedStatus{SeenAt: m.SeenAt, Leader: m.Leader.Node}
	for _, at := range m.Nodes {
		if now.Sub(at) < goneAfter {
			s.Gateways++
		}
	}
	return s
}

// OpeningStatus is one opening as the control room sees it; nil where there is none of that ID.
func (n *Node) OpeningStatus(id string, now time.Time) *api.OpeningStatus {
	for _, o := range n.Status(now).Openings {
		if o.ID == id {
			return &o
		}
	}
	return nil
}

func (n *Node) openingStatus(o api.Opening, l *queue.Line, joined *roll, said opening.Opening, cursor state.Cursor, report *api.BackendReport, now time.Time) api.OpeningStatus {
	total, served := int64(l.Seals.Total()), l.Served()
	r := report.Openings[l.ID]
	s := api.OpeningStatus{
		Opening: o, Joined: total + int64(l.Unsealed), Waiting: total - served + int64(l.Unsealed), TurnCome: served,
		Entered: r.Admitted, Booked: r.Booked, StockTotal: r.StockTotal,
		Epoch: l.Cursor.Epoch, Rank: RankText(l.Cursor.Rank), SealedUpTo: int64(l.Seals.Next(0)) - 1,
		Speed: l.Speed, RateCap: said.RateCap, CohortStatus: []api.CohortStatus{},
	}
	if said.Noticed == o.Phase {
		s.PhaseSince = said.Since
	}
	if !l.Begun(now) {
		s.InLobby = s.Waiting
	}
	if s.Waiting == 0 || o.State != api.OpeningOpen { // the line's speed is then what would be possible, not what is
		s.Speed = 0
	}
	if said.RateCap > 0 {
		s.Speed = min(s.Speed, said.RateCap)
	}
	if said.State == api.OpeningPaused {
		s.PausedBy = said.By
	}
	if p := said.Pending; p != nil && now.Sub(p.At) < opening.ConfirmWithin {
		s.Pending = &api.PendingAction{Action: p.Action, By: p.By, Reason: p.Reason, At: p.At}
	}
	rangeQuality(&s, cursor.Waits)
	if low, high := l.Wait(); low >= 0 && o.State == api.OpeningOpen {
		s.WaitLowS, s.WaitHighS = &low, &high
	}
	for _, c := range o.Cohorts {
		counted := joined.byID[c.ID]
		s.CohortStatus = append(s.CohortStatus, api.CohortStatus{Cohort: c, Joined: counted.joined.Load(), Entered: counted.entered.Load()})
	}
	return s
}
