package views

import (
	"image/color"
	"math"
	"sort"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
)

// charts draw the last five minutes.
type charts struct {
	book     *words.Book
	queue    *widgets.Chart
	flow     *widgets.Chart
	capacity *widgets.Chart
	trouble  *widgets.Chart
	errors   bool // the fourth chart shows errors by code instead of sheds by class
	toggle   *widget.Button
	last     *model.Look
	content  fyne.CanvasObject
}

func newCharts(b *words.Book) *charts {
	c := &charts{book: b}
	w := widgets.ChartWords{Past: b.T("chart.past"), Now: b.T("chart.now"), Unknown: "–"}
	c.queue = widgets.NewChart(b.T("chart.queue"), 2, model.Window, w)
	c.flow = widgets.NewChart(b.T("chart.flow"), 1, model.Window, w)
	c.capacity = widgets.NewChart(b.T("chart.capacity"), 2, model.Window, w)
	c.trouble = widgets.NewChart(b.T("chart.sheds"), 1, model.Window, w)
	c.toggle = widget.NewButton(b.T("chart.to_errors"), c.flip)
	c.toggle.Importance = widget.LowImportance
	corner := container.New(topRight{}, c.toggle)
	c.content = container.NewGridWithColumns(4, c.queue, c.flow, c.capacity, container.NewStack(c.trouble, corner))
	return c
}

// flip changes the fourth chart between sheds and errors.
func (c *charts) flip() {
	c.errors = !c.errors
	title, other := "chart.sheds", "chart.to_errors"
	if c.errors {
		title, other = "chart.errors", "chart.to_sheds"
	}
	c.trouble.SetTitle(c.book.T(title))
	c.toggle.SetText(c.book.T(other))
	if c.last != nil {
		c.show(c.last)
	}
}

func (c *charts) show(l *model.Look) {
	c.last = l
	if l.Snapshot == nil {
		return
	}
	end := l.Now.Truncate(time.Second)
	if l.Focus != nil {
		c.showOpening(l, end)
	}
	c.capacity.Display(end, []widgets.Pane{
		{Floor: 10, Format: words.Rate, Lines: []widgets.Line{
			c.line("chart.limit", widgets.Sand, l.History, func(s model.Sample) float64 { return s.PermitLimit }),
			c.line("chart.in_flight", widgets.Blue, l.History, func(s model.Sample) float64 { return s.InFlight }),
		}},
		{Floor: 10, Format: words.Rate, Lines: []widgets.Line{
			c.line("chart.queue_wait", widgets.Violet, l.History, func(s model.Sample) float64 { return s.QueueWaitMS }),
		}},
	})
	c.trouble.Display(end, []widgets.Pane{{Floor: 10, Format: words.Rate, Lines: c.troubleLines(l.History)}})
}

func (c *charts) showOpening(l *model.Look, end time.Time) {
	of := func(pick func(model.OpeningSample) float64) func(model.Sample) float64 {
		return func(s model.Sample) float64 {
			if o, ok := s.Openings[l.Focus.ID]; ok {
				return pick(o)
			}
			return math.NaN()
		}
	}
	waiting := c.line("chart.waiting", widgets.Blue, l.History, of(func(o model.OpeningSample) float64 { return o.Waiting }))
	waiting.Fill = true
	c.queue.Display(end, []widgets.Pane{
		{Floor: 100, Format: words.Rate, Lines: []widgets.Line{waiting}},
		{Floor: 10, Format: words.Rate, Lines: []widgets.Line{
			c.line("chart.calls", widgets.Teal, l.History, of(func(o model.OpeningSample) float64 { return o.Speed })),
		}},
	})
	c.flow.Display(end, []widgets.Pane{{Floor: 10, Format: words.Rate, Lines: []widgets.Line{
		c.line("chart.entries", widgets.Teal, l.History, of(func(o model.OpeningSample) float64 { return o.EnteredPerS })),
		c.line("chart.bookings", widgets.Violet, l.History, of(func(o model.OpeningSample) float64 { return o.BookedPerS })),
	}}})
}

func (c *charts) line(key string, ink color.NRGBA, history []model.Sample, pick func(model.Sample) float64) widgets.Line {
	l := widgets.Line{Name: c.book.T(key), Color: ink, Points: make([]widgets.Point, len(history))}
	for i, s := range history {
		l.Points[i] = widgets.Point{At: s.At, V: pick(s), Gap: s.Gap}
	}
	return l
}

// Sheds of the two highest classes are alarming, refusals by code mostly are not: their colours say so.
var (
	shedInks  = []color.NRGBA{widgets.Alert, widgets.Caution, widgets.Blue, widgets.Violet, widgets.Good, widgets.Teal}
	errorInks = []color.NRGBA{widgets.Blue, widgets.Violet, widgets.Teal}
)

func (c *charts) troubleLines(history []model.Sample) []widgets.Line {
	if c.errors {
		return c.errorLines(history)
	}
	var lines []widgets.Line
	for i, class := range classOrder {
		l := c.named(class, shedInks[i], history, func(s model.Sample) map[string]float64 { return s.Sheds })
		if anyAbove(l.Points, 0) {
			lines = append(lines, l)
		}
	}
	return lines
}

// anyAbove tells a class that sheds from one that does not: a red line at zero would cry wolf.
func anyAbove(points []widgets.Point, v float64) bool {
	for _, p := range points {
		if p.V > v {
			return true
		}
	}
	return false
}

// errorLines are the three codes that came most often in the window.
func (c *charts) errorLines(history []model.Sample) []widgets.Line {
	sums := map[string]float64{}
	for _, s := range history {
		for code, v := range s.Errors {
			if !math.IsNaN(v) {
				sums[code] += v
			}
		}
	}
	codes := make([]string, 0, len(sums))
	for code := range sums {
		codes = append(codes, code)
	}
	sort.Slice(codes, func(i, j int) bool {
		if sums[codes[i]] != sums[codes[j]] {
			return sums[codes[i]] > sums[codes[j]]
		}
		return codes[i] < codes[j]
	})
	var lines []widgets.Line
	for i, code := range codes[:min(len(errorInks), len(codes))] {
		lines = append(lines, c.named(code, errorInks[i], history, func(s model.Sample) map[string]float64 { return s.Errors }))
	}
	return lines
}

func (c *charts) named(name string, ink color.NRGBA, history []model.Sample, of func(model.Sample) map[string]float64) widgets.Line {
	l := c.line("", ink, history, func(s model.Sample) float64 { return of(s)[name] })
	l.Name = name
	if key := "code." + name; c.book.Has(key) {
		l.Name = c.book.T(key)
	}
	return l
}

// topRight puts one object into the upper right corner.
type topRight struct{}

func (topRight) Layout(o []fyne.CanvasObject, size fyne.Size) {
	s := o[0].MinSize()
	o[0].Resize(s)
	o[0].Move(fyne.NewPos(size.Width-s.Width-2, 0))
}

func (topRight) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }
