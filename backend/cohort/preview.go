package cohort

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// Case asks whom a schedule admits: a person by birth date, at an instant.
type Case struct {
	Birth subject.Date `json:"birth_date"`
	At    time.Time    `json:"at"`
}

// Answer is a Case with the IDs of the openings, in the order of the schedule, that admit the person at that instant.
// The person is taken to be on the lists that are asked for and on none that is left out.
type Answer struct {
	Case
	Openings []string `json:"openings"` // never nil
}

// Preview answers every case: an opening admits from the instant it opens up to, not including, the one it closes.
func Preview(s *Schedule, cases []Case) []Answer {
	answers := make([]Answer, len(cases))
	for i, c := range cases {
		answers[i] = Answer{Case: c, Openings: []string{}}
		for j := range s.Openings {
			o := &s.Openings[j]
			if o.CohortOf(c.Birth, nil) != nil && o.Window().code(c.At) == CodeOpenNow {
				answers[i].Openings = append(answers[i].Openings, o.ID)
			}
		}
	}
	return answers
}

// CaseError refuses a file of cases. Line counts from 1, the header included.
type CaseError struct {
	Line int
	Ko   string
	En   string
}

func (e *CaseError) Error() string {
	return fmt.Sprintf("%d행: %s / line %d: %s", e.Line, e.Ko, e.Line, e.En)
}

// ReadCases reads a CSV file with the header birth_date,at (further columns are ignored); for the forms of at see
// ParseTime. A refusal of the content is a *CaseError.
func ReadCases(r io.Reader) ([]Case, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, caseReadError(err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff") // spreadsheets begin UTF-8 files so
	birth, at := slices.Index(header, "birth_date"), slices.Index(header, "at")
	if birth < 0 || at < 0 {
		return nil, &CaseError{1, "첫 줄에 birth_date와 at 열이 있어야 합니다.", "the first line must name the columns birth_date and at"}
	}
	var cases []Case
	for {
		row, err := in.Read()
		if err == io.EOF {
			return cases, nil
		}
		if err != nil {
			return nil, caseReadError(err)
		}
		line, _ := in.FieldPos(0)
		c, err := parseCase(line, row[birth], row[at])
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
}

func parseCase(line int, birth, at string) (Case, error) {
	d, err := subject.ParseDate(strings.TrimSpace(birth))
	if err != nil {
		return Case{}, &CaseError{line, fmt.Sprintf("생년월일을 읽을 수 없습니다(%q). 1967-03-01처럼 적어 주세요.", birth),
			fmt.Sprintf("birth_date: %v", err)}
	}
	t, ok := ParseTime(strings.TrimSpace(at))
	if !ok {
		return Case{}, &CaseError{line, fmt.Sprintf("시각을 읽을 수 없습니다(%q). 2021-07-19 20:00(한국 시각)처럼 적어 주세요.", at),
			fmt.Sprintf("cannot read the time %q: write it like 2021-07-19 20:00 (Korea time)", at)}
	}
	return Case{Birth: d, At: t}, nil
}

func caseReadError(err error) error {
	if errors.Is(err, io.EOF) {
		return &CaseError{1, "파일이 비어 있습니다.", "the file is empty"}
	}
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		return &CaseError{bad.Line, "CSV 형식에 맞지 않습니다. 열의 수와 따옴표를 확인해 주세요.", "not well-formed CSV: " + bad.Err.Error()}
	}
	return fmt.Errorf("reading the cases: %w", err)
}
