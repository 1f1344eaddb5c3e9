package brownout

import (
	"fmt"
	"time"

	"github.com/daemun/daemun/gateway/shed"
)

// Signal is how a gateway stands, once a second. Zero where something is not known.
type Signal struct {
	Lag         time.Duration // how late the scheduler runs this gateway
	Memory      float64       // part of the memory limit that the last collection found in use
	Connections float64       // part of the room for connections that is used
	Wait        time.Duration // how long the oldest of the public waits for a permit
	// Offered and Shed count the requests of the last second by class, P0 to P3.
	Offered, Shed [shed.Lane]uint64
	Idle          float64 // part of the permits that nobody holds
	Instances     int     // of the backend
	Ready         int     // of them, those that take requests
}

// Marks are the values of a signal at which each step is wanted; 0: that signal alone never wants the step.
type Marks [steps]float64

// Config sets a Ladder.
type Config struct {
	Up   time.Duration // a worse state lasts so long before the ladder goes up
	Down time.Duration // a better one so long before it comes one step down; from step 4 after Up already
	Age  time.Duration // of lists from memory; see Measures

	LagMS       Marks
	Memory      Marks
	Connections Marks
	WaitMS      Marks
	ShedReads   Marks // part of P2 and P3 that was turned away
	ShedWrites  Marks // part of P0 and P1 that was
}

// Default leaves nothing out on an ordinary busy day. The marks of the lag stand well below the 400 ms at which a gateway
// turns everybody away.
func Default() Config {
	return Config{
		Up: 2 * time.Second, Down: 20 * time.Second, Age: 10 * time.Second,
		LagMS:       Marks{Aged: 40, Lean: 80, Static: 160},
		Memory:      Marks{Aged: 0.6, Lean: 0.75, Static: 0.85},
		Connections: Marks{Lean: 0.85, Static: 0.95},
		WaitMS:      Marks{Aged: 250},
		ShedReads:   Marks{Aged: 0.05, Lean: 0.5},
		ShedWrites:  Marks{Essential: 0.05},
	}
}

// easing is the part of a mark below which a signal must fall before its step is given up. The room between the two keeps a
// signal that stands at a mark from moving the ladder to and fro.
const easing = 0.6

// fewest is how many requests must have been turned away in the second before their part counts: one of ten is no crowd.
const fewest = 5

// Cause says why the ladder stands where it does, for operators.
type Cause struct{ Ko, En string }

// want is the highest step that any signal asks for, with the marks taken at a part of what they are, and why.
func (c *Config) want(s *Signal, part float64) (Step, Cause) {
	best, cause := Full, Cause{"모든 지표가 기준 아래입니다.", "Every signal is below its mark."}
	for _, r := range c.readings(s) {
		for step := steps - 1; step > best; step-- {
			if mark := r.marks[step]; mark > 0 && r.value >= mark*part {
				best, cause = step, r.cause(mark)
				break
			}
		}
	}
	if best < Aged && s.Instances > 0 && s.Ready < s.Instances {
		best, cause = Aged, Cause{
			fmt.Sprintf("백엔드 %d대 가운데 %d대만 요청을 받습니다.", s.Instances, s.Ready),
			fmt.Sprintf("%d of %d backend instances take requests.", s.Ready, s.Instances),
		}
	}
	return best, cause
}

// reading is one signal against its marks.
type reading struct {
	ko, en string
	unit   string // of both values; % for parts
	value  float64
	marks  *Marks
}

func (r *reading) cause(mark float64) Cause {
	value := r.value
	if r.unit == "%" {
		value, mark = 100*value, 100*mark
	}
	return Cause{
		fmt.Sprintf("%s %.0f %s (기준 %.0f %s)", r.ko, value, r.unit, mark, r.unit),
		fmt.Sprintf("%s %.0f %s (mark %.0f %s)", r.en, value, r.unit, mark, r.unit),
	}
}

func (c *Config) readings(s *Signal) [6]reading {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return [...]reading{
		{"게이트웨이 지연", "this gateway runs late by", "ms", ms(s.Lag), &c.LagMS},
		{"메모리 사용", "memory used", "%", s.Memory, &c.Memory},
		{"연결 사용", "connections used", "%", s.Connections, &c.Connections},
		{"허가 대기", "wait for a permit", "ms", ms(s.Wait), &c.WaitMS},
		{"조회 요청 차단", "reads turned away", "%", s.turnedAway(shed.P2, shed.P3), &c.ShedReads},
		{"예약·입장 요청 차단", "bookings and entries turned away", "%", s.turnedAway(shed.P0, shed.P1), &c.ShedWrites},
	}
}

// turnedAway is the part of some classes that was shed; 0 while no instance takes anything: then it says nothing about who
// takes room from whom.
func (s *Signal) turnedAway(from, to shed.Class) float64 {
	if s.Instances > 0 && s.Ready == 0 {
		return 0
	}
	var offered, away uint64
	for class := from; class <= to; class++ {
		offered, away = offered+s.Offered[class], away+s.Shed[class]
	}
	if away < fewest || offered == 0 {
		return 0
	}
	return float64(away) / float64(offered)
}
