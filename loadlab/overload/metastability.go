package overload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/overload/result"
)

// The clients of this experiment wait three seconds and then send the same again, up to four times.
const (
	patientFor = 3 * time.Second
	resends    = 4
	aftermath  = 10 * time.Second // in which a site that comes back has come back
)

// trigger is a processor capped to a share for a while.
type trigger struct {
	speed float64
	lasts time.Duration
	load  float64 // meanwhile and always, a multiple of C that the backend bears
}

func (t trigger) variant() string { return fmt.Sprintf("%.2f for %.0f s", t.speed, t.lasts.Seconds()) }

// headline is the trigger that is repeated; the grid around it is measured once and shows where the frontier is.
var headline = trigger{0.4, 10 * time.Second, 0.8}

func triggers(short bool) []trigger {
	if short {
		return []trigger{{0.4, 3 * time.Second, 0.8}}
	}
	var out []trigger
	for _, speed := range []float64{0.2, 0.4, 0.7} {
		for _, lasts := range []time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second} {
			for _, load := range []float64{0.6, 0.8, 0.95} {
				if t := (trigger{speed, lasts, load}); t != headline {
					out = append(out, t)
				}
			}
		}
	}
	return out
}

func metastability(ctx context.Context, l *Lab, e *result.Experiment) error {
	for repeat := range l.o.Repeats {
		list := []trigger{headline}
		if repeat == 0 {
			list = append(list, triggers(l.o.Short)...)
		}
		for _, t := range list {
			for _, s := range l.turns(e.Name, repeat) {
				if err := l.trigger(ctx, e, s, repeat, t); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (l *Lab) trigger(ctx context.Context, e *result.Experiment, s *system, repeat int, g trigger) error {
	at := warmUp + time.Second
	over := at + g.lasts
	end := over + aftermath
	slow := l.o.Site
	slow.Speed = g.speed
	var changes error
	t := trial{from: at, level: patientFor, giveUp: patientFor, follow: load.Resend(resends),
		phases: []load.Phase{{For: end, Rates: load.Mix(l.c, g.load)}},
		beside: func(ctx context.Context, start time.Time) {
			changes = l.change(ctx, start, []change{{at, slow}, {over, l.o.Site}})
		}}
	f, tally, err := l.try(ctx, s, t)
	if err = errors.Join(err, changes); err != nil {
		return err
	}
	k := result.Key{System: s.name, Variant: g.variant(), Point: g.load}
	line := timeLine(k, repeat, tally, nil, result.Mark{AtS: at.Seconds(), Ko: eventWords["trigger"], En: "trigger"}, result.Mark{AtS: over.Seconds(), Ko: eventWords["end"], En: "end"})
	row := result.RowOf(k, repeat, f, l.c)
	back := backAfter(line.Values["goodput"], over, end, g.load*l.c)
	row.Values["recover_ms"], row.Values["down"] = ms(back), flag(back >= end-over)
	row.Values["speed"], row.Values["lasts_s"] = g.speed, g.lasts.Seconds()
	if s.name == "none" { // what a site that is down is sent depends on how fast clients give up, not on the generator
		row.Invalid = ""
	}
	l.say("%d  %-9s %.2f C, processor at %s: back %5.0f ms after its end%s, %.2f attempts per request, P0 %.1f %%  %s", repeat+1, s.name, g.load, g.variant(),
		ms(back), map[bool]string{true: " (not back)"}[row.Values["down"] == 1], row.Values["attempts_per_original"], 100*f.OK[0], row.Invalid)
	e.Rows, e.Lines = append(e.Rows, row), append(e.Lines, line)
	return nil
}

// A site is back when its goodput is 95 % of what is offered, over a second: arrivals come by chance.
const (
	enough  = 0.95
	forLong = 10 // cells
)

// backAfter is how long after an instant the first second begins in which goodput is what is offered; the whole time where
// there is none.
func backAfter(goodput []float64, at, end time.Duration, offered float64) time.Duration {
	first, last := int(at/load.Grain), min(int(end/load.Grain), len(goodput))
	for i := first; i+forLong <= last; i++ {
		if mean(goodput, i, i+forLong) >= enough*offered {
			return time.Duration(i-first) * load.Grain
		}
	}
	return end - at
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
