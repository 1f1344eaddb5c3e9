package overload

import (
	"context"

	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/overload/result"
)

// experiments are all of them, in the order in which they are done.
var experiments []experiment

func init() {
	experiments = []experiment{
		{"curve", "과부하 곡선", "goodput from half of the capacity to 33 times as much", []string{"ours", "none", "haproxy", "nginx"}, curve},
	}
}

// beyond is the multiple of C above which it makes no sense to go on without a gateway: the backend has been down for long,
// and the clients' connections alone would fill the machine.
const beyond = 5

func curve(ctx context.Context, l *Lab, e *result.Experiment) error {
	for repeat := range l.o.Repeats {
		for _, point := range l.o.Points {
			for _, s := range l.turns(e.Name, repeat) {
				if s.name == "none" && point > beyond {
					continue
				}
				f, _, err := l.try(ctx, s, l.steady(load.Mix(l.c, point)))
				if err != nil {
					return err
				}
				l.note(s, repeat, &f)
				row := result.RowOf(result.Key{System: s.name, Point: point}, repeat, f, l.c)
				l.line(repeat, s, point, &row)
				e.Rows = append(e.Rows, row)
			}
		}
	}
	return nil
}
