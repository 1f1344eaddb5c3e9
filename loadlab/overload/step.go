package overload

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/overload/result"
	"github.com/daemun/daemun/loadlab/overload/site"
)

// The load of these experiments as shares of C: before the step, and 1.4 times the capacity. P0 and P1 together are less than
// half of it, so that they can be kept whole with half of the capacity too.
var (
	under = load.Rates{0.2, 0.15, 0.2, 0.25}
	over  = load.Rates{0.2, 0.15, 0.45, 0.6}
)

// episode is how long each state of these experiments lasts.
const episode = 6 * time.Second

// event is an instant at which something changed, and until when its effect is looked at.
type event struct {
	name    string
	at, end time.Duration
}

func step(ctx context.Context, l *Lab, e *result.Experiment) error {
	for repeat := range l.o.Repeats {
		for _, s := range l.turns(e.Name, repeat) {
			if err := errors.Join(l.stepUp(ctx, e, s, repeat), l.halve(ctx, e, s, repeat)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Lab) stepUp(ctx context.Context, e *result.Experiment, s *system, repeat int) error {
	at := warmUp + episode/2
	t := trial{from: at, phases: []load.Phase{{For: at, Rates: scaled(under, l.c)}, {For: episode, Rates: scaled(over, l.c)}}}
	return l.follow(ctx, e, s, repeat, t, "step", event{"step", at, at + episode})
}

// halve takes half of the backend's places away for a while.
func (l *Lab) halve(ctx context.Context, e *result.Experiment, s *system, repeat int) error {
	at := warmUp + episode/2
	back := at + episode
	half := l.o.Site
	half.Places = max(1, half.Places/2)
	var changes error
	t := trial{from: at, phases: []load.Phase{{For: back + episode, Rates: scaled(over, l.c)}},
		beside: func(ctx context.Context, start time.Time) {
			changes = l.change(ctx, start, []change{{at, half}, {back, l.o.Site}})
		}}
	err := l.follow(ctx, e, s, repeat, t, "halve", event{"halve", at, back}, event{"restore", back, back + episode})
	return errors.Join(err, changes)
}

// change is another setting of the backend from an instant on.
type change struct {
	at      time.Duration
	setting site.Setting
}

// change makes changes at their time.
func (l *Lab) change(ctx context.Context, start time.Time, changes []change) error {
	for _, c := range changes {
		select {
		case <-ctx.Done():
			return nil // the measurement is over
		case <-time.After(time.Until(start.Add(c.at))):
		}
		if err := l.site.Set(ctx, c.setting); err != nil {
			return err
		}
	}
	return nil
}

// follow measures how soon goodput and limit come to rest after events.
func (l *Lab) follow(ctx context.Context, e *result.Experiment, s *system, repeat int, t trial, name string, events ...event) error {
	w := &limitWatch{ours: s.ours}
	others := t.beside
	t.beside = func(ctx context.Context, start time.Time) {
		done := make(chan struct{})
		go func() { defer close(done); w.run(ctx, start) }()
		if others != nil {
			others(ctx, start)
		}
		<-done
	}
	f, tally, err := l.try(ctx, s, t)
	if err != nil {
		return err
	}
	line := timeLine(result.Key{System: s.name, Variant: name, Point: 1.4}, repeat, tally, w.cells())
	for _, ev := range events {
		line.Marks = append(line.Marks, result.Mark{AtS: ev.at.Seconds(), Ko: eventWords[ev.name], En: ev.name})
		row := result.RowOf(result.Key{System: s.name, Variant: ev.name, Point: 1.4}, repeat, f, l.c)
		row.Values["recover_ms"] = ms(recovered(line.Values["goodput"], ev.at, ev.end, 0))
		limit := ""
		if after, ok := w.followed(ev.at, ev.end); ok {
			row.Values["follow_ms"] = ms(after)
			limit = fmt.Sprintf(", limit there after %4.0f ms", ms(after))
		}
		l.say("%d  %-9s %-8s 95 %% of steady goodput after %4.0f ms%s  P0 %.2f %%  P1 %.2f %%  %s",
			repeat+1, s.name, ev.name, row.Values["recover_ms"], limit, 100*f.OK[0], 100*f.OK[1], row.Invalid)
		e.Rows = append(e.Rows, row)
	}
	e.Lines = append(e.Lines, line)
	return nil
}

var eventWords = map[string]string{"step": "계단", "halve": "용량 절반", "restore": "용량 회복", "trigger": "방아쇠", "end": "끝"}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

const (
	recoveredAt = 0.95 // of steady goodput
	smooth      = 5    // cells, over which goodput is looked at: one alone holds too few answers
	steadyLast  = 2 * time.Second
)

// recovered is how long after an event goodput, by cells of a grain, stays at 95 % of what it comes to: its mean over the last
// two seconds before the end, or least where that is more. The whole time where it never does.
func recovered(goodput []float64, at, end time.Duration, least float64) time.Duration {
	last := min(int(end/load.Grain), len(goodput))
	steady := math.Max(mean(goodput, last-int(steadyLast/load.Grain), last), least)
	for i := last - smooth; i >= int(at/load.Grain); i-- {
		if mean(goodput, i, i+smooth) < recoveredAt*steady {
			return min(time.Duration(i+1)*load.Grain, end) - at
		}
	}
	return 0
}

func mean(values []float64, from, to int) float64 {
	from, to = max(from, 0), min(to, len(values))
	if to <= from {
		return 0
	}
	sum := 0.0
	for _, v := range values[from:to] {
		sum += v
	}
	return sum / float64(to-from)
}
