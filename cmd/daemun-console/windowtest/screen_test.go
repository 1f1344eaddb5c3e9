//go:build window

package windowtest

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// screen is a display that nobody sees, and the hands and eyes of somebody who sits before it.
type screen struct {
	t       *testing.T
	server  *process
	display string
	window  string // X's number of the console's window
	xdotool string
	grab    string
	scratch string
	shots   string
	taken   int
	clicked time.Time // the last time
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	s := &screen{t: t, xdotool: tool(t, "xdotool", "xdotool"), grab: tool(t, "import", "imagemagick"), scratch: t.TempDir(), shots: os.Getenv("DAEMUN_SHOTS")}
	if s.shots == "" {
		s.shots = s.scratch
	} else if err := os.MkdirAll(s.shots, 0o755); err != nil {
		t.Fatal(err)
	}
	says, tell, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer says.Close()
	xvfb := exec.Command(tool(t, "Xvfb", "xvfb"), "-displayfd", "3", "-screen", "0", "1440x900x24", "-dpi", "96", "-nolisten", "tcp", "-noreset")
	xvfb.ExtraFiles = []*os.File{tell}
	s.server = start(t, xvfb)
	tell.Close()
	number, err := io.ReadAll(io.LimitReader(says, 16)) // it closes the pipe once it has said which display is free
	if err != nil || len(number) == 0 {
		t.Fatalf("Xvfb found no free display: %v", err)
	}
	s.display = ":" + strings.TrimSpace(string(number))
	return s
}

// open starts the console on the screen and waits for its window.
func (s *screen) open(program string, args ...string) *process {
	s.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = []string{
		"DISPLAY=" + s.display, "HOME=" + s.t.TempDir(), "LANG=ko_KR.UTF-8", "PATH=" + os.Getenv("PATH"), "LIBGL_ALWAYS_SOFTWARE=1",
	}
	p := start(s.t, cmd)
	eventually(s.t, "the console's window", func() bool {
		found, err := s.run(s.xdotool, "search", "--onlyvisible", "--pid", fmt.Sprint(cmd.Process.Pid), "--name", "대문 관제")
		s.window, _, _ = strings.Cut(found, "\n")
		return err == nil && s.window != ""
	}, s.server, p)
	return p
}

func (s *screen) run(program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+s.display)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s *screen) do(args ...string) {
	s.t.Helper()
	if out, err := s.run(s.xdotool, args...); err != nil {
		s.t.Fatalf("xdotool %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// click presses the mouse where p is in the window, and takes it out of the way again: what lies under the mouse
// changes its colour.
func (s *screen) click(p image.Point) {
	s.t.Helper()
	s.clicked = time.Now()
	s.do("mousemove", "--window", s.window, fmt.Sprint(p.X), fmt.Sprint(p.Y), "click", "1",
		"mousemove", "--window", s.window, "3", "3")
}

// keys presses keys one after the other, as the window with the focus gets them.
func (s *screen) keys(names ...string) {
	s.t.Helper()
	s.do("windowfocus", "--sync", s.window)
	s.do(append([]string{"key", "--delay", "120"}, names...)...)
}

// see is the window as it is now.
func (s *screen) see() image.Image {
	s.t.Helper()
	return s.read(s.grabTo(filepath.Join(s.scratch, "now.png")))
}

// picture keeps the window as it is now.
func (s *screen) picture(name string) image.Image {
	s.t.Helper()
	s.taken++
	path := s.grabTo(filepath.Join(s.shots, fmt.Sprintf("%02d-%s.png", s.taken, name)))
	s.t.Logf("picture %s", path)
	return s.read(path)
}

func (s *screen) grabTo(path string) string {
	s.t.Helper()
	if out, err := s.run(s.grab, "-silent", "-window", s.window, path); err != nil {
		s.t.Fatalf("take a picture: %v: %s", err, out)
	}
	return path
}

func (s *screen) read(path string) image.Image {
	s.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		s.t.Fatalf("read the picture: %v", err)
	}
	return picture
}

// colours counts the different colours of a picture.
func colours(picture image.Image) int {
	seen := map[color.NRGBA]bool{}
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			seen[color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)] = true
		}
	}
	return len(seen)
}

// strongest is the colour of the things to do next, the theme's primary one.
var strongest = color.NRGBA{0x2f, 0x7d, 0xc4, 0xff}

// The smallest area of a colour that can be a button, in pixels: frames, ticked boxes and lines of charts are less.
const (
	areaWidth  = 60
	areaHeight = 5
)

// areas finds the areas of a colour from top to bottom. Text on them does not matter as long as the upper edge is free.
func areas(picture image.Image, want color.NRGBA) []image.Rectangle {
	var found []image.Rectangle
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			width := run(picture, want, x, y)
			if width >= areaWidth && run(picture, want, x, y+areaHeight) >= width && !within(found, image.Pt(x, y)) {
				found = append(found, image.Rect(x, y, x+width, y+height(picture, want, x+1, y)))
			}
			x += width
		}
	}
	return found
}

func within(areas []image.Rectangle, p image.Point) bool {
	return slices.ContainsFunc(areas, func(r image.Rectangle) bool { return p.In(r) })
}

func run(picture image.Image, want color.NRGBA, x, y int) int {
	n := 0
	for (image.Point{x + n, y}).In(picture.Bounds()) && same(picture.At(x+n, y), want) {
		n++
	}
	return n
}

func height(picture image.Image, want color.NRGBA, x, y int) int {
	n := 0
	for (image.Point{x, y + n}).In(picture.Bounds()) && same(picture.At(x, y+n), want) {
		n++
	}
	return n
}

func same(got color.Color, want color.NRGBA) bool {
	g := color.NRGBAModel.Convert(got).(color.NRGBA)
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= 2 }
	return near(g.R, want.R) && near(g.G, want.G) && near(g.B, want.B)
}

func centre(r image.Rectangle) image.Point {
	return image.Point{(r.Min.X + r.Max.X) / 2, (r.Min.Y + r.Max.Y) / 2}
}

// buttons are those in the strongest colour, from top to bottom: on the board pause or resume, whichever can be ordered,
// and below it the confirmation of what waits for a second person; in a form that is complete the one that sends it,
// while everything behind the form is darker. A person finds them by that colour, and so does the test, wherever the
// layout puts them.
func (s *screen) buttons() []image.Rectangle {
	s.t.Helper()
	return areas(s.see(), strongest)
}

// soon repeats something until it has had its effect: a click may fall into a moment in which a busy machine has not
// drawn what it was meant for.
func (s *screen) soon(what string, try func(), done func() bool) {
	s.t.Helper()
	for range 6 {
		try()
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if done() {
				return
			}
		}
	}
	s.picture("stuck")
	s.t.Fatalf("never: %s", what)
}
