package opening

import (
	"fmt"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
)

// The codes of what Keeps finds.
const (
	FindingVersion  = "version_not_higher"
	FindingGone     = "opening_in_use_gone"    // people wait for it
	FindingMoved    = "opening_in_use_changed" // lobby_at, opens_at or order
	FindingReopened = "closed_stays_closed"
	FindingPast     = "opens_in_the_past"
)

// Keeps finds what the next schedule would take from people who wait already, or let in unannounced, if it came into force
// at an instant. said is what has been said and noticed of the openings so far. Everything it finds is serious.
func Keeps(before, after *cohort.Schedule, said map[string]Opening, at time.Time) []cohort.Finding {
	var found []cohort.Finding
	add := func(code, id, ko, en string) {
		found = append(found, cohort.Finding{Code: code, Serious: true, Opening: id, Ko: ko, En: en})
	}
	if after.Version <= before.Version {
		add(FindingVersion, "", fmt.Sprintf("버전 %d은(는) 지금 시행 중인 버전 %d보다 커야 합니다. version을 올려 주세요.", after.Version, before.Version),
			fmt.Sprintf("version %d must be higher than %d, which is in force: raise version", after.Version, before.Version))
	}
	for i := range before.Openings {
		b := &before.Openings[i]
		o := said[b.ID]
		keepOne(b, after.Opening(b.ID), &o, at, add)
	}
	for i := range after.Openings {
		o := &after.Openings[i]
		if before.Opening(o.ID) == nil && !o.OpensAt.After(at) && o.ClosesAt.After(at) {
			addPast(add, o)
		}
	}
	return found
}

type finder func(code, id, ko, en string)

func addPast(add finder, o *cohort.Opening) {
	add(FindingPast, o.ID, fmt.Sprintf("‘%s’: 시작 시각(opens_at)이 이미 지났습니다. 앞으로 올 시각을 적어 주세요.", o.Name),
		fmt.Sprintf("%s: opens_at is in the past: give a time to come", o.ID))
}

// keepOne compares an opening in force with its successor, nil where there is none.
func keepOne(before, after *cohort.Opening, said *Opening, at time.Time, add finder) {
	standing := said.Standing(Scheduled(before), -1)
	reached := standing.reached(at)
	same := after != nil && after.LobbyAt.Equal(before.LobbyAt) && after.OpensAt.Equal(before.OpensAt) && after.Order == before.Order
	switch {
	case said.State == api.OpeningClosed || reached == api.OpeningClosed:
		if after != nil && (!same || !after.ClosesAt.Equal(before.ClosesAt)) {
			add(FindingReopened, before.ID, fmt.Sprintf("‘%s’은(는) 마감되어 다시 열 수 없습니다. 그대로 두거나 지우고, 새 개통은 다른 id로 적어 주세요.", before.Name),
				fmt.Sprintf("%s is closed for good: leave it as it was or remove it, and give a new opening an id of its own", before.ID))
		}
	case reached != "" || said.OpensAt != nil || said.ClosesAt != nil:
		keepBegun(before, after, same, said, at, add)
	case after != nil && !after.OpensAt.After(at) && after.ClosesAt.After(at):
		addPast(add, after)
	}
}

func keepBegun(before, after *cohort.Opening, same bool, said *Opening, at time.Time, add finder) {
	switch {
	case after == nil:
		add(FindingGone, before.ID, fmt.Sprintf("‘%s’에는 이미 기다리는 사람이 있을 수 있어 일정에서 뺄 수 없습니다. 먼저 마감(close)해 주세요.", before.Name),
			fmt.Sprintf("%s may have people waiting and cannot be removed: close it first", before.ID))
	case !same:
		add(FindingMoved, before.ID, fmt.Sprintf("‘%s’은(는) 대기실이 열렸거나 운영자가 시각을 옮겼으므로 lobby_at, opens_at, order를 바꿀 수 없습니다. 시각은 연기(postpone)로 옮겨 주세요.", before.Name),
			fmt.Sprintf("the lobby of %s has begun or its time was moved by hand, so lobby_at, opens_at and order stay: move it with postpone", before.ID))
	case said.ClosesAt == nil && !after.ClosesAt.After(at):
		add(FindingMoved, before.ID, fmt.Sprintf("‘%s’의 마감 시각(closes_at)이 이미 지났습니다. 일찍 끝내려면 마감(close)해 주세요.", before.Name),
			fmt.Sprintf("closes_at of %s is in the past: to end it early, close it", before.ID))
	}
}
