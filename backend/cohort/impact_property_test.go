package cohort

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/subject"
)

// halfHours are the half hours of the schedules' days, one bit each, in which something holds.
type halfHours [2]uint64

// mayBook says for every half hour whether a person may book.
func mayBook(s *Schedule, birth subject.Date, lists Lists, at time.Time) (out halfHours) {
	start := time.Date(2021, 7, 11, 22, 0, 0, 0, subject.Seoul)
	for i := range s.Openings {
		o := &s.Openings[i]
		if o.CohortOf(birth, lists) == nil {
			continue
		}
		from := o.OpensAt
		if from.Before(at) {
			from = at
		}
		for now := from; now.Before(o.ClosesAt); now = now.Add(30 * time.Minute) {
			half := int(now.Sub(start) / (30 * time.Minute))
			out[half/64] |= 1 << (half % 64)
		}
	}
	return out
}

func loses(before, after halfHours) bool { return before[0]&^after[0] != 0 || before[1]&^after[1] != 0 }

// Somebody loses by what Impacts says exactly where somebody is found who does, and nothing is said where nothing changes.
func TestImpactsAgreeWithEveryBirthDate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := anySchedule.Draw(t, "before"), anySchedule.Draw(t, "after")
		if rapid.IntRange(0, 3).Draw(t, "near") > 0 {
			after = near(t, before)
		}
		at := time.Time{}
		if rapid.Bool().Draw(t, "late") {
			at = anyInstant.Draw(t, "at")
		}
		first, last := subject.Date{Year: 1959, Month: 11, Day: 20}, subject.Date{Year: 1961, Month: 3, Day: 1}
		impacts := Impacts(before, after, at)
		said := map[string]bool{} // who, as lostBy names them
		for _, i := range impacts {
			if i.Loses != (len(i.losses) > 0) || i.Ko == "" || i.En == "" {
				t.Fatalf("an impact that says half: %+v", i)
			}
		}
		for _, lost := range lostBy(impacts) {
			said[strings.Split(lost, " | ")[0]] = true
		}
		for birth := first; birth.Before(last); birth = birth.AddDays(1) {
			for on := range 1 << len(listNames) {
				old, now := mayBook(before, birth, listsOf(on), at), mayBook(after, birth, listsOf(on), at)
				listed := false
				for who := range said {
					listed = listed || isAmong(t, who, birth, on)
				}
				if loses(old, now) != listed {
					t.Fatalf("born %v, on %03b: %x became %x, said to lose: %v by %v", birth, on, old, now, listed, said)
				}
			}
		}
	})
}

// isAmong reads the form in which lostBy names people: from..to digits +list -list; …
func isAmong(t *rapid.T, who string, birth subject.Date, on int) bool {
	for _, region := range strings.Split(who, "; ") {
		fields := strings.Fields(region)
		from, to, ok := strings.Cut(fields[0], "..")
		if !ok {
			t.Fatalf("people %q", who)
		}
		fits := birth.String() >= from && birth.String() <= to
		for _, f := range fields[1:] {
			switch f[0] {
			case '+', '-':
				fits = fits && listsOf(on)(f[1:]) == (f[0] == '+')
			default:
				fits = fits && slices.Contains(strings.Split(f, "·"), fmt.Sprint(birth.Day%10))
			}
		}
		if fits {
			return true
		}
	}
	return false
}

// near makes a schedule like another one, with the changes that officials make.
func near(t *rapid.T, s *Schedule) *Schedule {
	out := &Schedule{Version: s.Version, Name: s.Name, Openings: slices.Clone(s.Openings)}
	for i := range out.Openings {
		o := &out.Openings[i]
		o.Cohorts = slices.Clone(o.Cohorts)
		switch rapid.IntRange(0, 5).Draw(t, "change") {
		case 0:
			by := time.Duration(rapid.IntRange(-4, 4).Draw(t, "by")) * 30 * time.Minute
			o.LobbyAt, o.OpensAt, o.ClosesAt = o.LobbyAt.Add(by), o.OpensAt.Add(by), o.ClosesAt.Add(by)
		case 1:
			c := &o.Cohorts[0]
			*c = anyCohort(t, c.ID)
		case 2:
			o.ID += "-b"
		case 3:
			o.Proxy, o.Stock = !o.Proxy, o.Stock+1
		}
	}
	return out
}

func TestImpactsOfTheSameScheduleAreNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule.Draw(t, "schedule")
		other := &Schedule{Version: s.Version + 1, Name: "다른 이름", Openings: slices.Clone(s.Openings)}
		for i := range other.Openings {
			other.Openings[i].ID += "-renamed"
		}
		if found := Impacts(s, other, time.Time{}); len(found) > 0 {
			t.Fatalf("the same rights under other ids: %v", found)
		}
	})
}

// The code stands for the losses alone: a gain beside them leaves it, another loss does not.
func TestAcknowledgementStandsForTheLosses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := anySchedule.Draw(t, "before")
		after := near(t, before)
		impacts := Impacts(before, after, time.Time{})
		code := Acknowledgement(impacts)
		if (code != "") != slices.ContainsFunc(impacts, func(i Impact) bool { return i.Loses }) || code != "" && len(code) != 8 {
			t.Fatalf("the code %q for %v", code, impacts)
		}
		if again := Impacts(before, after, time.Time{}); !reflect.DeepEqual(again, impacts) {
			t.Fatalf("told otherwise the second time: %v, %v", impacts, again)
		}
		if code == "" {
			return
		}
		more := *after
		gain := before.Openings[0]
		gain.ID, gain.LobbyAt, gain.OpensAt, gain.ClosesAt = "gained", july(25, 9), july(25, 10), july(25, 11)
		gain.Cohorts = []Cohort{{ID: "all", Name: "모두", BornFrom: subject.Date{Year: 1900, Month: 1, Day: 1}}}
		more.Openings = append(slices.Clone(after.Openings), gain)
		lost := func(impacts []Impact) []string {
			return slices.DeleteFunc(lostBy(impacts), func(l string) bool { return strings.HasSuffix(l, nothing) })
		}
		if got, want := lost(Impacts(before, &more, time.Time{})), lost(impacts); !slices.Equal(got, want) {
			t.Fatalf("a gain changed the losses from %q to %q", want, got)
		}
		if less := Acknowledgement(impacts[:0]); less != "" {
			t.Fatalf("no impact, code %q", less)
		}
	})
}
