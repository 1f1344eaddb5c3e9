package views

import (
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
)

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
	case model.Hold:
		f.step = widget.NewSelect(f.steps(), func(string) { f.check() })
		f.step.PlaceHolder = f.book.T("step.choose")
		box.Add(f.label("field.step"))
		box.Add(f.step)
	case model.Add:
		f.url = widget.NewEntry()
		f.url.SetPlaceHolder("http://10.0.0.12:9090")
		f.url.OnChanged = func(string) { f.check() }
		box.Add(f.label("field.url"))
		box.Add(f.hint("field.url.hint"))
		box.Add(f.url)
	}
}

// steps names each step of the ladder with what it does.
func (f *orderForm) steps() []string {
	var list []string
	for step := range model.Steps {
		list = append(list, f.book.Say(model.StepName(step))+" — "+f.book.T("step."+strconv.Itoa(step)+".does"))
	}
	return list
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
	box.Add(f.hint("field." + key + f.seenBy() + ".hint"))
	box.Add(f.templates)
	box.Add(f.reason)
	if f.order.Verb == model.Notice {
		f.english = f.sentence()
		box.Add(f.label("field.english"))
		box.Add(f.english)
	}
}

// seenBy tells apart reasons that everybody who waits reads from those that stay in the control room.
func (f *orderForm) seenBy() string {
	switch f.order.Verb {
	case model.Hold, model.Release, model.Add, model.Drain:
		return ".inside"
	}
	return ""
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
	lifts := o.RateCap > 0 && (f.order.PerS == 0 || f.order.PerS > o.RateCap)
	if second := f.waiting != nil && f.waiting.Confirms(f.order, f.console.look.Who.Name); lifts && !second {
		text = "▲ " + f.book.T("rate.two") + " " + text
	}
	f.drain.Set(text, widgets.Quiet)
}
