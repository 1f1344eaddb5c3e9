package brownout

import "time"

// credit is how much of the time since the last look counts at most: a process that stood still has seen nothing.
const credit = 2 * time.Second

// A step that was given up and is needed again soon is given up more slowly, up to this many times.
const mostPatience = 8

// spare is the part of the permits that has to be free for step 4 to be given up without patience: then the backend can do more
// than P0 and P1 ask of it.
const spare = 0.25

// Status is where a ladder stands.
type Status struct {
	Step   Step
	Since  time.Time
	Cause  Cause
	Wanted Step // what the signals ask for now
	Held   bool
}

// Ladder is the state machine. It is not safe for concurrent use.
type Ladder struct {
	cfg   Config
	step  Step
	since time.Time
	cause Cause

	held   bool
	wanted Step
	last   time.Time     // the last look
	above  time.Duration // for so long a higher step has been wanted
	least  Step          // the lowest of those wanted meanwhile
	below  time.Duration // for so long a lower one has been enough
	// patience multiplies Down; calm is for how long nothing has asked to go up since it grew.
	patience int
	calm     time.Duration
	left     bool // the last move was down
}

// New returns a ladder at step 0.
func New(cfg Config, now time.Time) *Ladder {
	return &Ladder{cfg: cfg, since: now, last: now, patience: 1, cause: Cause{"시작했습니다.", "It has begun."}}
}

// Configure changes the marks; the step stays until the signals, looked at anew, move it.
func (l *Ladder) Configure(cfg Config) { l.cfg = cfg }

// Status tells where the ladder stands.
func (l *Ladder) Status() Status {
	return Status{Step: l.step, Since: l.since, Cause: l.cause, Wanted: l.wanted, Held: l.held}
}

// Hold puts the ladder on a step at once and keeps it there.
func (l *Ladder) Hold(s Step, cause Cause, now time.Time) {
	if l.held && l.step == s && l.cause == cause {
		return
	}
	if l.step != s || !l.held {
		l.since = now
	}
	l.step, l.cause, l.held = s, cause, true
	l.rest()
}

// Release gives the ladder back to the signals: from the step where it was held.
func (l *Ladder) Release() {
	if l.held {
		l.held, l.patience, l.left = false, 1, false
		l.rest()
	}
}

func (l *Ladder) rest() { l.above, l.below, l.calm = 0, 0, 0 }

// Look takes a signal and moves the ladder if it is time; it tells whether the ladder moved.
func (l *Ladder) Look(s *Signal, now time.Time) bool {
	passed := min(max(now.Sub(l.last), 0), credit)
	l.last = now
	up, why := l.cfg.want(s, 1)
	l.wanted = up
	if l.held {
		return false
	}
	enough, whyEnough := l.cfg.want(s, easing)
	l.count(up, enough, passed)
	switch {
	case l.above >= l.cfg.Up && l.above > 0:
		l.climb(l.least, why, now)
	case l.below >= l.down(s) && l.below > 0:
		l.move(l.step-1, whyEnough, now)
		l.left = true
	default:
		if up == l.step && up > Full {
			l.cause = why // the same step, for what is true now
		}
		return false
	}
	return true
}

// down is how long a lower step must have been enough. The last step turns people away whom the backend could serve, and so it
// is given up as soon as it was taken, unless that proves too soon.
func (l *Ladder) down(s *Signal) time.Duration {
	if l.step == Essential {
		if s.Idle >= spare {
			return l.cfg.Up
		}
		return l.cfg.Up * time.Duration(l.patience)
	}
	return l.cfg.Down * time.Duration(l.patience)
}

// count adds the time that has passed to what it speaks for.
func (l *Ladder) count(up, enough Step, passed time.Duration) {
	switch {
	case up <= l.step:
		l.above = 0
		l.calm += passed
	case l.above == 0:
		l.above, l.least = max(passed, 1), up
	default:
		l.above, l.least = l.above+passed, min(l.least, up)
	}
	if enough < l.step {
		l.below += max(passed, 1)
	} else {
		l.below = 0
	}
	if l.calm >= 4*l.cfg.Down*time.Duration(l.patience) {
		l.patience, l.left = 1, false
	}
}

// climb goes up. Where that takes back a move down of a short while ago, the next one takes longer.
func (l *Ladder) climb(to Step, why Cause, now time.Time) {
	if l.left {
		l.patience = min(2*l.patience, mostPatience)
	}
	l.move(to, why, now)
	l.left = false
}

func (l *Ladder) move(to Step, why Cause, now time.Time) {
	l.step, l.since, l.cause = to, now, why
	l.rest()
}
