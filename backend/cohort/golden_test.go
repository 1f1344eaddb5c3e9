package cohort

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run go test -update and look at the change. Got:\n%s", path, got)
	}
}

func TestTable(t *testing.T) {
	for _, name := range ShippedNames() {
		s := shippedSchedule(t, name)
		golden(t, name+".ko.txt", s.Table("ko"))
		golden(t, name+".en.txt", s.Table("en"))
	}
}

// The refusals of one file that is wrong in one way each, by the line that is changed.
func TestRefusals(t *testing.T) {
	cases := []struct{ name, old, new string }{
		{"unknown key", "proxy: true", "proxi: true"},
		{"key twice", "proxy: true", "proxy: true\n    proxy: false"},
		{"wrong indent", "    proxy: true", "   proxy: true"},
		{"open quote", "vaccine: 모더나", "vaccine: \"모더나"},
		{"word for a number", "stock: 1500000", "stock: many"},
		{"word for yes", "proxy: true", "proxy: 예"},
		{"list for text", "vaccine: 모더나", "vaccine: [모더나]"},
		{"text for a list", "openings:\n" + small[strings.Index(small, "  - id"):], "openings: 없음\n"},
		{"text for a group", "- id: born-1967-1968\n" + small[strings.Index(small, "        name: 53"):], "- born-1967-1968\n"},
		{"huge version", "version: 3", "version: 4294967296"},
		{"no version", "version: 3\n", ""},
		{"no name", "    name: 53–54세\n", ""},
		{"capital id", "id: 2021-07-19", "id: July-19"},
		{"unreadable time", "lobby_at: 2021-07-19 19:30", "lobby_at: 19 July 19:30"},
		{"a day that is none", "born_to: 1968-12-31", "born_to: 1968-02-30"},
		{"missing time", "    closes_at: 2021-07-20T18:00:00+09:00\n", ""},
		{"Korea time marked as UTC", "opens_at: 2021-07-19T20:00:00+09:00", "opens_at: 2021-07-20T20:00:00Z"},
		{"lobby after the opening", "lobby_at: 2021-07-19 19:30", "lobby_at: 2021-07-19 20:00"},
		{"closes before it opens", "closes_at: 2021-07-20T18", "closes_at: 2021-07-18T18"},
		{"year of a slip", "closes_at: 2021-07-20T18", "closes_at: 3021-07-20T18"},
		{"unknown order", "order: draw", "order: random"},
		{"no stock", "stock: 1500000", "stock: 0"},
		{"negative interval", "dose_interval_days: 42", "dose_interval_days: -1"},
		{"no time to hold", "dose_interval_days: 42", "dose_interval_days: 42\n    hold_minutes: 0"},
		{"held too long", "dose_interval_days: 42", "dose_interval_days: 42\n    hold_minutes: 16"},
		{"identity that is no id", "proxy: true", "proxy: true\n    identity: [PASS]"},
		{"identity twice", "proxy: true", "proxy: true\n    identity: [roster, pass-app, roster]"},
		{"text for identity", "proxy: true", "proxy: true\n    identity: roster"},
		{"swapped dates", "born_to: 1968-12-31", "born_to: 1966-12-31"},
		{"no dates", "        born_from: 1967-01-01\n        born_to: 1968-12-31\n", ""},
		{"digit of two places", "roster: true", "roster: true\n        birth_day_digits: [3, 10]"},
		{"digit twice", "roster: true", "roster: true\n        birth_day_digits: [3, 4, 3]"},
		{"roster and list", "roster: true", "roster: true\n        list: doctors"},
		{"list that is no name", "roster: true", "list: ../doctors"},
		{"list asked for and left out", "roster: true", "roster: true\n        except: [roster]"},
		{"list left out twice", "roster: true", "except: [doctors, nurses, doctors]"},
		{"too many lists", "roster: true", "except: [a, b, c, d, e, f, g, h, i]"},
		{"text for lists", "roster: true", "except: doctors"},
		{"no cohorts", small[strings.Index(small, "    cohorts:"):], "    cohorts: []\n"},
		{"no openings", small[strings.Index(small, "openings:"):], "openings: []\n"},
		{"two documents", "version: 3", "version: 2\n---\nversion: 3"},
		{"anchor", "- id: born-1967-1968", "- &born\n        id: born-1967-1968"},
		{"control character", "name: 53–54세\n", "name: \"53\\n54세\"\n"},
		{"same opening twice", "openings:\n", "openings:\n" + small[strings.Index(small, "  - id"):]},
		{"cohort means two things", "openings:\n", "openings:\n" + strings.NewReplacer("2021-07-19\n", "first\n", "1968-12-31", "1969-12-31").Replace(small[strings.Index(small, "  - id"):])},
		{"numbers collide", "id: 2021-07-19", "id: costarring\n" + strings.Replace(small[strings.Index(small, "    name: 53"):], "born-1967-1968", "early", 1) + "  - id: liquid"},
		{"nested brackets", "version: 3", "version: " + strings.Repeat("[", 60) + strings.Repeat("]", 60)},
		{"a list", small, "- a\n- b\n"},
		{"empty", small, ""},
		{"too long", small, strings.Repeat("# comment\n", maxFile/10+1)},
	}
	var got strings.Builder
	for _, c := range cases {
		if !strings.Contains(small, c.old) {
			t.Fatalf("%s: nothing to change", c.name)
		}
		_, err := Parse([]byte(strings.Replace(small, c.old, c.new, 1)))
		var refused *ScheduleError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v, want a ScheduleError", c.name, err)
			continue
		}
		fmt.Fprintf(&got, "%s\n  %s\n", c.name, strings.ReplaceAll(refused.Error(), " / ", "\n  "))
	}
	golden(t, "refusals.txt", got.String())
}

const doubtful = `version: 1
name: 의심스러운 일정
openings:
  - id: first
    name: 첫째
    lobby_at: 2021-08-09 19:30
    opens_at: 2021-08-09 20:00
    closes_at: 2021-08-10 18:00
    vaccine: 화이자
    stock: 10
    cohorts:
      - {id: a, name: 가, born_from: 1970-01-01, born_to: 1979-12-31, birth_day_digits: [0, 1, 2, 3, 4]}
      - {id: b, name: 나, born_from: 1975-01-01, born_to: 1985-12-31}
      - {id: c, name: 다, born_from: 1980-01-01, born_to: 1981-12-31}
      - {id: d, name: 라, born_from: 1990-05-05, born_to: 1990-05-05, birth_day_digits: [7]}
  - id: second
    name: 둘째
    name_en: Second
    lobby_at: 2021-08-10 17:00
    opens_at: 2021-08-10 17:30
    closes_at: 2021-08-11 18:00
    vaccine: 화이자
    stock: 10
    cohorts:
      - {id: e, name: 마, name_en: E, born_from: 1985-06-01, born_to: 1988-12-31}
      - {id: f, name: 바, name_en: F, born_from: 2000-01-01}
`

func TestLint(t *testing.T) {
	s, err := Parse([]byte(doubtful))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, f := range Lint(s) {
		fmt.Fprintf(&got, "%s opening=%s cohort=%s serious=%v\n  %s\n  %s\n", f.Code, f.Opening, f.Cohort, f.Serious, f.Ko, f.En)
	}
	golden(t, "lint.txt", got.String())
	for _, name := range ShippedNames() {
		if found := Lint(shippedSchedule(t, name)); len(found) > 0 {
			t.Errorf("%s as shipped: %v", name, found)
		}
	}
}

func TestReasons(t *testing.T) {
	s := shippedSchedule(t, "2021-07")
	o := s.Opening("2021-07-19")
	fits, other := subject.Date{Year: 1967, Month: 3, Day: 1}, subject.Date{Year: 1990, Month: 3, Day: 1}
	yes, no := func(string) bool { return true }, func(string) bool { return false }
	var got strings.Builder
	for _, c := range []struct {
		birth  subject.Date
		listed Lists
		at     time.Time
	}{
		{fits, yes, o.LobbyAt.Add(-time.Hour)}, {fits, yes, o.LobbyAt}, {fits, yes, o.OpensAt}, {fits, no, o.OpensAt},
		{fits, yes, s.Opening("2021-07-21").ClosesAt}, {other, yes, o.OpensAt},
	} {
		d := s.Decide(c.birth, c.listed, c.at, nil)
		fmt.Fprintf(&got, "%s\n  %s\n  %s\n", d.Code, d.Reason("ko"), d.Reason("en"))
	}
	for _, id := range []string{"2021-07-19", "2021-07-21"} {
		s.Opening(id).Cohorts[0].Except = []string{"covered-elsewhere"}
	}
	d := s.Decide(fits, yes, o.OpensAt, nil)
	fmt.Fprintf(&got, "%s\n  %s\n  %s\n", d.Code, d.Reason("ko"), d.Reason("en"))
	stopped := s.Decide(subject.Date{Year: 1962, Month: 3, Day: 1}, yes, o.OpensAt, func(o *Opening) Window {
		w := o.Window()
		w.Closed = true
		return w
	})
	fmt.Fprintf(&got, "%s by operators\n  %s\n  %s\n", stopped.Code, stopped.Reason("ko"), stopped.Reason("en"))
	golden(t, "reasons.txt", got.String())
}
