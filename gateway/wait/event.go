package wait

import "time"

// Reasons for which ranges may move up.
const (
	Paused      = "paused"
	Postponed   = "postponed"
	CapLowered  = "cap_lowered"
	Rests       = "backend_rests"
	Slowed      = "slowed"
	Calibration = "calibration"
)

// Event is something that moved ranges up. Number counts them within a line; zero stands for none so far.
type Event struct {
	Number uint32    `json:"n,omitempty"`
	Code   string    `json:"code,omitempty"`
	At     time.Time `json:"t,omitzero"`
}

// shownFor is how long people are told why the waits grew: longer than the longest interval between two questions.
const shownFor = 5 * time.Minute

var reasons = map[string]string{
	Paused:      "멈추었던 입장이 다시 시작되어 예상 대기 시간을 새로 계산했습니다. (Calling was paused and goes on; the wait was estimated anew.)",
	Postponed:   "예약 시작 시각이 바뀌어 예상 대기 시간을 새로 계산했습니다. (The opening was moved; the wait was estimated anew.)",
	CapLowered:  "안정적인 접수를 위해 입장 속도를 낮추어 예상 대기 시간이 늘었습니다. (Fewer people are called in at a time; waits are longer.)",
	Rests:       "예약 시스템을 점검하는 동안 입장이 잠시 멈추어 예상 대기 시간이 늘었습니다. 순번은 그대로입니다. (The booking system rests for a moment; waits are longer, places are kept.)",
	Slowed:      "접수 처리가 느려져 예상 대기 시간이 늘었습니다. 순번은 그대로입니다. (Booking has become slower; waits are longer, places are kept.)",
	Calibration: "예상 대기 시간이 실제와 달라 새로 계산했습니다. 순번은 그대로입니다. (Our estimate was off; the wait was estimated anew, places are kept.)",
}

// Reason is what people are told about the event at a time, in Korean and English; empty once it is old.
func (e *Event) Reason(now time.Time) string {
	if e.Number == 0 || now.Sub(e.At) > shownFor {
		return ""
	}
	return reasons[e.Code]
}
