package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Text is one line that redraws only when it says something new.
// The toolkit paints only its own types: put the inner Text into containers.
type Text struct{ *canvas.Text }

// NewText makes an empty line of a size.
func NewText(size float32, bold bool, align fyne.TextAlign) Text {
	t := canvas.NewText("", Ink)
	t.TextSize, t.TextStyle.Bold, t.Alignment = size, bold, align
	return Text{t}
}

// Set says something, and whether it was new.
func (t Text) Set(text string, c color.Color) bool {
	if t.Text.Text == text && t.Color == c {
		return false
	}
	t.Text.Text, t.Color = text, c
	t.Refresh()
	return true
}

// SetFitted says as much of something as the width holds, the cut marked by an ellipsis.
func (t Text) SetFitted(text string, c color.Color, width float32) bool {
	return t.Set(Fit(text, width, t.TextSize, t.TextStyle), c)
}

// Fit cuts a text to a width.
func Fit(text string, width, size float32, style fyne.TextStyle) string {
	if width <= 0 || fyne.MeasureText(text, size, style).Width <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && fyne.MeasureText(string(runes)+"…", size, style).Width > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// setFill paints a rectangle when the colour is new.
func setFill(r *canvas.Rectangle, c color.Color) {
	if r.FillColor != c {
		r.FillColor = c
		r.Refresh()
	}
}
