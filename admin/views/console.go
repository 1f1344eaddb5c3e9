// Package views draws the console's window from what the model knows and turns touches into orders. Everything here
// runs on the toolkit's thread.
package views

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
)

// Options are what a window needs.
type Options struct {
	Window  fyne.Window
	Model   *model.Console
	Control model.Control
	Host    string // that is spoken to, for the header
	Lang    words.Lang
	Now     func() time.Time
	Go      func(func()) // starts work that waits for the network; nil: a goroutine
}

// Console is the window's content.
type Console struct {
	Options
	ctx     context.Context
	book    *words.Book
	header  *header
	tiles   *tiles
	charts  *charts
	board   *board
	protect *protection
	aside   bool // the protection is looked at in the place of charts and board
	views   [2]fyne.CanvasObject
	journal *widgets.Journal
	other   *widgets.Journal // the same, beside the protection
	look    *model.Look
	form    *orderForm // that is open, or nil
}

// New fills the window. The context ends orders that are under way when the program ends.
func New(ctx context.Context, o Options) *Console {
	if o.Go == nil {
		o.Go = func(f func()) { go f() }
	}
	c := &Console{Options: o, ctx: ctx}
	c.speak(o.Lang)
	return c
}

// speak builds the window anew in a language.
func (c *Console) speak(l words.Lang) {
	useToolkitWords(l)
	c.Lang, c.book = l, words.Load(l)
	c.header = newHeader(c.book, func() { c.speak(l.Other()) }, c.export, c.turn)
	c.tiles = newTiles(c.book)
	c.charts = newCharts(c.book)
	c.board = newBoard(c.book, c.choose, c.ask)
	c.protect = newProtection(c.book, c.ask)
	c.journal, c.other = widgets.NewJournal(), widgets.NewJournal()
	c.Window.SetTitle(c.book.T("app.title"))
	c.Window.SetContent(c.layout())
	c.face()
	c.Render()
}

// turn changes between the board and the protection.
func (c *Console) turn() {
	c.aside = !c.aside
	c.face()
}

func (c *Console) face() {
	key, shown, hidden := "protection.show", 0, 1
	if c.aside {
		key, shown, hidden = "protection.board", 1, 0
	}
	c.views[hidden].Hide()
	c.views[shown].Show()
	c.header.protect.SetText(c.book.T(key))
}

func (c *Console) layout() fyne.CanvasObject {
	beside := widgets.Columns{Widths: []float32{0, logWidth}, Gap: 8, Fill: true}
	lower := container.New(beside, c.board.content, panel(c.book.T("log.title"), c.journal))
	upper := container.NewVBox(c.header.content, c.tiles.content)
	c.views[0] = container.New(sharedHeight{top: 0.37}, c.charts.content, lower)
	c.views[1] = container.New(beside, c.protect.content, panel(c.book.T("log.title"), c.other))
	return container.New(margin{10}, container.NewBorder(upper, nil, nil, nil, container.NewStack(c.views[0], c.views[1])))
}

// sharedHeight puts two things below each other, the upper one with a share of the height.
type sharedHeight struct{ top float32 }

const sharedGap = 6

func (s sharedHeight) Layout(o []fyne.CanvasObject, size fyne.Size) {
	top := max(o[0].MinSize().Height, (size.Height-sharedGap)*s.top)
	o[0].Resize(fyne.NewSize(size.Width, top))
	o[1].Move(fyne.NewPos(0, top+sharedGap))
	o[1].Resize(fyne.NewSize(size.Width, max(0, size.Height-top-sharedGap)))
}

func (s sharedHeight) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(max(a.Width, b.Width), a.Height+sharedGap+b.Height)
}

const logWidth = 304

// Render draws what the model knows now.
func (c *Console) Render() {
	c.look = c.Model.Look(c.Now())
	if c.form != nil {
		c.form.warn()
	}
	c.header.show(c.look, c.Host, c.Now())
	c.tiles.show(c.look)
	c.charts.show(c.look)
	c.board.show(c.look)
	c.protect.show(c.look)
	items := c.items(c.look.Log)
	c.journal.Display(items)
	c.other.Display(items)
}

// Update draws what changed since the last time: all of it, or only the clock and the age.
func (c *Console) Update() {
	look := c.Model.Look(c.Now())
	if !sameButTime(look, c.look) {
		c.Render()
		return
	}
	c.look = look
	if c.form != nil {
		c.form.warn()
	}
	c.header.show(look, c.Host, c.Now())
}

func sameButTime(a, b *model.Look) bool {
	return a.Snapshot == b.Snapshot && a.Level == b.Level && a.Who == b.Who && len(a.Log) == len(b.Log) &&
		a.Link.Up == b.Link.Up && a.Link.RetryAt.Equal(b.Link.RetryAt)
}

func (c *Console) choose(opening string) {
	c.Model.SetFocus(opening)
	c.Render()
}

func (c *Console) items(log []model.Entry) []widgets.Item {
	items := make([]widgets.Item, len(log))
	for i, e := range log {
		items[i] = widgets.Item{Time: clock(e.At), Tone: toneOf(e.Severity), Text: c.book.Say(e.Message)}
	}
	return items
}

func toneOf(s model.Severity) widgets.Tone {
	return [...]widgets.Tone{widgets.Muted, widgets.Plain, widgets.Warn, widgets.Bad}[s]
}

// panel puts a title above something on a ground of its own.
func panel(title string, content fyne.CanvasObject) fyne.CanvasObject {
	head := widgets.NewText(14, true, fyne.TextAlignLeading)
	head.Set(title, widgets.Ink)
	return container.NewStack(canvas.NewRectangle(widgets.Panel),
		container.New(margin{8}, container.NewBorder(head.Text, nil, nil, nil, content)))
}

// margin leaves a border free on all sides.
type margin struct{ width float32 }

func (m margin) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(m.width, m.width))
		o.Resize(size.SubtractWidthHeight(2*m.width, 2*m.width))
	}
}

func (m margin) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(0, 0)
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size.AddWidthHeight(2*m.width, 2*m.width)
}
