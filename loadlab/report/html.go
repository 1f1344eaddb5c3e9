package report

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/measure"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"n":       func(v any) string { return number(v) },
	"percent": func(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) },
	"f1":      func(v float64) string { return fmt.Sprintf("%.1f", v) },
	"g":       func(v float64) string { return fmt.Sprintf("%.4g", v) },
	"seconds": func(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) },
	"mib":     func(b int64) string { return thousands(b >> 20) },
	"kind":    kindWord,
	"fault":   faultWord,
	"cheat":   cheatWord,
	"seoul":   func(t time.Time) string { return t.In(time.FixedZone("KST", 9*3600)).Format("2006-01-02 15:04 KST") },
}).Parse(pageText))

func number(v any) string {
	switch x := v.(type) {
	case int:
		return thousands(int64(x))
	case int64:
		return thousands(x)
	case uint64:
		return thousands(int64(x))
	case float64:
		return thousands(int64(x))
	}
	return fmt.Sprint(v)
}

// HTML writes the page.
func HTML(w io.Writer, d *Data) error {
	if d.Figures.Took == 0 && len(d.Verdict.Cheats) > 0 {
		return attacksHTML(w, d)
	}
	v := struct {
		*Data
		Outcome                       outcome
		Load, Progress, Latency, Path template.HTML
	}{Data: d, Outcome: outcomes[d.Verdict.Verdict]}
	v.Load = overTime("초당 요청 requests per second", d.Figures.Seconds, d.Verdict.Faults, d.Plan.Lobby, []line{
		{"예정", "offered", "offered", func(s measure.Second) float64 { return float64(s.Offered) }},
		{"응답", "answered", "answered", func(s measure.Second) float64 { return float64(s.Answered) }},
		{"유효 응답", "goodput", "goodput", func(s measure.Second) float64 { return float64(s.Good) }},
		{"정중한 거절", "sheds (503)", "shed", func(s measure.Second) float64 { return float64(s.Shed) }}})
	v.Progress = overTime("초당 입장과 예약 people let in and bookings per second", d.Figures.Seconds, d.Verdict.Faults, d.Plan.Lobby, []line{
		{"입장", "entered", "answered", func(s measure.Second) float64 { return float64(s.Entered) }},
		{"예약", "booked", "goodput", func(s measure.Second) float64 { return float64(s.Booked) }}})
	v.Latency = latencies(d.Figures.Calm)
	v.Path = funnel(bars(d.Funnel))
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func bars(f citizen.Funnel) []bar {
	return []bar{{"대상자", "on the roster", f.Eligible}, {"순번표", "joined", f.Joined}, {"차례", "turn came", f.Turned},
		{"입장", "entered", f.Entered}, {"예약", "booked", f.Booked}, {"포기", "gave up", f.GaveUp},
		{"물량 소진", "stock gone", f.StockGone}, {"자리 없음", "no slot", f.NoSlot}, {"비대상 안내", "not eligible", f.RefusedAtJoin}}
}

var kindWords = map[string]string{"home": "첫 화면 home", "wait_page": "대기 화면 wait page", "cursor": "진행 cursor", "place": "순번 place",
	"join": "대기 등록 join", "join_in_vain": "비대상 join refused", "enter": "입장 enter", "clinics": "의료기관 clinics", "slots": "일시 slots",
	"book": "예약 book", "view": "조회 view", "cheat": "새치기 cheat"}

func kindWord(name string) string { return word(kindWords, name) }

var faultWords = map[string]string{"kill_gateway": "대문 강제 종료 kill gateway", "kill_backend": "예약 서버 강제 종료 kill backend"}

func faultWord(name string) string { return word(faultWords, name) }

var cheatWords = map[string]string{"forged_ticket": "위조 순번표 forged ticket", "bent_ticket": "변조 순번표 bent ticket", "cut_ticket": "잘린 순번표 cut ticket",
	"forged_enter": "위조 순번표로 입장 enter with a forged ticket", "early_enter": "차례 전 입장 enter before the turn",
	"clock_enter": "시계 조작 false clock and headers", "replayed_pass": "남의 입장권 somebody else's pass", "deep_clinics": "바로가기 목록 deep link to lists",
	"deep_booking": "바로가기 예약 deep link to booking", "forged_pass": "위조 입장권 forged pass", "path_trick": "경로 변형 path tricks",
	"rejoin": "다른 기기로 재등록 rejoin for a better place", "second_booking": "두 번째 예약 second booking",
	"client_flag": "1 화면 조작 client-side flag", "airplane": "2 비행기 모드 airplane mode", "client_clock": "3 시계 조작 client clock",
	"deep_link": "4 바로가기·경로 변형 deep link, other spellings", "shared": "5 빌린 순번표·입장권 shared or sold", "cookie_dropping": "6 쿠키 버리기 dropped cookies",
	"exemption": "7 예외 사칭 claimed exemption", "limit_overflow": "8 한도 초과 overflow of a limit", "admin_path": "9 관리자 경로 admin paths, default passwords",
	"abandoned_places": "10 버려진 자리 abandoned places", "redelivery": "11 재전송 redelivery", "replay": "12 재사용·위조 replayed and forged passes"}

func cheatWord(name string) string { return word(cheatWords, name) }

func word(words map[string]string, name string) string {
	if w, ok := words[name]; ok {
		return w
	}
	return name
}
