package cohort

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// What is usual. Beyond it lies mostly a slip of the pen, though it may be meant.
const (
	lobbyLeastUsual  = 5 * time.Minute // shorter, and people cannot get there
	lobbyMostUsual   = 24 * time.Hour
	windowLeastUsual = 30 * time.Minute
	windowMostUsual  = 60 * 24 * time.Hour
	stockLeastUsual  = 100        // doses
	stockMostUsual   = 52_000_000 // more than there are people in Korea
	apartMostUsual   = 180 * 24 * time.Hour
	oldestUsual      = 1900 // year of birth
)

func (o *Opening) finding(code, ko, en string) Finding {
	return Finding{Code: code, Opening: o.ID, Ko: fmt.Sprintf("개통 %s: %s", o.ID, ko), En: fmt.Sprintf("opening %s: %s", o.ID, en)}
}

// lintTimes looks at the lengths of lobby and window and at the stock.
func lintTimes(o *Opening) []Finding {
	var found []Finding
	add := func(code, ko, en string, args ...any) {
		found = append(found, o.finding(code, fmt.Sprintf(ko, args...), fmt.Sprintf(en, args...)))
	}
	lobby, window := o.OpensAt.Sub(o.LobbyAt), o.ClosesAt.Sub(o.OpensAt)
	switch {
	case lobby < lobbyLeastUsual:
		add(FindingLobby, "대기실이 개통 %.0f분 전에 열립니다. 들어올 시간이 너무 짧지 않은지 확인해 주세요.", "the lobby opens only %.0f min before booking; is that enough to get there?", lobby.Minutes())
	case lobby > lobbyMostUsual:
		add(FindingLobby, "대기실이 개통 %.0f시간 전에 열립니다. 날짜를 확인해 주세요.", "the lobby opens %.0f hours before booking; check the date", lobby.Hours())
	}
	switch {
	case window < windowLeastUsual:
		add(FindingWindow, "예약을 %.0f분 동안만 할 수 있습니다. 마감 시각을 확인해 주세요.", "people can book for %.0f min only; check when it closes", window.Minutes())
	case window > windowMostUsual:
		add(FindingWindow, "예약을 %.0f일 동안 할 수 있습니다. 마감 날짜를 확인해 주세요.", "people can book for %.0f days; check when it closes", window.Hours()/24)
	}
	switch {
	case o.Stock < stockLeastUsual:
		add(FindingStock, "물량이 %s회분뿐입니다. 단위를 확인해 주세요.", "the stock is only %s doses; check the unit", thousands(o.Stock))
	case o.Stock > stockMostUsual:
		add(FindingStock, "물량 %s회분은 우리나라 인구보다 많습니다. 자릿수를 확인해 주세요.", "the stock of %s doses is more than Korea has people; check the digits", thousands(o.Stock))
	}
	return found
}

// lintBirths looks at birth dates that hardly anybody has.
func lintBirths(o *Opening) []Finding {
	var found []Finding
	for i := range o.Cohorts {
		c := &o.Cohorts[i]
		add := func(ko, en string) {
			f := o.finding(FindingBirths, "대상군 "+c.ID+": "+ko, "cohort "+c.ID+": "+en)
			f.Cohort = c.ID
			found = append(found, f)
		}
		switch {
		case c.BornTo.IsZero():
			add("출생일의 끝(born_to)이 없어 오늘 태어난 아기까지 대상입니다. 의도한 것인지 확인해 주세요.", "without born_to even those born today belong to it; is that meant?")
		case subject.DateOf(o.OpensAt).Before(c.BornTo):
			add("출생일의 끝(born_to)이 개통일보다 뒤입니다. 연도를 확인해 주세요.", "born_to lies after the opening; check the year")
		}
		if !c.BornFrom.IsZero() && c.BornFrom.Year < oldestUsual {
			add("출생일의 시작(born_from)이 1900년보다 앞섭니다. 연도를 확인해 주세요.", "born_from lies before 1900; check the year")
		}
	}
	return found
}

var digitsInName = regexp.MustCompile(`(?:끝자리|ending in) *([0-9](?:[·,~\-–/ ]*[0-9])*)`)

// lintDigits compares the last digits that a name promises with those of the rule: of ten cohorts that were copied from
// one, the tenth is often left as it was.
func lintDigits(o *Opening) []Finding {
	var found []Finding
	for i := range o.Cohorts {
		c := &o.Cohorts[i]
		named := slices.Concat(digitsInName.FindAllString(c.Name, -1), digitsInName.FindAllString(c.NameEn, -1))
		if len(o.Cohorts) == 1 {
			named = append(named, digitsInName.FindAllString(o.Name, -1)...)
			named = append(named, digitsInName.FindAllString(o.NameEn, -1)...)
		}
		for _, name := range named {
			last := int(name[len(name)-1] - '0')
			if c.digits() != allDigits && slices.Contains(c.BirthDayDigits, last) {
				continue
			}
			f := o.finding(FindingDigits,
				fmt.Sprintf("대상군 %s: 이름(‘%s’)과 birth_day_digits가 서로 다릅니다. 둘 중 하나를 고쳐 주세요.", c.ID, name),
				fmt.Sprintf("cohort %s: the name says “%s”, but birth_day_digits does not have %d: change one of them", c.ID, name, last))
			f.Cohort = c.ID
			found = append(found, f)
			break
		}
	}
	return found
}

// lintIntervals finds openings that differ in the time to the second dose from most others of the same vaccine: it
// follows from the vaccine.
func lintIntervals(s *Schedule) []Finding {
	var found []Finding
	for i := range s.Openings {
		o := &s.Openings[i]
		days, of := usualInterval(s, o.Vaccine)
		if o.DoseIntervalDays == days {
			continue
		}
		found = append(found, o.finding(FindingInterval,
			fmt.Sprintf("접종 간격이 %d일인데, 같은 백신(%s)을 쓰는 다른 개통에서는 %d일입니다(예: %s). 확인해 주세요.", o.DoseIntervalDays, o.Vaccine, days, of),
			fmt.Sprintf("the doses are %d days apart, in other openings of the same vaccine (%s) %d, such as %s; check them", o.DoseIntervalDays, o.Vaccine, days, of)))
	}
	return found
}

// usualInterval is the interval that most openings of a vaccine have, the first of them where it is a tie, and the first
// opening that has it.
func usualInterval(s *Schedule, vaccine string) (days int, of string) {
	counts, first := map[int]int{}, map[int]string{}
	var order []int
	for _, o := range s.Openings {
		if o.Vaccine != vaccine {
			continue
		}
		if counts[o.DoseIntervalDays]++; counts[o.DoseIntervalDays] == 1 {
			order = append(order, o.DoseIntervalDays)
			first[o.DoseIntervalDays] = o.ID
		}
	}
	days = slices.MaxFunc(order, func(a, b int) int { return cmp.Compare(counts[a], counts[b]) })
	return days, first[days]
}

// lintSequence finds an opening half a year from all others, mostly one whose year is wrong.
func lintSequence(s *Schedule) []Finding {
	byTime := make([]*Opening, 0, len(s.Openings))
	for i := range s.Openings {
		byTime = append(byTime, &s.Openings[i])
	}
	slices.SortStableFunc(byTime, func(a, b *Opening) int { return a.OpensAt.Compare(b.OpensAt) })
	var found []Finding
	var closed time.Time
	for i, o := range byTime {
		if days := o.OpensAt.Sub(closed).Hours() / 24; i > 0 && o.OpensAt.Sub(closed) > apartMostUsual {
			found = append(found, o.finding(FindingFarApart,
				fmt.Sprintf("앞의 개통이 모두 끝나고 %.0f일 뒤에 열립니다. 연도를 확인해 주세요.", days),
				fmt.Sprintf("opens %.0f days after all earlier ones have closed; check the year", days)))
		}
		if closed.Before(o.ClosesAt) {
			closed = o.ClosesAt
		}
	}
	return found
}

// lintOver finds what can never be booked because it is over. When everything is, that is one finding: somebody looks
// at the schedule of a past campaign.
func lintOver(s *Schedule, at time.Time) []Finding {
	var found []Finding
	for i := range s.Openings {
		if o := &s.Openings[i]; !at.IsZero() && !at.Before(o.ClosesAt) {
			found = append(found, o.finding(FindingOver,
				fmt.Sprintf("%d년 %s에 이미 끝났습니다. 아무도 예약할 수 없습니다.", o.ClosesAt.In(subject.Seoul).Year(), TimeKo(o.ClosesAt)),
				fmt.Sprintf("closed in %d already, at %s; nobody can book", o.ClosesAt.In(subject.Seoul).Year(), TimeEn(o.ClosesAt))))
		}
	}
	if len(found) < len(s.Openings) || len(found) < 2 {
		return found
	}
	return []Finding{{Code: FindingOver, Ko: "모든 개통이 이미 끝났습니다. 아무도 예약할 수 없습니다.", En: "every opening is over already; nobody can book"}}
}
