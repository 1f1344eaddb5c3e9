package model

import (
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// change is a line for the log that two snapshots in a row give rise to.
type change struct {
	severity Severity
	message  words.Message
}

// changesBetween lists what happened between two snapshots, whoever did it.
func changesBetween(prev, cur *api.Snapshot) []change {
	if prev == nil {
		return nil
	}
	list := serverChanges(prev, cur)
	for i := range cur.Openings {
		o := &cur.Openings[i]
		if was := findOpening(prev, o.ID); was != nil {
			list = append(list, openingChanges(was, o, cur.At)...)
		}
	}
	return append(list, newNotices(prev.Notices, cur.Notices)...)
}

func serverChanges(prev, cur *api.Snapshot) []change {
	var list []change
	if restarted(prev, cur) {
		list = append(list, change{Warning, words.M("log.restarted", cur.Node)})
	}
	if prev.Shared.Leader != cur.Shared.Leader && cur.Shared.Leader != "" {
		list = append(list, change{Info, words.M("log.leader", cur.Shared.Leader)})
	}
	if s := cur.Schedule; prev.Schedule.Version != 0 && s.Version != 0 && prev.Schedule.Version != s.Version {
		list = append(list, change{Done, words.M("log.schedule", int64(prev.Schedule.Version), int64(s.Version), s.Name, s.ActivatedBy)})
	}
	return append(list, overloadChanges(&prev.Overload, &cur.Overload)...)
}

func openingChanges(was, o *api.OpeningStatus, now time.Time) []change {
	var list []change
	name := NameOf(o)
	if PhaseOf(was) != PhaseOf(o) {
		list = append(list, change{Done, stateMessage(was, o)})
	}
	if !was.OpensAt.Equal(o.OpensAt) {
		list = append(list, change{Done, words.M("log.moved", name, words.Clock(was.OpensAt), words.Clock(o.OpensAt))})
	}
	if was.RateCap != o.RateCap {
		list = append(list, change{Done, words.M("log.rate", name, capMessage(was.RateCap), capMessage(o.RateCap))})
	}
	if w := WaitingAt(o, now); w != nil && (was.Pending == nil || !was.Pending.At.Equal(w.At)) {
		list = append(list, change{Warning, words.M("log.asked", name, w.Name(), w.By, w.Reason, w.Until())})
	}
	for i := range o.CohortStatus {
		c := &o.CohortStatus[i]
		if old := findCohort(was, c.ID); old != nil && old.Paused != c.Paused {
			key := "log.cohort.resumed"
			if c.Paused {
				key = "log.cohort.paused"
			}
			list = append(list, change{Done, words.M(key, name, CohortName(c))})
		}
	}
	return list
}

func stateMessage(was, o *api.OpeningStatus) words.Message {
	from, to := words.M("state."+PhaseOf(was)), words.M("state."+PhaseOf(o))
	if o.State == api.OpeningPaused && o.PausedBy != "" {
		return words.M("log.state.by", NameOf(o), from, to, o.PausedBy)
	}
	return words.M("log.state", NameOf(o), from, to)
}

func capMessage(perS float64) words.Message {
	if perS == 0 {
		return words.M("rate.none")
	}
	return words.M("rate.per_s", perS)
}

func findCohort(o *api.OpeningStatus, id string) *api.CohortStatus {
	for i := range o.CohortStatus {
		if o.CohortStatus[i].ID == id {
			return &o.CohortStatus[i]
		}
	}
	return nil
}

func newNotices(prev, cur []api.Notice) []change {
	seen := make(map[api.Notice]bool, len(prev))
	for _, n := range prev {
		seen[noticeKey(n)] = true
	}
	var list []change
	for _, n := range cur {
		if !seen[noticeKey(n)] {
			list = append(list, change{Done, words.M("log.notice", n.By, words.Name{Ko: n.Text, En: n.TextEn})})
		}
	}
	return list
}

// noticeKey makes notices comparable: equal instants may carry different zone pointers.
func noticeKey(n api.Notice) api.Notice {
	n.At = n.At.UTC()
	return n
}
