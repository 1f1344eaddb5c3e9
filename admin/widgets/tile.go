package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Reading is what a tile shows.
type Reading struct {
	Value string
	Unit  string
	Note  string
	Tone  Tone    // of the value; Warn and Bad paint the tile too
	Share float64 // a bar from 0 to 1; negative: no bar
	Stale bool    // grey: do not decide on this
}

// Tile is one figure in large with its name above and a note below.
type Tile struct {
	widget.BaseWidget
	ground, bar, rest       *canvas.Rectangle
	name, value, unit, note Text
	reading                 Reading
}

// NewTile makes a tile with a name.
func NewTile(name string) *Tile {
	t := &Tile{
		ground: canvas.NewRectangle(Panel), bar: canvas.NewRectangle(Blue), rest: canvas.NewRectangle(Edge),
		name: NewText(13, false, fyne.TextAlignLeading), value: NewText(largeValue, true, fyne.TextAlignLeading),
		unit: NewText(13, false, fyne.TextAlignLeading), note: NewText(13, false, fyne.TextAlignLeading),
		reading: Reading{Share: -1},
	}
	t.name.Set(name, Quiet)
	t.bar.Hide()
	t.rest.Hide()
	t.ExtendBaseWidget(t)
	return t
}

// Reading is what is shown now.
func (t *Tile) Reading() Reading { return t.reading }

// Display shows a reading.
func (t *Tile) Display(r Reading) {
	if r == t.reading {
		return
	}
	t.reading = r
	color, quiet, ground := r.Tone.Color(), Quiet, r.Tone.Ground()
	if r.Stale {
		color, quiet, ground = Faded, Faded, Panel
	}
	if r.Tone != Plain && !r.Stale && ground != Panel {
		quiet = Ink
	}
	setFill(t.ground, ground)
	t.value.Set(r.Value, color)
	t.unit.Set(r.Unit, quiet)
	t.note.SetFitted(r.Note, quiet, t.Size().Width-2*tileInset)
	t.showBar(r)
	t.place(t.Size())
}

func (t *Tile) showBar(r Reading) {
	if r.Share < 0 {
		t.bar.Hide()
		t.rest.Hide()
		return
	}
	c := Blue
	if r.Tone == Warn || r.Tone == Bad {
		c = r.Tone.Color()
	}
	if r.Stale {
		c = Faded
	}
	setFill(t.bar, c)
	t.bar.Show()
	t.rest.Show()
}

const tileInset = 12

const largeValue, smallValue = 27, 20

// valueSize makes a long value smaller so that its unit stays in the tile.
func valueSize(value string, unit, width float32) float32 {
	if fyne.MeasureText(value, largeValue, fyne.TextStyle{Bold: true}).Width+unit+2*tileInset+5 > width {
		return smallValue
	}
	return largeValue
}

func (t *Tile) place(size fyne.Size) {
	t.ground.Resize(size)
	t.name.Move(fyne.NewPos(tileInset, 7))
	t.value.TextSize = valueSize(t.value.Text.Text, t.unit.MinSize().Width, size.Width)
	t.value.Move(fyne.NewPos(tileInset, 23+(largeValue-t.value.TextSize)))
	t.unit.Move(fyne.NewPos(tileInset+5+t.value.MinSize().Width, 38))
	t.note.Move(fyne.NewPos(tileInset, 63))
	width := size.Width
	t.rest.Resize(fyne.NewSize(width, 4))
	t.rest.Move(fyne.NewPos(0, size.Height-4))
	t.bar.Resize(fyne.NewSize(width*float32(min(1, max(0, t.reading.Share))), 4))
	t.bar.Move(fyne.NewPos(0, size.Height-4))
}

// CreateRenderer implements fyne.Widget.
func (t *Tile) CreateRenderer() fyne.WidgetRenderer {
	return &fixedRenderer{
		objects: []fyne.CanvasObject{t.ground, t.rest, t.bar, t.name.Text, t.value.Text, t.unit.Text, t.note.Text},
		min:     fyne.NewSize(140, 90),
		layout: func(size fyne.Size) {
			t.place(size)
			t.note.SetFitted(t.reading.Note, t.note.Color, size.Width-2*tileInset)
		},
	}
}

// fixedRenderer draws objects that a function places.
type fixedRenderer struct {
	objects []fyne.CanvasObject
	min     fyne.Size
	layout  func(fyne.Size)
}

func (r *fixedRenderer) Destroy()                     {}
func (r *fixedRenderer) Layout(size fyne.Size)        { r.layout(size) }
func (r *fixedRenderer) MinSize() fyne.Size           { return r.min }
func (r *fixedRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *fixedRenderer) Refresh() {
	for _, o := range r.objects {
		o.Refresh()
	}
}
