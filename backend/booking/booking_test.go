package booking_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
)

func TestNumbersSurviveBeingTyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		no := booking.NewNumber()
		if len(no) != 11 || no[5] != '-' {
			t.Fatalf("number %q", no)
		}
		typed := no
		if rapid.Bool().Draw(t, "lower") {
			typed = strings.ToLower(typed)
		}
		if rapid.Bool().Draw(t, "plain") {
			typed = strings.ReplaceAll(typed, "-", "")
		}
		if rapid.Bool().Draw(t, "letters for digits") {
			typed = strings.NewReplacer("0", "o", "1", "l").Replace(typed)
		}
		if got, ok := booking.ParseNumber(" " + typed + " "); !ok || got != no {
			t.Fatalf("%q reads %q", typed, got)
		}
	})
	for _, bad := range []string{"", "ABCDE", "ABCDE-2345", "ABCDE-234567", "ABCDE-2345U", "ABCDE-2345é", strings.Repeat("A", 1000), strings.Repeat("-", 41)} {
		if got, ok := booking.ParseNumber(bad); ok {
			t.Errorf("%.20q reads %q", bad, got)
		}
	}
}

func FuzzParseNumber(f *testing.F) {
	f.Add("ABCDE-23456")
	f.Add("abcde2345o")
	f.Fuzz(func(t *testing.T, s string) {
		no, ok := booking.ParseNumber(s)
		if !ok {
			return
		}
		if again, ok := booking.ParseNumber(no); !ok || again != no {
			t.Fatalf("%q reads %q, that reads %q", s, no, again)
		}
	})
}

func TestNumbersDoNotRepeat(t *testing.T) {
	seen := map[string]bool{}
	for range 100_000 {
		no := booking.NewNumber()
		if seen[no] {
			t.Fatalf("%s twice", no)
		}
		seen[no] = true
	}
}

func TestMasks(t *testing.T) {
	for in, want := range map[string]string{"": "", "김": "김", "김수": "김*", "홍길동": "홍*동", "남궁민수": "남**수", "Ann Lee": "A*****e"} {
		if got := booking.MaskName(in); got != want {
			t.Errorf("name %q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"01000001234": "010-****-1234", "0200001234": "020-***-1234", "1234": "****"} {
		if got := booking.MaskPhone(in); got != want {
			t.Errorf("phone %q: %q, want %q", in, got, want)
		}
	}
}

func TestChangeByIsTwoDaysBefore(t *testing.T) {
	want := time.Date(2021, 7, 24, 23, 59, 59, 0, subject.Seoul)
	for _, slot := range []time.Time{
		time.Date(2021, 7, 26, 0, 0, 0, 0, subject.Seoul),
		time.Date(2021, 7, 26, 9, 30, 0, 0, subject.Seoul).UTC(),
		time.Date(2021, 7, 26, 23, 30, 0, 0, subject.Seoul),
	} {
		if got := booking.ChangeBy(slot); !got.Equal(want) {
			t.Errorf("slot %v: %v, want %v", slot, got, want)
		}
	}
}
