package lane

import (
	"fmt"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// titles of the pages, by template.
var titles = map[string][2]string{
	"list": {"업무 목록", "Work list"}, "join": {"대신 줄서기", "Join for a caller"}, "book": {"예약", "Book"}, "done": {"예약되었습니다", "Booked"},
	"lookup": {"예약 조회·취소", "Find or cancel a booking"}, "day": {"의료기관 예약", "A clinic's day"}, "problem": {"처리하지 못했습니다", "Not done"},
}

// waitWords says how long the wait is, as a range.
func waitWords(pick func(ko, en string) string, p *api.Place) string {
	switch {
	case p.State == api.PlaceTurn:
		return pick("지금", "now")
	case p.WaitLowS == nil || p.WaitHighS == nil:
		return pick("아직 알 수 없음", "not known yet")
	}
	low, high := span(pick, *p.WaitLowS), span(pick, *p.WaitHighS)
	if low == high {
		return fmt.Sprintf(pick("약 %s", "about %s"), low)
	}
	return low + " – " + high
}

// span writes seconds as people say them.
func span(pick func(ko, en string) string, seconds int64) string {
	d := time.Duration(seconds) * time.Second
	switch {
	case d < time.Minute:
		return pick("1분 안", "1 min")
	case d < time.Hour:
		return fmt.Sprintf(pick("%d분", "%d min"), int(d.Round(time.Minute)/time.Minute))
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf(pick("%d시간 %d분", "%d h %d min"), int(d/time.Hour), int(d%time.Hour/time.Minute))
}

func stateWords(pick func(ko, en string) string, state string) string {
	switch state {
	case api.PlaceLobby:
		return pick("개통 전 대기", "before the opening")
	case api.PlaceWaiting:
		return pick("대기 중", "waiting")
	case api.PlaceTurn:
		return pick("순서가 되었습니다", "turn has come")
	case api.PlacePaused:
		return pick("일시 중지", "paused")
	}
	return pick("마감", "closed")
}

func visitWords(pick func(ko, en string) string, visit string) string {
	switch visit {
	case api.VisitArrived:
		return pick("내원", "arrived")
	case api.VisitVaccinated:
		return pick("접종 완료", "vaccinated")
	case api.VisitNoShow:
		return pick("미내원", "no-show")
	}
	return pick("기록 없음", "nothing yet")
}
