package views

import (
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
)

// header says whether to trust what stands below: connection, role, server time, age of the data, health, alarms.
type header struct {
	book            *words.Book
	who, link       widgets.Text
	clock           widgets.Text
	age, alarm      *widgets.Sign
	gateway, shared widgets.Text
	backend         widgets.Text
	facts           *facts
	export, protect *widget.Button
	content         fyne.CanvasObject
}

func newHeader(b *words.Book, switchLang, export, protect func()) *header {
	h := &header{
		book: b,
		who:  widgets.NewText(14, false, fyne.TextAlignLeading), link: widgets.NewText(14, true, fyne.TextAlignLeading),
		clock: widgets.NewText(26, true, fyne.TextAlignTrailing),
		age:   widgets.NewSign(30, true, fyne.TextAlignCenter, fyne.NewSize(270, 54)),
		alarm: widgets.NewSign(16, true, fyne.TextAlignLeading, fyne.NewSize(200, 34)),
	}
	for _, t := range []*widgets.Text{&h.gateway, &h.shared, &h.backend} {
		*t = widgets.NewText(13, false, fyne.TextAlignLeading)
	}
	h.export = widget.NewButtonWithIcon(b.T("export"), theme.DocumentSaveIcon(), export)
	h.protect = widget.NewButton(b.T("protection.show"), protect)
	h.facts = newFacts(b)
	h.content = container.NewVBox(h.top(switchLang), h.health(), h.facts.content, h.alarm)
	return h
}

func (h *header) top(switchLang func()) fyne.CanvasObject {
	title := widgets.NewText(22, true, fyne.TextAlignLeading)
	title.Set(h.book.T("app.title"), widgets.Ink)
	zone := widgets.NewText(12, false, fyne.TextAlignTrailing)
	zone.Set(h.book.T("clock.kst"), widgets.Quiet)
	names := container.New(widgets.Rows{Height: 27}, title.Text, h.link.Text)
	clock := container.New(widgets.Rows{Height: 33}, h.clock.Text, zone.Text)
	other := widget.NewButton(h.book.T("language.other"), switchLang)
	return container.New(widgets.Columns{Widths: []float32{0, 150, 270, 130, 100, 130}, Gap: 12, Height: 54},
		names, clock, h.age, h.protect, other, h.export)
}

// healthColumns are those of the row of health and of the row of facts below it.
var healthColumns = widgets.Columns{Widths: []float32{0, 320, 330, 320}, Gap: 8, Height: 24}

func (h *header) health() fyne.CanvasObject {
	return container.New(healthColumns,
		h.who.Text, h.gateway.Text, h.shared.Text, h.backend.Text)
}

func (h *header) show(l *model.Look, host string, now time.Time) {
	h.showLink(l, host, now)
	h.showAge(l)
	h.showAlarm(l)
	h.showHealth(l)
	h.facts.show(l)
	text := "--:--:--"
	if !l.Now.IsZero() {
		text = clock(l.Now)
	}
	h.clock.Set(text, widgets.Ink)
}

func (h *header) showLink(l *model.Look, host string, now time.Time) {
	h.who.Set("", widgets.Quiet)
	if l.Who.Name != "" {
		h.who.Set(h.book.T("who", l.Who.Name, words.M("role."+l.Who.Role)), widgets.Ink)
	}
	width := h.link.Size().Width
	switch {
	case l.Link.Up:
		h.link.SetFitted("● "+h.book.T("link.up", host), widgets.Good, width)
	case l.Link.Problem.Key == "":
		h.link.SetFitted("○ "+h.book.T("link.connecting", host), widgets.Quiet, width)
	default:
		wait := max(0, int(math.Ceil(l.Link.RetryAt.Sub(now).Seconds())))
		text := h.book.T("link.down", l.Link.Problem, wait)
		if wait == 0 {
			text = h.book.T("link.again", l.Link.Problem)
		}
		h.link.SetFitted("■ "+text, widgets.Alert, width)
	}
}

func (h *header) showAge(l *model.Look) {
	seconds := int(l.Age / time.Second)
	switch l.Level {
	case model.None:
		h.age.Display(h.book.T("age.none"), widgets.Bad)
	case model.Fresh:
		h.age.Display(h.book.T("age", h.span(seconds)), widgets.Fine)
	case model.Late:
		h.age.Display("▲ "+h.book.T("age", h.span(seconds)), widgets.Warn)
	case model.Stale:
		h.age.Display("■ "+h.book.T("age", h.span(seconds)), widgets.Bad)
	}
}

func (h *header) span(seconds int) string { return h.book.Span(time.Duration(seconds) * time.Second) }

func (h *header) showAlarm(l *model.Look) {
	if len(l.Alarms) == 0 {
		if l.Level == model.None {
			h.alarm.Display(h.book.T("alarm.unknown"), widgets.Muted)
			return
		}
		h.alarm.Display("● "+h.book.T("alarm.none"), widgets.Muted)
		return
	}
	worst := l.Alarms[0]
	tone := toneOf(worst.Severity)
	text := tone.Shape() + " " + h.book.Say(worst.Message)
	if more := len(l.Alarms) - 1; more > 0 {
		text += "  " + h.book.T("alarm.more", more, l.Alarms[1].Message)
	}
	h.alarm.Display(text, tone)
}

func (h *header) showHealth(l *model.Look) {
	s := l.Snapshot
	if s == nil {
		return
	}
	role := "gateway.follower"
	if s.Leader {
		role = "gateway.leader"
	}
	up := s.At.Sub(s.UpSince)
	h.light(h.gateway, l, true, h.book.T("gateway", s.Node, words.M(role), up, s.Version))
	if s.Shared.Reachable {
		h.light(h.shared, l, s.Shared.Leader != "", h.book.T("shared.up", s.Shared.Gateways, s.Shared.Leader))
	} else {
		h.light(h.shared, l, false, h.book.T("shared.down"))
	}
	if s.Backend.Reachable {
		h.light(h.backend, l, true, h.book.T("backend.up", s.Backend.Store, s.Backend.CommitMS, int64(s.Backend.LedgerSeq)))
	} else {
		h.light(h.backend, l, false, h.book.T("backend.down"))
	}
}

// light shows a part's health by shape, colour and words; what is old is grey.
func (h *header) light(t widgets.Text, l *model.Look, good bool, text string) {
	tone, width := widgets.Fine, t.Size().Width
	if !good {
		tone = widgets.Bad
	}
	c := widgets.Quiet
	switch {
	case l.Level == model.Stale:
		c = widgets.Faded
	case !good:
		c = tone.Color()
	}
	t.SetFitted(tone.Shape()+" "+text, c, width)
}
