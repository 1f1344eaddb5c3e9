package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Sign is a line on a ground that takes the colour of what it says: the age of the data, the worst alarm.
type Sign struct {
	widget.BaseWidget
	ground *canvas.Rectangle
	text   Text
	full   string
	min    fyne.Size
}

// NewSign makes a sign of a text size with a fixed minimal size.
func NewSign(textSize float32, bold bool, align fyne.TextAlign, min fyne.Size) *Sign {
	s := &Sign{ground: canvas.NewRectangle(Panel), text: NewText(textSize, bold, align), min: min}
	s.ExtendBaseWidget(s)
	return s
}

// Display says something in a tone.
func (s *Sign) Display(text string, tone Tone) {
	setFill(s.ground, tone.Ground())
	c := tone.Color()
	if tone == Bad || tone == Warn {
		c = Ink
	}
	s.full = text
	s.text.SetFitted(text, c, s.Size().Width-20)
}

// Shown is the whole text, cut or not.
func (s *Sign) Shown() string { return s.full }

// CreateRenderer implements fyne.Widget.
func (s *Sign) CreateRenderer() fyne.WidgetRenderer {
	return &fixedRenderer{
		objects: []fyne.CanvasObject{s.ground, s.text.Text},
		min:     s.min,
		layout: func(size fyne.Size) {
			s.ground.Resize(size)
			height := s.text.MinSize().Height
			s.text.SetFitted(s.full, s.text.Color, size.Width-20)
			s.text.Move(fyne.NewPos(10, (size.Height-height)/2))
			s.text.Resize(fyne.NewSize(size.Width-20, height))
		},
	}
}
