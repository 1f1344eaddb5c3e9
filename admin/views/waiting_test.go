package views

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// asked brings a snapshot in which somebody asked for something a second ago; "" when nobody did.
func (d *desk) asked(action, by string) {
	d.now = d.now.Add(time.Second)
	s := snapshotAt(int(d.now.Sub(start).Seconds()))
	s.Openings[0].RateCap = 100
	if action != "" {
		s.Openings[0].Pending = &api.PendingAction{Action: action, By: by, Reason: "백엔드 안정", At: start.Add(time.Second)}
	}
	d.console.Model.Apply(s, d.now)
	d.console.Update()
}

func TestTheBoardSaysWhatWaitsForASecondPerson(t *testing.T) {
	d := newDesk(t, "operator")
	bar := func() *waitingBar { return d.console.board.waiting }
	if bar().content.Visible() {
		t.Error("something waits before anybody asked")
	}
	d.asked("rate 500", "박총괄")
	if !bar().content.Visible() || bar().confirm.Disabled() {
		t.Error("an order that waits is not shown, or cannot be confirmed")
	}
	for lang, want := range map[words.Lang][2]string{
		words.Ko: {"▲ 두 번째 운영자를 기다림: 호출 상한 초당 500명 — 만 53–54세", "운영자 박총괄 요청 20:00:01 · 20:10:01까지 유효 · 사유: 백엔드 안정"},
		words.En: {"▲ Waits for a second operator: Cap rate 500 people/s — Ages 53–54", "Operator 박총괄 asked at 20:00:01 · lapses at 20:10:01 · reason: 백엔드 안정"},
	} {
		d.console.speak(lang)
		if got := [2]string{bar().what.Text.Text, bar().who.Text.Text}; got != want {
			t.Errorf("the bar says %q, want %q", got, want)
		}
		if got := d.console.board.rows[0].cells[0]; !strings.HasPrefix(got, "▲ ") {
			t.Errorf("the line is not marked: %q", got)
		}
	}
	d.asked("", "")
	if bar().content.Visible() {
		t.Error("the bar stays when nothing waits any more")
	}
}

func TestNobodyConfirmsTheirOwnOrder(t *testing.T) {
	d := newDesk(t, "operator")
	d.asked("rate 500", "김관제")
	if bar := d.console.board.waiting; !bar.confirm.Disabled() || !strings.HasPrefix(bar.who.Text.Text, "내가 20:00:01에 요청") {
		t.Errorf("who asked may confirm: %v, and is told %q", !bar.confirm.Disabled(), bar.who.Text.Text)
	}
	f := d.form(model.Rate)
	if got := f.twoPeople(); f.perS.Text != "" || !strings.Contains(got, "20:10:01까지 다른 운영자가") {
		t.Errorf("who asked finds %q filled in, and is told %q", f.perS.Text, got)
	}
	viewer := newDesk(t, "viewer")
	viewer.asked("rate 500", "박총괄")
	if bar := viewer.console.board.waiting; !bar.content.Visible() || !bar.confirm.Disabled() {
		t.Error("a viewer does not see what waits, or may confirm it")
	}
}

func TestTheSecondPersonOrdersTheSame(t *testing.T) {
	d := newDesk(t, "operator")
	d.asked("rate 500", "박총괄")
	test.Tap(d.console.board.waiting.confirm)
	f := d.console.form
	if f == nil || !f.send.Disabled() {
		t.Fatal("no form, or one that goes off without being confirmed")
	}
	if got := f.twoPeople(); got != "▲ 운영자 박총괄 요청 (20:00:01, 사유: 백엔드 안정). 20:10:01까지 같은 명령을 내리면 바로 실행됩니다." {
		t.Errorf("the form says %q", got)
	}
	rule := f.book.T("rate.two")
	if strings.Contains(f.drain.Text.Text, rule) {
		t.Errorf("the second person is told to find a second person: %q", f.drain.Text.Text)
	}
	f.perS.SetText("600")
	if !strings.Contains(f.drain.Text.Text, rule) {
		t.Errorf("another value begins anew: %q", f.drain.Text.Text)
	}
	f.perS.SetText("500")
	test.Tap(f.sure)
	test.Tap(f.send)
	if len(d.sent) != 1 || d.sent[0] != "rate o1 500 백엔드 안정" {
		t.Errorf("sent %q", d.sent)
	}
}

func TestAnEarlyOpeningNamesItsRule(t *testing.T) {
	d := newDesk(t, "operator")
	d.console.board.list.Select(2)
	if got := d.form(model.Open).twoPeople(); !strings.Contains(got, "다른 운영자가 10분 안에") {
		t.Errorf("the first person is told %q", got)
	}
}

func TestTheBarLeavesTheWindowSmall(t *testing.T) {
	d := newDesk(t, "operator")
	d.asked("rate 500", "박총괄")
	if s := d.console.Window.Content().MinSize(); s.Width > 1280 || s.Height > 800 {
		t.Errorf("the window needs %v, want at most 1280 × 800", s)
	}
}
