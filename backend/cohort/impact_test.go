package cohort

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

func tell(impacts []Impact) string {
	var out strings.Builder
	for _, i := range impacts {
		mark := "      "
		if i.Loses {
			mark = "loses "
		}
		fmt.Fprintf(&out, "%s%s\n      %s\n", mark, i.Ko, i.En)
	}
	for _, l := range lostBy(impacts) {
		fmt.Fprintf(&out, "lost: %s\n", l)
	}
	fmt.Fprintf(&out, "acknowledgement: %q\n", Acknowledgement(impacts))
	return out.String()
}

func TestImpactsFromJulyToAugust(t *testing.T) {
	golden(t, "impacts-july-august.txt", tell(Impacts(shippedSchedule(t, "2021-07"), shippedSchedule(t, "2021-08"), time.Time{})))
}

// changed parses a shipped schedule with some of its text replaced.
func changed(t *testing.T, name string, oldnew ...string) *Schedule {
	t.Helper()
	data, err := Shipped(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(string(data), oldnew[i]) {
			t.Fatalf("%s: nothing to change for %q", name, oldnew[i])
		}
	}
	s, err := Parse([]byte(strings.NewReplacer(oldnew...).Replace(string(data))))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func july(hour ...int) time.Time {
	return time.Date(2021, 7, hour[0], hour[1], 0, 0, 0, subject.Seoul)
}

// What officials really change, each told in words.
func TestImpactsInWords(t *testing.T) {
	july2021, august2021 := shippedSchedule(t, "2021-07"), shippedSchedule(t, "2021-08")
	cut := func(oldnew ...string) *Schedule { return changed(t, "2021-07", oldnew...) }
	cohort53 := "      - id: born-1967-1968\n        name: 만 53–54세 (1967–68년생)\n        name_en: Ages 53–54 (born 1967–68)\n        born_from: 1967-01-01\n        born_to: 1968-12-31\n        roster: true\n"
	only67 := strings.NewReplacer("born-1967-1968", "born-1967", "1968-12-31", "1967-12-31").Replace(cohort53)
	only68 := strings.NewReplacer("born-1967-1968", "born-1968", "1967-01-01", "1968-01-01").Replace(cohort53)
	covered := strings.NewReplacer("born-1967-1968", "born-1967-1968-not-covered", "roster: true\n", "roster: true\n        except: [covered-elsewhere]\n").Replace(cohort53)
	opening53 := "  - id: 2021-07-19\n    name: 만 53–54세 사전예약\n    name_en: Booking for ages 53–54\n    lobby_at: 2021-07-19 19:30\n    opens_at: 2021-07-19 20:00\n    closes_at: 2021-07-20 18:00\n    order: draw\n    proxy: true\n    vaccine: 모더나\n    stock: 1500000\n    dose_interval_days: 42\n    cohorts:\n" + cohort53
	var got strings.Builder
	for _, c := range []struct {
		name          string
		before, after *Schedule
		at            time.Time
	}{
		{"nothing", july2021, july2021, time.Time{}},
		{"postponed by two hours", july2021, cut("19 19:30", "19 21:30", "19 20:00", "19 22:00"), time.Time{}},
		{"postponed, the end with it", july2021, cut("19 19:30", "19 21:30", "19 20:00", "19 22:00", "20 18:00", "20 20:00"), time.Time{}},
		{"brought forward", july2021, cut("19 19:30", "19 17:30", "19 20:00", "19 18:00"), time.Time{}},
		{"closed earlier while it is open", july2021, cut("closes_at: 2021-07-20 18:00", "closes_at: 2021-07-20 12:00"), july(20, 3)},
		{"opened later after it opened", july2021, cut("19 20:00", "19 20:30"), july(19, 22)},
		{"another id", july2021, cut("id: 2021-07-19\n", "id: 2021-07-19-b\n"), time.Time{}},
		{"a cohort cut in two, one half a day later", july2021,
			cut(opening53, strings.Replace(opening53, cohort53, only67, 1)+strings.NewReplacer("id: 2021-07-19", "id: 2021-07-20-first", "07-20 18:00", "07-21 18:00", "07-19", "07-20", cohort53, only68).Replace(opening53)), time.Time{}},
		{"the one of 14 July left out", july2021, &Schedule{Version: 2, Name: july2021.Name, Openings: slices.Delete(slices.Clone(july2021.Openings), 1, 2)}, time.Time{}},
		{"the same, once the first is over", july2021, &Schedule{Version: 2, Name: july2021.Name, Openings: slices.Delete(slices.Clone(july2021.Openings), 1, 2)}, july(13, 0)},
		{"people covered elsewhere left out", july2021, cut(cohort53, covered), time.Time{}},
		{"the roster no longer asked for", july2021, cut("roster: true", "roster: false"), time.Time{}},
		{"no proxy, less stock, another interval", july2021, cut("proxy: true", "proxy: false", "stock: 1500000", "stock: 900000", "dose_interval_days: 42", "dose_interval_days: 56"), time.Time{}},
		{"one vaccine, one lobby, one order", july2021, cut(opening53, strings.NewReplacer("모더나", "화이자", "19:30", "19:00", "draw", "arrival").Replace(opening53)), time.Time{}},
		{"identity asked for, held shorter", july2021, cut("dose_interval_days: 42", "dose_interval_days: 42\n    hold_minutes: 3\n    identity: [pass-app, roster]"), time.Time{}},
		{"identity asked for no more", cut("dose_interval_days: 42", "dose_interval_days: 42\n    identity: [roster]"), july2021, time.Time{}},
		{"another identity", cut("stock: 1500000", "stock: 1500000\n    identity: [roster]"), cut("stock: 1500000", "stock: 1500000\n    identity: [pass-app]"), time.Time{}},
		{"a digit forgotten", august2021, changed(t, "2021-08", "birth_day_digits: [3]", "birth_day_digits: [2]"), time.Time{}},
		{"a year too late", july2021, cut("2021-07-19 19:30", "2022-07-19 19:30", "2021-07-19 20:00", "2022-07-19 20:00", "closes_at: 2021-07-20 18:00", "closes_at: 2022-07-20 18:00"), time.Time{}},
	} {
		fmt.Fprintf(&got, "== %s\n%s", c.name, tell(Impacts(c.before, c.after, c.at)))
	}
	golden(t, "impacts.txt", got.String())
}
