package widgets

import "fyne.io/fyne/v2"

// Columns lays a row out: each column has its width, the ones with width 0 share what is left.
type Columns struct {
	Widths []float32
	Height float32
	Gap    float32
	Inset  float32 // free space left and right
	Fill   bool    // columns take the whole height instead of standing in its middle
}

// Layout implements fyne.Layout.
func (c Columns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	x := c.Inset
	for i, o := range objects {
		w := c.width(i, size.Width-2*c.Inset)
		h := o.MinSize().Height
		if c.Fill {
			h = size.Height
		}
		o.Move(fyne.NewPos(x, (size.Height-h)/2))
		o.Resize(fyne.NewSize(w, h))
		x += w + c.Gap
	}
}

func (c Columns) width(i int, total float32) float32 {
	if c.Widths[i] > 0 {
		return c.Widths[i]
	}
	fixed, flexible := c.Gap*float32(len(c.Widths)-1), 0
	for _, w := range c.Widths {
		fixed += w
		if w == 0 {
			flexible++
		}
	}
	return max(0, (total-fixed)/float32(flexible))
}

// MinSize implements fyne.Layout. With Fill the height is that of the tallest.
func (c Columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(2*c.Inset+c.Gap*float32(len(c.Widths)-1), c.Height)
	for i, o := range objects {
		size.Width += c.Widths[i]
		if c.Fill {
			size.Height = max(size.Height, o.MinSize().Height)
		}
	}
	return size
}

// Rows stacks lines of one height.
type Rows struct{ Height float32 }

// Layout implements fyne.Layout.
func (r Rows) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for i, o := range objects {
		o.Move(fyne.NewPos(0, float32(i)*r.Height))
		o.Resize(fyne.NewSize(size.Width, o.MinSize().Height))
	}
}

// MinSize implements fyne.Layout.
func (r Rows) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, r.Height*float32(len(objects)))
}
