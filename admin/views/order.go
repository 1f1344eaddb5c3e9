package views

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"github.com/daemun/daemun/admin/client"
	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
)

const orderWidth = 640

// orderForm asks for everything an order needs before it is sent: it names what will happen to how many people,
// wants a reason, and a confirmation that cannot be given by accident.
type orderForm struct {
	console *Console
	book    *words.Book
	target  model.Target
	impact  model.Impact // as it was when the form came up: what the operator confirms does not move under the hand
	order   model.Order
	waiting *model.Waiting // the same kind of order by somebody else, or by this person, that waits; or nil
	sending bool
	pending bool // the server took it and waits for a second person

	templates *widget.Select
	reason    *widget.Entry // of a notice: the Korean text
	english   *widget.Entry
	moment    *widget.Entry
	perS      *widget.Entry
	drain     widgets.Text
	step      *widget.Select
	url       *widget.Entry
	sure      *widget.Check
	count     *widget.Entry
	old       *widgets.Paragraph
	missing   *widgets.Paragraph
	problem   *widgets.Paragraph
	send      *widget.Button
	cancel    *widget.Button
	dialog    *dialog.CustomDialog
}

// ask opens the form for a verb.
func (c *Console) ask(v model.Verb, t model.Target) {
	c.form = c.newOrderForm(v, t)
	c.form.dialog.SetOnClosed(func() { c.form = nil })
	c.form.dialog.Show()
}

func (c *Console) newOrderForm(v model.Verb, t model.Target) *orderForm {
	f := &orderForm{console: c, book: c.book, target: t, order: model.Order{Verb: v}}
	f.impact = model.ImpactOf(v, t, c.look.Snapshot, c.look.Now)
	if t.Opening != nil {
		f.order.Opening = t.Opening.ID
	}
	if t.Cohort != nil {
		f.order.Cohort = t.Cohort.ID
	}
	if t.Instance != nil {
		f.order.URL = t.Instance.URL
	}
	if w := model.WaitingAt(t.Opening, c.look.Now); w != nil && w.Verb == v && t.Cohort == nil {
		f.waiting = w
	}
	title := f.book.T("verb."+string(v)) + " — " + f.book.Say(f.name())
	f.dialog = dialog.NewCustomWithoutButtons(title, f.content(), c.Window)
	f.dialog.SetButtons([]fyne.CanvasObject{f.cancel, f.send})
	f.repeat()
	f.check()
	return f
}

func (f *orderForm) name() words.Message { return f.target.NameFor(f.order.Verb) }

func (f *orderForm) content() fyne.CanvasObject {
	f.missing = widgets.NewParagraph(orderWidth, 14, false)
	f.problem = widgets.NewParagraph(orderWidth, 14, true)
	f.cancel = widget.NewButton(f.book.T("cancel"), func() { f.dialog.Hide() })
	f.send = widget.NewButton(f.book.T("do."+string(f.order.Verb), f.impact.People), f.carry)
	f.send.Importance = widget.HighImportance
	if f.order.Verb.Heavy() {
		f.send.Importance = widget.DangerImportance
	}
	box := container.NewVBox(f.impactBox())
	f.addFields(box)
	f.addReason(box)
	f.addConfirmation(box)
	box.Add(f.missing)
	box.Add(f.problem)
	return container.New(margin{6}, box)
}

func (f *orderForm) impactBox() fyne.CanvasObject {
	head := widgets.NewText(26, true, fyne.TextAlignLeading)
	head.Set(f.book.T("impact.people", f.impact.People), widgets.Caution)
	var sentences []string
	for _, m := range f.impact.Sentences {
		sentences = append(sentences, f.book.Say(m))
	}
	body := widgets.NewParagraph(orderWidth-24, 15, false)
	body.Set(strings.Join(sentences, "\n"), widgets.Ink)
	f.old = widgets.NewParagraph(orderWidth-24, 14, true)
	two := widgets.NewParagraph(orderWidth-24, 15, true)
	two.Set(f.twoPeople(), widgets.Caution)
	lines := container.NewVBox(head.Text, body, two, f.old)
	return container.NewStack(canvas.NewRectangle(widgets.Ground), container.New(margin{12}, lines))
}

// warn says that the numbers are old, from the moment on when they are.
func (f *orderForm) warn() {
	text := ""
	if look := f.console.look; look.Level != model.Fresh {
		text = "▲ " + f.book.T("impact.old", look.Age)
	}
	f.old.Set(text, widgets.Caution)
}

// check reads the form and lets the order go only when nothing is missing.
func (f *orderForm) check() {
	f.warn()
	f.read()
	missing := f.order.Missing(f.console.look.Now)
	if missing == nil && !f.confirmed() {
		m := words.M("missing.confirm")
		missing = &m
	}
	enable(f.send, missing == nil && !f.sending && !f.pending)
	enable(f.cancel, !f.sending) // an order under way cannot be taken back
	text := ""
	if missing != nil {
		text = "▲ " + f.book.Say(*missing)
	}
	f.missing.Set(text, widgets.Caution)
}

func (f *orderForm) read() {
	switch f.order.Verb {
	case model.Notice:
		f.order.Text, f.order.TextEn = f.reason.Text, f.english.Text
		return
	case model.Postpone:
		f.order.OpensAt = model.ParseTime(strings.TrimSpace(f.moment.Text), f.console.look.Now)
	case model.Rate:
		f.order.PerS = readRate(f.perS.Text)
		f.showDrain()
	case model.Hold:
		f.order.Step = f.step.SelectedIndex()
	case model.Add:
		f.order.URL = f.url.Text
	}
	f.order.Reason = f.reason.Text
}

func (f *orderForm) confirmed() bool {
	if f.sure != nil {
		return f.sure.Checked
	}
	typed := strings.ReplaceAll(strings.TrimSpace(f.count.Text), ",", "")
	return typed == strconv.FormatInt(f.impact.People, 10)
}

// carry sends the order and waits for the answer without holding up the window.
func (f *orderForm) carry() {
	f.sending = true
	f.problem.Set("", widgets.Alert)
	f.send.SetText(f.book.T("sending"))
	f.check()
	order, c := f.order, f.console
	c.Go(func() {
		outcome, err := order.Carry(c.ctx, c.Control)
		fyne.Do(func() { f.answered(outcome, err) })
	})
}

func (f *orderForm) answered(outcome model.Outcome, err error) {
	c, verb := f.console, words.M("verb."+string(f.order.Verb))
	f.sending = false
	f.send.SetText(f.book.T("do."+string(f.order.Verb), f.impact.People))
	switch {
	case err != nil:
		why := client.Describe(err)
		c.Model.Did(model.Warning, words.M("log.failed", verb, f.name(), why), c.Now())
		f.problem.Set("■ "+f.book.T("order.failed", why), widgets.Alert)
	case outcome.Pending:
		c.Model.Did(model.Warning, words.M("log.pending", verb, f.name()), c.Now())
		f.problem.Set("▲ "+f.book.T("order.pending"), widgets.Caution)
		f.cancel.SetText(f.book.T("close"))
	default:
		c.Model.Did(model.Done, words.M("log.did", verb, f.name(), f.said()), c.Now())
		f.dialog.Hide()
	}
	f.pending = outcome.Pending
	f.check()
	c.Render()
}

func (f *orderForm) said() string {
	if f.order.Verb == model.Notice {
		return strings.TrimSpace(f.order.Text)
	}
	return strings.TrimSpace(f.order.Reason)
}
