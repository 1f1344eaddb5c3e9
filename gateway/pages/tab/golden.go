//go:build browser

package tab

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What may differ between two machines' drawings of a page: some pixels at the edges of letters.
const (
	colours  = 32
	farApart = 96   // of 3 × 255
	mostOff  = .004 // of all pixels
)

// Golden holds a picture against the one kept in a file, or renews that one. A picture that differs is left in out, with
// another one in which the differing pixels are red.
func Golden(t testing.TB, file, out string, picture []byte, update bool) {
	t.Helper()
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	got := few(decoded)
	if update {
		write(t, file, got)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Errorf("%v: look at the page, then keep its picture with -update", err)
		return
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	off, diff := compare(got, want)
	if off <= mostOff {
		return
	}
	name := filepath.Base(file)
	write(t, filepath.Join(out, name), got)
	write(t, filepath.Join(out, "diff-"+name), diff)
	t.Errorf("%s: %.2f %% of it differs; compare %s, and if the change is meant run with -update", file, 100*off, filepath.Join(out, "diff-"+name))
}

// compare returns the share of pixels that are far apart, and a picture of them.
func compare(a, b image.Image) (off float64, diff *image.Paletted) {
	bounds := a.Bounds().Union(b.Bounds())
	diff = image.NewPaletted(bounds, color.Palette{color.White, color.Gray{Y: 0xc0}, color.RGBA{R: 0xff, A: 0xff}})
	if a.Bounds() != b.Bounds() {
		off = 1
	}
	n := 0
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			switch d := distance(a.At(x, y), b.At(x, y)); {
			case d > farApart:
				n++
				diff.SetColorIndex(x, y, 2)
			case a.At(x, y) != color.White:
				diff.SetColorIndex(x, y, 1)
			}
		}
	}
	return max(off, float64(n)/float64(bounds.Dx()*bounds.Dy())), diff
}

func distance(a, b color.Color) int {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	return apart(ar, br) + apart(ag, bg) + apart(ab, bb)
}

func apart(a, b uint32) int { return max(int(a>>8)-int(b>>8), int(b>>8)-int(a>>8)) }

// few draws a picture with its most frequent colours only, so that it takes little room.
func few(m image.Image) *image.Paletted {
	count := map[color.RGBA]int{}
	b := m.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(m.At(x, y)).(color.RGBA) }
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	ranked := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(uint32(a.R)<<16|uint32(a.G)<<8|uint32(a.B), uint32(b.R)<<16|uint32(b.G)<<8|uint32(b.B)))
	})
	var palette color.Palette
	for _, c := range ranked {
		if len(palette) < colours && !slices.ContainsFunc(palette, func(p color.Color) bool { return distance(p, c) < 12 }) {
			palette = append(palette, c)
		}
	}
	index := map[color.RGBA]uint8{}
	for c := range count {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(b, palette)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	return out
}

func write(t testing.TB, file string, m image.Image) {
	t.Helper()
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, m)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, b.Bytes(), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
