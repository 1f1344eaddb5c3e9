package widgets

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Wrap breaks a text into lines of a width, at spaces where there are any.
func Wrap(text string, width, size float32, style fyne.TextStyle) []string {
	fits := func(s string) bool { return fyne.MeasureText(s, size, style).Width <= width }
	var lines []string
	for _, paragraph := range strings.Split(text, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if joined := strings.TrimSpace(line + " " + word); line == "" || fits(joined) {
				line = joined
			} else {
				lines, line = append(lines, line), word
			}
			for !fits(line) {
				head := breakAt(line, fits)
				lines, line = append(lines, line[:head]), line[head:]
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// breakAt is how many bytes of a word too long for a line go on it: at least one character.
func breakAt(word string, fits func(string) bool) int {
	end := 0
	for i, r := range word {
		next := i + len(string(r))
		if end > 0 && !fits(word[:next]) {
			return end
		}
		end = next
	}
	return end
}

// Paragraph is text in lines of a fixed width, so that its height is known before it is laid out.
type Paragraph struct {
	widget.BaseWidget
	width, size float32
	bold        bool
	text        string
	lines       []Text
}

// NewParagraph makes an empty paragraph of a width.
func NewParagraph(width, size float32, bold bool) *Paragraph {
	p := &Paragraph{width: width, size: size, bold: bold}
	p.ExtendBaseWidget(p)
	return p
}

// Set says something else.
func (p *Paragraph) Set(text string, c color.Color) {
	if text == p.text && (len(p.lines) == 0 || p.lines[0].Color == c) {
		return
	}
	p.text, p.lines = text, nil
	if text != "" {
		for _, line := range Wrap(text, p.width, p.size, fyne.TextStyle{Bold: p.bold}) {
			t := NewText(p.size, p.bold, fyne.TextAlignLeading)
			t.Set(line, c)
			p.lines = append(p.lines, t)
		}
	}
	p.Refresh()
}

// Text is what it says.
func (p *Paragraph) Text() string { return p.text }

func (p *Paragraph) lineHeight() float32 { return p.size * 1.45 }

// CreateRenderer implements fyne.Widget.
func (p *Paragraph) CreateRenderer() fyne.WidgetRenderer { return &paragraphRenderer{p} }

type paragraphRenderer struct{ p *Paragraph }

func (r *paragraphRenderer) Destroy() {}
func (r *paragraphRenderer) Layout(fyne.Size) {
	for i, t := range r.p.lines {
		t.Move(fyne.NewPos(0, float32(i)*r.p.lineHeight()))
		t.Resize(fyne.NewSize(r.p.width, r.p.lineHeight()))
	}
}
func (r *paragraphRenderer) MinSize() fyne.Size {
	return fyne.NewSize(r.p.width, float32(len(r.p.lines))*r.p.lineHeight())
}
func (r *paragraphRenderer) Refresh() { r.Layout(fyne.Size{}) }
func (r *paragraphRenderer) Objects() []fyne.CanvasObject {
	objects := make([]fyne.CanvasObject, len(r.p.lines))
	for i, t := range r.p.lines {
		objects[i] = t.Text
	}
	return objects
}
