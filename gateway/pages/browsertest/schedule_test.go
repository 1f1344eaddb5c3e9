//go:build browser

package browsertest

import (
	"fmt"
	"strings"
	"time"
)

// Openings of the test's schedule, by what becomes of them. Each is for other people, told apart by when they were born.
const (
	booking   = "booking"   // opens at once; those on the roster
	lobbying  = "lobbying"  // its lobby stays open
	postponed = "postponed" // a lobby too, until an operator puts the start off
	paused    = "paused"    // opens at once, and is paused by an operator
	waiting   = "waiting"   // opens at once, and nobody is called in
	exhausted = "exhausted" // has one dose
	over      = "over"      // opens at once, and is closed by a supervisor
	planned   = "planned"   // opens in some days
	proving   = "proving"   // opens at once; asks who people are
)

var cohorts = map[string][2]int{ // years of birth
	over: {1940, 1945}, waiting: {1946, 1952}, lobbying: {1953, 1959}, postponed: {1960, 1966}, booking: {1967, 1968},
	paused: {1969, 1974}, exhausted: {1975, 1980}, proving: {1981, 1986}, planned: {1987, 2001},
}

// schedule writes the schedule with the openings that open at once opening then.
func schedule(opensAt time.Time) string {
	var b strings.Builder
	b.WriteString("version: 1\nname: 화면 시험\nname_en: Test of the pages\nopenings:\n")
	for _, id := range []string{booking, lobbying, postponed, paused, waiting, exhausted, over, planned, proving} {
		lobby, opens, stock, more := opensAt.Add(-time.Hour), opensAt, 1000, ""
		switch id {
		case lobbying, postponed:
			opens = opensAt.Add(3 * time.Hour)
		case planned:
			lobby, opens = opensAt.Add(100*time.Hour), opensAt.Add(101*time.Hour)
		case exhausted:
			stock = 1
		case proving:
			more = "    identity: [roster]\n"
		}
		years := cohorts[id]
		fmt.Fprintf(&b, "  - id: %s\n    name: 만 %d–%d세 사전예약\n    name_en: Ages %d–%d\n    lobby_at: %q\n    opens_at: %q\n    closes_at: %q\n", id,
			2021-years[1], 2021-years[0], 2021-years[1], 2021-years[0],
			lobby.Format(time.RFC3339), opens.Format(time.RFC3339), opens.Add(20*time.Hour).Format(time.RFC3339))
		fmt.Fprintf(&b, "    order: draw\n    proxy: true\n    vaccine: 모더나\n    stock: %d\n    dose_interval_days: 42\n    hold_minutes: 5\n%s", stock, more)
		fmt.Fprintf(&b, "    cohorts:\n      - id: born-%d-%d\n        name: %d–%d년생\n        name_en: Born %d–%d\n        born_from: \"%d-01-01\"\n        born_to: \"%d-12-31\"\n",
			years[0], years[1], years[0], years[1], years[0], years[1], years[0], years[1])
		if id == booking {
			b.WriteString("        roster: true\n")
		}
	}
	return b.String()
}
