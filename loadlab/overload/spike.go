package overload

import (
	"context"
	"time"

	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/overload/result"
)

// calm is a load that the backend bears, as shares of C; P3 is what spikes.
var calm = load.Rates{load.ShareP0, load.ShareP1, 0.1, 0.3}

// times is how many times as many P3 there are in the spike: as 12 times the usual P3, as 12 times the capacity, and as that
// with everybody asking for the same list.
const times = 12

func spike(ctx context.Context, l *Lab, e *result.Experiment) error {
	rates := scaled(calm, l.c)
	for repeat := range l.o.Repeats {
		for _, variant := range []string{"usual", "capacity", "one_list"} {
			for _, s := range l.turns(e.Name, repeat) {
				high := rates
				high[3] *= times
				if variant != "usual" {
					high[3] = times * l.c
				}
				before := warmUp + time.Second
				f, tally, err := l.try(ctx, s, trial{oneList: variant == "one_list", from: before, to: before + l.o.Measure, phases: []load.Phase{
					{For: before, Rates: rates}, {For: l.o.Measure, Rates: high}, {For: 2 * time.Second, Rates: rates},
				}})
				if err != nil {
					return err
				}
				k := result.Key{System: s.name, Variant: variant, Point: times}
				row := result.RowOf(k, repeat, f, l.c)
				l.line(repeat, s, times, &row)
				e.Rows = append(e.Rows, row)
				e.Lines = append(e.Lines, timeLine(k, repeat, tally, nil,
					result.Mark{AtS: before.Seconds(), Ko: "급증", En: "spike"}, result.Mark{AtS: (before + l.o.Measure).Seconds(), Ko: "끝", En: "end"}))
			}
		}
	}
	return nil
}

func scaled(r load.Rates, by float64) load.Rates {
	for c := range r {
		r[c] *= by
	}
	return r
}

// timeLine is how a measurement went on, in rates a second; limit is the limit by cells, nil where it is not known.
func timeLine(k result.Key, repeat int, t *load.Tally, limit []float64, marks ...result.Mark) result.TimeLine {
	per := func(n [load.Classes]int32) float64 {
		return float64(n[0]+n[1]+n[2]+n[3]) / load.Grain.Seconds()
	}
	out := result.TimeLine{Key: k, Repeat: repeat, StepS: load.Grain.Seconds(), Marks: marks, Values: map[string][]float64{}}
	for _, c := range t.Cells() {
		out.Values["offered"] = append(out.Values["offered"], per(c.Offered))
		out.Values["sent"] = append(out.Values["sent"], per(c.Sent))
		out.Values["goodput"] = append(out.Values["goodput"], per(c.Good))
	}
	if limit != nil {
		out.Values["limit"] = limit
	}
	return out
}
