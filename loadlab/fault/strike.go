package fault

import (
	"context"
	"time"
)

// Strike is one kill as it really happened. Offsets from the start of the run; Back is zero when the process did not
// come back.
type Strike struct {
	Name    string
	Process string
	Planned time.Duration
	Killed  time.Duration // when the signal was sent
	Gone    time.Duration // when the process was seen to be gone
	Back    time.Duration // when it was ready again
	Err     error         // why the fault cannot count as struck
}

// Target is what a strike needs of a process.
type Target interface {
	Name() string
	Kill(limit time.Duration) error
	Restart() error
	WaitReady(ctx context.Context, limit time.Duration) error
}

// Hooks are told of the moments of a strike, so that clients can drop their connections and measurements can be marked.
type Hooks struct {
	Down, Back func(process string)
}

const (
	goneWithin  = 5 * time.Second
	readyWithin = 60 * time.Second
)

// Do strikes a process: kill, see it gone, start it again at once, wait until it is ready. since gives the offset now.
func Do(ctx context.Context, name string, planned time.Duration, t Target, since func() time.Duration, h Hooks) Strike {
	s := Strike{Name: name, Process: t.Name(), Planned: planned, Killed: since()}
	h.Down(t.Name())
	err := t.Kill(goneWithin)
	s.Gone = since()
	if again := t.Restart(); again != nil {
		s.Err = again
		return s
	}
	if err == nil {
		err = t.WaitReady(ctx, readyWithin)
	}
	if err != nil {
		s.Err = err
		return s
	}
	s.Back = since()
	h.Back(t.Name())
	return s
}
