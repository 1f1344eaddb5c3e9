package overload

import (
	"context"
	"time"

	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/overload/result"
	"github.com/daemun/daemun/loadlab/overload/site"
)

// What a request costs that is let through is measured with a backend that answers at once: with as many clients as keep
// the machine busy, each asking again when it is answered, and at rates that everybody bears.
const (
	fastPlaces = 512
	clients    = 32
	calmRate   = 0.5 // of C
	busyRate   = 4.0 // of C
)

var reads = load.Rates{0.3, 0.2, 0.3, 0.2}

func proxy(ctx context.Context, l *Lab, e *result.Experiment) error {
	for repeat := range l.o.Repeats {
		for _, variant := range []string{"calm", "busy", "full"} {
			var none *load.Figures
			for _, s := range l.noneFirst(e.Name, repeat) {
				row, err := l.pass(ctx, s, repeat, variant)
				if err != nil {
					return err
				}
				f := row.Figures
				if s.name == "none" {
					none = f
				}
				if none != nil && variant != "full" {
					row.Values["added_p50_ms"], row.Values["added_p99_ms"] = f.Trips.P50-none.Trips.P50, f.Trips.P99-none.Trips.P99
				}
				l.say("%d  %-9s %-5s %6.0f/s good  p50 %.3f ms  p99 %.3f ms  added p50 %.3f p99 %.3f ms  %4.1f µs of processor a request  %s", repeat+1, s.name, variant,
					f.Goodput, f.Trips.P50, f.Trips.P99, row.Values["added_p50_ms"], row.Values["added_p99_ms"], row.Values["cpu_us"], row.Invalid)
				e.Rows = append(e.Rows, row)
			}
		}
	}
	return nil
}

// noneFirst are the turns with the way without a gateway first: what others add is added to that.
func (l *Lab) noneFirst(e string, repeat int) []*system {
	list := []*system{l.systems["none"]}
	for _, s := range l.turns(e, repeat) {
		if s.name != "none" {
			list = append(list, s)
		}
	}
	return list
}

func (l *Lab) pass(ctx context.Context, s *system, repeat int, variant string) (result.Row, error) {
	t := trial{from: warmUp / 2, setting: &site.Setting{Places: fastPlaces, Speed: 1}}
	switch length := t.from + l.o.Measure; variant {
	case "full":
		t.phases = []load.Phase{{For: length}}
		t.clients, t.follow = clients, load.Again
	case "busy":
		t.phases = []load.Phase{{For: length, Rates: scaled(reads, busyRate*l.c)}}
	default:
		t.phases = []load.Phase{{For: length, Rates: scaled(reads, calmRate*l.c)}}
	}
	var before time.Duration
	t.beside = func(ctx context.Context, start time.Time) {
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(start.Add(t.from))):
		}
		before = s.cpu()
	}
	f, _, err := l.try(ctx, s, t)
	if err != nil {
		return result.Row{}, err
	}
	row := result.RowOf(result.Key{System: s.name, Variant: variant}, repeat, f, l.c)
	delete(row.Values, "ratio") // of a capacity that this backend does not have
	if answered := f.Goodput * f.Seconds; answered > 0 {
		row.Values["cpu_us"] = float64((s.cpu() - before).Microseconds()) / answered
	}
	if variant == "full" { // asks when it is answered: there is no time at which it should have asked
		row.Invalid = ""
	}
	return row, nil
}

// cpu is the processor time that the system's processes have used; 0 without one.
func (s *system) cpu() time.Duration {
	if s.process == nil {
		return 0
	}
	return s.process.FamilyCPU()
}
