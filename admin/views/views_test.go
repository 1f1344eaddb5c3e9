package views

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

var start = time.Date(2021, 7, 19, 11, 0, 0, 0, time.UTC)

func count(n int64) *int64 { return &n }

func snapshotAt(seconds int) *api.Snapshot {
	at := start.Add(time.Duration(seconds) * time.Second)
	opening := func(id, name, nameEn, state string, opens time.Time) api.OpeningStatus {
		return api.OpeningStatus{
			Opening: api.Opening{
				ID: id, Name: name, NameEn: nameEn, State: state, Order: "draw", OpensAt: opens,
				ClosesAt: opens.Add(22 * time.Hour), StockLeft: count(84_120),
			},
			StockTotal: 140_000, Joined: 412_345, Waiting: 321_044, TurnCome: 91_301, Entered: 60_000, Booked: 55_880,
			Speed: 512, WaitLowS: count(600), WaitHighS: count(900),
			CohortStatus: []api.CohortStatus{{Cohort: api.Cohort{ID: id + "-67", Name: "1967년생", NameEn: "born 1967"}, Joined: 200_000, Entered: 30_000}},
		}
	}
	return &api.Snapshot{
		At: at, Node: "gw-1", Leader: true, Version: "v0.1.0", UpSince: start.Add(-time.Hour),
		Backend: api.BackendStatus{Reachable: true, ReportedAt: at, Store: "sqlite", CommitMS: 3.2},
		Shared:  api.SharedStatus{Reachable: true, Leader: "gw-1", Gateways: 1},
		Classes: []api.ClassStatus{{Class: "P0"}, {Class: "P3", Shed: uint64(12 * seconds)}}, Errors: map[string]uint64{"busy": uint64(7 * seconds)},
		Breakers: []api.BreakerStatus{{Name: "backend", State: "closed"}},
		Openings: []api.OpeningStatus{
			opening("o1", "만 53–54세", "Ages 53–54", api.OpeningOpen, start),
			opening("o2", "만 50–52세", "Ages 50–52", api.OpeningScheduled, start.Add(24*time.Hour)),
		},
	}
}

func TestMain(m *testing.M) {
	ReadableLocale()
	m.Run()
}

// desk is a console in a window that nobody sees, with a control that takes orders down.
type desk struct {
	t       *testing.T
	console *Console
	now     time.Time
	sent    []string
	outcome model.Outcome
	err     error
}

func (d *desk) Command(_ context.Context, verb, opening, cohort string, c api.Command) (model.Outcome, error) {
	line := strings.Join(strings.Fields(strings.Join([]string{verb, opening, cohort, c.Reason}, " ")), " ")
	if c.OpensAt != nil {
		line += " " + c.OpensAt.UTC().Format(time.RFC3339)
	}
	d.sent = append(d.sent, line)
	return d.outcome, d.err
}

func (d *desk) Rate(_ context.Context, opening string, c api.RateCommand) (model.Outcome, error) {
	d.sent = append(d.sent, strings.Join([]string{"rate", opening, words.Rate(c.PerS), c.Reason}, " "))
	return d.outcome, d.err
}

func (d *desk) Notice(_ context.Context, c api.NoticeCommand) error {
	d.sent = append(d.sent, "notice "+c.Text+" / "+c.TextEn)
	return d.err
}

func (d *desk) Brownout(_ context.Context, c api.BrownoutCommand) error {
	step := "automatic"
	if c.Step != nil {
		step = strconv.Itoa(*c.Step)
	}
	d.sent = append(d.sent, "brownout "+step+" "+c.Reason)
	return d.err
}

func (d *desk) AddBackend(_ context.Context, c api.BackendCommand) error {
	d.sent = append(d.sent, "add "+c.URL+" "+c.Reason)
	return d.err
}

func (d *desk) DrainBackend(_ context.Context, c api.BackendCommand) error {
	d.sent = append(d.sent, "drain "+c.URL+" "+c.Reason)
	return d.err
}

func newDesk(t *testing.T, role string) *desk {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(widgets.Theme{})
	window := test.NewTempWindow(t, nil)
	window.Resize(fyne.NewSize(1440, 900))
	d := &desk{t: t, now: start.Add(time.Minute)}
	state := model.New()
	d.console = New(context.Background(), Options{
		Window: window, Model: state, Control: d, Host: "127.0.0.1:8443", Lang: words.Ko,
		Now: func() time.Time { return d.now }, Go: func(f func()) { f() },
	})
	state.Connected(api.WhoAmI{Name: "김관제", Role: role}, d.now)
	state.Apply(snapshotAt(60), d.now)
	d.console.Update()
	return d
}

func (d *desk) after(seconds int) {
	d.now = d.now.Add(time.Duration(seconds) * time.Second)
	d.console.Update()
}

func (d *desk) enabled() []model.Verb {
	var list []model.Verb
	for _, v := range model.Verbs {
		if !d.console.board.buttons[v].Disabled() {
			list = append(list, v)
		}
	}
	return list
}

func (d *desk) form(v model.Verb) *orderForm {
	f := d.console.newOrderForm(v, d.console.board.targetNow())
	f.dialog.Show()
	d.t.Cleanup(f.dialog.Hide)
	return f
}

func TestButtonsFollowTheRole(t *testing.T) {
	for role, want := range map[string]string{
		"viewer":     "",
		"operator":   "pause postpone rate notice",
		"supervisor": "pause postpone close rate notice",
	} {
		d := newDesk(t, role)
		var got []string
		for _, v := range d.enabled() {
			got = append(got, string(v))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s may %v, want %s", role, got, want)
		}
		if why := d.console.board.why.Text.Text; role == "viewer" && !strings.Contains(why, "보기 전용") {
			t.Errorf("a viewer is not told why: %q", why)
		}
	}
}

func TestTilesShowTheOpeningInFocus(t *testing.T) {
	d := newDesk(t, "operator")
	tiles := d.console.tiles
	for name, row := range map[string]struct{ got, want string }{
		"queue":   {tiles.queue.Reading().Value, "321,044"},
		"wait":    {tiles.wait.Reading().Value, "10–15"},
		"calls":   {tiles.calls.Reading().Value, "512"},
		"entered": {tiles.entered.Reading().Value, "60,000"},
		"booked":  {tiles.booked.Reading().Value, "55,880"},
		"stock":   {tiles.stock.Reading().Value, "84,120"},
		"percent": {tiles.stock.Reading().Note, "60 % / 140,000"},
		"breaker": {tiles.breaker.Reading().Value, "정상"},
	} {
		if row.got != row.want {
			t.Errorf("%s: %q, want %q", name, row.got, row.want)
		}
	}
}

func TestScarceStockAndOpenBreakerStandOut(t *testing.T) {
	d := newDesk(t, "operator")
	s := snapshotAt(61)
	s.Openings[0].StockLeft = count(9_000)
	s.Breakers[0].State, s.Breakers[0].Since = "open", s.At.Add(-12*time.Second)
	d.console.Model.Apply(s, d.now.Add(time.Second))
	d.after(1)
	if r := d.console.tiles.stock.Reading(); r.Tone != widgets.Warn || !strings.HasPrefix(r.Note, "▲ 6.4 %") {
		t.Errorf("scarce stock reads %+v", r)
	}
	if r := d.console.tiles.breaker.Reading(); r.Tone != widgets.Bad || r.Note != "■ backend · 12초째" {
		t.Errorf("an open breaker reads %+v", r)
	}
	if got := d.console.header.alarm.Shown(); !strings.HasPrefix(got, "■ 차단기 backend 열림") || !strings.Contains(got, "외 1건") {
		t.Errorf("the alarm line says %q", got)
	}
}

func TestAgeWarnsAndGreys(t *testing.T) {
	d := newDesk(t, "operator")
	for _, row := range []struct {
		wait  int
		says  string
		stale bool
	}{{1, "자료 1초 전", false}, {2, "▲ 자료 3초 전", false}, {7, "■ 자료 10초 전", true}} {
		d.after(row.wait)
		if got := d.console.header.age.Shown(); got != row.says {
			t.Errorf("age says %q, want %q", got, row.says)
		}
		if got := d.console.tiles.queue.Reading().Stale; got != row.stale {
			t.Errorf("at %q tiles are stale: %v", row.says, got)
		}
	}
	if got := d.console.header.alarm.Shown(); !strings.Contains(got, "판단하지 마십시오") {
		t.Errorf("the alarm line says %q", got)
	}
}

func TestDisconnectionSaysWhyAndWhen(t *testing.T) {
	d := newDesk(t, "operator")
	d.console.Model.Disconnected(words.M("link.refused"), d.now.Add(4*time.Second), d.now)
	d.console.Update()
	if got := d.console.header.link.Text.Text; got != "■ 연결 끊김: 서버가 실행 중이 아닙니다 · 4초 뒤 다시 연결합니다" {
		t.Errorf("link says %q", got)
	}
	if items := d.console.journal.Items(); !strings.Contains(items[0].Text, "서버가 실행 중이 아닙니다") {
		t.Errorf("the log says %q", items[0].Text)
	}
}

func TestPauseWantsAReasonAndAConfirmation(t *testing.T) {
	d := newDesk(t, "operator")
	f := d.form(model.Pause)
	if !f.send.Disabled() || !strings.Contains(f.missing.Text(), "사유") {
		t.Fatalf("an empty form can be sent, or does not say what it lacks: %q", f.missing.Text())
	}
	f.templates.SetSelectedIndex(0)
	if !f.send.Disabled() || !strings.Contains(f.missing.Text(), "확인") {
		t.Fatalf("the form can be sent unconfirmed: %q", f.missing.Text())
	}
	test.Tap(f.sure)
	if f.send.Disabled() {
		t.Fatalf("a complete form cannot be sent: %q", f.missing.Text())
	}
	test.Tap(f.send)
	want := "pause o1 예약 시스템 점검을 위해 잠시 멈춥니다. 순번은 유지됩니다."
	if len(d.sent) != 1 || d.sent[0] != want {
		t.Errorf("sent %q, want %q", d.sent, want)
	}
	if items := d.console.journal.Items(); !strings.HasPrefix(items[0].Text, "내가 일시정지 실행 — 만 53–54세.") {
		t.Errorf("the log says %q", items[0].Text)
	}
}

func TestTheDialogNamesThePeople(t *testing.T) {
	d := newDesk(t, "operator")
	test.Tap(d.console.board.buttons[model.Pause])
	overlay := d.console.Window.Canvas().Overlays().Top()
	if overlay == nil {
		t.Fatal("no dialog")
	}
	markup := test.RenderObjectToMarkup(overlay)
	for _, want := range []string{"352,345명에게 영향을 줍니다", "이미 입장한 60,000명은", "352,345명의 호출을 멈춤"} {
		if !strings.Contains(markup, want) {
			t.Errorf("the dialog does not say %q", want)
		}
	}
}

func TestClosingWantsTheNumberTyped(t *testing.T) {
	d := newDesk(t, "supervisor")
	f := d.form(model.Close)
	f.templates.SetSelectedIndex(0)
	for typed, ready := range map[string]bool{"": false, "352": false, "352345": true, "352,345": true} {
		f.count.SetText(typed)
		if f.send.Disabled() == ready {
			t.Errorf("%q typed: ready %v, want %v", typed, !f.send.Disabled(), ready)
		}
	}
}

func TestPostponeTakesKoreanTime(t *testing.T) {
	d := newDesk(t, "operator")
	f := d.form(model.Postpone)
	f.reason.SetText("점검")
	f.count.SetText("352345")
	f.moment.SetText("2021-07-19 19:00")
	if !f.send.Disabled() {
		t.Error("a time that has passed can be sent")
	}
	f.moment.SetText("2021-07-19 22:00")
	test.Tap(f.send)
	if len(d.sent) != 1 || d.sent[0] != "postpone o1 점검 2021-07-19T13:00:00Z" {
		t.Errorf("sent %q", d.sent)
	}
}

func TestRateTellsHowLongItTakes(t *testing.T) {
	d := newDesk(t, "operator")
	f := d.form(model.Rate)
	f.perS.SetText("abc")
	if !strings.Contains(f.missing.Text(), "숫자") {
		t.Errorf("letters for a rate: %q", f.missing.Text())
	}
	f.perS.SetText("500")
	if got := f.drain.Text.Text; !strings.Contains(got, "321,044명") || !strings.Contains(got, "10분") {
		t.Errorf("500 a second: %q", got)
	}
	f.reason.SetText("부하")
	f.sure.SetChecked(true)
	test.Tap(f.send)
	if len(d.sent) != 1 || d.sent[0] != "rate o1 500 부하" {
		t.Errorf("sent %q", d.sent)
	}
}

func TestNoticeGoesOutInBothLanguages(t *testing.T) {
	d := newDesk(t, "operator")
	f := d.form(model.Notice)
	f.reason.SetText("직접 쓴 글")
	f.sure.SetChecked(true)
	if !f.send.Disabled() {
		t.Error("a notice without English can be sent")
	}
	f.templates.SetSelectedIndex(1)
	test.Tap(f.send)
	want := "notice " + words.Load(words.Ko).T("template.notice.2") + " / " + words.Load(words.En).T("template.notice.2")
	if len(d.sent) != 1 || d.sent[0] != want {
		t.Errorf("sent %q, want %q", d.sent, want)
	}
}

func TestCohortIsPausedByItself(t *testing.T) {
	d := newDesk(t, "operator")
	d.console.board.list.Select(1)
	f := d.form(model.Pause)
	f.reason.SetText("명단 확인")
	f.sure.SetChecked(true)
	test.Tap(f.send)
	if len(d.sent) != 1 || d.sent[0] != "pause o1 o1-67 명단 확인" {
		t.Errorf("sent %q", d.sent)
	}
}

func TestARefusalStaysInTheForm(t *testing.T) {
	d := newDesk(t, "operator")
	d.err = &api.Problem{Code: "already_paused", Detail: "이미 멈춰 있습니다.", DetailEn: "Paused already."}
	f := d.form(model.Pause)
	f.reason.SetText("점검")
	f.sure.SetChecked(true)
	test.Tap(f.send)
	if got := f.problem.Text(); got != "■ 실행되지 않았습니다. 이미 멈춰 있습니다. [already_paused]" {
		t.Errorf("the form says %q", got)
	}
	if f.send.Disabled() || f.reason.Text != "점검" {
		t.Error("the order cannot be tried again as it was")
	}
	if n := strings.Count(d.console.journal.Items()[0].Text, "already_paused"); n != 1 {
		t.Errorf("the log tells it %d times", n)
	}
}

func TestAnOrderForTwoSaysSo(t *testing.T) {
	d := newDesk(t, "operator")
	d.outcome.Pending = true
	f := d.form(model.Pause)
	f.reason.SetText("점검")
	f.sure.SetChecked(true)
	test.Tap(f.send)
	if !strings.Contains(f.problem.Text(), "아직 실행되지 않았습니다") || !f.send.Disabled() {
		t.Errorf("an order that waits for a second person: %q, can be sent again: %v", f.problem.Text(), !f.send.Disabled())
	}
}

func TestStaleNumbersAreCalledSo(t *testing.T) {
	d := newDesk(t, "operator")
	test.Tap(d.console.board.buttons[model.Pause])
	d.after(12)
	if m := test.RenderObjectToMarkup(d.console.Window.Canvas().Overlays().Top()); !strings.Contains(m, "12초 전 자료에 근거한") {
		t.Error("the dialog does not say that its numbers are old")
	}
}

func TestLanguageSwitchesAtRunTime(t *testing.T) {
	d := newDesk(t, "operator")
	d.console.speak(words.En)
	if got := d.console.board.rows[0].cells; got[0] != "Ages 53–54" || got[1] != "● Open" {
		t.Errorf("the board says %q %q", got[0], got[1])
	}
	if got := d.console.journal.Items()[0].Text; got != "Connected as 김관제 (operator)" {
		t.Errorf("the log says %q", got)
	}
	if got := d.console.header.age.Shown(); got != "Data 0 s old" {
		t.Errorf("the age says %q", got)
	}
}

func TestChoosingALineMovesTheFocus(t *testing.T) {
	d := newDesk(t, "operator")
	d.console.board.list.Select(2)
	if d.console.look.Focus.ID != "o2" {
		t.Errorf("focus on %s", d.console.look.Focus.ID)
	}
	d.console.Model.Apply(snapshotAt(61), d.now)
	d.after(1)
	if target := d.console.board.targetNow(); target.Opening.ID != "o2" || target.Cohort != nil {
		t.Errorf("after the next snapshot the buttons act on %s", target.Opening.ID)
	}
}

func TestFourthChartShowsErrorsOnRequest(t *testing.T) {
	d := newDesk(t, "operator")
	d.console.Model.Apply(snapshotAt(61), d.now.Add(time.Second))
	d.after(1)
	test.Tap(d.console.charts.toggle)
	lines := d.console.charts.troubleLines(d.console.look.History)
	if len(lines) != 1 || lines[0].Name != "혼잡" || lines[0].Points[1].V != 7 {
		t.Errorf("lines %+v", lines)
	}
}

func TestExportWritesAFile(t *testing.T) {
	d := newDesk(t, "viewer")
	path := filepath.Join(t.TempDir(), "export.json")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	d.console.exported(path, d.console.writeExport(file))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var e model.Export
	if err := json.Unmarshal(data, &e); err != nil || len(e.Snapshots) != 1 {
		t.Errorf("export of %d snapshots, %v", len(e.Snapshots), err)
	}
	if got := d.console.journal.Items()[0].Text; got != "내보냄: "+path {
		t.Errorf("the log says %q", got)
	}
}

// full is a file on a disk without room.
type full struct{ io.Writer }

func (full) Write([]byte) (int, error) { return 0, os.ErrInvalid }
func (full) Close() error              { return nil }

func TestAFailedExportIsTold(t *testing.T) {
	d := newDesk(t, "viewer")
	d.console.exported("x", d.console.writeExport(full{}))
	if got := d.console.journal.Items()[0]; !strings.HasPrefix(got.Text, "내보내지 못함") || got.Tone != widgets.Warn {
		t.Errorf("the log says %+v", got)
	}
}

func TestPercentNeverRoundsToNothingOrAll(t *testing.T) {
	for share, want := range map[float64]string{0: "0 %", 0.0004: "< 0.1 %", 0.0999: "9.9 %", 0.6008: "60 %", 0.9999: "99 %", 1: "100 %"} {
		if got := Percent(share); got != want {
			t.Errorf("%v: %q, want %q", share, got, want)
		}
	}
}

func TestWindowFitsSmallScreens(t *testing.T) {
	d := newDesk(t, "operator")
	if s := d.console.Window.Content().MinSize(); s.Width > 1280 || s.Height > 800 {
		t.Errorf("the window needs %v, want at most 1280 × 800", s)
	}
}
