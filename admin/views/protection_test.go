package views

import (
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/gateway/api"
)

// guarded is a snapshot with everything that the panel shows.
func guarded(seconds int) *api.Snapshot {
	s := snapshotAt(seconds)
	s.Overload = api.Overload{
		Brownout: api.Brownout{Step: 2, Name: "lean", Mode: api.ModeEnforce, Since: s.At.Add(-time.Minute), Ko: "게이트웨이 지연 92 ms (기준 80 ms)", En: "this gateway runs late by 92 ms (mark 80 ms)", Wanted: 2},
		Limit:    api.LimitStatus{Permits: 96, InFlight: 71}, LagMS: 92,
		Levels: []api.LevelStatus{{Class: "P0", Threshold: 1}, {Class: "P1", Threshold: 1}, {Class: "P2", Threshold: 0.62}, {Class: "P3", Threshold: 0.03}},
		Instances: []api.InstanceStatus{
			{URL: "http://10.20.30.41:9090", State: api.InstanceReady, Permits: 64, InFlight: 58, Share: 0.74, LatencyMS: 18, Breaker: api.BreakerStatus{State: "closed"}},
			{URL: "http://10.20.30.42:9090", State: api.InstanceDown, Ko: "응답 없음", En: "no answer", Breaker: api.BreakerStatus{
				State: "open", Reason: "dial tcp 10.20.30.42:9090: connect: connection refused", Until: s.At.Add(2 * time.Second),
			}},
			{URL: "http://10.20.30.43:9090", State: api.InstanceSlowStart, Permits: 32, InFlight: 13, Share: 0.26, LatencyMS: 21.4, Ko: "새로 추가됨", En: "just added", Breaker: api.BreakerStatus{State: "closed"}},
		},
	}
	s.Overload.Changed = []api.OverloadSetting{{Name: "limit.max", Value: 2048, Default: 1024, By: "김관제"}}
	for i, rule := range []string{"limit", "threshold", "queue", "deadline", "breaker", "connections", "lag", "brownout"} {
		s.Overload.Rules = append(s.Overload.Rules, api.RuleStatus{Name: rule, Mode: api.ModeEnforce, Refused: uint64(1234 * i)})
	}
	s.Overload.Rules[3].Mode, s.Overload.Rules[3].WouldRefuse = api.ModeDryRun, 321
	s.Classes = []api.ClassStatus{{Class: "P0", PerS: 120}, {Class: "P1", PerS: 340}, {Class: "P2", PerS: 900, Shed: uint64(340 * seconds)}, {Class: "P3", PerS: 4200, Shed: uint64(4100 * seconds)}, {Class: "L", PerS: 3}, {Class: "W", PerS: 18_000}}
	return s
}

func newGuarded(t *testing.T, role string) *desk {
	d := newDesk(t, role)
	d.console.Model.Apply(guarded(61), d.now.Add(time.Second))
	d.after(1)
	d.console.Model.Apply(guarded(62), d.now.Add(time.Second))
	d.after(1)
	d.console.turn()
	return d
}

func TestThePanelTakesTheBoardsPlace(t *testing.T) {
	d := newGuarded(t, "operator")
	if d.console.views[0].Visible() || !d.console.views[1].Visible() || d.console.header.protect.Text != "개통 보기" {
		t.Error("the panel does not show")
	}
	d.console.speak(d.console.Lang.Other())
	if d.console.views[0].Visible() || d.console.header.protect.Text != "Show openings" {
		t.Error("another language turned it away")
	}
	d.console.turn()
	if !d.console.views[0].Visible() || d.console.views[1].Visible() {
		t.Error("the board does not come back")
	}
}

func TestThePanelSaysHowThingsStand(t *testing.T) {
	d := newGuarded(t, "operator")
	p := d.console.protect
	if got := p.steps[2].Shown(); got != "▶ 2 간단한 화면" {
		t.Errorf("the step reads %q", got)
	}
	if got := p.why.Text.Text; !strings.Contains(got, "자동") || !strings.Contains(got, "92 ms") {
		t.Errorf("why: %q", got)
	}
	rows := []string{}
	for _, r := range p.instances {
		rows = append(rows, strings.Join(r.cells[:], " | "))
	}
	for i, want := range []string{"10.20.30.41:9090 | ● 정상 | 58 / 64 | 74 % | 18 | 정상", "■ 멈춤 | 0 / 0 | 0 % | 0 | 열림 · 20:01:04에 다시 시험 · connection refused", "▲ 올리는 중 | 13 / 32 | 26 % | 21 | 정상 · 새로 추가됨"} {
		if !strings.Contains(rows[i], want) {
			t.Errorf("%q lacks %q", rows[i], want)
		}
	}
	if got := p.rules[3].Text.Text; got != "■ 시험만: 대기 시간 · 321건" {
		t.Errorf("a rule in dry-run reads %q", got)
	}
	if got := p.changed[0].Text.Text + p.changed[1].Text.Text; got != "limit.max 2048 (기본 1024) 김관제" {
		t.Errorf("a parameter that was changed reads %q", got)
	}
	var p2 []string
	for _, cell := range p.classes[2] {
		p2 = append(p2, cell.Text.Text)
	}
	if got := strings.Join(p2, " "); got != "P2 900 560 340 62 %" {
		t.Errorf("P2 reads %q", got)
	}
	if got := d.console.header.alarm.Shown(); !strings.Contains(got, "시험 모드") {
		t.Errorf("the alarm line says %q", got)
	}
}

func TestOrdersFromThePanel(t *testing.T) {
	d := newGuarded(t, "supervisor")
	p := d.console.protect
	p.selected(1)
	order := func(v model.Verb, fill func(*orderForm)) {
		t.Helper()
		f := d.console.newOrderForm(v, p.target())
		fill(f)
		f.templates.SetSelectedIndex(0)
		if !f.send.Disabled() {
			t.Errorf("%s can be sent unconfirmed", v)
		}
		f.sure.SetChecked(true)
		if f.send.Disabled() {
			t.Fatalf("%s lacks %q", v, f.missing.Text())
		}
		f.carry()
	}
	order(model.Hold, func(f *orderForm) { f.step.SetSelectedIndex(3) })
	order(model.Release, func(*orderForm) {})
	order(model.Add, func(f *orderForm) { f.url.SetText("http://10.20.30.44:9090") })
	order(model.Drain, func(*orderForm) {})
	want := "brownout 3 개통 직전의 폭주에 대비해 고정합니다.|brownout automatic 상황이 안정되어 자동으로 돌립니다.|" +
		"add http://10.20.30.44:9090 접속이 몰려 백엔드를 늘립니다.|drain http://10.20.30.42:9090 백엔드를 점검하려고 비웁니다."
	if got := strings.Join(d.sent, "|"); got != want {
		t.Errorf("sent %q", got)
	}
}

func TestAHeldStepIsLoud(t *testing.T) {
	d := newGuarded(t, "viewer")
	s := guarded(63)
	s.Overload.Brownout.Held = &api.HeldStep{Step: 2, By: "김관제", Reason: "점검", At: s.At}
	d.console.Model.Apply(s, d.now.Add(time.Second))
	d.after(1)
	if got := d.console.protect.why.Text.Text; !strings.HasPrefix(got, "■ 운영자 고정: 2 간단한 화면 · 김관제") {
		t.Errorf("it reads %q", got)
	}
	for _, v := range model.ProtectionVerbs {
		if !d.console.protect.buttons[v].Disabled() {
			t.Errorf("a viewer may %s", v)
		}
	}
}
