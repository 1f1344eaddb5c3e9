package widgets

import (
	"image"
	"image/color"
	"math"
	"time"
)

// Point is one value in time. NaN breaks the line; so does Gap, before this point.
type Point struct {
	At  time.Time
	V   float64
	Gap bool
}

// Line is one series of a plot.
type Line struct {
	Name   string
	Color  color.NRGBA
	Points []Point // oldest first
	Fill   bool
}

// plot draws lines into a picture, one vertical span a pixel column: its cost grows with the pixels, not with the
// points, minima and maxima stay visible, and nothing is allocated while the size stays.
type plot struct {
	img    *image.RGBA
	lo, hi []float64
}

// draw paints lines from (end − window) to end, 0 to top.
func (p *plot) draw(w, h int, lines []Line, end time.Time, window time.Duration, top float64) *image.RGBA {
	p.resize(w, h)
	p.grid(window)
	for _, l := range lines {
		p.span(l.Points, end, window, top)
		p.paint(l.Color, l.Fill)
	}
	return p.img
}

func (p *plot) resize(w, h int) {
	if p.img == nil || p.img.Rect.Dx() != w || p.img.Rect.Dy() != h {
		p.img = image.NewRGBA(image.Rect(0, 0, w, h))
		p.lo, p.hi = make([]float64, w), make([]float64, w)
	}
	fillRect(p.img, p.img.Rect, Panel)
}

// grid draws the bottom, the top, the middle and every minute.
func (p *plot) grid(window time.Duration) {
	w, h := p.img.Rect.Dx(), p.img.Rect.Dy()
	faint := color.NRGBA{0x28, 0x30, 0x39, 0xff}
	for _, y := range []int{0, h / 2} {
		fillRect(p.img, image.Rect(0, y, w, y+1), faint)
	}
	minutes := int(window / time.Minute)
	for m := 1; m < minutes; m++ {
		x := w * m / minutes
		fillRect(p.img, image.Rect(x, 0, x+1, h), faint)
	}
	fillRect(p.img, image.Rect(0, h-1, w, h), Edge)
}

// span collects for each column the lowest and highest value that the line takes in it.
func (p *plot) span(points []Point, end time.Time, window time.Duration, top float64) {
	w, h := len(p.lo), float64(p.img.Rect.Dy())
	for i := range p.lo {
		p.lo[i], p.hi[i] = math.Inf(1), math.Inf(-1)
	}
	place := func(pt Point) (x, y float64) {
		x = float64(w-1) * (1 - float64(end.Sub(pt.At))/float64(window))
		return x, (h - 2) * (1 - min(1, pt.V/top))
	}
	joined := false
	var x0, y0 float64
	for _, pt := range points {
		if math.IsNaN(pt.V) {
			joined = false
			continue
		}
		x, y := place(pt)
		if joined && !pt.Gap {
			p.segment(x0, y0, x, y)
		} else {
			p.mark(int(math.Floor(x)), y)
		}
		x0, y0, joined = x, y, true
	}
}

func (p *plot) segment(x0, y0, x1, y1 float64) {
	first, last := max(0, int(math.Floor(x0))), min(len(p.lo)-1, int(math.Floor(x1)))
	at := func(x float64) float64 {
		if x1 <= x0 {
			return y1
		}
		return y0 + (y1-y0)*min(1, max(0, (x-x0)/(x1-x0)))
	}
	for c := first; c <= last; c++ {
		p.mark(c, at(max(x0, float64(c))))
		p.mark(c, at(min(x1, float64(c+1))))
	}
}

func (p *plot) mark(column int, y float64) {
	if column >= 0 && column < len(p.lo) {
		p.lo[column], p.hi[column] = min(p.lo[column], y), max(p.hi[column], y)
	}
}

func (p *plot) paint(c color.NRGBA, fill bool) {
	h := p.img.Rect.Dy()
	shade := blend(Panel, c, 0.22)
	for x := range p.lo {
		if p.lo[x] > p.hi[x] {
			continue
		}
		from := int(math.Round(p.lo[x]))
		to := max(from+2, int(math.Round(p.hi[x]))+1)
		if fill {
			fillRect(p.img, image.Rect(x, to, x+1, h-1), shade)
		}
		fillRect(p.img, image.Rect(x, from, x+1, to), c)
	}
}

func blend(under, over color.NRGBA, share float64) color.NRGBA {
	mix := func(a, b uint8) uint8 { return uint8(float64(a)*(1-share) + float64(b)*share) }
	return color.NRGBA{mix(under.R, over.R), mix(under.G, over.G), mix(under.B, over.B), 0xff}
}

// fillRect paints opaque pixels directly: image/draw is several times slower for one-pixel columns.
func fillRect(img *image.RGBA, r image.Rectangle, c color.NRGBA) {
	r = r.Intersect(img.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := img.Pix[img.PixOffset(r.Min.X, y) : img.PixOffset(r.Min.X, y)+4*r.Dx()]
		for i := 0; i < len(row); i += 4 {
			row[i], row[i+1], row[i+2], row[i+3] = c.R, c.G, c.B, 0xff
		}
	}
}

// niceTop is the end of an axis: 1, 2 or 5 times a power of ten, at or above the value and never below floor. It
// changes seldom, so that a line does not seem to move when only the scale does.
func niceTop(v, floor float64) float64 {
	v = max(v, floor)
	if math.IsInf(v, 0) || v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 2, 5, 10} {
		if v <= step*power*(1+1e-9) {
			return step * power
		}
	}
	return 10 * power
}

// highest is the largest known value of the lines inside the window.
func highest(lines []Line, from time.Time) float64 {
	top := 0.0
	for _, l := range lines {
		for _, pt := range l.Points {
			if !math.IsNaN(pt.V) && !pt.At.Before(from) {
				top = max(top, pt.V)
			}
		}
	}
	return top
}
