package cohort

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

const small = `version: 3
name: 시험 일정
name_en: Test schedule
openings:
  - id: 2021-07-19
    name: 53–54세
    name_en: Ages 53–54
    lobby_at: 2021-07-19 19:30
    opens_at: 2021-07-19T20:00:00+09:00
    closes_at: 2021-07-20T18:00:00+09:00
    order: draw
    proxy: true
    vaccine: 모더나
    stock: 1500000
    dose_interval_days: 42
    cohorts:
      - id: born-1967-1968
        name: 53–54세 (1967–68년생)
        name_en: Ages 53–54 (born 1967–68)
        born_from: 1967-01-01
        born_to: 1968-12-31
        roster: true
`

func TestParseReadsTimesAsKoreaTime(t *testing.T) {
	s, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	o := s.Opening("2021-07-19")
	if o == nil {
		t.Fatal("the opening is missing")
	}
	if want := time.Date(2021, 7, 19, 10, 30, 0, 0, time.UTC); !o.LobbyAt.Equal(want) {
		t.Errorf("lobby at %v, want %v", o.LobbyAt, want)
	}
	if s.OpeningByNumber(o.Number()) != o {
		t.Error("the opening is not found by its number")
	}
	if c := o.CohortOf(subject.Date{Year: 1968, Month: 12, Day: 31}, nil); c == nil || c.ID != "born-1967-1968" {
		t.Errorf("cohort of the last birth date: %v", c)
	}
	if c := o.CohortOf(subject.Date{Year: 1969, Month: 1, Day: 1}, nil); c != nil {
		t.Errorf("the day after the last birth date belongs to %v", c.ID)
	}
}

func TestParseReadsAFileSavedOnWindows(t *testing.T) {
	want, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse([]byte("\ufeff" + strings.ReplaceAll(small, "\n", "\r\n")))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestParseRefusesAnUnknownKeyWithItsPlace(t *testing.T) {
	_, err := Parse([]byte("version: 3\nname: x\nrooster: true\n"))
	var refused *ScheduleError
	if !errors.As(err, &refused) || refused.Line != 3 || refused.Column != 1 {
		t.Fatalf("got %v, want a refusal at line 3, column 1", err)
	}
}

// Tickets and passes carry these numbers, so they must never come out otherwise: FNV-1a, 32 bits.
func TestNumbersAreFNV1a(t *testing.T) {
	for id, want := range map[string]uint32{"a": 0xe40c292c, "foobar": 0xbf9cf968} {
		if got := (Opening{ID: id}).Number(); got != want {
			t.Errorf("opening %s has number %x, want %x", id, got, want)
		}
		if got := (Cohort{ID: id}).Number(); got != want {
			t.Errorf("cohort %s has number %x, want %x", id, got, want)
		}
	}
	s := shippedSchedule(t, "2021-07")
	if s.OpeningByNumber(1) != nil || s.Opening("none") != nil || s.Openings[0].Cohort("none") != nil {
		t.Error("something was found that is not there")
	}
}

func TestShippedNamesWhatThereIs(t *testing.T) {
	if _, err := Shipped("2021-06"); err == nil || !strings.Contains(err.Error(), "2021-07") {
		t.Errorf("got %v, want an error that lists the schedules", err)
	}
}
