package upstream

import (
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// Report returns what the backend last said of itself, when that came, and whether it is recent; nil before the first. It is
// the newest report of an instance that takes work, or of any where none does, with the longest wait of all that take work
// and speak: they share one store, so counts are everybody's, and a wait is each one's own.
func (p *Pool) Report() (r *api.BackendReport, at time.Time, fresh bool) {
	var newest *instance
	for _, i := range p.members.Load().list {
		if last := i.report.Load(); last != nil && (newest == nil || i.takes() && !newest.takes() || i.takes() == newest.takes() && last.received.After(at)) {
			newest, at = i, last.received
		}
	}
	if newest == nil {
		return nil, time.Time{}, false
	}
	merged := newest.report.Load().BackendReport
	for _, i := range p.members.Load().list {
		if p.speaks(i) {
			merged.QueueWaitMS = max(merged.QueueWaitMS, i.report.Load().QueueWaitMS)
		}
	}
	return &merged, at, p.fresh(at)
}

func (p *Pool) fresh(at time.Time) bool {
	return p.clock().Sub(at) < max(staleAfter, 3*p.config.Load().Health.ProbeEvery)
}

// speaks tells whether an instance takes work and has said lately how it is.
func (p *Pool) speaks(i *instance) bool {
	last := i.report.Load()
	return last != nil && i.takes() && p.fresh(last.received)
}

// Open tells whether requests can go to the backend now.
func (p *Pool) Open() bool {
	for _, i := range p.members.Load().list {
		if p.speaks(i) {
			return true
		}
	}
	return false
}
