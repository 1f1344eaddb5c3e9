package widgets

import (
	"image"
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Pane is one plot of a chart: lines of the same unit on a scale of their own. Lines of different units never share a
// scale, so that no crossing of theirs seems to mean something.
type Pane struct {
	Lines  []Line
	Floor  float64              // the scale ends no lower than this
	Format func(float64) string // of the values in the legend and of the scale's end
}

// ChartWords are the words of a chart that are not names of lines.
type ChartWords struct{ Past, Now, Unknown string }

// Chart is a title, one to three panes and a time axis.
type Chart struct {
	widget.BaseWidget
	title     Text
	past, now Text
	ground    *canvas.Rectangle
	panes     []*paneView
	words     ChartWords
	window    time.Duration
	end       time.Time
}

// maxLines is how many lines a pane's legend has room for.
const maxLines = 5

type paneView struct {
	plot   plot
	pane   Pane
	top    float64
	raster *canvas.Raster
	scale  Text
	legend [maxLines]Text
}

// NewChart makes an empty chart.
func NewChart(title string, panes int, window time.Duration, w ChartWords) *Chart {
	c := &Chart{
		title: NewText(14, true, fyne.TextAlignLeading), past: NewText(11, false, fyne.TextAlignLeading),
		now: NewText(11, false, fyne.TextAlignTrailing), ground: canvas.NewRectangle(Panel), words: w, window: window,
	}
	c.title.Set(title, Ink)
	c.past.Set(w.Past, Quiet)
	c.now.Set(w.Now, Quiet)
	for range panes {
		c.panes = append(c.panes, c.newPane())
	}
	c.ExtendBaseWidget(c)
	return c
}

func (c *Chart) newPane() *paneView {
	p := &paneView{scale: NewText(11, false, fyne.TextAlignLeading), top: 1}
	for i := range p.legend {
		p.legend[i] = NewText(13, false, fyne.TextAlignLeading)
	}
	p.raster = canvas.NewRaster(func(w, h int) image.Image {
		return p.plot.draw(max(1, w), max(1, h), p.pane.Lines, c.end, c.window, p.top)
	})
	p.raster.ScaleMode = canvas.ImageScalePixels
	return p
}

// SetTitle renames the chart.
func (c *Chart) SetTitle(title string) { c.title.Set(title, Ink) }

// Display draws panes, as many as the chart has, up to a time.
func (c *Chart) Display(end time.Time, panes []Pane) {
	c.end = end
	for i, p := range c.panes {
		p.show(panes[i], end, c.window, c.words.Unknown)
		p.raster.Refresh()
	}
	c.placeLegends()
}

func (p *paneView) show(pane Pane, end time.Time, window time.Duration, unknown string) {
	if len(pane.Lines) > maxLines {
		pane.Lines = pane.Lines[:maxLines]
	}
	p.pane = pane
	p.top = niceTop(highest(pane.Lines, end.Add(-window)), pane.Floor)
	p.scale.Set(pane.Format(p.top), Quiet)
	for i := range p.legend {
		if i >= len(pane.Lines) {
			p.legend[i].Set("", Quiet)
			continue
		}
		l := pane.Lines[i]
		p.legend[i].Set("■ "+l.Name+" "+latest(l.Points, end, pane.Format, unknown), l.Color)
	}
}

// currentFor is how long the newest value stands for now; an older one is history, not a reading.
const currentFor = 10 * time.Second

func latest(points []Point, end time.Time, format func(float64) string, unknown string) string {
	if len(points) == 0 {
		return unknown
	}
	newest := points[len(points)-1]
	if math.IsNaN(newest.V) || end.Sub(newest.At) >= currentFor {
		return unknown
	}
	return format(newest.V)
}

func (c *Chart) placeLegends() {
	for _, p := range c.panes {
		x, y := float32(10), p.raster.Position().Y-19
		for _, t := range p.legend {
			t.Move(fyne.NewPos(x, y))
			x += t.MinSize().Width + 12
		}
	}
}

const (
	chartHead, chartFoot, legendHeight = 24, 17, 20
)

func (c *Chart) place(size fyne.Size) {
	c.ground.Resize(size)
	c.title.Move(fyne.NewPos(10, 4))
	body := (size.Height - chartHead - chartFoot) / float32(len(c.panes))
	for i, p := range c.panes {
		y := chartHead + float32(i)*body
		p.raster.Move(fyne.NewPos(10, y+legendHeight))
		p.raster.Resize(fyne.NewSize(max(1, size.Width-20), max(1, body-legendHeight-4)))
		p.scale.Move(fyne.NewPos(13, y+legendHeight))
	}
	c.past.Move(fyne.NewPos(10, size.Height-chartFoot))
	c.now.Move(fyne.NewPos(10, size.Height-chartFoot))
	c.now.Resize(fyne.NewSize(size.Width-20, 14))
	c.placeLegends()
}

// CreateRenderer implements fyne.Widget.
func (c *Chart) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{c.ground, c.title.Text, c.past.Text, c.now.Text}
	for _, p := range c.panes {
		objects = append(objects, p.raster, p.scale.Text)
		for _, t := range p.legend {
			objects = append(objects, t.Text)
		}
	}
	return &fixedRenderer{objects: objects, min: fyne.NewSize(280, 190), layout: c.place}
}
