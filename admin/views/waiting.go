package views

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
)

// waitingBar says above the board that an order waits for a second person, and leads that person to it. It takes no
// room while nothing waits.
type waitingBar struct {
	book    *words.Book
	what    widgets.Text
	who     widgets.Text
	confirm *widget.Button
	all     []*model.Waiting
	order   *model.Waiting // that is shown; nil while nothing waits
	content *fyne.Container
}

func newWaitingBar(b *words.Book, onAsk func(model.Verb, model.Target)) *waitingBar {
	bar := &waitingBar{
		book: b, what: widgets.NewText(15, true, fyne.TextAlignLeading), who: widgets.NewText(13, false, fyne.TextAlignLeading),
	}
	bar.confirm = widget.NewButton(b.T("waiting.confirm"), func() { onAsk(bar.order.Verb, model.Target{Opening: bar.order.Opening}) })
	bar.confirm.Importance = widget.HighImportance
	lines := container.New(widgets.Rows{Height: 22}, bar.what.Text, bar.who.Text)
	row := container.New(widgets.Columns{Widths: []float32{0, 170}, Gap: 8, Inset: 8, Fill: true}, lines, container.NewVBox(layout.NewSpacer(), bar.confirm, layout.NewSpacer()))
	bar.content = container.NewStack(canvas.NewRectangle(widgets.Warn.Ground()), row)
	bar.content.Hide()
	return bar
}

// pick chooses the order at the opening in focus, or else the first, and says whether the bar came or went.
func (w *waitingBar) pick(l *model.Look) bool {
	was := w.order != nil
	w.order = model.WaitingAt(l.Focus, l.Now)
	w.all = model.AllWaiting(l.Snapshot, l.Now)
	if w.order == nil && len(w.all) > 0 {
		w.order = w.all[0]
	}
	if w.order == nil {
		w.content.Hide()
	} else {
		w.content.Show()
	}
	return was != (w.order != nil)
}

func (w *waitingBar) say(l *model.Look) {
	o := w.order
	if o == nil {
		return
	}
	mine := o.By == l.Who.Name
	enable(w.confirm, !mine && model.Refusal(o.Verb, l.Who.Role, model.Target{Opening: o.Opening}) == nil)
	what := "▲ " + w.book.T("waiting", o.Name(), model.NameOf(o.Opening))
	if more := len(w.all) - 1; more > 0 {
		what += "  " + w.book.T("waiting.more", more)
	}
	who := w.book.T("waiting.theirs", o.By, o.At, o.Until(), o.Reason)
	if mine {
		who = w.book.T("waiting.self", o.At, o.Until(), o.Reason)
	}
	w.what.SetFitted(what, widgets.Ink, w.what.Size().Width)
	w.who.SetFitted(who, widgets.Ink, w.who.Size().Width)
}

// twoPeople says that the order takes two people and which of them this one is; empty when one is enough, or when that
// depends on what is typed.
func (f *orderForm) twoPeople() string {
	w := f.waiting
	switch {
	case w != nil && w.By == f.console.look.Who.Name:
		return "▲ " + f.book.T("waiting.mine", w.At, w.Until())
	case w != nil:
		return "▲ " + f.book.T("waiting.yours", w.By, w.At, w.Reason, w.Until())
	case f.order.Verb == model.Open:
		return "▲ " + f.book.T("order.two")
	}
	return ""
}

// repeat fills in what somebody else asked for, so that the second order is the same. Looking at it and confirming it
// stays with the second person.
func (f *orderForm) repeat() {
	w := f.waiting
	if w == nil || w.By == f.console.look.Who.Name {
		return
	}
	if f.perS != nil {
		f.perS.SetText(strconv.FormatFloat(w.PerS, 'f', -1, 64))
	}
	f.reason.SetText(w.Reason)
}
