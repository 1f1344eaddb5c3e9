package overload

import (
	"context"

	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/overload/result"
)

// experiments are all of them, in the order in which they are done.
var experiments []experiment

func init() {
	all := []string{"ours", "none", "haproxy", "nginx"}
	experiments = []experiment{
		{"curve", "과부하 곡선", "goodput from half of the capacity to 33 times as much", all, curve},
		{"spike", "조회 급증", "a spike of anonymous reads, 12 times as many", []string{"ours", "haproxy", "nginx"}, spike},
		{"step", "계단", "a step to 1.4 times the capacity; capacity halved and restored", []string{"ours", "haproxy"}, step},
		{"journeys", "여러 번의 요청", "journeys of one to four calls", []string{"ours", "haproxy", "fixed"}, journeys},
		{"metastability", "과부하 고착", "where a short trigger keeps a site down, without a gateway and with it", []string{"none", "ours"}, metastability},
		{"ablation", "한도 비교", "our limiter against others", []string{"ours", "fixed", "failsafe", "gradient2", "haproxy"}, ablation},
		{"shed", "거절", "how soon a refusal comes at 33 times the capacity", []string{"ours", "haproxy", "nginx"}, shed},
		{"proxy", "통과 비용", "what a request costs that is let through, with a fast backend", []string{"none", "ours", "haproxy", "nginx", "caddy"}, proxy},
	}
}

// beyond is the multiple of C above which it makes no sense to go on without a gateway: the backend has been down for long,
// and the clients' connections alone would fill the machine.
const beyond = 5

func curve(ctx context.Context, l *Lab, e *result.Experiment) error {
	return l.points(ctx, e, l.o.Points)
}

func ablation(ctx context.Context, l *Lab, e *result.Experiment) error {
	return l.points(ctx, e, []float64{2, 10})
}

func shed(ctx context.Context, l *Lab, e *result.Experiment) error {
	return l.points(ctx, e, []float64{33})
}

// points measures steady load at multiples of C, the systems in turns at each.
func (l *Lab) points(ctx context.Context, e *result.Experiment, points []float64) error {
	for repeat := range l.o.Repeats {
		for _, point := range points {
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
