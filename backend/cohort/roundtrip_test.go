package cohort

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/subject"
)

func TestMarshalledScheduleParsesToItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule.Draw(t, "schedule")
		data, err := s.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Parse(data)
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		if !reflect.DeepEqual(back, s) {
			t.Fatalf("came back otherwise:\n%s\n%+v", data, back)
		}
	})
}

// Lint's verdicts, by trying every birth date.
func TestLintAgreesWithEveryBirthDate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule.Draw(t, "schedule")
		first, last := subject.Date{Year: 1958, Month: 1, Day: 1}, subject.Date{Year: 1963, Month: 1, Day: 1}
		reached := map[string]bool{}
		var inSome []bool
		for d := first; d.Before(last); d = d.AddDays(1) {
			some := false
			for i := range s.Openings {
				some = some || s.Openings[i].CohortOf(d, nil) != nil
				for on := range 1 << len(listNames) {
					if c := s.Openings[i].CohortOf(d, listsOf(on)); c != nil {
						reached[c.ID] = true
					}
				}
			}
			inSome = append(inSome, some)
		}
		gaps, unreachable := 0, map[string]bool{}
		for _, f := range Lint(s) {
			switch f.Code {
			case FindingGap:
				gaps++
			case FindingUnreachable:
				unreachable[f.Cohort] = true
			}
		}
		for _, o := range s.Openings {
			for _, c := range o.Cohorts {
				if reached[c.ID] == unreachable[c.ID] {
					t.Fatalf("cohort %s: reached %v, said to be unreachable %v", c.ID, reached[c.ID], unreachable[c.ID])
				}
			}
		}
		if want := hasGap(s, first, inSome); (gaps > 0) != want {
			t.Fatalf("%d gaps found, gap there: %v", gaps, want)
		}
	})
}

// listsOf is somebody who is on those of listNames whose bit is set.
func listsOf(on int) Lists {
	return func(list string) bool { return on>>slices.Index(listNames, list)&1 == 1 }
}

// hasGap looks for a day without an opening between the first and the last birth date that the cohorts name.
func hasGap(s *Schedule, first subject.Date, inSome []bool) bool {
	var from, to subject.Date
	for i := range s.Openings {
		for j := range s.Openings[i].Cohorts {
			part := s.Openings[i].Cohorts[j].span()
			if from.IsZero() || part.from.Before(from) {
				from = part.from
			}
			if to.IsZero() || to.Before(part.to) {
				to = part.to
			}
		}
	}
	for i, some := range inSome {
		d := first.AddDays(i)
		if !some && !d.Before(from) && !to.Before(d) {
			return true
		}
	}
	return false
}

func FuzzParseSchedule(f *testing.F) {
	for _, name := range ShippedNames() {
		data, err := Shipped(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(small))
	f.Add([]byte(doubtful))
	f.Add([]byte(strings.Replace(small, "roster: true", "list: first-aiders\n        except: [covered-elsewhere, roster]", 1)))
	f.Add([]byte(strings.Replace(small, "roster: true", "list: roster\n        except: []", 1)))
	f.Add([]byte(strings.Replace(small, "roster: true", "roster: true\n        list: roster\n        except: [[roster], ../x]", 1)))
	f.Add([]byte("version: 1\nname: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data)
		if err != nil {
			var refused *ScheduleError
			if !errors.As(err, &refused) || refused.Line < 1 || refused.Column < 1 || refused.Ko == "" || refused.En == "" {
				t.Fatalf("refused with %#v", err)
			}
			return
		}
		LintAt(s, s.Openings[0].OpensAt)
		s.Table("ko")
		wellFormed(t, s.Picture("en"))
		if found := Impacts(s, s, time.Time{}); len(found) > 0 {
			t.Fatalf("a schedule takes something from itself: %v", found)
		}
		text, err := s.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Parse(text)
		if err != nil || !reflect.DeepEqual(s, back) {
			t.Fatalf("came back otherwise: %v\n%s", err, text)
		}
	})
}
