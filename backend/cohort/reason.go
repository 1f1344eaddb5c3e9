package cohort

import (
	"fmt"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// Reason is a full sentence for the person, in Korean ("ko", and anything unknown) or English ("en"): what they may do
// now, or why not and when their turn is.
func (d Decision) Reason(lang string) string {
	if lang == "en" {
		return d.reasonEn()
	}
	return d.reasonKo()
}

func (d Decision) reasonKo() string {
	switch d.Code {
	case CodeOpenNow:
		return fmt.Sprintf("‘%s’ 대상자이며 지금 예약하실 수 있습니다. 예약은 %s까지입니다.", d.Cohort.Name, TimeKo(d.ClosesAt))
	case CodeLobbyNow:
		return fmt.Sprintf("‘%s’ 대상자이며 지금 대기실에 들어오실 수 있습니다. 예약은 %s에 시작합니다.", d.Cohort.Name, TimeKo(d.OpensAt))
	case CodeLater:
		return fmt.Sprintf("‘%s’ 대상자이며 아직 예약 기간이 아닙니다. 예약은 %s에 시작하고, 대기실은 %s부터 열립니다.",
			d.Cohort.Name, TimeKo(d.OpensAt), TimeKo(d.LobbyAt))
	case CodeClosed:
		if d.ClosedEarly {
			return fmt.Sprintf("‘%s’ 예약은 예정보다 일찍 마감되었으며, 현재 정해진 다음 일정은 없습니다.", d.Cohort.Name)
		}
		return fmt.Sprintf("‘%s’ 예약 기간은 끝났으며(마감 %s), 현재 정해진 다음 일정은 없습니다.", d.Cohort.Name, TimeKo(d.ClosesAt))
	case CodeExcluded:
		return fmt.Sprintf("생년월일은 ‘%s’에 해당하지만, 이미 다른 기관이나 일정의 접종 대상으로 등록되어 있어 이 예약에서는 제외됩니다. 안내받으신 일정에 따라 접종해 주시고, 사실과 다르면 1339로 문의해 주세요.", d.Cohort.Name)
	case CodeNotOnRoster:
		return fmt.Sprintf("생년월일은 ‘%s’에 해당하지만 예약 대상자 명단에 없습니다. 이미 다른 일정으로 접종했거나 예약한 경우일 수 있으니 1339로 문의해 주세요.", d.Cohort.Name)
	}
	return "이 생년월일이 해당하는 예약 일정이 아직 없습니다. 일정이 정해지면 안내해 드립니다."
}

func (d Decision) reasonEn() string {
	switch d.Code {
	case CodeOpenNow:
		return fmt.Sprintf("You belong to “%s” and can book now, until %s.", d.Cohort.nameEn(), TimeEn(d.ClosesAt))
	case CodeLobbyNow:
		return fmt.Sprintf("You belong to “%s” and can enter the waiting room now; booking opens at %s.", d.Cohort.nameEn(), TimeEn(d.OpensAt))
	case CodeLater:
		return fmt.Sprintf("You belong to “%s”, whose booking has not begun: the waiting room opens at %s, and booking at %s.",
			d.Cohort.nameEn(), dayEn(d.LobbyAt), TimeEn(d.OpensAt))
	case CodeClosed:
		if d.ClosedEarly {
			return fmt.Sprintf("Booking for “%s” was closed ahead of time, and no later date is set.", d.Cohort.nameEn())
		}
		return fmt.Sprintf("Booking for “%s” closed at %s, and no later date is set.", d.Cohort.nameEn(), TimeEn(d.ClosesAt))
	case CodeExcluded:
		return fmt.Sprintf("Your birth date belongs to “%s”, but you are registered to be vaccinated elsewhere already, so you cannot book here. Please follow the appointment that you were given; if this is wrong, call 1339.", d.Cohort.nameEn())
	case CodeNotOnRoster:
		return fmt.Sprintf("Your birth date belongs to “%s”, but you are not on the list of people eligible there; you may already be vaccinated or booked elsewhere. Please call 1339.", d.Cohort.nameEn())
	}
	return "No booking date is set for this birth date yet; it will be announced."
}

func (c *Cohort) nameEn() string { return either(c.NameEn, c.Name) }

var weekdaysKo = [...]string{"일", "월", "화", "수", "목", "금", "토"}

// TimeKo writes an instant for people in Korea: 7월 19일(월) 20:00, with seconds only where there are any.
func TimeKo(t time.Time) string {
	t = t.In(subject.Seoul)
	return fmt.Sprintf("%d월 %d일(%s) %s", int(t.Month()), t.Day(), weekdaysKo[t.Weekday()], clock(t))
}

// TimeEn writes an instant for people who read English: 20:00 on Monday 19 July (Korea time).
func TimeEn(t time.Time) string {
	return dayEn(t) + " (Korea time)"
}

func dayEn(t time.Time) string {
	t = t.In(subject.Seoul)
	return clock(t) + t.Format(" on Monday 2 January")
}

func clock(t time.Time) string {
	if t.Second() != 0 {
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}
