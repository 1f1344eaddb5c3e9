package web

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
)

func problem(status int, code, ko, en string) *api.Problem {
	return &api.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: ko, DetailEn: en}
}

// Problems that do not come from the booking service.
var (
	problemGatewayOnly = problem(http.StatusForbidden, "gateway_only",
		"이 주소는 예약 대문을 거쳐야만 이용할 수 있습니다.", "This address is reached through the gateway only.")
	problemNotFound = problem(http.StatusNotFound, "not_found",
		"요청하신 주소를 찾을 수 없습니다.", "There is nothing at this address.")
	problemNoMandate = problem(http.StatusForbidden, "no_mandate",
		"이 창구의 인증서로는 할 수 없는 요청입니다.", "This certificate's lane may not do that.")
	problemNoClinic = problem(http.StatusNotFound, "not_found",
		"이 예약 기간에 해당 의료기관이 없습니다.", "There is no such clinic in this opening.")
	problemMethod = problem(http.StatusMethodNotAllowed, "method_not_allowed",
		"이 주소에서 쓸 수 없는 요청 방식입니다.", "This address does not take that method.")
	problemTooLarge = problem(http.StatusRequestEntityTooLarge, "too_large",
		"보낸 내용이 너무 큽니다. 16 KiB까지 받을 수 있습니다.", "The request is too large; up to 16 KiB are taken.")
	problemInternal = problem(http.StatusInternalServerError, "internal",
		"처리 중 문제가 생겼습니다. 잠시 후 다시 시도해 주세요.", "Something went wrong here. Please try again in a moment.")
	problemBadProof = problem(http.StatusUnauthorized, "bad_proof",
		"본인확인 시간이 지났습니다. 예약 조회를 다시 해 주세요.", "The proof has run out. Please look the booking up again.")
	problemPassExpired = problem(http.StatusUnauthorized, "bad_pass",
		"입장권 시간이 지났습니다. 순번표로 다시 입장해 주세요. 순서는 그대로입니다.",
		"The pass has run out. Please enter again with your ticket; your place is kept.")
)

// heldRetry is when to come back for doses that others hold, in seconds.
const heldRetry = 20

func waiting(p *api.Problem) *api.Problem {
	p.RetryAfterS = heldRetry
	return p
}

// kinds tell a person what the service refused and what they can do now.
var kinds = map[booking.Kind]*api.Problem{
	booking.SlotFull: problem(http.StatusConflict, string(booking.SlotFull),
		"선택하신 접종일시가 방금 마감되었습니다. 다른 일시를 선택해 주세요.", "That time has just been taken. Please choose another one."),
	booking.SecondDoseFull: problem(http.StatusConflict, string(booking.SecondDoseFull),
		"이 의료기관에는 간격에 맞는 2차 접종 자리가 남아 있지 않습니다. 1차 접종을 다른 날이나 다른 의료기관으로 선택해 주세요.",
		"This clinic has no place left for the second dose in time. Please choose another day or another clinic for the first."),
	booking.SecondDoseInterval: problem(http.StatusConflict, string(booking.SecondDoseInterval),
		"1차 접종과의 간격에 맞지 않는 일시입니다. 변경할 수 있는 일시 목록에서 선택해 주세요.",
		"That is too soon or too late after the first dose. Please choose from the times that this booking can move to."),
	booking.AlreadyBooked: problem(http.StatusConflict, string(booking.AlreadyBooked),
		"이미 예약하셨습니다. 예약 조회에서 확인하거나 변경해 주세요.", "You have a booking already. Look it up to see or change it."),
	booking.StockGone: problem(http.StatusGone, string(booking.StockGone),
		"준비된 백신 물량의 예약이 모두 끝났습니다.", "All doses of this opening are booked."),
	booking.StockHeld: waiting(problem(http.StatusConflict, string(booking.StockHeld),
		"남은 백신을 다른 분들이 고르고 예약하는 중입니다. 예약하지 않은 물량은 몇 분 안에 돌아오니 잠시 후 다시 시도해 주세요.",
		"Others are about to book the doses that are left. What they do not book comes back within minutes; please try again shortly.")),
	booking.NoHold: problem(http.StatusNotFound, string(booking.NoHold),
		"맡아 둔 접종일시가 없습니다. 시간이 지났을 수 있으니 목록에서 다시 선택해 주세요.",
		"No time is kept for you; it may have run out. Please choose one from the list."),
	booking.BadPass: problem(http.StatusUnauthorized, string(booking.BadPass),
		"입장권을 확인할 수 없습니다. 순번표로 다시 입장해 주세요.", "The pass cannot be accepted. Please enter again with your ticket."),
	booking.IdentityMismatch: problem(http.StatusForbidden, string(booking.IdentityMismatch),
		"입력하신 등록번호가 대기하신 분의 번호와 다릅니다.", "The number entered is not the one that waited for this turn."),
	booking.IdentityRequired: problem(http.StatusForbidden, string(booking.IdentityRequired),
		"예약하기 전에 본인인증이 필요합니다. 본인인증을 마치고 다시 예약해 주세요. 순서와 입장권은 그대로 유지됩니다.",
		"Please show who you are before you book. Your turn and your pass are kept."),
	booking.NotEligible: problem(http.StatusForbidden, string(booking.NotEligible),
		"이번 예약 대상자 명단에 없습니다. 문의: 1339", "You are not on the list for this opening. Questions: call 1339."),
	booking.NotOpenYet: problem(http.StatusConflict, string(booking.NotOpenYet),
		"아직 예약이 시작되지 않았습니다.", "Booking has not opened yet."),
	booking.NoSuchSlot: problem(http.StatusNotFound, string(booking.NoSuchSlot),
		"선택하신 접종일시를 찾을 수 없습니다. 목록에서 다시 선택해 주세요.", "There is no such time. Please choose one from the list."),
	booking.NoSuchBooking: problem(http.StatusNotFound, string(booking.NoSuchBooking),
		"입력하신 내용과 맞는 예약이 없습니다. 예약번호, 성명, 등록번호를 확인해 주세요.",
		"No booking matches. Please check the booking number, the name and the registration number."),
	booking.TooLate: problem(http.StatusConflict, string(booking.TooLate),
		"예약 변경과 취소는 접종일 이틀 전까지만 됩니다. 지난 일시는 선택할 수 없습니다. 문의: 1339",
		"Bookings can be changed or cancelled until two days before the day, and past times cannot be chosen. Questions: call 1339."),
	booking.KeyReused: problem(http.StatusUnprocessableEntity, string(booking.KeyReused),
		"같은 요청 번호로 다른 내용이 이미 접수되었습니다.", "This idempotency key came before with another request."),
	booking.NoSuchArea: problem(http.StatusNotFound, string(booking.NoSuchArea),
		"이번 예약에는 그 지역에 의료기관이 없습니다. 다른 지역을 골라 주세요.", "This opening has no clinic there. Please choose another region."),
	booking.NoSuchWish: problem(http.StatusNotFound, string(booking.NoSuchWish),
		"이미 끝났거나 없는 알림 신청입니다.", "There is no such request to be told, or it is over already."),
	booking.NoSuchOffer: problem(http.StatusNotFound, string(booking.NoSuchOffer),
		"잔여백신 안내를 찾을 수 없습니다. 문자의 주소를 다시 확인해 주세요.", "There is no such offer. Please check the link in the message."),
	booking.LeftoverGone: problem(http.StatusGone, string(booking.LeftoverGone),
		"다른 분이 먼저 예약하셨습니다. 알림 신청은 그대로이니 다음에 다시 알려 드립니다.",
		"Somebody else was faster. You stay on the list and will be told again."),
	booking.LeftoverOver: problem(http.StatusGone, string(booking.LeftoverOver),
		"예약할 수 있는 시간이 지났습니다. 알림 신청은 그대로이니 다음에 다시 알려 드립니다.",
		"The time to book it is over. You stay on the list and will be told again."),
	booking.ProxyNotAllowed: problem(http.StatusForbidden, string(booking.ProxyNotAllowed),
		"이번 예약은 대리예약을 받지 않습니다. 본인이 직접 예약해 주세요.", "This opening takes no proxy bookings; everybody books for themselves."),
	booking.NoSuchClinic: problem(http.StatusNotFound, string(booking.NoSuchClinic),
		"이 의료기관에 배정된 접종이 없습니다. 인증서의 기관번호를 확인해 주세요.",
		"Nothing is assigned to this clinic. Please check the clinic's id in the certificate."),
	booking.NotThatDay: problem(http.StatusConflict, string(booking.NotThatDay),
		"접종일 당일과 다음 날에만 기록할 수 있습니다. 미접종은 예약 시각이 지난 뒤에, 남은 백신은 접종일이 지나기 전에 기록해 주세요.",
		"This can be recorded on the day of the appointment and the day after: a no-show once its time has come, unused doses until the day is over."),
	booking.TooManyDoses: problem(http.StatusConflict, string(booking.TooManyDoses),
		"남은 백신 수가 그 시간대의 물량보다 많거나 0입니다. 이미 보고한 수를 확인해 주세요.",
		"That is none, or more unused doses than the slot has; please check what was reported before."),
	booking.ScheduleBehind: problem(http.StatusServiceUnavailable, string(booking.ScheduleBehind),
		"새 일정을 받아 오는 중입니다. 순서는 그대로이니 잠시 후 다시 시도해 주세요.",
		"The new schedule is just arriving here. Your place is kept; please try again shortly."),
	booking.Overloaded: problem(http.StatusServiceUnavailable, "busy",
		"지금 예약이 몰리고 있습니다. 잠시 후 자동으로 다시 시도해 주세요.", "Many people are booking right now. Please try again in a moment."),
	booking.Unavailable: problem(http.StatusServiceUnavailable, "backend_resting",
		"예약을 잠시 저장할 수 없습니다. 순서는 그대로이니 잠시 후 다시 시도해 주세요.",
		"Bookings cannot be stored at the moment. Your place is kept; please try again shortly."),
}

// fields names in Korean what a request can get wrong.
var fields = map[string]string{
	"body": "요청 본문", "slot": "접종일시", "clinic": "의료기관", "name": "성명", "phone": "휴대폰번호", "booking_no": "예약번호",
	"proxy.name": "대리인 성명", "proxy.phone": "대리인 휴대폰번호", "proxy.relation": "대리인과의 관계",
	"idempotency-key": "요청 번호(Idempotency-Key)", "event": "운영 기록", "schedule": "일정", "header": "요청 머리글", "rehearsal": "예행연습", "after": "시작 번호", "caller": "전화하신 분(caller: person, family, carer, other)", "reason": "요청 내용과 동의(reason, 1~200자)",
	"region": "지역", "day": "날짜(day, 2021-07-26 형식)", "visit": "방문 결과(visit: arrived, vaccinated, no_show)", "task": "업무", "doses": "백신 수", "limit": "개수",
}

// problemOf finds the answer to an error. What it does not know is a fault of ours.
func problemOf(err error) *api.Problem {
	var p *api.Problem
	if errors.As(err, &p) {
		return p
	}
	if p := checkProblem(err); p != nil {
		return p
	}
	var n *subject.NumberError
	if errors.As(err, &n) {
		return problem(http.StatusUnprocessableEntity, string(booking.BadNumber), n.Ko, n.En)
	}
	var e *booking.Error
	if !errors.As(err, &e) {
		return problemInternal
	}
	if e.Kind == booking.BadRequest {
		return problem(http.StatusBadRequest, string(booking.BadRequest),
			"입력하신 내용을 확인해 주세요: "+fields[e.Field], "Please check what was sent: "+e.Field)
	}
	if p := kinds[e.Kind]; p != nil {
		return p
	}
	return problemInternal
}

// refuse is the one way out for everything that is not done: it picks the answer, and logs what only we may know.
func (s *server) refuse(w http.ResponseWriter, err error) {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		s.log.failed(p.Code, err, s.clock())
	}
	if p.Status == http.StatusServiceUnavailable && p.RetryAfterS == 0 {
		again := *p
		again.RetryAfterS = 1 + rand.IntN(4) // spread, so that those refused together do not come back together
		p = &again
	}
	if p.RetryAfterS > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfterS))
	}
	body, _ := json.Marshal(p) // strings and numbers always marshal
	write(w, p.Status, typeProblem, body)
}

// errorLog writes failures of ours, at most one a second: a full disk must not fill it further.
type errorLog struct {
	log  *zap.Logger
	last atomic.Int64 // Unix ns
}

func (l *errorLog) failed(code string, err error, now time.Time) {
	last := l.last.Load()
	if now.UnixNano()-last >= int64(time.Second) && l.last.CompareAndSwap(last, now.UnixNano()) {
		l.log.Error("request failed", zap.String("code", code), zap.Error(err))
	}
}

func (l *errorLog) panicked(bug any, pattern string) {
	l.log.Error("bug", zap.Any("panic", bug), zap.String("route", pattern), zap.Stack("stack"))
}
