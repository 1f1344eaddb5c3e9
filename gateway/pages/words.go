package pages

import (
	"strconv"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// appendThousands writes a number with its thousands apart: 12,345.
func appendThousands(dst []byte, n int64) []byte {
	if n < 0 {
		dst = append(dst, '-')
		n = -n
	}
	if n < 1000 {
		return strconv.AppendInt(dst, n, 10)
	}
	dst = appendThousands(dst, n/1000)
	rest := n % 1000
	return append(dst, ',', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
}

func thousands(n int64) string { return string(appendThousands(nil, n)) }

// waitStep is how coarsely a wait is told, in minutes, so that small changes do not make the words jump.
func waitStep(highMinutes int64) int64 {
	switch {
	case highMinutes <= 20:
		return 1
	case highMinutes <= 60:
		return 5
	case highMinutes <= 180:
		return 10
	case highMinutes <= 600:
		return 30
	}
	return 60
}

// roundWait turns a range in seconds into whole minutes, outward, so that the words never promise more than the range.
func roundWait(low, high int64) (lowMin, highMin int64) {
	low = max(low, 0)
	high = max(high, low, 1)
	highMin = (high + 59) / 60
	step := waitStep(highMin)
	highMin = (highMin + step - 1) / step * step
	return low / 60 / step * step, highMin
}

// appendf writes a sentence of the catalog with numbers put in, without allocating: %d is a number, %h a number of
// minutes told in hours and minutes.
func appendf(dst []byte, lang, key string, args ...int64) []byte {
	sentence, next := text(lang, key), 0
	for i := 0; i < len(sentence); i++ {
		if sentence[i] != '%' || i+1 == len(sentence) || next == len(args) {
			dst = append(dst, sentence[i])
			continue
		}
		i++
		if sentence[i] == 'h' {
			dst = appendHours(dst, lang, args[next])
		} else {
			dst = strconv.AppendInt(dst, args[next], 10)
		}
		next++
	}
	return dst
}

func appendHours(dst []byte, lang string, minutes int64) []byte {
	h, m := minutes/60, minutes%60
	switch {
	case h == 0:
		return appendf(dst, lang, "words.m", m)
	case m == 0:
		return appendf(dst, lang, "words.h", h)
	}
	return appendf(dst, lang, "words.hm", h, m)
}

// appendWait tells a wait given in seconds: "약 3~5분". Unknown is said, never guessed.
func appendWait(dst []byte, lang string, low, high *int64) []byte {
	if low == nil || high == nil {
		return append(dst, text(lang, "unknown")...)
	}
	from, to := roundWait(*low, *high)
	switch {
	case to <= 60 && from == 0:
		return appendf(dst, lang, "words.within", to)
	case to <= 60 && from == to:
		return appendf(dst, lang, "words.minutes", to)
	case to <= 60:
		return appendf(dst, lang, "words.minutes.range", from, to)
	case from == 0:
		return appendf(dst, lang, "words.hours.within", to)
	case from == to:
		return appendf(dst, lang, "words.hours.one", to)
	}
	return appendf(dst, lang, "words.hours", from, to)
}

// appendUntil tells how long something still takes, in its two largest units.
func appendUntil(dst []byte, lang string, d time.Duration) []byte {
	minutes := int64((d + time.Minute - 1) / time.Minute)
	days, hours := minutes/(24*60), minutes/60%24
	switch {
	case d <= time.Minute:
		return append(dst, text(lang, "until.soon")...)
	case days > 0 && hours > 0:
		return appendf(dst, lang, "until.days", days, hours)
	case days > 0:
		return appendf(dst, lang, "until.day", days)
	case hours > 0 && minutes%60 > 0:
		return appendf(dst, lang, "until.hours", hours, minutes%60)
	case hours > 0:
		return appendf(dst, lang, "until.hour", hours)
	}
	return appendf(dst, lang, "until.min", minutes)
}

var weekdays = [7]string{"일", "월", "화", "수", "목", "금", "토"}

// appendDate tells a day in Korea: "7월 19일(월)", "Mon 19 Jul".
func appendDate(dst []byte, lang string, t time.Time) []byte {
	t = t.In(subject.Seoul)
	if lang == English {
		return t.AppendFormat(dst, "Mon 2 Jan")
	}
	dst = t.AppendFormat(dst, "1월 2일(")
	return append(append(dst, weekdays[t.Weekday()]...), ')')
}

func appendDateTime(dst []byte, lang string, t time.Time) []byte {
	dst = appendDate(dst, lang, t)
	if lang == English {
		dst = append(dst, ',')
	}
	return t.In(subject.Seoul).AppendFormat(dst, " 15:04")
}

func untilWords(lang string, d time.Duration) string { return string(appendUntil(nil, lang, d)) }

func dateWords(lang string, t time.Time) string { return string(appendDate(nil, lang, t)) }

func dateTimeWords(lang string, t time.Time) string { return string(appendDateTime(nil, lang, t)) }

// dateTimeYearWords adds the year, for what is kept or printed.
func dateTimeYearWords(lang string, t time.Time) string {
	t = t.In(subject.Seoul)
	if lang == English {
		return t.Format("Mon 2 Jan 2006, 15:04")
	}
	return t.Format("2006년 ") + dateTimeWords(lang, t)
}

// deadlineWords tells until when something may be done. Midnight is told as the end of the day before, because people
// take "the 24th, 00:00" for a day more than they have.
func deadlineWords(lang string, t time.Time) string {
	t = t.In(subject.Seoul)
	if t.Hour() != 0 || t.Minute() != 0 {
		return dateTimeYearWords(lang, t)
	}
	last := t.AddDate(0, 0, -1)
	if lang == English {
		return "the end of " + last.Format("Mon 2 Jan 2006")
	}
	return last.Format("2006년 ") + dateWords(lang, last) + "까지"
}

func clockWords(t time.Time) string { return t.In(subject.Seoul).Format("15:04") }

// secondsWords tells the seconds of a time, where they are not nought: ":07".
func secondsWords(t time.Time) string {
	if t.Second() == 0 {
		return ""
	}
	return t.Format(":05")
}

func clockSeconds(t time.Time) string { return t.In(subject.Seoul).Format("15:04:05") }

// vaccineNames gives the English names of the vaccines that schedules name in Korean; others are shown as they stand.
var vaccineNames = map[string]string{
	"모더나": "Moderna", "화이자": "Pfizer", "아스트라제네카": "AstraZeneca", "얀센": "Janssen", "노바백스": "Novavax",
}

func vaccineWords(lang, name string) string {
	if en := vaccineNames[name]; lang == English && en != "" {
		return en
	}
	return name
}

// stockWords tells the doses left; nil is unknown.
func stockWords(lang string, left *int64) string {
	return string(appendStock(nil, lang, left))
}

func appendStock(dst []byte, lang string, left *int64) []byte {
	if left == nil {
		return append(dst, text(lang, "unknown")...)
	}
	dst = appendThousands(dst, max(*left, 0))
	return append(dst, text(lang, "doses")...)
}

// appendEscaped writes a stranger's or an operator's words as HTML text, quotes included.
func appendEscaped(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '"':
			dst = append(dst, "&#34;"...)
		case '\'':
			dst = append(dst, "&#39;"...)
		default:
			dst = append(dst, s[i])
		}
	}
	return dst
}
