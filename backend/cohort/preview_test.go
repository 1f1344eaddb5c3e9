package cohort

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPreview(t *testing.T) {
	cases, err := ReadCases(strings.NewReader("\ufeffat,birth_date,note\n" +
		"2021-07-19 19:59:59,1967-03-01,before\n" +
		"2021-07-19 20:00,1967-03-01,opens\n" +
		"2021-07-19T18:00:00Z,1968-12-31,three in the morning\n" +
		"2021-07-20T17:59:59+09:00,1967-03-01,last second\n" +
		"2021-07-20T18:00:00+09:00,1967-03-01,closed\n" +
		"2021-07-21T20:00,1971-12-31,everybody of 50 to 54\n" +
		"2021-07-21T20:00,1962-01-01,55 to 59 go on\n" +
		"2021-07-21T20:00,1972-01-01,too young\n"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.MarshalIndent(Preview(shippedSchedule(t, "2021-07"), cases), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "preview.json", string(data)+"\n")
}

func TestReadCasesRefusals(t *testing.T) {
	var got strings.Builder
	for _, text := range []string{"", "birth,at\n", "birth_date,at\n1967-02-30,2021-07-19 20:00\n", "birth_date,at\n1967-02-03,tomorrow\n",
		"birth_date,at\n1967-02-03,9999-12-31T23:59:00Z\n",
		"birth_date,at\n1967-02-03\n", "birth_date,at\n\"1967-02-03,2021-07-19 20:00\n"} {
		_, err := ReadCases(strings.NewReader(text))
		var refused *CaseError
		if !errors.As(err, &refused) {
			t.Errorf("%q: %v, want a CaseError", text, err)
			continue
		}
		fmt.Fprintf(&got, "%q\n  %s\n", text, strings.ReplaceAll(refused.Error(), " / ", "\n  "))
	}
	golden(t, "case-refusals.txt", got.String())
}

// What a preview promises is what Decide does: who is open now is admitted, and nobody else.
func TestPreviewAgreesWithDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule.Draw(t, "schedule")
		birth := anyDay.Draw(t, "birth")
		for _, now := range boundaries(s) {
			admitted := Preview(s, []Case{{birth, now}})[0].Openings
			d := s.Decide(birth, nil, now, nil)
			if (d.Code == CodeOpenNow) != (len(admitted) > 0) {
				t.Fatalf("born %v at %v: preview %v, decision %s", birth, now, admitted, d.Code)
			}
			if d.Code == CodeOpenNow && !slices.Contains(admitted, d.Opening.ID) {
				t.Fatalf("born %v at %v: preview %v without %s", birth, now, admitted, d.Opening.ID)
			}
		}
	})
}

func FuzzReadCases(f *testing.F) {
	f.Add("birth_date,at\n1967-02-03,2021-07-19 20:00\n")
	f.Add("at,birth_date\n\"\n")
	s := shippedSchedule(f, "2021-07")
	f.Fuzz(func(t *testing.T, text string) {
		cases, err := ReadCases(strings.NewReader(text))
		var refused *CaseError
		if err != nil && (!errors.As(err, &refused) || refused.Line < 1) {
			t.Fatalf("%q: %v", text, err)
		}
		if _, err := json.Marshal(Preview(s, cases)); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
