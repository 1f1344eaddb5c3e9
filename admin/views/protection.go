package views

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// protection shows how the gateways protect themselves and the backend: the brownout ladder, the instances, what each class
// gets, and the rules. It takes the place of charts and board while it is looked at.
type protection struct {
	book      *words.Book
	look      *model.Look
	steps     [model.Steps]*widgets.Sign
	why       widgets.Text
	limit     widgets.Text
	refusal   widgets.Text
	buttons   map[model.Verb]*widget.Button
	list      *widget.List
	instances []instanceRow
	width     float32 // of the list, as it was filled last
	chosen    string  // URL
	classes   [][]widgets.Text
	rules     []widgets.Text
	changed   []widgets.Text // parameters that are not at their default
	onAsk     func(model.Verb, model.Target)
	content   *fyne.Container
}

const (
	instanceColumns = 6
	mostLines       = 9
	classRow        = 24
)

var (
	instanceLayout = widgets.Columns{Widths: []float32{220, 110, 90, 60, 70, 0}, Gap: 14, Inset: 10, Height: 27}
	classLayout    = widgets.Columns{Widths: []float32{56, 0, 0, 0, 80}, Gap: 6, Inset: 10, Height: classRow}
	classKeys      = []string{"class", "offered", "answered", "shed", "threshold"}
	instanceKeys   = []string{"url", "state", "flight", "share", "latency", "breaker"}
)

func newProtection(b *words.Book, onAsk func(model.Verb, model.Target)) *protection {
	p := &protection{
		book: b, onAsk: onAsk, buttons: map[model.Verb]*widget.Button{}, why: widgets.NewText(14, true, fyne.TextAlignLeading),
		limit: widgets.NewText(13, false, fyne.TextAlignLeading), refusal: widgets.NewText(13, false, fyne.TextAlignLeading),
	}
	ladder := container.NewGridWithColumns(model.Steps)
	for i := range p.steps {
		p.steps[i] = widgets.NewSign(15, true, fyne.TextAlignCenter, fyne.NewSize(100, 32))
		ladder.Add(p.steps[i])
	}
	lines := container.New(widgets.Rows{Height: 21}, p.why.Text, p.refusal.Text)
	head := container.New(margin{8}, container.NewVBox(p.actions(), ladder, lines))
	p.list = widget.NewList(func() int { return len(p.instances) }, newInstanceRow, p.fill)
	p.list.OnSelected = p.selected
	table := container.NewBorder(captions(b, "column.instance.", instanceKeys, instanceLayout, 2, 4), nil, nil, nil, p.list)
	lower := container.New(margin{8}, container.New(widgets.Columns{Widths: []float32{430, 216, 0}, Gap: 20, Fill: true}, p.classTable(),
		p.lines("protection.rules", &p.rules), p.lines("protection.changed", &p.changed)))
	p.content = container.NewStack(canvas.NewRectangle(widgets.Panel), container.NewBorder(head, lower, nil, nil, table))
	return p
}

func (p *protection) actions() fyne.CanvasObject {
	row := container.NewGridWithColumns(len(model.ProtectionVerbs))
	for _, v := range model.ProtectionVerbs {
		p.buttons[v] = widget.NewButton(p.book.T("verb."+string(v)), func() { p.onAsk(v, p.target()) })
		row.Add(p.buttons[v])
	}
	return row
}

// captions heads columns; those from one on to another hold numbers.
func captions(b *words.Book, prefix string, keys []string, layout fyne.Layout, numbersFrom, numbersTo int) fyne.CanvasObject {
	row := container.New(layout)
	for i, key := range keys {
		align := fyne.TextAlignLeading
		if i >= numbersFrom && i <= numbersTo {
			align = fyne.TextAlignTrailing
		}
		t := widgets.NewText(13, true, align)
		t.Set(b.T(prefix+key), widgets.Quiet)
		row.Add(t.Text)
	}
	return row
}

// classTable is what each class gets, with the limit above it.
func (p *protection) classTable() fyne.CanvasObject {
	table := container.New(widgets.Rows{Height: classRow}, p.limit.Text, captions(p.book, "class.", classKeys, classLayout, 1, len(classKeys)-1))
	for range classOrder {
		row, cells := container.New(classLayout), []widgets.Text{}
		for i := range classKeys {
			align := fyne.TextAlignTrailing
			if i == 0 {
				align = fyne.TextAlignLeading
			}
			t := widgets.NewText(14, false, align)
			cells = append(cells, t)
			row.Add(t.Text)
		}
		p.classes = append(p.classes, cells)
		table.Add(row)
	}
	return table
}

// lines are a title with room for lines below it.
func (p *protection) lines(title string, into *[]widgets.Text) fyne.CanvasObject {
	head := widgets.NewText(13, true, fyne.TextAlignLeading)
	head.Set(p.book.T(title), widgets.Quiet)
	all := container.New(widgets.Rows{Height: classRow}, head.Text)
	for range mostLines {
		t := widgets.NewText(14, false, fyne.TextAlignLeading)
		*into = append(*into, t)
		all.Add(t.Text)
	}
	return all
}

func newInstanceRow() fyne.CanvasObject {
	row := container.New(instanceLayout)
	for i := range instanceColumns {
		align := fyne.TextAlignLeading
		if i >= 2 && i <= 4 {
			align = fyne.TextAlignTrailing
		}
		row.Add(widgets.NewText(14, false, align).Text)
	}
	return row
}

// instanceRow is an instance as it is drawn.
type instanceRow struct {
	url   string
	cells [instanceColumns]string
	state color.NRGBA
	ink   color.NRGBA
}

func (p *protection) fill(i widget.ListItemID, o fyne.CanvasObject) {
	if i >= len(p.instances) {
		return
	}
	row := p.instances[i]
	for column, cell := range o.(*fyne.Container).Objects {
		t := widgets.Text{Text: cell.(*canvas.Text)}
		ink := row.ink
		if column == 1 || column == 5 {
			ink = row.state
		}
		t.SetFitted(row.cells[column], ink, t.Size().Width)
	}
}

func (p *protection) selected(i widget.ListItemID) {
	if i < len(p.instances) {
		p.chosen = p.instances[i].url
		p.showActions()
	}
}

// target is the instance chosen, where one is.
func (p *protection) target() model.Target {
	if s := p.look.Snapshot; s != nil {
		for i := range s.Overload.Instances {
			if s.Overload.Instances[i].URL == p.chosen {
				return model.Target{Instance: &s.Overload.Instances[i]}
			}
		}
	}
	return model.Target{}
}

func (p *protection) show(l *model.Look) {
	p.look = l
	p.showActions()
	s := l.Snapshot
	if s == nil {
		return
	}
	p.showLadder(&s.Overload.Brownout)
	p.limit.SetFitted(p.book.T("protection.limit", s.Overload.Limit.Permits, s.Overload.Limit.InFlight, s.Overload.LagMS), p.ink(widgets.Ink), p.limit.Size().Width)
	p.showInstances(s)
	p.showClasses(s)
	p.showRules(s.Overload.Rules)
	p.showChanged(s.Overload.Changed)
}

// ink is a colour, or grey where the data is too old to decide on.
func (p *protection) ink(c color.NRGBA) color.NRGBA {
	if p.look.Level == model.Stale {
		return widgets.Faded
	}
	return c
}

func (p *protection) showActions() {
	target := p.target()
	var refusals []string
	for _, v := range model.ProtectionVerbs {
		refusal := model.ProtectionRefusal(v, p.look.Who.Role, p.look.Snapshot, target.Instance)
		enable(p.buttons[v], refusal == nil)
		if refusal != nil {
			refusals = append(refusals, p.book.T("verb."+string(v))+": "+p.book.Say(*refusal))
		}
	}
	text := strings.Join(refusals, "  ·  ")
	if p.look.Who.Role == "viewer" {
		text = p.book.T("why.viewer")
	}
	p.refusal.SetFitted(text, widgets.Quiet, p.refusal.Size().Width)
}

func (p *protection) showLadder(b *api.Brownout) {
	if b.Name == "" {
		p.why.Set(p.book.T("protection.unknown"), widgets.Quiet)
		return
	}
	for step, sign := range p.steps {
		tone, text := widgets.Muted, p.book.Say(model.StepName(step))
		if step == b.Step {
			tone, text = stepTone(b), "▶ "+text
		}
		if p.look.Level == model.Stale {
			tone = widgets.Muted
		}
		sign.Display(text, tone)
	}
	cause := model.CauseOf(b.Ko, b.En)
	text, ink := p.book.T("protection.automatic", b.Since, cause), widgets.Ink
	switch {
	case b.Held != nil:
		text, ink = p.book.T("protection.held", model.StepName(b.Held.Step), b.Held.By, b.Held.At, b.Held.Reason, model.StepName(b.Wanted)), widgets.Alert
	case b.Mode == api.ModeDryRun:
		text, ink = p.book.T("protection.ladder.dry", cause), widgets.Caution
	}
	p.why.SetFitted(text, p.ink(ink), p.why.Size().Width)
}

// stepTone is how much the step that the ladder stands on asks for eyes.
func stepTone(b *api.Brownout) widgets.Tone {
	switch {
	case b.Held != nil || b.Step == model.Steps-1:
		return widgets.Bad
	case b.Step > 0 || b.Mode == api.ModeDryRun:
		return widgets.Warn
	}
	return widgets.Fine
}

func (p *protection) showInstances(s *api.Snapshot) {
	rows := make([]instanceRow, len(s.Overload.Instances))
	for i := range s.Overload.Instances {
		rows[i] = p.instanceRow(&s.Overload.Instances[i])
	}
	same := len(rows) == len(p.instances) && p.list.Size().Width == p.width // what was cut to another width is cut anew
	for i := 0; same && i < len(rows); i++ {
		same = rows[i] == p.instances[i]
	}
	if !same {
		p.instances, p.width = rows, p.list.Size().Width
		p.list.Refresh()
	}
}

func (p *protection) instanceRow(i *api.InstanceStatus) instanceRow {
	tone := map[string]widgets.Tone{api.InstanceReady: widgets.Fine, api.InstanceDown: widgets.Bad, api.InstanceSlowStart: widgets.Warn}[i.State]
	if i.Breaker.State == "open" {
		tone = widgets.Bad
	}
	row := instanceRow{url: i.URL, state: p.ink(tone.Color()), ink: p.ink(widgets.Ink)}
	row.cells = [instanceColumns]string{
		strings.TrimPrefix(i.URL, "http://"), tone.Shape() + " " + p.book.T("instance."+i.State), fmt.Sprintf("%d / %d", i.InFlight, i.Permits),
		fmt.Sprintf("%.0f %%", 100*i.Share), words.Rate(i.LatencyMS), p.breakerCell(i),
	}
	return row
}

// breakerCell says how an instance's breaker stands, why, and when it is tried again; else why the instance stands as it does.
func (p *protection) breakerCell(i *api.InstanceStatus) string {
	b := &i.Breaker
	text := p.book.T("breaker." + b.State)
	if b.State == "" {
		text = "–"
	}
	if b.State == "open" && !b.Until.IsZero() {
		text = p.book.T("protection.breaker.until", text, b.Until)
	}
	switch cause := model.CauseOf(i.Ko, i.En).In(p.book.Lang); {
	case b.State != "closed" && b.Reason != "": // the end of an error says most, and the beginning is where it was wrapped
		text += " · " + strings.TrimSpace(b.Reason[strings.LastIndex(b.Reason, ": ")+1:])
	case cause != "":
		text += " · " + cause
	}
	return text
}

func (p *protection) showClasses(s *api.Snapshot) {
	latest, thresholds := p.look.Latest(), map[string]string{}
	for _, l := range s.Overload.Levels {
		thresholds[l.Class] = Percent(l.Threshold)
	}
	for i := range s.Classes {
		if i >= len(p.classes) {
			return
		}
		c := &s.Classes[i]
		shed, ink := latest.Sheds[c.Class], widgets.Ink
		switch {
		case shed > 0 && c.Class == "P0":
			ink = widgets.Alert
		case shed > 0:
			ink = widgets.Caution
		}
		threshold := thresholds[c.Class]
		if threshold == "" {
			threshold = "–"
		}
		for column, text := range []string{c.Class, words.Rate(c.PerS), words.Rate(max(0, c.PerS-shed)), words.Rate(shed), threshold} {
			p.classes[i][column].Set(text, p.ink(ink))
		}
	}
}

func (p *protection) showRules(rules []api.RuleStatus) {
	for i, t := range p.rules {
		if i >= len(rules) {
			t.Set("", widgets.Quiet)
			continue
		}
		r := &rules[i]
		text, ink := p.book.T("protection.rule", model.RuleName(r.Name), int64(r.Refused)), widgets.Quiet
		if r.Mode == api.ModeDryRun {
			text, ink = p.book.T("protection.dry.count", model.RuleName(r.Name), int64(r.WouldRefuse)), widgets.Alert
		}
		t.SetFitted(text, p.ink(ink), t.Size().Width)
	}
}

func (p *protection) showChanged(all []api.OverloadSetting) {
	for i, t := range p.changed {
		text := ""
		switch more := len(all) - len(p.changed) + 1; {
		case i == len(p.changed)-1 && more > 1:
			text = p.book.T("protection.more", more)
		case i < len(all):
			text = p.book.T("protection.set", all[i].Name, figure(all[i].Value), figure(all[i].Default), all[i].By)
		case i == 0:
			text = p.book.T("protection.unchanged")
		}
		t.SetFitted(text, p.ink(widgets.Quiet), t.Size().Width)
	}
}

// figure writes a parameter as it is set, not rounded.
func figure(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
