package audit

import (
	"math"

	"github.com/daemun/daemun/gateway/api"
)

// tookIn tells whether an opening let people in at some time from one to another (Unix ms, both included). state is what it
// was at the end; known is false where its hours are not recorded.
func (o *opening) tookIn(from, to int64) (ok, known bool, state string) {
	if len(o.anchors) == 0 {
		return false, false, ""
	}
	said := standing{}
	scheduled := hours{o.anchors[0].OpensAt.UnixMilli(), o.anchors[0].ClosesAt.UnixMilli()}
	begin := int64(math.MinInt64)
	for i := 0; begin <= to; i++ {
		end := int64(math.MaxInt64)
		if i < len(o.events) {
			end = o.events[i].at
		}
		if a, b := max(begin, from), min(end, to); a <= b {
			if state = said.during(scheduled, a, b); state == api.OpeningOpen {
				return true, true, state
			}
		}
		if i == len(o.events) {
			break
		}
		begin = o.events[i].at
		if h := o.events[i].hours; h != nil {
			scheduled = *h
		} else {
			said = o.events[i].after
		}
	}
	return false, true, state
}

// during is the state in a stretch of time in which nobody changed anything: open where it was at any moment of it.
func (s *standing) during(scheduled hours, from, to int64) string {
	if s.OpensAt != nil {
		scheduled.opens = s.OpensAt.UnixMilli()
	}
	if s.ClosesAt != nil {
		scheduled.closes = s.ClosesAt.UnixMilli()
	}
	earliest := max(from, scheduled.opens)
	if s.Reached == api.OpeningOpen { // noticed: whatever the times say by now
		earliest = from
	}
	switch {
	case s.State == api.OpeningPaused || s.State == api.OpeningClosed:
		return s.State
	case s.Reached == api.OpeningClosed, earliest >= scheduled.closes:
		return api.OpeningClosed
	case earliest > to:
		return api.OpeningLobby
	}
	return api.OpeningOpen
}
