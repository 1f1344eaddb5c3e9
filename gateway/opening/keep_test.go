package opening

import (
	"slices"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
)

func scheduled(version uint32, change func(*cohort.Opening), more ...cohort.Opening) *cohort.Schedule {
	o := cohort.Opening{ID: "a", LobbyAt: usual.LobbyAt, OpensAt: usual.OpensAt, ClosesAt: usual.ClosesAt, Order: usual.Order}
	if change == nil {
		return &cohort.Schedule{Version: version, Openings: more}
	}
	change(&o)
	return &cohort.Schedule{Version: version, Openings: append([]cohort.Opening{o}, more...)}
}

func TestWhatASchedulerMayNotTake(t *testing.T) {
	same := func(*cohort.Opening) {}
	later := func(o *cohort.Opening) { o.OpensAt = o.OpensAt.Add(time.Minute) }
	early, inLobby, over := day.Add(-2*time.Hour), day.Add(-time.Minute), day.Add(3*time.Hour)
	moved := day.Add(time.Hour)
	past := cohort.Opening{ID: "new", LobbyAt: day.Add(-5 * time.Hour), OpensAt: day.Add(-4 * time.Hour), ClosesAt: day.Add(time.Hour)}
	for _, row := range []struct {
		name  string
		after *cohort.Schedule
		said  Opening
		at    time.Time
		want  []string
	}{
		{"nothing but the version", scheduled(2, same), Opening{}, inLobby, nil},
		{"the same version", scheduled(1, same), Opening{}, inLobby, []string{FindingVersion}},
		{"moved before the lobby", scheduled(2, later), Opening{}, early, nil},
		{"removed before the lobby", scheduled(2, nil), Opening{}, early, nil},
		{"moved in the lobby", scheduled(2, later), Opening{}, inLobby, []string{FindingMoved}},
		{"removed in the lobby", scheduled(2, nil), Opening{}, inLobby, []string{FindingGone}},
		{"another order in the lobby", scheduled(2, func(o *cohort.Opening) { o.Order = cohort.OrderArrival }), Opening{}, inLobby, []string{FindingMoved}},
		{"open for longer", scheduled(2, func(o *cohort.Opening) { o.ClosesAt = o.ClosesAt.Add(time.Hour) }), Opening{}, day, nil},
		{"over at once", scheduled(2, func(o *cohort.Opening) { o.ClosesAt = day }), Opening{}, day, []string{FindingMoved}},
		{"moved after a postponement", scheduled(2, later), Opening{OpensAt: &moved}, early, []string{FindingMoved}},
		{"removed when over", scheduled(2, nil), Opening{}, over, nil},
		{"removed when closed by hand", scheduled(2, nil), Opening{State: api.OpeningClosed, Reached: api.OpeningClosed}, day, nil},
		{"opened again", scheduled(2, func(o *cohort.Opening) { o.ClosesAt = o.ClosesAt.Add(24 * time.Hour) }), Opening{}, over, []string{FindingReopened}},
		{"remembered lobby on a clock set back", scheduled(2, later), Opening{Reached: api.OpeningLobby}, early, []string{FindingMoved}},
		{"let in unannounced", scheduled(2, func(o *cohort.Opening) { o.OpensAt = early.Add(-time.Minute) }), Opening{}, early, []string{FindingPast}},
		{"a new one in the past", scheduled(2, same, past), Opening{}, early, []string{FindingPast}},
		{"a new one to come", scheduled(2, same, cohort.Opening{ID: "new", LobbyAt: day, OpensAt: day.Add(time.Hour), ClosesAt: over}), Opening{}, inLobby, nil},
	} {
		var got []string
		for _, f := range Keeps(scheduled(1, same), row.after, map[string]Opening{"a": row.said}, row.at) {
			if got = append(got, f.Code); !f.Serious || f.Ko == "" || f.En == "" {
				t.Errorf("%s: %+v", row.name, f)
			}
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: found %v, want %v", row.name, got, row.want)
		}
	}
}
