package cohort

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of hosts, wherever the test runs

	"github.com/daemun/daemun/backend/subject"
)

// planned is an opening as the announcements had it: who, by the year and the last digit of the day of birth, and when,
// by the clocks in Korea.
type planned struct {
	id                   string
	bornFrom, bornTo     int // years
	digit                int // of the day of birth; -1: any
	lobby, opens, closes string
}

var plannedJuly = []planned{
	{"2021-07-12", 1962, 1966, -1, "2021-07-11 23:30", "2021-07-12 00:00", "2021-07-12 15:30"},
	{"2021-07-14", 1962, 1966, -1, "2021-07-14 19:30", "2021-07-14 20:00", "2021-07-24 18:00"},
	{"2021-07-19", 1967, 1968, -1, "2021-07-19 19:30", "2021-07-19 20:00", "2021-07-20 18:00"},
	{"2021-07-20", 1969, 1971, -1, "2021-07-20 19:30", "2021-07-20 20:00", "2021-07-21 18:00"},
	{"2021-07-21", 1967, 1971, -1, "2021-07-21 19:30", "2021-07-21 20:00", "2021-07-24 18:00"},
}

var plannedAugust = []planned{
	{"2021-08-09", 1972, 2003, 9, "2021-08-09 19:30", "2021-08-09 20:00", "2021-08-10 18:00"},
	{"2021-08-10", 1972, 2003, 0, "2021-08-10 19:30", "2021-08-10 20:00", "2021-08-11 18:00"},
	{"2021-08-11", 1972, 2003, 1, "2021-08-11 19:30", "2021-08-11 20:00", "2021-08-12 18:00"},
	{"2021-08-12", 1972, 2003, 2, "2021-08-12 19:30", "2021-08-12 20:00", "2021-08-13 18:00"},
	{"2021-08-13", 1972, 2003, 3, "2021-08-13 19:30", "2021-08-13 20:00", "2021-08-14 18:00"},
	{"2021-08-14", 1972, 2003, 4, "2021-08-14 19:30", "2021-08-14 20:00", "2021-08-15 18:00"},
	{"2021-08-15", 1972, 2003, 5, "2021-08-15 19:30", "2021-08-15 20:00", "2021-08-16 18:00"},
	{"2021-08-16", 1972, 2003, 6, "2021-08-16 19:30", "2021-08-16 20:00", "2021-08-17 18:00"},
	{"2021-08-17", 1972, 2003, 7, "2021-08-17 19:30", "2021-08-17 20:00", "2021-08-18 18:00"},
	{"2021-08-18", 1972, 2003, 8, "2021-08-18 19:30", "2021-08-18 20:00", "2021-08-19 18:00"},
	{"2021-08-19", 1972, 1985, -1, "2021-08-19 19:30", "2021-08-19 20:00", "2021-08-20 18:00"},
	{"2021-08-20", 1986, 2003, -1, "2021-08-20 19:30", "2021-08-20 20:00", "2021-08-21 18:00"},
	{"2021-08-21", 1972, 2003, -1, "2021-08-21 19:30", "2021-08-21 20:00", "2021-09-17 18:00"},
}

// civil is a day by the oracle's own calendar.
type civil struct{ year, month, day int }

func (c civil) monthDays() int {
	if c.month == 2 {
		if c.year%400 == 0 || c.year%4 == 0 && c.year%100 != 0 {
			return 29
		}
		return 28
	}
	return []int{31, 0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[c.month-1]
}

func (c civil) next() civil {
	if c.day++; c.day > c.monthDays() {
		c.day = 1
		c.month++
	}
	if c.month > 12 {
		c.month = 1
		c.year++
	}
	return c
}

// instant is the Unix second at which the clocks in Korea, nine hours ahead, show that time.
func instant(t *testing.T, clock string) int64 {
	t.Helper()
	var at civil
	var hour, minute int64
	if n, err := fmt.Sscanf(clock, "%d-%d-%d %d:%d", &at.year, &at.month, &at.day, &hour, &minute); n != 5 || err != nil {
		t.Fatal(clock, err)
	}
	days := int64(0)
	for day := (civil{1970, 1, 1}); day != at; day = day.next() {
		days++
	}
	return days*86400 + hour*3600 + minute*60 - 9*3600
}

// known is a planned opening with its instants.
type known struct {
	planned
	lobbyAt, opensAt, closesAt int64
}

func (k *known) takes(birth civil) bool {
	return k.bornFrom <= birth.year && birth.year <= k.bornTo && (k.digit < 0 || k.digit == birth.day-birth.day/10*10)
}

// verdict says what the announcements mean for a person whom these openings take, at an instant: in the first of them
// that is open, else in the one whose lobby is, else in the next to come, else in the last that was.
func verdict(mine []known, at int64) (code, opening string) {
	for _, k := range mine {
		if k.opensAt <= at && at < k.closesAt {
			return "open_now", k.id
		}
	}
	for _, k := range mine {
		if k.lobbyAt <= at && at < k.opensAt {
			return "lobby_now", k.id
		}
	}
	for _, k := range mine {
		if at < k.lobbyAt {
			return "later", k.id
		}
	}
	if n := len(mine); n > 0 {
		return "closed", mine[n-1].id
	}
	return "no_window", ""
}

// Everybody born since 1900, at every instant at which something begins or ends and the seconds beside it.
func TestEveryBirthDateIsTreatedAsAnnounced(t *testing.T) {
	now := time.Now().UTC()
	today := civil{now.Year(), int(now.Month()), now.Day()}
	for name, table := range map[string][]planned{"2021-07": plannedJuly, "2021-08": plannedAugust} {
		t.Run(name, func(t *testing.T) {
			s := shippedSchedule(t, name)
			var openings []known
			var instants []int64
			for _, p := range table {
				k := known{p, instant(t, p.lobby), instant(t, p.opens), instant(t, p.closes)}
				openings = append(openings, k)
				for _, edge := range []int64{k.lobbyAt, k.opensAt, k.closesAt} {
					instants = append(instants, edge-1, edge, edge+1)
				}
			}
			if len(s.Openings) != len(openings) {
				t.Fatalf("%d openings, announced were %d", len(s.Openings), len(openings))
			}
			slices.Sort(instants)
			instants = slices.Compact(instants)
			births := 0
			for birth := (civil{1900, 1, 1}); birth != today.next(); birth = birth.next() {
				asAnnounced(t, s, openings, birth, instants)
				births++
			}
			if births < 45_000 {
				t.Fatalf("only %d birth dates", births)
			}
		})
	}
}

func asAnnounced(t *testing.T, s *Schedule, openings []known, birth civil, instants []int64) {
	t.Helper()
	born := subject.Date{Year: birth.year, Month: time.Month(birth.month), Day: birth.day}
	var mine []known
	for _, k := range openings {
		if k.takes(birth) {
			mine = append(mine, k)
		}
	}
	cases := make([]Case, len(instants))
	for i, at := range instants {
		cases[i] = Case{born, time.Unix(at, 0)}
	}
	answers := Preview(s, cases)
	for i, at := range instants {
		code, opening := verdict(mine, at)
		d := s.Decide(born, nil, cases[i].At, nil)
		id, admitted := "", []string{}
		if d.Opening != nil {
			id = d.Opening.ID
		}
		if code == "open_now" {
			admitted = append(admitted, opening)
		}
		if d.Code != code || id != opening || d.Eligible != (code == "open_now" || code == "lobby_now") {
			t.Fatalf("born %v at %v: %s %q, announced was %s %q", birth, cases[i].At.UTC(), d.Code, id, code, opening)
		}
		if !slices.Equal(answers[i].Openings, admitted) {
			t.Fatalf("born %v at %v: the preview admits to %v, announced was %v", birth, cases[i].At.UTC(), answers[i].Openings, admitted)
		}
	}
}

// The oracle's own arithmetic, by days that anybody can look up.
func TestTheOracleCanCount(t *testing.T) {
	for clock, want := range map[string]int64{"1970-01-01 09:00": 0, "2021-07-19 20:00": 1626692400, "2000-02-29 09:00": 951782400, "2021-07-20 00:00": 1626706800} {
		if got := instant(t, clock); got != want {
			t.Errorf("%s is %d, want %d", clock, got, want)
		}
	}
	if (civil{1900, 2, 28}).next() != (civil{1900, 3, 1}) || (civil{2000, 2, 28}).next() != (civil{2000, 2, 29}) {
		t.Error("leap years")
	}
}

// In the night of 19 to 20 July 2021, from about 02:00 to 09:00, the real site told the people of 53 and 54, whose turn
// it was, that they were not eligible: it compared times of two zones. Whatever zone the host is set to, and whatever
// zone an instant comes in, they are eligible in every minute from 20:00 to 18:00, and their neighbours are not.
func TestNotEligibleAtThreeNeverAgain(t *testing.T) {
	host := time.Local
	t.Cleanup(func() { time.Local = host })
	for _, zone := range []string{"Asia/Seoul", "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Honolulu"} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		time.Local = location
		s := shippedSchedule(t, "2021-07") // read anew: a time without a zone is Korea's, not the host's
		for at := instant(t, "2021-07-19 20:00"); at < instant(t, "2021-07-20 18:00"); at += 60 {
			forms := []time.Time{time.Unix(at, 0), time.Unix(at, 0).UTC(), time.Unix(at, 0).In(subject.Seoul)}
			atThree(t, s, forms[at/60%3]) // in turn
		}
		cases, err := ReadCases(strings.NewReader("birth_date,at\n1967-01-01,2021-07-20 02:00\n1968-12-31,2021-07-20T03:00\n1968-02-29,2021-07-20 08:59:59\n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range Preview(s, cases) {
			if !slices.Equal(a.Openings, []string{"2021-07-19"}) {
				t.Errorf("host in %s: born %v at %v is admitted to %v", zone, a.Birth, a.At, a.Openings)
			}
		}
	}
}

func atThree(t *testing.T, s *Schedule, now time.Time) {
	t.Helper()
	for _, birth := range []subject.Date{{Year: 1967, Month: 1, Day: 1}, {Year: 1967, Month: 12, Day: 31}, {Year: 1968, Month: 2, Day: 29}, {Year: 1968, Month: 12, Day: 31}} {
		if d := s.Decide(birth, nil, now, nil); !d.Eligible || d.Code != CodeOpenNow || d.Opening.ID != "2021-07-19" {
			t.Fatalf("born %v at %v (host %v): %s %s", birth, now, time.Local, d.Code, d.Reason("en"))
		}
	}
	for _, birth := range []subject.Date{{Year: 1966, Month: 12, Day: 31}, {Year: 1969, Month: 1, Day: 1}} {
		if d := s.Decide(birth, nil, now, nil); d.Opening != nil && d.Opening.ID == "2021-07-19" {
			t.Fatalf("born %v was let in with those born in 1967 and 1968 at %v", birth, now)
		}
	}
}
