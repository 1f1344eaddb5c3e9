package cohort

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/subject"
)

// Slips that officials make, each in a schedule that was sound before.
func TestLintFindsSlips(t *testing.T) {
	opening53 := func(oldnew ...string) []string { return oldnew }
	var got strings.Builder
	for _, c := range []struct {
		slip, schedule string
		change         []string
		code           string
	}{
		{"the wrong year of one opening", "2021-07", opening53("lobby_at: 2021-07-21 19:30", "lobby_at: 2022-07-21 19:30", "opens_at: 2021-07-21 20:00", "opens_at: 2022-07-21 20:00", "closes_at: 2021-07-24 18:00\n    order: draw\n    proxy: true\n    vaccine: 모더나\n    stock: 3860000", "closes_at: 2022-07-24 18:00\n    order: draw\n    proxy: true\n    vaccine: 모더나\n    stock: 3860000"), FindingFarApart},
		{"the lobby a day early", "2021-07", []string{"lobby_at: 2021-07-19 19:30", "lobby_at: 2021-07-18 19:30"}, FindingLobby},
		{"the lobby a minute before", "2021-07", []string{"lobby_at: 2021-07-19 19:30", "lobby_at: 2021-07-19 19:59"}, FindingLobby},
		{"closes in another month", "2021-08", []string{"closes_at: 2021-09-17 18:00", "closes_at: 2021-12-17 18:00"}, FindingWindow},
		{"closes in the same hour", "2021-07", []string{"closes_at: 2021-07-12 15:30", "closes_at: 2021-07-12 00:15"}, FindingWindow},
		{"stock in ten thousands", "2021-07", []string{"stock: 1850000", "stock: 18"}, FindingStock},
		{"a zero too many, twice", "2021-07", []string{"stock: 1850000", "stock: 185000000"}, FindingStock},
		{"a digit copied", "2021-08", []string{"birth_day_digits: [3]", "birth_day_digits: [2]"}, FindingDigits},
		{"an interval forgotten", "2021-07", []string{"stock: 1850000\n    dose_interval_days: 42", "stock: 1850000\n    dose_interval_days: 0"}, FindingInterval},
		{"identity forgotten in all but one", "2021-07", []string{"stock: 1850000", "stock: 1850000\n    identity: [roster]"}, FindingIdentity},
		{"born in 1862", "2021-07", []string{"born_from: 1962-01-01", "born_from: 1862-01-01"}, FindingBirths},
		{"born in 2066", "2021-07", []string{"born_to: 1966-12-31", "born_to: 2066-12-31"}, FindingBirths},
		{"a window within another of the same people", "2021-07", []string{"lobby_at: 2021-07-12 23:30", "", "lobby_at: 2021-07-11 23:30", "lobby_at: 2021-07-15 09:30", "opens_at: 2021-07-12 00:00", "opens_at: 2021-07-15 10:00", "closes_at: 2021-07-12 15:30", "closes_at: 2021-07-15 18:00"}, FindingShadowed},
		{"the lobby of the next before the end", "2021-07", []string{"lobby_at: 2021-07-14 19:30", "lobby_at: 2021-07-14 12:30", "closes_at: 2021-07-12 15:30", "closes_at: 2021-07-14 15:30"}, FindingLobbyEarly},
		{"a year of birth between two cohorts forgotten", "2021-07", []string{"born_from: 1969-01-01", "born_from: 1970-01-01"}, FindingGap},
		{"people of two cohorts", "2021-07", []string{"born_from: 1969-01-01", "born_from: 1968-01-01"}, FindingOverlap},
	} {
		data, err := Shipped(c.schedule)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse([]byte(strings.NewReplacer(c.change...).Replace(string(data))))
		if err != nil {
			t.Fatalf("%s: %v", c.slip, err)
		}
		found := Lint(s)
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.Code == c.code }) {
			t.Errorf("%s: found %v, want %s", c.slip, found, c.code)
		}
		fmt.Fprintf(&got, "== %s\n", c.slip)
		for _, f := range found {
			fmt.Fprintf(&got, "%s\n  %s\n  %s\n", f.Code, f.Ko, f.En)
		}
	}
	golden(t, "slips.txt", got.String())
}

func TestLintOfTimeGoneBy(t *testing.T) {
	s := shippedSchedule(t, "2021-07")
	for _, c := range []struct {
		at   time.Time
		over int
	}{{time.Time{}, 0}, {july(12, 0), 0}, {july(14, 0), 1}, {july(24, 17), 3}, {july(24, 18), 1}} {
		found := LintAt(s, c.at)
		if len(found) != c.over || c.over > 0 && found[0].Code != FindingOver {
			t.Errorf("at %v: %v, want %d", c.at, found, c.over)
		}
	}
	if found := LintAt(s, july(24, 18)); found[0].Opening != "" {
		t.Errorf("all are over: %v", found)
	}
}

func TestLintOfListsThatLeaveNobody(t *testing.T) {
	text := strings.Replace(small, "roster: true", "list: doctors\n      - {id: rest, name: 나머지, name_en: Others, born_from: 1967-01-01, born_to: 1968-12-31, except: [doctors]}\n"+
		"      - {id: none, name: 없음, name_en: None, born_from: 1967-01-01, born_to: 1968-12-31, roster: true}", 1)
	s, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	found := Lint(s)
	if len(found) != 1 || found[0].Code != FindingUnreachable || found[0].Cohort != "none" {
		t.Errorf("doctors, everybody else, and then nobody is left: %v", found)
	}
	s.Openings[0].Cohorts = s.Openings[0].Cohorts[:1]
	s.Openings[0].Cohorts[0].BirthDayDigits, s.Openings[0].Cohorts[0].BornTo = []int{7}, s.Openings[0].Cohorts[0].BornFrom
	if found := Lint(s); !slices.ContainsFunc(found, func(f Finding) bool { return f.Code == FindingNeverOpens && f.Serious }) {
		t.Errorf("nobody was born on a first ending in 7: %v", found)
	}
}

// Nobody is led to a cohort that is said to be shadowed while its opening is open.
func TestShadowedAgreesWithDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule.Draw(t, "schedule")
		for _, f := range Lint(s) {
			if f.Code != FindingShadowed {
				continue
			}
			o := s.Opening(f.Opening)
			for birth := (subject.Date{Year: 1959, Month: 12, Day: 1}); birth.Year < 1962; birth = birth.AddDays(3) {
				for on := range 1 << len(listNames) {
					for at := o.OpensAt; at.Before(o.ClosesAt); at = at.Add(30 * time.Minute) {
						if d := s.Decide(birth, listsOf(on), at, nil); d.Code == CodeOpenNow && d.Opening == o && d.Cohort.ID == f.Cohort {
							t.Fatalf("born %v, on %03b, at %v is led to %s", birth, on, at, f.Cohort)
						}
					}
				}
			}
		}
	})
}

func TestLintChange(t *testing.T) {
	before := shippedSchedule(t, "2021-07")
	if found := LintChange(before, before); len(found) > 0 {
		t.Errorf("nothing changed: %v", found)
	}
	found := LintChange(before, changed(t, "2021-07", "id: 2021-07-19\n", "id: first-of-july\n"))
	if len(found) != 2 || found[0].Code != FindingVersion || !found[0].Serious || found[1].Code != FindingRenamed || found[1].Opening != "first-of-july" {
		t.Errorf("an id changed and the version did not: %v", found)
	}
	if found := LintChange(before, changed(t, "2021-07", "version: 1\n", "version: 2\n", "stock: 1850000", "stock: 1850001")); len(found) > 0 {
		t.Errorf("a sound change: %v", found)
	}
}

func TestDiffSeesTheOrder(t *testing.T) {
	before := shippedSchedule(t, "2021-07")
	after := shippedSchedule(t, "2021-07")
	slices.Reverse(after.Openings)
	slices.Reverse(after.Opening("2021-07-21").Cohorts)
	changes := Diff(before, after)
	if len(changes) != 2 || changes[0].Key != "openings" || changes[1].Key != "cohorts" || changes[1].Opening != "2021-07-21" || changes[1].After != "born-1969-1971, born-1967-1968" {
		t.Errorf("turned round: %v", changes)
	}
	if found := Diff(before, &Schedule{Version: 1, Name: before.Name, NameEn: before.NameEn, Openings: before.Openings[1:]}); len(found) != 1 || found[0].Key != "" {
		t.Errorf("one left out: %v", found)
	}
}
