package cohort

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDiff(t *testing.T) {
	data, err := Shipped("2021-07")
	if err != nil {
		t.Fatal(err)
	}
	after, err := Parse([]byte(strings.NewReplacer(
		"version: 1\n", "version: 2\n",
		"opens_at: 2021-07-19 20:00", "opens_at: 2021-07-19 22:00",
		"id: 2021-07-12\n", "id: 2021-07-12-extra\n",
		"id: born-1969-1971\n", "id: born-1969-1970\n",
		"born_to: 1971-12-31", "born_to: 1970-12-31",
	).Replace(string(data))))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, c := range Diff(shippedSchedule(t, "2021-07"), after) {
		got.WriteString(c.String() + "\n")
	}
	golden(t, "diff.txt", got.String())
}

func TestDiffNamesTheOneThingThatChanged(t *testing.T) {
	changes := map[string]func(*Opening, *Cohort){
		"opens_at":           func(o *Opening, _ *Cohort) { o.OpensAt = o.OpensAt.Add(time.Second) },
		"closes_at":          func(o *Opening, _ *Cohort) { o.ClosesAt = o.ClosesAt.Add(time.Second) },
		"lobby_at":           func(o *Opening, _ *Cohort) { o.LobbyAt = o.LobbyAt.Add(-time.Second) },
		"stock":              func(o *Opening, _ *Cohort) { o.Stock++ },
		"proxy":              func(o *Opening, _ *Cohort) { o.Proxy = !o.Proxy },
		"dose_interval_days": func(o *Opening, _ *Cohort) { o.DoseIntervalDays++ },
		"hold_minutes":       func(o *Opening, _ *Cohort) { o.HoldMinutes = o.HoldMinutes%longestHold + 1 },
		"identity":           func(o *Opening, _ *Cohort) { o.Identity = append([]string{"card"}, o.Identity...) },
		"vaccine":            func(o *Opening, _ *Cohort) { o.Vaccine += "2" },
		"roster":             func(_ *Opening, c *Cohort) { c.Roster = !c.Roster },
		"birth_day_digits":   func(_ *Opening, c *Cohort) { c.BirthDayDigits = append([]int{5}, c.BirthDayDigits...) },
		"list":               func(_ *Opening, c *Cohort) { c.List += "2" },
		"except":             func(_ *Opening, c *Cohort) { c.Except = append([]string{"others"}, c.Except...) },
		"name_en":            func(_ *Opening, c *Cohort) { c.NameEn += "2" },
	}
	keys := slices.Sorted(maps.Keys(changes))
	rapid.Check(t, func(t *rapid.T) {
		before := anySchedule.Draw(t, "schedule")
		if found := Diff(before, before); len(found) > 0 {
			t.Fatalf("a schedule differs from itself: %v", found)
		}
		after := *before
		after.Openings = slices.Clone(before.Openings)
		o := &after.Openings[rapid.IntRange(0, len(after.Openings)-1).Draw(t, "opening")]
		o.Cohorts = slices.Clone(o.Cohorts)
		c := &o.Cohorts[rapid.IntRange(0, len(o.Cohorts)-1).Draw(t, "cohort")]
		key := rapid.SampledFrom(keys).Draw(t, "key")
		changes[key](o, c)
		found := Diff(before, &after)
		if len(found) != 1 || found[0].Key != key || found[0].Opening != o.ID || found[0].Before == found[0].After {
			t.Fatalf("changed %s of %s, found %v", key, o.ID, found)
		}
		if found[0].Cohort != "" && found[0].Cohort != c.ID {
			t.Fatalf("changed cohort %s, found %v", c.ID, found)
		}
	})
}
