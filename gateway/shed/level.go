package shed

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"
)

// Levels is how many sub-levels a class has; level 0 goes before all others. At 33 times the capacity one of them is still
// less than a hundredth of what the backend bears: with DAGOR's 128 a threshold lets through a tenth too much or too little.
const Levels = 1024

// Priority is the place of a request among all: its class, and the sub-level within it. What one person asks for on their
// way has one level, so that under overload a whole journey gets through or none of it begins, instead of each request by
// the toss of a coin (DAGOR, SoCC '18).
type Priority struct {
	Class Class
	Level uint16
}

// At is the priority of a request that belongs to nobody's journey: some level.
func At(class Class) Priority {
	return Priority{Class: class, Level: uint16(rand.Uint32() % Levels)}
}

// Of is the priority of a request of a person, given by pseudonym. Every gateway finds the same level; each hour deals
// them anew, so that nobody is last all day.
func Of(class Class, subject [16]byte, now time.Time) Priority {
	x := binary.LittleEndian.Uint64(subject[:8]) ^ uint64(now.Unix()/3600)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9 // splitmix64
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return Priority{Class: class, Level: uint16(x >> 54)}
}

const (
	levelWindow = 100 * time.Millisecond
	// levelMemory is how much of what was seen goes over into the next window.
	levelMemory = 0.75
	// refusedShare of a class's arrivals refused by the queue in a window begin its threshold.
	refusedShare = 0.01
	// More is let through than was served, by a margin: what is too much is the queue's to refuse, what is too little
	// would leave permits unused.
	leastMargin, mostMargin = 1.02, 16.0
	marginDown, marginUp    = 0.9, 1.25
)

// levels finds for each class up to which sub-level requests may join the queue. While the queue refuses nobody everybody
// may. Then it looks ten times a second at what came, level by level, and at what was served, and lets through the levels
// that fill what is left by the classes above.
type levels struct {
	end     time.Time
	arrived [public][Levels]float32 // with those of earlier windows, fading
	served  float32                 // the same, of permits given
	fresh   [public]float32         // arrivals of this window
	refused [public]float32         // of them, refused for want of a permit
	waited  bool                    // whether anybody had to wait in this window
	upTo    [public]int             // levels below may come
	pressed Class                   // the highest class that has a threshold; public: none
	margin  float32
}

func newLevels() levels {
	l := levels{pressed: public, margin: leastMargin}
	for c := range l.upTo {
		l.upTo[c] = Levels
	}
	return l
}

// arrive counts an arrival and tells whether it may join the queue.
func (l *levels) arrive(p Priority, now time.Time, share *[Classes]int) bool {
	if now.After(l.end) {
		l.decide(now, share)
	}
	l.arrived[p.Class][p.Level]++
	l.fresh[p.Class]++
	return int(p.Level) < l.upTo[p.Class]
}

// decide closes a window.
func (l *levels) decide(now time.Time, share *[Classes]int) {
	windows := 1 + float64(now.Sub(l.end)/levelWindow) // time without arrivals is memory lost too
	l.end = now.Add(levelWindow)
	l.press()
	l.draw(share)
	fade := float32(math.Pow(levelMemory, windows))
	l.served *= fade
	for c := range l.arrived {
		for i := range l.arrived[c] {
			l.arrived[c][i] *= fade
		}
	}
	l.fresh, l.refused, l.waited = [public]float32{}, [public]float32{}, false
}

// press finds out which classes need a threshold, and whether it lets too much or too little through.
func (l *levels) press() {
	for c := P1; c < public; c++ { // P0 never has one: it waits
		if l.refused[c] > refusedShare*l.fresh[c] && l.refused[c] >= 2 {
			l.pressed = min(l.pressed, c)
			l.margin = max(l.margin*marginDown, leastMargin)
			return
		}
	}
	if l.pressed < public && !l.waited {
		if l.margin *= marginUp; l.margin > mostMargin {
			l.pressed, l.margin = public, leastMargin
		}
	}
}

// draw sets the thresholds: what was served, and a margin, goes to the classes from the highest down, and in each to the
// lowest levels first. A class keeps its minimum share.
func (l *levels) draw(share *[Classes]int) {
	left := l.served * l.margin
	for c := P0; c < public; c++ {
		room := left
		if n := share[c]; n > 0 {
			room = max(room, l.served/float32(n))
		}
		used := float32(0)
		l.upTo[c] = Levels
		for i, n := range l.arrived[c] {
			if used >= room && c >= l.pressed && c > P0 {
				l.upTo[c] = i
				break
			}
			used += n
		}
		left = max(0, left-used)
	}
}
