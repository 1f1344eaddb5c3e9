//go:build browser

package tab

import (
	"image"
	"image/color"
	"image/draw"
	"testing"
)

func sheet(box image.Rectangle) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, 200, 200))
	draw.Draw(m, m.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(m, box, image.NewUniform(color.RGBA{R: 0x0b, G: 0x50, B: 0xd0, A: 0xff}), image.Point{}, draw.Src)
	return m
}

// A button that moved by its own height, or lost its colour, is seen; an edge drawn a shade lighter is not.
func TestCompareSeesWhatPeopleSee(t *testing.T) {
	want := few(sheet(image.Rect(20, 20, 80, 40)))
	paler := sheet(image.Rect(20, 20, 80, 40))
	for x := 20; x < 80; x++ {
		paler.Set(x, 20, color.RGBA{R: 0x20, G: 0x60, B: 0xd8, A: 0xff})
	}
	for name, c := range map[string]struct {
		got  image.Image
		same bool
	}{
		"itself": {sheet(image.Rect(20, 20, 80, 40)), true}, "a paler edge": {paler, true},
		"moved": {sheet(image.Rect(20, 40, 80, 60)), false}, "gone": {sheet(image.Rectangle{}), false},
		"longer page": {image.NewRGBA(image.Rect(0, 0, 200, 220)), false},
	} {
		if off, _ := compare(few(c.got), want); (off <= mostOff) != c.same {
			t.Errorf("%s: %.4f of it differs", name, off)
		}
	}
}
