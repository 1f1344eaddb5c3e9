package views

import (
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/gateway/api"
)

// know is a snapshot in which everything that changes rarely is known.
func know(seconds int) *api.Snapshot {
	s := snapshotAt(seconds)
	s.Schedule = api.ScheduleStatus{Version: 3, Name: "2021년 7월", ActivatedAt: start.Add(-time.Hour), ActivatedBy: "박일정"}
	s.Doors = api.DoorStatus{TriedAt: s.At.Add(-30 * time.Second), Tried: 12}
	hour, come := 0.94, 0.881
	s.Openings[0].WaitRanges = api.RangeQuality{Settled: 1204, Held: 1120, LastHour: &hour}
	s.Openings[0].ShowUp = &come
	s.Openings[0].Phase, s.Openings[0].PhaseSince = api.OpeningOpen, start
	return s
}

func (d *desk) take(s *api.Snapshot) {
	d.now = d.now.Add(time.Second)
	d.console.Model.Apply(s, d.now)
	d.console.Update()
}

func TestFactsAreSaid(t *testing.T) {
	d := newDesk(t, "operator")
	f := d.console.header.facts
	for want, got := range map[string]string{
		"일정 알 수 없음": f.schedule.Text.Text, "예상 대기 적중률 아직 알 수 없음": f.waits.Text.Text,
		"입장 비율 아직 알 수 없음": f.showUp.Text.Text, "문을 아직 시도하지 않음": f.doors.Text.Text,
	} {
		if !strings.HasSuffix(got, " "+want) {
			t.Errorf("before anything is known: %q, want %q", got, want)
		}
	}
	d.take(know(61))
	for want, got := range map[string]string{
		"일정 3 · 2021년 7월 · 07-19 19:00부터 · 운영자 박일정": f.schedule.Text.Text,
		"예상 대기 적중 1시간 94 % · 전체 93 % (1,204건)":      f.waits.Text.Text,
		"부른 사람 가운데 입장 88 %":                         f.showUp.Text.Text,
		"문 12곳 시도, 모두 닫힘 · 20:00:31":                f.doors.Text.Text,
	} {
		if !strings.HasSuffix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := d.console.board.target.Text.Text; !strings.Contains(got, "진행 중 (07-19 20:00부터, 1분째)") {
		t.Errorf("phase and since: %q", got)
	}
	if f.waits.Color != widgets.Quiet || f.doors.Color != widgets.Quiet {
		t.Error("what is well is not quiet")
	}
	bad := know(62)
	hour := 0.71
	bad.Openings[0].WaitRanges.LastHour = &hour
	d.take(bad)
	if f.waits.Color != widgets.Warn.Color() || !strings.HasPrefix(f.waits.Text.Text, "▲") {
		t.Errorf("waits that do not hold: %q", f.waits.Text.Text)
	}
	d.after(15)
	for _, text := range []widgets.Text{f.schedule, f.waits, f.showUp, f.doors, d.console.board.target} {
		if text.Color != widgets.Faded {
			t.Errorf("old, and not grey: %q", text.Text.Text)
		}
	}
}

// An open door comes before every other alarm, in the largest line there is, and in the log.
func TestOpenDoorCannotBeMissed(t *testing.T) {
	d := newDesk(t, "viewer")
	s := know(61)
	s.Backend.Reachable = false
	s.Doors.Open = []api.Door{{Name: "deep link", At: s.At, Ko: "개통 전 /clinics 가 200으로 답함", En: "/clinics answered 200 before the opening"}}
	d.take(s)
	if got := d.console.header.alarm.Shown(); !strings.HasPrefix(got, "■ 닫혀 있어야 할 문이 열려 있습니다 — deep link: 개통 전 /clinics") || !strings.Contains(got, "외 1건") {
		t.Errorf("the alarm line says %q", got)
	}
	doors := d.console.header.facts.doors
	if doors.Color != widgets.Bad.Color() || !strings.Contains(doors.Text.Text, "열린 문 1곳") {
		t.Errorf("the doors: %q", doors.Text.Text)
	}
	if log := d.console.look.Log; !strings.Contains(d.console.book.Say(log[0].Message)+d.console.book.Say(log[1].Message), "deep link") {
		t.Errorf("the log does not have it: %+v", log[:2])
	}
	shut := know(62)
	d.take(shut)
	if got := d.console.header.alarm.Shown(); !strings.Contains(got, "경보 없음") {
		t.Errorf("after it was shut: %q", got)
	}
	unsure := know(63)
	unsure.Doors.Untried = 2
	d.take(unsure)
	if doors.Color != widgets.Warn.Color() || !strings.Contains(doors.Text.Text, "확인하지 못한 문 2곳") {
		t.Errorf("doors that could not be tried: %q", doors.Text.Text)
	}
	old := know(64)
	old.Doors.TriedAt = old.At.Add(-11 * time.Minute)
	d.take(old)
	if got := d.console.header.alarm.Shown(); !strings.HasPrefix(got, "▲ 닫힌 문을 10분 넘게") || doors.Color != widgets.Warn.Color() {
		t.Errorf("not tried for long: %q, %q", got, doors.Text.Text)
	}
}

func TestFinerPhasesStandOut(t *testing.T) {
	d := newDesk(t, "operator")
	s := know(61)
	s.Openings[1].State, s.Openings[1].Phase, s.Openings[1].PhaseSince = api.OpeningLobby, api.PhasePostponed, s.At
	d.take(s)
	s = know(62)
	s.Openings[1].State, s.Openings[1].Phase = api.OpeningLobby, api.PhasePostponed
	s.Openings[0].State, s.Openings[0].Phase, s.Openings[0].StockLeft = api.OpeningClosed, api.PhaseExhausted, count(0)
	d.take(s)
	cells := map[string]boardRow{}
	for _, row := range d.console.board.rows {
		cells[row.at.opening+row.at.cohort] = row
	}
	if row := cells["o2"]; row.cells[1] != "▲ 연기됨" || row.state != widgets.Caution {
		t.Errorf("postponed: %q", row.cells[1])
	}
	if row := cells["o1"]; row.cells[1] != "■ 물량 소진" || row.state != widgets.Alert {
		t.Errorf("exhausted: %q", row.cells[1])
	}
	var log []string
	for _, e := range d.console.look.Log {
		log = append(log, d.console.book.Say(e.Message))
	}
	for _, want := range []string{"만 50–52세: 예정 → 연기됨", "만 53–54세: 진행 중 → 물량 소진", "만 53–54세: 물량이 소진되었습니다"} {
		if !strings.Contains(strings.Join(log, "\n"), want) {
			t.Errorf("the log does not say %q:\n%s", want, strings.Join(log, "\n"))
		}
	}
}

func TestNewScheduleIsLogged(t *testing.T) {
	d := newDesk(t, "operator")
	d.take(know(61))
	s := know(62)
	s.Schedule.Version, s.Schedule.Name = 4, "2021년 8월"
	d.take(s)
	if got := d.console.book.Say(d.console.look.Log[0].Message); got != "일정이 버전 3에서 4(으)로 바뀜: 2021년 8월 (운영자 박일정)" {
		t.Errorf("the log says %q", got)
	}
}
