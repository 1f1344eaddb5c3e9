package pressure

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestBoundOfGroups(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	root := filepath.Join(dir, "fs")
	write("fs/memory.max", "max\n")
	write("fs/a/memory.max", "1000000\n")
	write("fs/a/b/memory.max", "2000000\n")
	write("fs/memory/docker/x/memory.limit_in_bytes", "3000000\n")
	for _, v := range []struct {
		name, text string
		want       int64
	}{
		{"a group above is tighter", "0::/a/b\n", 1000000},
		{"version 1", "12:cpu:/docker/x\n11:memory:/docker/x\n", 3000000},
		{"none", "0::/elsewhere\n", 0},
		{"unreadable", "what\n", 0},
	} {
		if got := groups(write("self", v.text), root); got != v.want {
			t.Errorf("%s: %d, want %d", v.name, got, v.want)
		}
	}
	if got := machine(write("meminfo", "MemFree: 1 kB\nMemTotal:    2048 kB\n")); got != 2<<20 {
		t.Errorf("the machine has %d bytes, want %d", got, 2<<20)
	}
	if got := least(0, math.MaxInt64, 5, 7); got != 5 {
		t.Errorf("the least of what was set is %d, want 5", got)
	}
}

func TestPressureOfMemory(t *testing.T) {
	const bound = 1 << 30
	for _, v := range []struct {
		need, held float64 // of the bound
		want       float64
	}{{0, 0, 0}, {0.6, 0.85, 0}, {0.75, 0.85, 0.5}, {0.9, 0.9, 1}, {2, 2, 1}, {0.1, 0.9, 0}, {0.1, 0.95, 0.75}, {0.1, 1.1, 1}} {
		if got := of(uint64(v.need*bound), uint64(v.held*bound), bound); math.Abs(got-v.want) > 1e-6 {
			t.Errorf("need %v and hold %v of the bound: pressure %v, want %v", v.need, v.held, got, v.want)
		}
	}
	for _, v := range []struct{ live, bound, want int64 }{
		{0, math.MaxInt64, floor}, {1 << 30, math.MaxInt64, 1<<30 + 1<<28 + slack}, {0, 500 << 20, 450 << 20},
	} {
		if got := soft(uint64(v.live), v.bound); got != v.want {
			t.Errorf("live %d, bound %d: may fill %d, want %d", v.live, v.bound, got, v.want)
		}
	}
}

// hand is a clock that a test moves.
type hand struct{ now time.Duration }

func (h *hand) read() time.Duration { return h.now }

func (h *hand) beats(d *Delay, n int, late time.Duration) {
	for range n {
		d.due.Store(int64(h.now + beat))
		h.now += beat + late
		d.took(late)
	}
}

func TestBehindAndNotAnyMore(t *testing.T) {
	var h hand
	d := newDelay(400*time.Millisecond, h.read)
	if h.beats(d, 50, time.Millisecond); d.Behind() {
		t.Error("behind with nothing to do")
	}
	if h.beats(d, 1, 600*time.Millisecond); d.Behind() {
		t.Error("behind after one hiccup")
	}
	if h.beats(d, 5, 500*time.Millisecond); !d.Behind() || d.Late() < 400*time.Millisecond {
		t.Errorf("not behind although all is half a second late; late is %v", d.Late())
	}
	if h.beats(d, 10, 300*time.Millisecond); !d.Behind() {
		t.Error("no longer behind between the bounds: it would go on and off")
	}
	h.beats(d, 200, 0)
	if d.Behind() {
		t.Errorf("behind for ever; late is %v", d.Late())
	}
}

// TestBehindWhenNotEvenTheMeasuringRuns: nothing updates the measure while everything stands still; who asks is told all the same.
func TestBehindWhenNotEvenTheMeasuringRuns(t *testing.T) {
	var h hand
	d := newDelay(400*time.Millisecond, h.read)
	h.beats(d, 10, 0)
	d.due.Store(int64(h.now + beat))
	if h.now += beat + 801*time.Millisecond; !d.Behind() || d.Late() < 801*time.Millisecond {
		t.Errorf("late %v, behind %t: want it to be seen", d.Late(), d.Behind())
	}
}

func TestWaitsOfGoroutines(t *testing.T) {
	w := newWaits()
	for range 1000 {
		done := make(chan struct{})
		go close(done)
		<-done
	}
	if got := w.most(); got < 0 || got > time.Hour {
		t.Errorf("nine in ten goroutines waited %v at most", got)
	}
	var counted uint64
	for _, n := range w.before {
		counted += n
	}
	if counted < 10 { // the runtime counts a sample
		t.Errorf("%d of the waits of 1000 goroutines were counted", counted)
	}
}

func TestDelayEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := NewDelay(time.Hour)
	ended := make(chan struct{})
	go func() { d.Run(ctx); close(ended) }()
	for d.due.Load() == math.MaxInt64 {
		runtime.Gosched()
	}
	cancel()
	<-ended
	if d.Behind() {
		t.Error("behind after the end")
	}
}

func BenchmarkBehind(b *testing.B) {
	d := NewDelay(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		if d.Behind() {
			b.Fatal("behind")
		}
	}
}
