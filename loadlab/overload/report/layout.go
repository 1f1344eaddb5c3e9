package report

import (
	"fmt"
	"html/template"

	"github.com/daemun/daemun/loadlab/overload/result"
)

// column is a figure of a table: the median, and the spread over the repeats behind it.
type column struct {
	Ko, En string
	figure string
	format string
	times  float64
}

func (c column) show(s result.Summary) string {
	v, ok := s.Values[c.figure]
	if s.Valid == 0 || !ok {
		return "–"
	}
	text := fmt.Sprintf(c.format, v.Median*c.times)
	if s.Valid > 1 {
		text += fmt.Sprintf(" ±"+c.format, v.Spread*c.times/2)
	}
	return text
}

var (
	offered    = column{"요청/s", "offered", "offered", "%.0f", 1}
	goodput    = column{"유효/s", "good", "goodput", "%.0f", 1}
	ratio      = column{"유효/C", "of C", "ratio", "%.3f", 1}
	p0         = column{"P0 %", "", "p0_ok", "%.2f", 100}
	p1         = column{"P1 %", "", "p1_ok", "%.2f", 100}
	p2         = column{"P2 %", "", "p2_ok", "%.1f", 100}
	p3         = column{"P3 %", "", "p3_ok", "%.1f", 100}
	inversions = column{"역전", "inversions", "inversions", "%.0f", 1}
	p50        = column{"p50 ms", "from sending", "p50_ms", "%.2f", 1}
	p99        = column{"p99 ms", "from sending", "p99_ms", "%.1f", 1}
	shed50     = column{"503 p50 ms", "", "shed_p50_ms", "%.1f", 1}
	shed99     = column{"503 p99 ms", "", "shed_p99_ms", "%.1f", 1}
	recover    = column{"회복 ms", "back after", "recover_ms", "%.0f", 1}
	follow     = column{"한도 ms", "limit after", "follow_ms", "%.0f", 1}
	attempts   = column{"시도/요청", "attempts per request", "attempts_per_original", "%.2f", 1}
	completed  = column{"완료 비율", "completed", "completed", "%.3f", 1}
	best       = column{"최선", "at best", "best", "%.3f", 1}
	byLot      = column{"제비뽑기", "by lot", "by_lot", "%.3f", 1}
	added50    = column{"더해진 p50 ms", "added", "added_p50_ms", "%.3f", 1}
	added99    = column{"더해진 p99 ms", "added", "added_p99_ms", "%.3f", 1}
	cpu        = column{"CPU µs/요청", "per request", "cpu_us", "%.1f", 1}
)

// layout is how an experiment is shown.
type layout struct {
	note, noteEn string
	columns      []column
	picture      func(*result.Experiment) []template.HTML
}

var layouts = map[string]layout{
	"curve": {"P0는 0.3 C, P1은 0.2 C로 고정하고 나머지 조회(P2:P3 = 3:4)만 늘립니다. 유효: 보내기로 한 때부터 1초 안의 2xx.",
		"P0 is offered at 0.3 C and P1 at 0.2 C at every point; only reads grow. Good: a 2xx within a second of the due time.",
		[]column{offered, goodput, ratio, p0, p1, p2, p3, inversions, p99, shed99}, curves},
	"ablation": {"같은 자리에 다른 한도를 놓고 비교합니다.", "The same load with other limiters in the gateway's place.",
		[]column{goodput, ratio, p0, p1, p2, p3, inversions, p99, shed99}, nil},
	"spike": {"평소 0.9 C에서 P3만 12배(usual: 평소의, capacity: 용량의, one_list: 용량의, 모두 같은 목록)가 됩니다.", "From 0.9 C, P3 alone becomes 12 times as much: of the usual, of the capacity, and of that with everybody asking for one list.",
		[]column{offered, ratio, p0, p1, p2, p3, inversions, p99}, timeLines},
	"step": {"회복: 유효 처리량이 새 수준의 95%에 머물 때까지. 한도: 새 값의 15% 안에 들 때까지.", "Back: until goodput stays at 95 % of its new level. Limit: until it is within 15 % of its new value.",
		[]column{recover, follow, p0, p1, inversions}, timeLines},
	"journeys": {"한 사람의 호출 1~4번으로 된 여정(2 C), 그리고 호출 4번의 여정을 더 큰 부하에서. 최선은 용량÷요구(f_sat/f), 제비뽑기는 호출마다 따로 거절할 때(p^k).", "Journeys of 1 to 4 calls by one person at 2 C, and of 4 calls at other loads. At best: f_sat/f; by lot: each call refused by itself, p^k.",
		[]column{completed, best, byLot, goodput}, journeyPlots},
	"metastability": {"3초를 기다리고 네 번까지 다시 보내는 이용자. 백엔드의 처리 속도를 잠시 낮춘 뒤 돌아오는지 봅니다. 점은 평소 부하(C의 배수).", "Clients give up after 3 s and resend up to 4 times; the backend's processor is capped for a while. Point: the steady load, a multiple of C.",
		[]column{recover, attempts, goodput, p0}, frontier},
	"shed": {"거절(503)이 오기까지, 보낸 때부터.", "How soon a 503 comes, from the sending.", []column{offered, ratio, shed50, shed99, p99}, nil},
	"proxy": {"바로 답하는 백엔드. full: 답을 받는 대로 다시 묻는 이용자 32명. calm 0.5 C, busy 4 C.", "A backend that answers at once. Full: 32 clients who ask again when answered; calm: 0.5 C, busy: 4 C.",
		[]column{goodput, p50, p99, added50, added99, cpu}, nil},
}
