package demo

import (
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
)

// Interval is the days between the doses of the demo's vaccine.
const Interval = 42

// Opening makes a schedule of one opening, after the one of 19 July 2021: its lobby is open from now on, it opens at
// opensAt (rounded up to a second) and closes 22 hours later. Its stock is for the people that there are by default.
func Opening(now, opensAt time.Time) *cohort.Schedule {
	opens := opensAt.In(subject.Seoul).Truncate(time.Second)
	if opens.Before(opensAt) {
		opens = opens.Add(time.Second)
	}
	lobby := now.In(subject.Seoul).Truncate(time.Second)
	if !lobby.Before(opens) {
		lobby = opens.Add(-time.Second)
	}
	return &cohort.Schedule{
		Version: 1, Name: "사전예약 시연", NameEn: "Booking demo",
		Openings: []cohort.Opening{{
			ID: "demo-" + opens.Format("20060102-1504"), Name: "만 53–54세 사전예약 (시연)", NameEn: "Booking for ages 53–54 (demo)",
			LobbyAt: lobby, OpensAt: opens, ClosesAt: opens.Add(22 * time.Hour),
			Order: cohort.OrderDraw, Proxy: true, Vaccine: Vaccine, Stock: Options{}.Stock(), DoseIntervalDays: Interval, HoldMinutes: cohort.DefaultHoldMinutes,
			Cohorts: []cohort.Cohort{{
				ID: "born-1967-1968", Name: "만 53–54세 (1967–68년생)", NameEn: "Ages 53–54 (born 1967–68)",
				BornFrom: cohortFrom, BornTo: cohortTo, Roster: true,
			}},
		}},
	}
}
