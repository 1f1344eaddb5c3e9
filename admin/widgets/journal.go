package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Item is a line of a journal.
type Item struct {
	Time string
	Tone Tone
	Text string
}

// Journal shows items, the newest first, wrapped to its width. It scrolls.
type Journal struct {
	widget.BaseWidget
	items  []Item
	rows   *fyne.Container
	scroll *container.Scroll
	width  float32
}

const (
	journalRows = 80
	journalSize = 13
	journalTime = 84 // room for the time and the shape
)

// NewJournal makes an empty journal.
func NewJournal() *Journal {
	j := &Journal{rows: container.NewVBox()}
	j.scroll = container.NewVScroll(j.rows)
	j.ExtendBaseWidget(j)
	return j
}

// Display shows other items.
func (j *Journal) Display(items []Item) {
	if len(items) > journalRows {
		items = items[:journalRows]
	}
	if sameItems(items, j.items) {
		return
	}
	j.items = append([]Item(nil), items...)
	j.fill()
}

// Items are those shown.
func (j *Journal) Items() []Item { return j.items }

func sameItems(a, b []Item) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func (j *Journal) fill() {
	if j.width < 2*journalTime {
		return
	}
	j.rows.Objects = nil
	for _, item := range j.items {
		j.rows.Add(j.row(item))
	}
	j.rows.Refresh()
}

func (j *Journal) row(item Item) fyne.CanvasObject {
	at := NewText(journalSize, false, fyne.TextAlignLeading)
	at.Set(item.Time, Quiet)
	shape := NewText(journalSize, true, fyne.TextAlignLeading)
	shape.Set(item.Tone.Shape(), item.Tone.Color())
	text := NewParagraph(j.width-journalTime-12, journalSize, false)
	text.Set(item.Text, item.Tone.Color())
	return container.New(journalRow{}, at.Text, shape.Text, text)
}

// journalRow puts time and shape beside the first line of the text.
type journalRow struct{}

func (journalRow) Layout(o []fyne.CanvasObject, _ fyne.Size) {
	o[0].Move(fyne.NewPos(0, 0))
	o[1].Move(fyne.NewPos(64, 0))
	o[2].Move(fyne.NewPos(journalTime, 0))
	o[2].Resize(o[2].MinSize())
}

func (journalRow) MinSize(o []fyne.CanvasObject) fyne.Size {
	return o[2].MinSize().AddWidthHeight(journalTime, 1)
}

// CreateRenderer implements fyne.Widget.
func (j *Journal) CreateRenderer() fyne.WidgetRenderer {
	return &fixedRenderer{
		objects: []fyne.CanvasObject{j.scroll},
		min:     fyne.NewSize(240, 120),
		layout: func(size fyne.Size) {
			j.scroll.Resize(size)
			if size.Width != j.width {
				j.width = size.Width
				j.fill()
			}
		},
	}
}
