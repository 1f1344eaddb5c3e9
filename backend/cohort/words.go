package cohort

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// words tells changes in sentences. With years it names them: two schedules of different years would else read alike.
type words struct{ years bool }

func wordsFor(schedules ...*Schedule) words {
	years := map[int]bool{}
	for _, s := range schedules {
		for i := range s.Openings {
			for _, t := range []time.Time{s.Openings[i].LobbyAt, s.Openings[i].ClosesAt} {
				years[t.In(subject.Seoul).Year()] = true
			}
		}
	}
	return words{years: len(years) > 1}
}

// ko tells the changes of one group, which are sorted by what changes.
func (w words) ko(changes []change) string {
	var out []string
	var named *Opening
	for _, same := range byWhat(changes) {
		switch same[0].what {
		case windowLost:
			out = append(out, w.lostKo(same)...)
		case windowGained:
			out = append(out, w.windowsKo(same)+" 예약이 생깁니다.")
		default:
			for _, c := range same {
				out = append(out, w.changeKo(c, named))
				named = c.after
			}
		}
	}
	return strings.Join(out, " ")
}

func (w words) en(changes []change) string {
	var out []string
	var named *Opening
	for _, same := range byWhat(changes) {
		switch same[0].what {
		case windowLost:
			out = append(out, w.lostEn(same)...)
		case windowGained:
			out = append(out, "booking "+w.windowsEn(same)+" is added.")
		default:
			for _, c := range same {
				out = append(out, w.changeEn(c, named))
				named = c.after
			}
		}
	}
	for i := 1; i < len(out); i++ {
		out[i] = capital(out[i]) // the first one goes on after the colon
	}
	return strings.Join(out, " ")
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// byWhat cuts sorted changes where another thing begins to change.
func byWhat(changes []change) [][]change {
	var out [][]change
	for i, c := range changes {
		if i == 0 || c.what != changes[i-1].what {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], c)
	}
	return out
}

// covered parts the windows that are gone from those whose times another window still covers.
func covered(changes []change) (gone, elsewhere []change) {
	for _, c := range changes {
		if c.lost == "" {
			elsewhere = append(elsewhere, c)
		} else {
			gone = append(gone, c)
		}
	}
	return gone, elsewhere
}

func (w words) lostKo(changes []change) (out []string) {
	gone, elsewhere := covered(changes)
	if len(gone) > 0 {
		out = append(out, w.windowsKo(gone)+" 예약이 없어집니다.")
	}
	if len(elsewhere) > 0 {
		out = append(out, w.windowsKo(elsewhere)+" 예약이 없어지지만, 같은 시간에 다른 예약을 이용할 수 있습니다.")
	}
	return out
}

func (w words) lostEn(changes []change) (out []string) {
	gone, elsewhere := covered(changes)
	if len(gone) > 0 {
		out = append(out, "booking "+w.windowsEn(gone)+" is withdrawn.")
	}
	if len(elsewhere) > 0 {
		out = append(out, "booking "+w.windowsEn(elsewhere)+" is withdrawn, but another opening stays open to them at the same times.")
	}
	return out
}

func (w words) windowsKo(changes []change) string {
	var out []string
	for _, c := range changes {
		out = append(out, w.rangeKo(c.window()))
	}
	return strings.Join(out, ", ")
}

func (w words) windowsEn(changes []change) string {
	var out []string
	for _, c := range changes {
		out = append(out, w.rangeEn(c.window()))
	}
	return strings.Join(out, " and ")
}

func (c change) window() *Opening {
	if c.before != nil {
		return c.before
	}
	return c.after
}

func (w words) rangeKo(o *Opening) string {
	if subject.DateOf(o.OpensAt) == subject.DateOf(o.ClosesAt) {
		return w.timeKo(o.OpensAt) + "~" + clock(o.ClosesAt.In(subject.Seoul))
	}
	return w.timeKo(o.OpensAt) + "~" + w.timeKo(o.ClosesAt)
}

func (w words) rangeEn(o *Opening) string {
	if subject.DateOf(o.OpensAt) == subject.DateOf(o.ClosesAt) {
		return "on " + w.timeEn(o.OpensAt) + "–" + clock(o.ClosesAt.In(subject.Seoul))
	}
	return "from " + w.timeEn(o.OpensAt) + " to " + w.timeEn(o.ClosesAt)
}

func (w words) timeKo(t time.Time) string {
	if w.years {
		return fmt.Sprintf("%d년 %s", t.In(subject.Seoul).Year(), TimeKo(t))
	}
	return TimeKo(t)
}

func (w words) timeEn(t time.Time) string {
	t = t.In(subject.Seoul)
	layout := "Mon 2 January "
	if w.years {
		layout = "Mon 2 January 2006 "
	}
	return t.Format(layout) + clock(t)
}

// thenKo is a time with the particle (으)로, which follows from how it is read: 20시로, 30분으로, 5초로.
func (w words) thenKo(t time.Time) string {
	if t.Second() == 0 && t.Minute() != 0 {
		return w.timeKo(t) + "으로"
	}
	return w.timeKo(t) + "로"
}

// towardsKo adds the particle (으)로 to a word: 로 after a vowel or ㄹ, 으로 after another consonant.
func towardsKo(word string) string {
	letters := []rune(word)
	last := letters[len(letters)-1]
	const first, end, finals, rieul = '가', '힣', 28, 8
	if last < first || last > end {
		return word + "(으)로"
	}
	if final := (last - first) % finals; final == 0 || final == rieul {
		return word + "로"
	}
	return word + "으로"
}

func orderKo(o string) string {
	if Order(o) == OrderArrival {
		return "도착 순서"
	}
	return "추첨"
}

func orderEn(o string) string {
	if Order(o) == OrderArrival {
		return "order of arrival"
	}
	return "lot"
}

func isTrue(s string) bool { return s == strconv.FormatBool(true) }
