package wait

import "math"

// horizons are expected waits, in seconds, for which the width is kept; between them it is interpolated.
var horizons = [...]float64{20, 120, 600, 1800, 7200, 21600}

const horizonCount = len(horizons)

// Width is how far a range reaches from its middle, as logarithms: high = middle × e^Up, low = middle × e^−Down, one
// for each horizon.
type Width struct {
	Up   [horizonCount]float64 `json:"up"`
	Down [horizonCount]float64 `json:"down"`
}

// The widths to begin with, and within which they are kept. A wait of half an hour starts with ×0.57 to ×1.90: what happens to
// a line makes it slower more often than faster.
var (
	startWidth = Width{Up: [horizonCount]float64{.60, .54, .58, .64, .70, .70}, Down: [horizonCount]float64{.90, .70, .58, .56, .56, .56}}
	leastWidth = Width{Up: [horizonCount]float64{.40, .32, .30, .32, .36, .38}, Down: [horizonCount]float64{.50, .36, .32, .32, .36, .38}}
	mostWidth  = Width{Up: [horizonCount]float64{1.2, .95, .90, .90, .90, .90}, Down: [horizonCount]float64{2.0, 1.1, .85, .85, .85, .85}}
)

// Aim of the widening: each end may miss this share of the time, and each settled note moves the end by step.
const (
	missAim = 0.025
	step    = 0.02
)

// From this wait on, in seconds, the bound on ranges leaves so much for both ends together.
const (
	longWait = 600.0
	mostBoth = 1.38
)

// near returns the horizon below a wait and how far towards the next one it is.
func near(wait float64) (i int, share float64) {
	for i = horizonCount - 1; i >= 0; i-- {
		if wait >= horizons[i] {
			break
		}
	}
	switch {
	case i < 0:
		return 0, 0
	case i == horizonCount-1:
		return i, 0
	}
	return i, math.Log(wait/horizons[i]) / math.Log(horizons[i+1]/horizons[i])
}

func (w *Width) at(wait float64) (up, down float64) {
	i, share := near(wait)
	if share == 0 {
		return w.Up[i], w.Down[i]
	}
	return w.Up[i] + share*(w.Up[i+1]-w.Up[i]), w.Down[i] + share*(w.Down[i+1]-w.Down[i])
}

// learn moves the ends of a horizon after notes of a weight (at most 1) were settled: early when the turn came before
// the range, late when it came after it.
func (w *Width) learn(i int, early, late bool, weight float64) {
	move := func(v *float64, missed bool, least, most float64) {
		by := -missAim
		if missed {
			by = 1 - missAim
		}
		*v = min(max(*v+step*weight*by, least), most)
	}
	move(&w.Up[i], late, leastWidth.Up[i], mostWidth.Up[i])
	move(&w.Down[i], early, leastWidth.Down[i], mostWidth.Down[i])
	if both := w.Up[i] + w.Down[i]; horizons[i] >= longWait && both > mostBoth { // one end gains what the other loses
		w.Up[i], w.Down[i] = w.Up[i]*mostBoth/both, w.Down[i]*mostBoth/both
	}
}
