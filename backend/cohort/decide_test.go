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

func shippedSchedule(t testing.TB, name string) *Schedule {
	t.Helper()
	data, err := Shipped(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// oracle decides the slow and plain way: dates as text, times as seconds, one pass for each preference.
func oracle(s *Schedule, birth subject.Date, lists map[string]bool, now time.Time, window func(*Opening) Window) (code, opening string) {
	type candidate struct {
		id, refused          string
		over                 bool
		lobby, opens, closes int64
	}
	var all []candidate
	for i := range s.Openings {
		o := &s.Openings[i]
		refused, belongs, fits := "", false, false
		for _, c := range o.Cohorts {
			born := birth.String()
			in := (c.BornFrom.IsZero() || born >= c.BornFrom.String()) && (c.BornTo.IsZero() || born <= c.BornTo.String())
			digit := len(c.BirthDayDigits) == 0
			for _, d := range c.BirthDayDigits {
				digit = digit || fmt.Sprint(d) == born[len(born)-1:]
			}
			if !in || !digit {
				continue
			}
			fits = true
			excluded := false
			for _, list := range c.Except {
				excluded = excluded || lists[list]
			}
			switch {
			case excluded:
				refused = CodeExcluded
			case c.Roster && !lists["roster"], c.List != "" && !lists[c.List]:
				if refused == "" {
					refused = CodeNotOnRoster
				}
			default:
				belongs = true
			}
		}
		if !fits {
			continue
		}
		if belongs {
			refused = ""
		}
		w := Window{LobbyAt: o.LobbyAt, OpensAt: o.OpensAt, ClosesAt: o.ClosesAt}
		if window != nil {
			w = window(o)
		}
		all = append(all, candidate{o.ID, refused, w.Closed || now.UnixNano() >= w.ClosesAt.UnixNano(),
			w.LobbyAt.UnixNano(), w.OpensAt.UnixNano(), w.ClosesAt.UnixNano()})
	}
	at := now.UnixNano()
	pick := func(fits func(candidate) bool, lastToClose bool) *candidate {
		best := -1
		for i, c := range all {
			switch {
			case !fits(c):
			case best < 0, lastToClose && c.closes > all[best].closes, !lastToClose && c.opens < all[best].opens:
				best = i
			}
		}
		if best < 0 {
			return nil
		}
		return &all[best]
	}
	for _, step := range []struct {
		code        string
		fits        func(candidate) bool
		lastToClose bool
	}{
		{CodeOpenNow, func(c candidate) bool { return c.refused == "" && !c.over && at >= c.opens }, true},
		{CodeLobbyNow, func(c candidate) bool { return c.refused == "" && !c.over && at >= c.lobby }, false},
		{CodeLater, func(c candidate) bool { return c.refused == "" && !c.over }, false},
		{"", func(c candidate) bool { return c.refused != "" && !c.over }, false},
		{CodeClosed, func(c candidate) bool { return c.refused == "" && c.over }, true},
		{"", func(c candidate) bool { return c.refused != "" && c.over }, true},
	} {
		if c := pick(step.fits, step.lastToClose); c != nil {
			return step.code + c.refused, c.id
		}
	}
	return CodeNoWindow, ""
}

func compare(t interface {
	Helper()
	Fatalf(string, ...any)
}, s *Schedule, birth subject.Date, lists map[string]bool, now time.Time, window func(*Opening) Window) {
	t.Helper()
	asked := map[string]int{}
	d := s.Decide(birth, func(list string) bool { asked[list]++; return lists[list] }, now, window)
	id := ""
	if d.Opening != nil {
		id = d.Opening.ID
	}
	code, opening := oracle(s, birth, lists, now, window)
	if d.Code != code || id != opening {
		t.Fatalf("born %v, on %v, at %v: %s %q, want %s %q", birth, lists, now, d.Code, id, code, opening)
	}
	if want := code == CodeOpenNow || code == CodeLobbyNow; d.Eligible != want {
		t.Fatalf("born %v at %v: eligible %v with %s", birth, now, d.Eligible, code)
	}
	for list, times := range asked {
		if times > 1 {
			t.Fatalf("the list %s was asked %d times", list, times)
		}
	}
	if d.Reason("ko") == "" || d.Reason("en") == "" {
		t.Fatalf("%s has no reason", code)
	}
}

// boundaries are the instants at which something changes, each with a second before and after.
func boundaries(s *Schedule) []time.Time {
	var out []time.Time
	for _, o := range s.Openings {
		for _, t := range []time.Time{o.LobbyAt, o.OpensAt, o.ClosesAt} {
			out = append(out, t.Add(-time.Second), t.Add(-time.Nanosecond), t, t.Add(time.Second))
		}
	}
	return out
}

func TestDecideAgreesWithTheOracleOnTheShippedSchedules(t *testing.T) {
	for _, name := range ShippedNames() {
		s := shippedSchedule(t, name)
		instants := boundaries(s)
		births := map[subject.Date]bool{}
		for _, o := range s.Openings {
			for _, c := range o.Cohorts {
				for n := -1; n <= 10; n++ { // every last digit of a day
					births[c.BornFrom.AddDays(n)] = true
					births[c.BornTo.AddDays(-n)] = true
				}
			}
		}
		for birth := range births {
			for _, now := range instants {
				compare(t, s, birth, map[string]bool{RosterList: true}, now, nil)
				compare(t, s, birth, nil, now.UTC(), nil)
			}
		}
	}
}

var anyDay = rapid.Custom(func(t *rapid.T) subject.Date {
	return subject.Date{Year: 1960, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 400).Draw(t, "day"))
})

var anyInstant = rapid.Custom(func(t *rapid.T) time.Time {
	return time.Date(2021, 7, 12, 0, 0, rapid.IntRange(0, 48).Draw(t, "half hour")*1800, 0, subject.Seoul)
})

func anyCohort(t *rapid.T, id string) Cohort {
	c := Cohort{ID: id, Name: "대상군 " + id, NameEn: "Cohort " + id,
		BornFrom: anyDay.Draw(t, "from"), BornTo: anyDay.Draw(t, "to")}
	if c.BornTo.Before(c.BornFrom) {
		c.BornFrom, c.BornTo = c.BornTo, c.BornFrom
	}
	switch rapid.IntRange(0, 5).Draw(t, "open end") {
	case 0:
		c.BornFrom = subject.Date{}
	case 1:
		c.BornTo = subject.Date{}
	}
	if rapid.Bool().Draw(t, "by digit") {
		c.BirthDayDigits = rapid.SliceOfNDistinct(rapid.IntRange(0, 9), 1, 4, rapid.ID).Draw(t, "digits")
	}
	addLists(t, &c)
	return c
}

var listNames = []string{RosterList, "covered-elsewhere", "first-aiders"}

// addLists leaves half of the cohorts without a list.
func addLists(t *rapid.T, c *Cohort) {
	names := rapid.Permutation(listNames).Draw(t, "lists")
	if rapid.IntRange(0, 1).Draw(t, "wanted") == 1 {
		if c.List, names = names[0], names[1:]; c.List == RosterList {
			c.List, c.Roster = "", true
		}
	}
	if n := rapid.IntRange(0, 3).Draw(t, "except"); n < len(names) {
		c.Except = append(c.Except, names[:n]...)
	}
}

var anyLists = rapid.Custom(func(t *rapid.T) map[string]bool {
	lists := map[string]bool{}
	for _, name := range listNames {
		lists[name] = rapid.Bool().Draw(t, name)
	}
	return lists
})

var anySchedule = rapid.Custom(func(t *rapid.T) *Schedule {
	s := &Schedule{Version: rapid.Uint32Min(1).Draw(t, "version"), Name: "임의 일정"}
	for i := range rapid.IntRange(1, 4).Draw(t, "openings") {
		opens := anyInstant.Draw(t, "opens")
		o := Opening{ID: fmt.Sprintf("opening-%d", i), Name: "개통", OpensAt: opens,
			LobbyAt:  opens.Add(-time.Duration(rapid.IntRange(1, 4).Draw(t, "lobby")) * 30 * time.Minute),
			ClosesAt: opens.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "length")) * 30 * time.Minute),
			Order:    rapid.SampledFrom([]Order{OrderDraw, OrderArrival}).Draw(t, "order"), Proxy: rapid.Bool().Draw(t, "proxy"),
			Vaccine: "모더나", Stock: rapid.Int64Range(1, 1e9).Draw(t, "stock"), DoseIntervalDays: rapid.IntRange(0, 365).Draw(t, "interval"),
			HoldMinutes: rapid.IntRange(1, longestHold).Draw(t, "hold"),
			Identity:    rapid.SampledFrom([][]string{nil, {"roster"}, {"pass-app", "roster"}}).Draw(t, "identity")}
		for j := range rapid.IntRange(1, 3).Draw(t, "cohorts") {
			o.Cohorts = append(o.Cohorts, anyCohort(t, fmt.Sprintf("cohort-%d-%d", i, j)))
		}
		s.Openings = append(s.Openings, o)
	}
	return s
})

func TestDecideAgreesWithTheOracleOnAnySchedule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule.Draw(t, "schedule")
		var window func(*Opening) Window
		if rapid.Bool().Draw(t, "moved") {
			moved := map[string]Window{}
			for _, o := range s.Openings {
				by := time.Duration(rapid.IntRange(0, 6).Draw(t, "by")) * 30 * time.Minute
				moved[o.ID] = Window{LobbyAt: o.LobbyAt, OpensAt: o.OpensAt.Add(by), ClosesAt: o.ClosesAt.Add(by),
					Closed: rapid.IntRange(0, 3).Draw(t, "closed") == 0}
			}
			window = func(o *Opening) Window { return moved[o.ID] }
		}
		birth, lists := anyDay.Draw(t, "birth"), anyLists.Draw(t, "on")
		for _, now := range boundaries(s) {
			compare(t, s, birth, lists, now, window)
		}
	})
}

func TestPostponedOpeningMovesWithItsWindow(t *testing.T) {
	s := shippedSchedule(t, "2021-07")
	twoHoursLater := func(o *Opening) Window {
		w := o.Window()
		if o.ID == "2021-07-19" {
			w.OpensAt = w.OpensAt.Add(2 * time.Hour)
		}
		return w
	}
	birth := subject.Date{Year: 1967, Month: 5, Day: 5}
	nine := time.Date(2021, 7, 19, 21, 0, 0, 0, subject.Seoul)
	d := s.Decide(birth, nil, nine, twoHoursLater)
	if d.Code != CodeLobbyNow || !d.OpensAt.Equal(nine.Add(time.Hour)) {
		t.Errorf("at nine: %s, opens at %v", d.Code, d.OpensAt)
	}
	if d := s.Decide(birth, nil, nine.Add(time.Hour), twoHoursLater); d.Code != CodeOpenNow {
		t.Errorf("at ten: %s", d.Code)
	}
}

func TestNoListIsAskedThatNoCohortNames(t *testing.T) {
	s := shippedSchedule(t, "2021-07")
	for i := range s.Openings {
		for j := range s.Openings[i].Cohorts {
			s.Openings[i].Cohorts[j].Roster = false
		}
	}
	ask := func(string) bool { t.Error("a list was asked"); return false }
	s.Decide(subject.Date{Year: 1967, Month: 5, Day: 5}, ask, s.Openings[2].OpensAt, nil)
	shippedSchedule(t, "2021-07").Decide(subject.Date{Year: 1990, Month: 5, Day: 5}, ask, s.Openings[2].OpensAt, nil)
}

// Who is left out of one cohort of an opening, or on no list that it asks for, belongs to the next that fits.
func TestTheNextCohortThatFitsTakesThePerson(t *testing.T) {
	text := strings.Replace(small, "roster: true", "except: [covered-elsewhere]\n"+
		"      - {id: doctors, name: 의사, name_en: Doctors, born_from: 1950-01-01, born_to: 1990-12-31, list: doctors}", 1)
	s, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o := &s.Openings[0]
	young, middle := subject.Date{Year: 1985, Month: 2, Day: 3}, subject.Date{Year: 1967, Month: 2, Day: 3}
	for _, c := range []struct {
		birth        subject.Date
		on           []string
		code, cohort string
	}{
		{middle, nil, CodeOpenNow, "born-1967-1968"},
		{middle, []string{"doctors"}, CodeOpenNow, "born-1967-1968"},
		{middle, []string{"doctors", "covered-elsewhere"}, CodeOpenNow, "doctors"},
		{middle, []string{"covered-elsewhere"}, CodeExcluded, "born-1967-1968"},
		{young, []string{"doctors", "covered-elsewhere"}, CodeOpenNow, "doctors"},
		{young, nil, CodeNotOnRoster, "doctors"},
	} {
		on := func(list string) bool { return slices.Contains(c.on, list) }
		d := s.Decide(c.birth, on, o.OpensAt, nil)
		if d.Code != c.code || d.Cohort.ID != c.cohort {
			t.Errorf("born %v, on %v: %s of %s, want %s of %s", c.birth, c.on, d.Code, d.Cohort.ID, c.code, c.cohort)
		}
		if member := o.CohortOf(c.birth, on); (member != nil) != d.Eligible || member != nil && member.ID != c.cohort {
			t.Errorf("born %v, on %v: member of %v", c.birth, c.on, member)
		}
	}
	if d := s.Decide(middle, nil, o.OpensAt, nil); d.Code != CodeOpenNow || d.Cohort.ID != "born-1967-1968" {
		t.Errorf("of whom nothing is known: %s", d.Code)
	}
}

func BenchmarkDecideWithLists(b *testing.B) {
	s := shippedSchedule(b, "2021-07")
	for i := range s.Openings {
		for j := range s.Openings[i].Cohorts {
			s.Openings[i].Cohorts[j].Except = []string{"covered-elsewhere", "abroad"}
		}
	}
	birth, now := subject.Date{Year: 1967, Month: 5, Day: 5}, s.Openings[2].OpensAt
	lists := func(list string) bool { return list == RosterList }
	b.ReportAllocs()
	for b.Loop() {
		s.Decide(birth, lists, now, nil)
	}
}

func BenchmarkDecide(b *testing.B) {
	s := shippedSchedule(b, "2021-07")
	birth, now := subject.Date{Year: 1967, Month: 5, Day: 5}, s.Openings[2].OpensAt
	listed := func(string) bool { return true }
	b.ReportAllocs()
	for b.Loop() {
		s.Decide(birth, listed, now, nil)
	}
}
