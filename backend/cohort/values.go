package cohort

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/daemun/daemun/backend/subject"
)

// maxText bounds names, in letters: they stand on buttons and in text messages.
const maxText = 100

func (r *reader) names(at, ko, en string) {
	r.text(at, "name", ko, true)
	r.text(at, "name_en", en, false)
}

func (r *reader) text(at, key, text string, required bool) {
	path := at + "." + key
	switch {
	case text == "" && required:
		r.fail(path, key+" 항목을 적어 주세요.", "give a "+key)
	case utf8.RuneCountInString(text) > maxText:
		r.fail(path, fmt.Sprintf("%s 항목은 %d자까지 적어 주세요.", key, maxText), fmt.Sprintf("keep %s within %d letters", key, maxText))
	case !utf8.ValidString(text) || strings.TrimSpace(text) != text || strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }):
		r.fail(path, key+" 항목에는 줄바꿈이나 보이지 않는 글자, 앞뒤 빈칸을 쓰지 마세요.",
			"write "+key+" on one line, without invisible characters or outer spaces")
	}
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

// maxLists bounds how many lists a schedule names, because every gateway holds them all.
const maxLists = 8

// lists checks the names of a cohort's lists. `list: roster` becomes `roster: true`, so that one rule has one form.
func (r *reader) lists(at string, c *Cohort) {
	if c.List != "" {
		r.listName(at+".list", c.List)
		if c.Roster {
			r.fail(at+".list", "roster: true와 list는 함께 쓸 수 없습니다. 하나만 남겨 주세요.", "roster: true and list cannot stand together: keep one of them")
		}
		if c.List == RosterList {
			c.Roster, c.List = true, ""
		}
	}
	if len(c.Except) == 0 {
		c.Except = nil // however it was written
	}
	for i, list := range c.Except {
		path := fmt.Sprintf("%s.except[%d]", at, i)
		r.listName(path, list)
		switch {
		case list == c.Wanted():
			r.fail(path, fmt.Sprintf("명단 %q에 있어야 하면서 동시에 없어야 합니다. list와 except 중 하나를 고쳐 주세요.", list),
				fmt.Sprintf("people would have to be on the list %q and not on it: change list or except", list))
		case slices.Contains(c.Except[:i], list):
			r.fail(path, "같은 명단이 두 번 적혀 있습니다. 하나를 지워 주세요.", "the same list stands there twice: remove one")
		}
	}
}

func (r *reader) listName(path, name string) {
	if !ValidListName(name) {
		r.fail(path, "명단 이름은 영문 소문자와 숫자, 붙임표로 64자까지 적어 주세요. 예: covered-elsewhere",
			"write the name of a list in lower-case letters, digits and single hyphens, at most 64, such as covered-elsewhere")
	}
}

// ValidListName reports whether a list can have that name; it is safe as the name of a file.
func ValidListName(name string) bool { return len(name) <= maxID && idPattern.MatchString(name) }

func (r *reader) countLists(s *Schedule) {
	if n := len(s.Lists()); n > maxLists {
		r.fail("$.openings", fmt.Sprintf("명단이 %d개 쓰였습니다. %d개까지 쓸 수 있으니 명단을 합쳐 주세요.", n, maxLists),
			fmt.Sprintf("the schedule names %d lists; the most is %d: put some together", n, maxLists))
	}
}

func (r *reader) date(at, key, text string) subject.Date {
	if text == "" {
		return subject.Date{}
	}
	d, err := subject.ParseDate(text)
	if err != nil {
		r.fail(at+"."+key, fmt.Sprintf("%s: 달력에 있는 날짜가 아닙니다(%q). 1967-03-01처럼 적어 주세요.", key, text),
			fmt.Sprintf("%s: %q is not a date: write it like 1967-03-01", key, text))
	}
	return d
}

// Years outside are slips of the pen.
const firstYear, lastYear = 2000, 2100

func (r *reader) time(at, key, text string) time.Time {
	t, ok := ParseTime(text)
	switch {
	case text == "":
		r.fail(at+"."+key, key+" 항목에 시각을 적어 주세요. 예: 2021-07-19 20:00 (한국 시각)",
			"give "+key+" a time, such as 2021-07-19 20:00 (Korea time)")
	case ok && (t.Year() < firstYear || t.Year() > lastYear):
		r.fail(at+"."+key, fmt.Sprintf("%s: 연도가 %d~%d년을 벗어납니다(%q). 연도를 확인해 주세요.", key, firstYear, lastYear, text),
			fmt.Sprintf("%s: the year of %q is not within %d to %d; check it", key, text, firstYear, lastYear))
	}
	if ok {
		return t
	}
	r.fail(at+"."+key, fmt.Sprintf("%s: 시각을 읽을 수 없습니다(%q). 2021-07-19 20:00(한국 시각) 또는 2021-07-19T20:00:00+09:00처럼 적어 주세요.", key, text),
		fmt.Sprintf("%s: cannot read the time %q: write 2021-07-19 20:00 (Korea time) or 2021-07-19T20:00:00+09:00", key, text))
	return time.Time{}
}

// ParseTime reads an instant as people write it in schedules and case files: RFC 3339 with a zone, or without one, as
// 2021-07-19 20:00 or 2021-07-19T20:00, in Korea time. The time comes back in Korea time.
func ParseTime(text string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		t = t.In(subject.Seoul)
		return t, t.Year() >= 1 && t.Year() <= 9999 // what can be written again
	}
	text = strings.Replace(text, "T", " ", 1)
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, subject.Seoul); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
