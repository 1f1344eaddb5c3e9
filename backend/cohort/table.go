package cohort

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/daemun/daemun/backend/subject"
)

// Table shows the schedule as a table of text that an official can check line by line: which opening, when, and who.
// lang is "en" for English, anything else for Korean. Each cohort is a row. All times are Korea time.
func (s *Schedule) Table(lang string) string {
	rows := [][]string{{"개통", "대기실", "예약 시작", "예약 마감", "대상", "출생일", "명단", "백신", "물량"}}
	title := fmt.Sprintf("%s (버전 %d, 시각은 한국 시각)", s.Name, s.Version)
	if lang == "en" {
		rows[0] = []string{"opening", "lobby", "opens", "closes", "who", "born", "lists", "vaccine", "doses"}
		title = fmt.Sprintf("%s (version %d, times in Korea time)", either(s.NameEn, s.Name), s.Version)
	}
	for i := range s.Openings {
		rows = append(rows, s.Openings[i].rows(lang)...)
	}
	return title + "\n\n" + align(rows)
}

func (o *Opening) rows(lang string) [][]string {
	var rows [][]string
	for i := range o.Cohorts {
		row := make([]string, 9)
		if i == 0 {
			row = o.row(lang)
		}
		o.Cohorts[i].fill(row, lang)
		rows = append(rows, row)
	}
	return rows
}

func (o *Opening) row(lang string) []string {
	show := TimeKo
	if lang == "en" {
		show = func(t time.Time) string { return t.In(subject.Seoul).Format("Mon 2 Jan 15:04") }
	}
	closes := show(o.ClosesAt)
	if subject.DateOf(o.ClosesAt) == subject.DateOf(o.OpensAt).AddDays(1) {
		closes = nextDay(lang) + clock(o.ClosesAt.In(subject.Seoul))
	}
	return []string{o.ID, show(o.LobbyAt), show(o.OpensAt), closes, "", "", "", o.Vaccine, thousands(o.Stock)}
}

// nextDay says plainly that a window goes on over midnight.
func nextDay(lang string) string {
	if lang == "en" {
		return "next day "
	}
	return "다음 날 "
}

func (c *Cohort) fill(row []string, lang string) {
	row[4], row[5], row[6] = c.Name, c.bornKo(), either(c.listsKo(), "누구나")
	if lang == "en" {
		row[4], row[5], row[6] = c.nameEn(), c.bornEn(), either(c.listsEn(), "anybody")
	}
}

// bornKo is which birth dates belong to the cohort, for a place that says that it is about birth dates.
func (c *Cohort) bornKo() string {
	return strings.TrimSuffix(c.span().ko(), " 출생") + c.digits().ko()
}

func (c *Cohort) bornEn() string { return strings.TrimPrefix(c.span().en(), "born ") + c.digits().en() }

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// align pads by the width that letters take on a terminal, where a Korean one is two columns wide.
func align(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-columns(cell)+2))
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.String()
}

func columns(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n++
		}
	}
	return n
}
