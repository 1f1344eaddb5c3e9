package views

import (
	"strconv"
	"strings"
	"time"

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
	sending bool
	pending bool // the server took it and waits for a second person

	templates *widget.Select
	reason    *widget.Entry // of a notice: the Korean text
	english   *widget.Entry
	moment    *widget.Entry
	perS      *widget.Entry
	drain     widgets.Text
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
	title := f.book.T("verb."+string(v)) + " — " + f.book.Say(f.name())
	f.dialog = dialog.NewCustomWithoutButtons(title, f.content(), c.Window)
	f.dialog.SetButtons([]fyne.CanvasObject{f.cancel, f.send})
	f.check()
	return f
}

func (f *orderForm) name() words.Message {
	if f.order.Verb == model.Notice {
		return words.M("target.all")
	}
	return f.target.Name()
}

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
	lines := container.NewVBox(head.Text, body, f.old)
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

func (f *orderForm) label(key string, args ...any) fyne.CanvasObject {
	p := widgets.NewParagraph(orderWidth, 14, true)
	p.Set(f.book.T(key, args...), widgets.Ink)
	return p
}

func (f *orderForm) hint(key string) fyne.CanvasObject {
	p := widgets.NewParagraph(orderWidth, 12.5, false)
	p.Set(f.book.T(key), widgets.Quiet)
	return p
}

// addFields adds what only some verbs need.
func (f *orderForm) addFields(box *fyne.Container) {
	switch f.order.Verb {
	case model.Postpone:
		f.moment = widget.NewEntry()
		f.moment.SetPlaceHolder("2021-07-19 22:00")
		f.moment.OnChanged = func(string) { f.check() }
		box.Add(f.label("field.moment"))
		box.Add(container.NewBorder(nil, nil, nil, f.later(30, 60, 120), f.moment))
	case model.Rate:
		f.perS = widget.NewEntry()
		f.perS.OnChanged = func(string) { f.check() }
		f.drain = widgets.NewText(14, false, fyne.TextAlignLeading)
		box.Add(f.label("field.rate"))
		box.Add(container.NewBorder(nil, nil, nil, f.paces(100, 300, 500, 1000, 0), f.perS))
		box.Add(f.drain.Text)
	}
}

// later offers times that are so many minutes after the opening's, in the near future.
func (f *orderForm) later(minutes ...int) fyne.CanvasObject {
	row := container.NewHBox()
	for _, m := range minutes {
		row.Add(widget.NewButton(f.book.T("later", time.Duration(m)*time.Minute), func() {
			from := f.target.Opening.OpensAt
			if now := f.console.look.Now; from.Before(now) {
				from = now.Truncate(time.Minute)
			}
			f.moment.SetText(from.Add(time.Duration(m) * time.Minute).In(kst).Format("2006-01-02 15:04"))
		}))
	}
	return row
}

func (f *orderForm) paces(values ...int) fyne.CanvasObject {
	row := container.NewHBox()
	for _, v := range values {
		text := words.Number(int64(v))
		if v == 0 {
			text = f.book.T("rate.lift")
		}
		row.Add(widget.NewButton(text, func() { f.perS.SetText(strconv.Itoa(v)) }))
	}
	return row
}

// addReason offers ready sentences first: the toolkit has no Korean input method, paste works.
func (f *orderForm) addReason(box *fyne.Container) {
	key := "reason"
	if f.order.Verb == model.Notice {
		key = "notice"
	}
	templates := f.book.List("template." + string(f.order.Verb))
	f.templates = widget.NewSelect(templates, func(string) { f.pick(f.templates.SelectedIndex()) })
	f.templates.PlaceHolder = f.book.T("template.choose")
	f.reason = f.sentence()
	box.Add(f.label("field." + key))
	box.Add(f.hint("field." + key + ".hint"))
	box.Add(f.templates)
	box.Add(f.reason)
	if f.order.Verb == model.Notice {
		f.english = f.sentence()
		box.Add(f.label("field.english"))
		box.Add(f.english)
	}
}

func (f *orderForm) sentence() *widget.Entry {
	e := widget.NewMultiLineEntry()
	e.Wrapping = fyne.TextWrapWord
	e.SetMinRowsVisible(2)
	e.OnChanged = func(string) { f.check() }
	return e
}

// pick fills in a template; what citizens will read goes in Korean whatever the console's language is.
func (f *orderForm) pick(i int) {
	key := "template." + string(f.order.Verb) + "." + strconv.Itoa(i+1)
	f.reason.SetText(words.Load(words.Ko).T(key))
	if f.english != nil {
		f.english.SetText(words.Load(words.En).T(key))
	}
}

func (f *orderForm) addConfirmation(box *fyne.Container) {
	if f.order.Verb.Heavy() {
		f.count = widget.NewEntry()
		f.count.OnChanged = func(string) { f.check() }
		box.Add(f.label("confirm.count", f.impact.People))
		box.Add(f.count)
		return
	}
	f.sure = widget.NewCheck(f.book.T("confirm.check", f.impact.People), func(bool) { f.check() })
	box.Add(f.sure)
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
	}
	f.order.Reason = f.reason.Text
}

// readRate is negative when the text is no rate.
func readRate(text string) float64 {
	v, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(text), ",", ""), 64)
	if err != nil || !(v >= 0 && v <= 1e6) {
		return -1
	}
	return v
}

func (f *orderForm) showDrain() {
	text, o := "", f.target.Opening
	if d, ok := model.DrainTime(o, f.order.PerS); ok {
		text = f.book.T("rate.drain", o.Waiting, d)
	}
	if o.RateCap > 0 && (f.order.PerS == 0 || f.order.PerS > o.RateCap) {
		text = "▲ " + f.book.T("rate.two") + " " + text
	}
	f.drain.Set(text, widgets.Quiet)
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
