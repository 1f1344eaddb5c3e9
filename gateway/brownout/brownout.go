// Package brownout is the ladder on which a gateway leaves out, step by step, what it can do without, so that there is room
// for what it cannot:
//
//	0 full       nothing is left out
//	1 aged       lists for everybody may come from memory
//	2 lean       pages come without what is only an extra; people ask less often
//	3 static     who waits sees one prepared page, the same for all; a turn that has come still has its own
//	4 essential  only P0, P1 and the reserved lane reach the backend
//
// Each step keeps what those below it left out. The ladder goes up within seconds and comes down slowly, one step at a time.
// An operator can hold a step; that never lapses by itself.
//
// The package does no I/O; times are passed in, and the same signals at the same times make the same moves.
package brownout

import (
	"time"

	"github.com/daemun/daemun/gateway/shed"
)

// Step is a step of the ladder, 0 where nothing is left out.
type Step int

// The steps.
const (
	Full Step = iota
	Aged
	Lean
	Static
	Essential
	steps
)

// String names the step as the control room's API does.
func (s Step) String() string {
	return [steps]string{"full", "aged", "lean", "static", "essential"}[s]
}

// Valid tells whether there is such a step.
func (s Step) Valid() bool { return s >= Full && s < steps }

// Measures are what a step means for those who answer. They are a value: whoever reads them sees one step whole.
type Measures struct {
	Step Step
	// SnapshotAge is how old a list for everybody (clinics, slots, leftover doses) may be when it is answered from memory;
	// 0: not at all.
	SnapshotAge time.Duration
	// RenewEvery is how often a gateway that does not lead makes its own snapshot anew; 0: as often as it can.
	RenewEvery time.Duration
	Lean       bool // leave out optional parts of pages
	Static     bool // answer who waits with the prepared page
	// Lowest is the lowest public class that may reach the backend. The lane always may.
	Lowest shed.Class
	// PollFactor stretches the time after which people ask again; at least 1.
	PollFactor float64
}

// Admits tells whether requests of a class may go to the backend.
func (m *Measures) Admits(class shed.Class) bool { return class == shed.Lane || class <= m.Lowest }

// renewEvery is half of what a page promises when it says "as of", a second.
const renewEvery = 500 * time.Millisecond

// MeasuresOf says what a step means where lists may come from memory up to an age.
func MeasuresOf(s Step, age time.Duration) Measures {
	m := Measures{Step: s, Lowest: shed.P3, PollFactor: [steps]float64{1, 1, 1.5, 3, 4}[s]}
	if s >= Aged {
		m.SnapshotAge, m.RenewEvery = age, renewEvery
	}
	m.Lean, m.Static = s >= Lean, s >= Static
	if s >= Essential {
		m.Lowest = shed.P1
	}
	return m
}
