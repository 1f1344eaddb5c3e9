package cohort

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/daemun/daemun/backend/subject"
)

// maxFile bounds a schedule file, in bytes. A campaign with a hundred openings needs a tenth of it.
const maxFile = 1 << 20

var idPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const maxID = 64

// Parse reads a schedule file and checks everything in it. A refusal is a *ScheduleError.
//
// Keys that the shape does not know are refused, because a misspelt "roster" would otherwise open a cohort to all.
// Times are RFC 3339 with their zone, or without one as 2021-07-19 20:00 in Korea time.
func Parse(data []byte) (*Schedule, error) {
	if len(data) > maxFile {
		return nil, &ScheduleError{Line: 1, Column: 1, Ko: "파일이 1 MiB보다 큽니다. 일정을 나누어 주세요.",
			En: "the file is larger than 1 MiB; split the schedule"}
	}
	r := newReader(data)
	var f scheduleFile
	if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil {
		return nil, yamlError(err)
	}
	s := r.schedule(f)
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

func yamlError(err error) *ScheduleError {
	e := &ScheduleError{Line: 1, Column: 1, En: err.Error(), Ko: "YAML 문법에 맞지 않습니다. 들여쓰기와 따옴표를 확인해 주세요."}
	var y yaml.Error
	if !errors.As(err, &y) {
		return e
	}
	e.En = y.GetMessage()
	if t := y.GetToken(); t != nil && t.Position != nil {
		e.Line, e.Column = max(1, t.Position.Line), max(1, t.Position.Column)
	}
	var unknown *yaml.UnknownFieldError
	var duplicate *yaml.DuplicateKeyError
	var kind *yaml.TypeError
	var overflow *yaml.OverflowError
	switch {
	case errors.As(err, &unknown):
		e.Ko = "알 수 없는 항목입니다. 철자를 확인하거나 지워 주세요."
		e.En += ": check the spelling or remove it"
	case errors.As(err, &duplicate):
		e.Ko = "같은 항목이 두 번 적혀 있습니다. 하나만 남겨 주세요."
		e.En += ": keep one of the two"
	case errors.As(err, &kind), errors.As(err, &overflow):
		e.Ko = "값의 형식이 이 항목에 맞지 않습니다. 문서의 예를 따라 주세요."
		e.En = "the value has the wrong form for this key; follow the example in the documentation"
	}
	return e
}

func (r *reader) schedule(f scheduleFile) *Schedule {
	s := &Schedule{Version: f.Version, Name: f.Name, NameEn: f.NameEn}
	if f.Version == 0 {
		r.fail("$.version", "일정의 버전(version)을 1 이상으로 적어 주세요.", "give the schedule a version of 1 or more")
	}
	if f.Name == "" {
		r.fail("$.name", "일정의 이름(name)을 적어 주세요.", "give the schedule a name")
	}
	if len(f.Openings) == 0 {
		r.fail("$.openings", "개통(openings)을 하나 이상 적어 주세요.", "list at least one opening under openings")
	}
	openings, cohorts := newIDs("개통", "opening"), newIDs("대상군", "cohort")
	for i, of := range f.Openings {
		at := fmt.Sprintf("$.openings[%d]", i)
		r.id(openings, at, of.ID)
		s.Openings = append(s.Openings, r.opening(at, of, cohorts))
	}
	return s
}

func (r *reader) opening(at string, f openingFile, cohorts *ids) Opening {
	o := Opening{
		ID: f.ID, Name: f.Name, NameEn: f.NameEn, Order: Order(f.Order), Proxy: f.Proxy, Vaccine: f.Vaccine,
		Stock: f.Stock, DoseIntervalDays: f.DoseIntervalDays,
		LobbyAt: r.time(at, "lobby_at", f.LobbyAt), OpensAt: r.time(at, "opens_at", f.OpensAt), ClosesAt: r.time(at, "closes_at", f.ClosesAt),
	}
	if f.Name == "" {
		r.fail(at+".name", "개통의 이름(name)을 적어 주세요.", "give the opening a name")
	}
	if !o.LobbyAt.Before(o.OpensAt) {
		r.fail(at+".lobby_at", "대기실(lobby_at)은 개통(opens_at)보다 먼저 열려야 합니다. 두 시각을 확인해 주세요.",
			"the lobby must open before the opening: check lobby_at and opens_at")
	}
	if !o.OpensAt.Before(o.ClosesAt) {
		r.fail(at+".closes_at", "마감(closes_at)은 개통(opens_at)보다 뒤여야 합니다. 두 시각을 확인해 주세요.",
			"the opening must close after it opens: check opens_at and closes_at")
	}
	if o.Order == "" {
		o.Order = OrderDraw
	}
	if o.Order != OrderDraw && o.Order != OrderArrival {
		r.fail(at+".order", "순서(order)는 draw(추첨) 또는 arrival(도착 순)로 적어 주세요.", "write order as draw or arrival")
	}
	if o.Vaccine == "" {
		r.fail(at+".vaccine", "백신(vaccine)의 이름을 적어 주세요.", "name the vaccine")
	}
	if o.Stock < 1 {
		r.fail(at+".stock", "물량(stock)을 1회분 이상으로 적어 주세요.", "give a stock of at least 1 dose")
	}
	if o.DoseIntervalDays < 0 || o.DoseIntervalDays > 365 {
		r.fail(at+".dose_interval_days", "접종 간격(dose_interval_days)은 0~365일로 적어 주세요.", "give a dose interval of 0 to 365 days")
	}
	if len(f.Cohorts) == 0 {
		r.fail(at+".cohorts", "대상군(cohorts)을 하나 이상 적어 주세요.", "list at least one cohort under cohorts")
	}
	for i, cf := range f.Cohorts {
		cat := fmt.Sprintf("%s.cohorts[%d]", at, i)
		r.id(cohorts, cat, cf.ID)
		o.Cohorts = append(o.Cohorts, r.cohort(cat, cf))
	}
	return o
}

func (r *reader) cohort(at string, f cohortFile) Cohort {
	c := Cohort{
		ID: f.ID, Name: f.Name, NameEn: f.NameEn, Roster: f.Roster, BirthDayDigits: f.BirthDayDigits,
		BornFrom: r.date(at, "born_from", f.BornFrom), BornTo: r.date(at, "born_to", f.BornTo),
	}
	if f.Name == "" {
		r.fail(at+".name", "대상군의 이름(name)을 적어 주세요.", "give the cohort a name")
	}
	if c.BornFrom.IsZero() && c.BornTo.IsZero() {
		r.fail(at, "출생일 범위(born_from, born_to)를 하나 이상 적어 주세요.", "give born_from, born_to or both")
	}
	if !c.BornFrom.IsZero() && !c.BornTo.IsZero() && c.BornTo.Before(c.BornFrom) {
		r.fail(at+".born_to", "born_to가 born_from보다 앞섭니다. 두 날짜를 바꿔 적었는지 확인해 주세요.",
			"born_to lies before born_from: have the two been swapped?")
	}
	r.digits(at, f.BirthDayDigits)
	return c
}

func (r *reader) digits(at string, digits []int) {
	var seen [10]bool
	for i, d := range digits {
		path := fmt.Sprintf("%s.birth_day_digits[%d]", at, i)
		switch {
		case d < 0 || d > 9:
			r.fail(path, "출생일 끝자리(birth_day_digits)는 0~9의 숫자로 적어 주세요.", "write the last digits of the birth day as 0 to 9")
			return
		case seen[d]:
			r.fail(path, "같은 끝자리가 두 번 적혀 있습니다. 하나를 지워 주세요.", "the same digit stands there twice: remove one")
			return
		}
		seen[d] = true
	}
}

func (r *reader) date(at, key, text string) subject.Date {
	if text == "" {
		return subject.Date{}
	}
	d, err := subject.ParseDate(text)
	if err != nil {
		r.fail(at+"."+key, fmt.Sprintf("%s의 %q은(는) 날짜가 아닙니다. 1967-03-01처럼 적어 주세요.", key, text),
			fmt.Sprintf("%s: %q is not a date: write it like 1967-03-01", key, text))
	}
	return d
}

func (r *reader) time(at, key, text string) time.Time {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.In(subject.Seoul)
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, subject.Seoul); err == nil {
			return t
		}
	}
	r.fail(at+"."+key, fmt.Sprintf("%s의 시각 %q을(를) 읽을 수 없습니다. 2021-07-19 20:00(한국 시각) 또는 2021-07-19T20:00:00+09:00처럼 적어 주세요.", key, text),
		fmt.Sprintf("%s: cannot read the time %q: write 2021-07-19 20:00 (Korea time) or 2021-07-19T20:00:00+09:00", key, text))
	return time.Time{}
}
