package cohort

import (
	"fmt"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// pictureWords is a language of pictures.
type pictureWords struct {
	lang           string
	title          func(s *Schedule) string
	about          string
	lobby, booking string
	quiet          string
	heads          []string
	day, weekday   func(c column) string
	name           func(c *Cohort) string
	born, lists    func(c *Cohort) string
	opening        func(o *Opening) string
	terms          func(o *Opening) string
	window         func(w words, o *Opening) string
	time           func(w words, t time.Time) string
}

var pictureKo = &pictureWords{
	lang:    "ko",
	title:   func(s *Schedule) string { return fmt.Sprintf("%s (버전 %d)", s.Name, s.Version) },
	about:   "가로는 날짜, 세로는 대상군입니다. 막대 위의 시각은 예약 시작, 아래의 시각은 예약 마감이며 모두 한국 시각입니다.",
	lobby:   "대기실",
	booking: "예약",
	quiet:   "새로 시작하거나 끝나는 예약이 없는 날 (줄여서 표시)",
	heads:   []string{"번호", "개통", "대기실", "예약 시작", "예약 마감", "백신", "물량", "순서·대리예약"},
	day: func(c column) string {
		if c.rest() {
			return fmt.Sprintf("%d/%d~", int(c.from.Month), c.from.Day)
		}
		return fmt.Sprintf("%d/%d", int(c.from.Month), c.from.Day)
	},
	weekday: func(c column) string {
		if c.rest() {
			return fmt.Sprintf("%d/%d", int(c.to.Month), c.to.Day)
		}
		return weekdaysKo[c.from.At(12, 0).Weekday()]
	},
	name:    func(c *Cohort) string { return c.Name },
	born:    (*Cohort).bornKo,
	lists:   (*Cohort).listsKo,
	opening: func(o *Opening) string { return o.Name },
	terms: func(o *Opening) string {
		proxy := "대리 불가"
		if o.Proxy {
			proxy = "대리 가능"
		}
		return orderKo(string(o.Order)) + ", " + proxy
	},
	window: func(w words, o *Opening) string {
		return fmt.Sprintf("대기실 %s부터, 예약 %s", w.timeKo(o.LobbyAt), w.rangeKo(o))
	},
	time: func(w words, t time.Time) string { return w.timeKo(t) },
}

var pictureEn = &pictureWords{
	lang:    "en",
	title:   func(s *Schedule) string { return fmt.Sprintf("%s (version %d)", either(s.NameEn, s.Name), s.Version) },
	about:   "Days from left to right, a cohort in each row. The time above a bar is when booking opens, the one below when it closes, in Korea time.",
	lobby:   "lobby",
	booking: "booking",
	quiet:   "days on which no booking opens or closes, drawn together",
	heads:   []string{"no.", "opening", "lobby", "opens", "closes", "vaccine", "doses", "order, proxy"},
	day:     func(c column) string { return shortEn(c.from) },
	weekday: func(c column) string {
		if c.rest() {
			return "–" + shortEn(c.to)
		}
		return c.from.At(12, 0).Format("Mon")
	},
	name:    func(c *Cohort) string { return c.nameEn() },
	born:    (*Cohort).bornEn,
	lists:   (*Cohort).listsEn,
	opening: func(o *Opening) string { return either(o.NameEn, o.Name) },
	terms: func(o *Opening) string {
		order, proxy := "draw", "no proxy"
		if o.Order == OrderArrival {
			order = "arrival"
		}
		if o.Proxy {
			proxy = "proxy"
		}
		return order + ", " + proxy
	},
	window: func(w words, o *Opening) string {
		return fmt.Sprintf("lobby from %s, booking %s", w.timeEn(o.LobbyAt), w.rangeEn(o))
	},
	time: func(w words, t time.Time) string {
		layout := "Mon 2 Jan "
		if w.years {
			layout = "2 Jan 2006 "
		}
		t = t.In(subject.Seoul)
		return t.Format(layout) + clock(t)
	},
}

func shortEn(d subject.Date) string { return d.At(12, 0).Format("2 Jan") }

// listsKo says by which lists a cohort takes people: who must be on one, and who must not.
func (c *Cohort) listsKo() string {
	var out []string
	if list := c.Wanted(); list != "" {
		out = append(out, listKo(list)+"에 있는 사람만")
	}
	for _, list := range c.Except {
		out = append(out, listKo(list)+" 제외")
	}
	return strings.Join(out, ", ")
}

func (c *Cohort) listsEn() string {
	var out []string
	if list := c.Wanted(); list != "" {
		out = append(out, "only people on "+listEn(list))
	}
	for _, list := range c.Except {
		out = append(out, "none on "+listEn(list))
	}
	return strings.Join(out, ", ")
}
