package widgets

import (
	"image"
	"image/color"
	"math"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"pgregory.net/rapid"
)

var start = time.Date(2021, 7, 19, 11, 0, 0, 0, time.UTC)

func app(t *testing.T) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(Theme{})
}

// column counts the pixels of a colour in a column and tells the topmost.
func column(img *image.RGBA, x int, c color.NRGBA) (count, top int) {
	top = -1
	for y := range img.Rect.Dy() {
		if p := img.RGBAAt(x, y); p.R == c.R && p.G == c.G && p.B == c.B {
			if count++; top < 0 {
				top = y
			}
		}
	}
	return count, top
}

func TestPlotKeepsEveryPeak(t *testing.T) {
	points := make([]Point, 3000) // ten a second: many in a column
	for i := range points {
		points[i] = Point{At: start.Add(time.Duration(i-2999) * 100 * time.Millisecond)}
	}
	points[1500].V = 100
	img := new(plot).draw(200, 102, []Line{{Color: Blue, Points: points}}, start, 300*time.Second, 100)
	highest := 0
	for x := range 200 {
		if n, _ := column(img, x, Blue); n > highest {
			highest = n
		}
	}
	if highest < 95 {
		t.Errorf("a peak of one point among 3000 is drawn %d pixels high, want the whole height", highest)
	}
}

func TestPlotLeavesGapsOpen(t *testing.T) {
	for name, points := range map[string][]Point{
		"gap":     {{At: start.Add(-200 * time.Second), V: 50}, {At: start, V: 50, Gap: true}},
		"unknown": {{At: start.Add(-200 * time.Second), V: 50}, {At: start.Add(-100 * time.Second), V: math.NaN()}, {At: start, V: 50}},
	} {
		img := new(plot).draw(300, 100, []Line{{Color: Blue, Points: points}}, start, 300*time.Second, 100)
		if n, _ := column(img, 200, Blue); n != 0 {
			t.Errorf("%s: drawn through, %d pixels", name, n)
		}
		if n, _ := column(img, 299, Blue); n == 0 {
			t.Errorf("%s: the last point is missing", name)
		}
	}
}

func TestPlotPutsHigherValuesHigher(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(0, 90).Draw(t, "low")
		high := low + rapid.Float64Range(5, 100-low).Draw(t, "more")
		at := func(v float64) int {
			img := new(plot).draw(10, 202, []Line{{Color: Blue, Points: []Point{{At: start, V: v}}}}, start, time.Minute, 100)
			_, top := column(img, 9, Blue)
			return top
		}
		if a, b := at(low), at(high); b >= a || b < 0 {
			t.Fatalf("%v at %d, %v at %d", low, a, high, b)
		}
	})
}

func TestPlotTakesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var points []Point
		for range rapid.IntRange(0, 20).Draw(t, "points") {
			points = append(points, Point{
				At: start.Add(time.Duration(rapid.IntRange(-2000, 2000).Draw(t, "at")) * time.Second),
				V:  rapid.SampledFrom([]float64{0, 1, -5, 1e12, math.NaN(), math.Inf(1)}).Draw(t, "v"),
			})
		}
		w, h := rapid.IntRange(1, 60).Draw(t, "w"), rapid.IntRange(1, 60).Draw(t, "h")
		img := new(plot).draw(w, h, []Line{{Color: Blue, Points: points, Fill: true}}, start, time.Minute, 10)
		if img.Rect.Dx() != w || img.Rect.Dy() != h {
			t.Fatalf("a picture of %v", img.Rect)
		}
	})
}

func TestPlotDoesNotAllocateWhileItsSizeStays(t *testing.T) {
	p := new(plot)
	lines := []Line{{Color: Blue, Points: []Point{{At: start.Add(-time.Minute), V: 3}, {At: start, V: 9}}}}
	if n := testing.AllocsPerRun(20, func() { p.draw(300, 120, lines, start, 5*time.Minute, 10) }); n > 0 {
		t.Errorf("%v allocations a drawing", n)
	}
}

func BenchmarkPlot(b *testing.B) {
	p, points := new(plot), make([]Point, 300)
	for i := range points {
		points[i] = Point{At: start.Add(time.Duration(i-299) * time.Second), V: float64(i * 37 % 100)}
	}
	for b.Loop() {
		p.draw(340, 200, []Line{{Color: Blue, Points: points, Fill: true}, {Color: Teal, Points: points}}, start, 5*time.Minute, 100)
	}
}

func TestNiceTop(t *testing.T) {
	for _, row := range []struct{ v, floor, want float64 }{
		{0, 10, 10}, {11, 10, 20}, {20, 10, 20}, {21, 10, 50}, {321044, 100, 500000}, {0.3, 0, 0.5}, {0, 0, 1}, {math.Inf(1), 10, 1},
	} {
		if got := niceTop(row.v, row.floor); math.Abs(got-row.want) > 1e-9*row.want {
			t.Errorf("%v above %v: %v, want %v", row.v, row.floor, got, row.want)
		}
	}
}

func TestChartLegendTellsTheNewestKnownValue(t *testing.T) {
	app(t)
	c := NewChart("대기열", 1, 5*time.Minute, ChartWords{Unknown: "?"})
	w := test.NewTempWindow(t, c)
	w.Resize(fyne.NewSize(400, 240))
	show := func(points ...Point) string {
		c.Display(start, []Pane{{Floor: 10, Format: func(float64) string { return "value" }, Lines: []Line{{Name: "대기", Color: Blue, Points: points}}}})
		return c.panes[0].legend[0].Text.Text
	}
	for _, row := range []struct{ got, want string }{
		{show(Point{At: start, V: 7}), "■ 대기 value"},
		{show(), "■ 대기 ?"},
		{show(Point{At: start, V: math.NaN()}), "■ 대기 ?"},
		{show(Point{At: start.Add(-11 * time.Second), V: 7}), "■ 대기 ?"},
	} {
		if row.got != row.want {
			t.Errorf("%q, want %q", row.got, row.want)
		}
	}
}

func TestTileGreysWhatIsStale(t *testing.T) {
	app(t)
	tile := NewTile("남은 물량")
	test.NewTempWindow(t, tile)
	tile.Display(Reading{Value: "84,120", Tone: Bad, Share: 0.5})
	if tile.value.Color != Alert || tile.ground.FillColor != Bad.Ground() || !tile.bar.Visible() {
		t.Errorf("a bad reading: value %v on %v", tile.value.Color, tile.ground.FillColor)
	}
	tile.Display(Reading{Value: "84,120", Tone: Bad, Share: 0.5, Stale: true})
	if tile.value.Color != Faded || tile.ground.FillColor != Panel {
		t.Errorf("a stale reading is not grey: value %v on %v", tile.value.Color, tile.ground.FillColor)
	}
}

func TestLongValuesStayInTheirTile(t *testing.T) {
	app(t)
	tile := NewTile("대기 인원")
	test.NewTempWindow(t, tile).Resize(fyne.NewSize(155, 90))
	for _, value := range []string{"0", "321,044", "10,321,044"} {
		tile.Display(Reading{Value: value, Unit: "명", Share: -1})
		tile.Resize(fyne.NewSize(147, 90))
		if end := tile.unit.Position().X + tile.unit.MinSize().Width; end > 147 {
			t.Errorf("%s ends at %v in a tile of 147", value, end)
		}
	}
}

func TestTonesDifferInShape(t *testing.T) {
	seen := map[string]bool{}
	for _, tone := range []Tone{Fine, Warn, Bad} {
		if seen[tone.Shape()] {
			t.Errorf("%s stands for two tones", tone.Shape())
		}
		seen[tone.Shape()] = true
	}
}

func TestInksAreReadable(t *testing.T) {
	for _, ink := range []color.NRGBA{Ink, Quiet, Good, Caution, Alert, Blue, Teal, Violet, Sand} {
		for _, ground := range []color.NRGBA{Ground, Panel} {
			if c := contrast(ink, ground); c < 4.5 {
				t.Errorf("%v on %v has contrast %.1f, want 4.5", ink, ground, c)
			}
		}
	}
	for _, tone := range []Tone{Warn, Bad} {
		if c := contrast(Ink, tone.Ground()); c < 4.5 {
			t.Errorf("text on the ground of tone %d has contrast %.1f, want 4.5", tone, c)
		}
	}
}

// contrast is WCAG's.
func contrast(a, b color.NRGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color.NRGBA) float64 {
	part := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.03928 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*part(c.R) + 0.7152*part(c.G) + 0.0722*part(c.B)
}

func TestWrapLosesNothing(t *testing.T) {
	app(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[가-힣a-z ]{0,60}`).Draw(t, "text")
		width := rapid.Float32Range(1, 300).Draw(t, "width")
		lines := Wrap(text, width, 14, fyne.TextStyle{})
		if got, want := strings.ReplaceAll(strings.Join(lines, ""), " ", ""), strings.ReplaceAll(text, " ", ""); got != want {
			t.Fatalf("%q became %q", want, lines)
		}
		for _, line := range lines {
			if len([]rune(line)) > 1 && fyne.MeasureText(line, 14, fyne.TextStyle{}).Width > width {
				t.Fatalf("%q is wider than %v", line, width)
			}
		}
	})
}

func TestFit(t *testing.T) {
	app(t)
	if got := Fit("만 53–54세", 500, 14, fyne.TextStyle{}); got != "만 53–54세" {
		t.Errorf("%q", got)
	}
	got := Fit("만 53–54세 (1967–68년생) 1차 접종", 80, 14, fyne.TextStyle{})
	if !strings.HasSuffix(got, "…") || fyne.MeasureText(got, 14, fyne.TextStyle{}).Width > 80 {
		t.Errorf("%q", got)
	}
}

func TestColumnsShareWhatIsLeft(t *testing.T) {
	c := Columns{Widths: []float32{0, 100, 0}, Gap: 10, Inset: 5}
	for i, want := range []float32{185, 100, 185} {
		if got := c.width(i, 500-2*c.Inset); got != want {
			t.Errorf("column %d is %v wide, want %v", i, got, want)
		}
	}
}

func TestFontHasEveryCharacterShown(t *testing.T) {
	app(t)
	for _, s := range []string{"●", "▲", "■", "◆", "◐", "○", "▶", "└", "→", "–", "−", "…", "뷁"} {
		if w := fyne.MeasureText(s, 20, fyne.TextStyle{Bold: true}).Width; w <= 0 {
			t.Errorf("%q has no width", s)
		}
	}
}
