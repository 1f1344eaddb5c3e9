package overload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/daemun/daemun/loadlab/fault"
	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/overload/result"
	"github.com/daemun/daemun/loadlab/overload/site"
)

// Lab is a backend with the systems before it.
type Lab struct {
	o       Options
	began   time.Time
	backend string // host:port
	site    *site.Client
	process *fault.Process
	systems map[string]*system
	known   []result.System
	count   uint64 // of measurements
	c       float64
	best    map[int]float64 // the best goodput without a gateway, by repeat
}

// experiment is one of them.
type experiment struct {
	name, ko, en string
	systems      []string // that it can use, in the order of their turns
	run          func(ctx context.Context, l *Lab, e *result.Experiment) error
}

var errNoCapacity = errors.New("the backend without a gateway reaches less than half of its nominal capacity: this machine is too busy")

// Run does the experiments and returns what they showed.
func Run(ctx context.Context, o Options) (*result.Result, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	// On half of the processors its threads do not wake each other in vain, and leave room for what is under test.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(1, runtime.NumCPU()/2)))
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return nil, fmt.Errorf("output folder: %w", err)
	}
	l := &Lab{o: o, began: time.Now(), systems: map[string]*system{}, best: map[int]float64{}}
	defer l.stop()
	if err := l.start(ctx); err != nil {
		return nil, err
	}
	r := &result.Result{At: l.began, Machine: fmt.Sprintf("%s/%s, %d CPUs, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version()),
		Command: o.Command, Site: o.Site, Nominal: o.Site.Capacity(), LevelMS: float64(level / time.Millisecond), Repeats: o.Repeats}
	if err := l.calibrate(ctx); err != nil {
		return nil, err
	}
	for _, e := range experiments {
		if !contains(o.Names, e.name) {
			continue
		}
		out := result.Experiment{Name: e.name, Ko: e.ko, En: e.en}
		l.say("\n%s: %s", e.name, e.en)
		if err := e.run(ctx, l, &out); err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
		r.Experiments = append(r.Experiments, out)
	}
	l.conclude(r)
	return r, nil
}

// conclude sums up: ratios are of the best goodput that any measurement without a gateway reached in the same repeat.
func (l *Lab) conclude(r *result.Result) {
	var found []float64
	for _, c := range l.best {
		found = append(found, c)
	}
	r.C = result.StatOf(found)
	for i := range r.Experiments {
		e := &r.Experiments[i]
		result.Normalize(e.Rows, func(repeat int) float64 { return l.best[repeat] })
		e.Summaries = result.Summarize(e.Rows)
	}
	r.Systems = l.known
	r.TookS = time.Since(l.began).Seconds()
	result.Decide(r)
}

func contains(list []string, name string) bool {
	for _, x := range list {
		if x == name {
			return true
		}
	}
	return false
}

func (l *Lab) say(format string, args ...any) { fmt.Fprintf(l.o.Say, format+"\n", args...) }

// start starts the backend and every system that an experiment of this run uses. A peer that cannot be had is left out and
// said so; ours must start.
func (l *Lab) start(ctx context.Context) error {
	ports, err := fault.FreePorts(2)
	if err != nil {
		return err
	}
	l.backend, l.site = ports[0], site.NewClient(ports[1])
	l.process, err = fault.Start(fault.Spec{Name: "site", Binary: l.o.Binary, Log: l.o.log("site"), Ready: "http://" + l.backend + "/readyz",
		Args: []string{"loadlab", "site", "--listen", ports[0], "--site-control", ports[1]}})
	if err == nil {
		err = l.process.WaitReady(ctx, 20*time.Second)
	}
	if err == nil {
		err = l.site.Set(ctx, l.o.Site)
	}
	if err != nil {
		return err
	}
	for _, k := range kinds {
		if !l.uses(k.name) {
			continue
		}
		s, err := k.start(ctx, l)
		known := result.System{Name: k.name, Ko: k.ko, En: k.en}
		switch {
		case err == nil:
			s.name = k.name
			l.systems[k.name] = s
		case k.name == "ours" || ctx.Err() != nil:
			return fmt.Errorf("start %s: %w", k.name, err)
		default:
			known.Missing = strings.Join(strings.Fields(err.Error()), " ")
			l.say("overload: %s is left out: %s", k.name, known.Missing)
		}
		l.known = append(l.known, known)
	}
	return nil
}

// uses tells whether an experiment of this run uses a system. Without a gateway it is always measured: that is what C is.
func (l *Lab) uses(name string) bool {
	if name == "none" {
		return true
	}
	for _, e := range experiments {
		if contains(l.o.Names, e.name) && contains(e.systems, name) {
			return len(l.o.Systems) == 0 || contains(l.o.Systems, name)
		}
	}
	return false
}

// turns are the systems of an experiment that are there, each repeat beginning with another one.
func (l *Lab) turns(e string, repeat int) []*system {
	var out []*system
	for _, x := range experiments {
		for _, name := range x.systems {
			if s := l.systems[name]; x.name == e && s != nil && (len(l.o.Systems) == 0 || contains(l.o.Systems, name)) {
				out = append(out, s)
			}
		}
	}
	if n := len(out); n > 0 {
		out = append(out[repeat%n:n:n], out[:repeat%n]...)
	}
	return out
}

func (l *Lab) stop() {
	for _, s := range l.systems {
		s.stop()
	}
	if l.process != nil {
		l.process.Stop(5 * time.Second)
	}
}

// trial is one measurement: phases, of which the first is warm-up.
type trial struct {
	phases  []load.Phase
	from    time.Duration // counted from here
	to      time.Duration // and to here; 0: the end of the phases
	level   time.Duration // 0: the usual one
	giveUp  time.Duration // 0: the usual one
	clients int           // who ask at the start, and again when they are answered
	oneList bool          // all P3 ask for the same
	follow  load.Follow
	beside  func(ctx context.Context, start time.Time) // runs meanwhile, may be nil
	setting *site.Setting                              // nil: the usual one
}

// ramp is the part of the warm-up in which a steady load grows: what a sudden one does is another experiment.
const (
	ramp      = 1600 * time.Millisecond
	rampSteps = 8
)

// steady is the trial of steady rates.
func (l *Lab) steady(rates load.Rates) trial { return l.steadyFor(rates, l.o.Measure) }

func (l *Lab) steadyFor(rates load.Rates, measure time.Duration) trial {
	var phases []load.Phase
	for i := range rampSteps {
		phases = append(phases, load.Phase{For: ramp / rampSteps, Rates: scaled(rates, float64(i+1)/(rampSteps+1))})
	}
	return trial{phases: append(phases, load.Phase{For: warmUp - ramp + measure, Rates: rates}), from: warmUp}
}

// try does one measurement with a system, from an idle backend to an idle backend.
func (l *Lab) try(ctx context.Context, s *system, t trial) (load.Figures, *load.Tally, error) {
	l.count++
	end := load.Length(t.phases)
	if t.to == 0 {
		t.to = end
	}
	if t.level == 0 {
		t.level = level
	}
	if t.giveUp == 0 {
		t.giveUp = giveUp
	}
	if err := l.prepare(ctx, s, t.setting); err != nil {
		return load.Figures{}, nil, err
	}
	tally := load.NewTally(t.from, t.to)
	table := append(load.Clients(t.clients), load.Table(t.phases, l.count)...)
	beside, done := context.WithCancel(ctx)
	ended := make(chan struct{})
	err := load.Run(ctx, load.Options{Address: s.address, Conns: s.conns(), Table: table, End: end, Level: t.level, Timeout: t.giveUp,
		People: people, Encode: s.encoder(l.count, t.oneList), Follow: t.follow, Tally: tally, Began: func(start time.Time) {
			go func() {
				defer close(ended)
				if t.beside != nil {
					t.beside(beside, start)
				}
			}()
		}})
	done()
	<-ended
	return tally.Figures(), tally, err
}

// prepare brings backend and system to rest.
func (l *Lab) prepare(ctx context.Context, s *system, setting *site.Setting) error {
	if setting == nil {
		setting = &l.o.Site
	}
	if err := errors.Join(l.site.Clear(ctx), l.site.Set(ctx, *setting)); err != nil {
		return err
	}
	if err := s.fresh(ctx); err != nil {
		return err
	}
	runtime.GC()
	select {
	case <-ctx.Done():
	case <-time.After(settleFor):
	}
	return ctx.Err()
}

// settleFor is how long the machine comes to rest before a measurement.
const settleFor = 400 * time.Millisecond

// calibrate finds C: the best goodput without a gateway around the nominal capacity.
func (l *Lab) calibrate(ctx context.Context) error {
	nominal := l.o.Site.Capacity()
	for _, share := range []float64{0.95, 1, 1.05} {
		f, _, err := l.try(ctx, l.systems["none"], l.steady(load.Mix(nominal, share)))
		if err != nil {
			return fmt.Errorf("calibrate: %w", err)
		}
		l.say("overload: %4.0f/s offered without a gateway, %4.0f/s good", f.Offered, f.Goodput)
		l.c = max(l.c, f.Goodput)
	}
	if l.c < nominal/2 {
		return errNoCapacity
	}
	l.say("overload: C = %.0f/s (%d places × %.0f ms: %.0f/s)", l.c, l.o.Site.Places, l.o.Site.ServiceMS, nominal)
	for r := range l.o.Repeats {
		l.best[r] = l.c
	}
	return nil
}

// note remembers what was reached without a gateway.
func (l *Lab) note(s *system, repeat int, f *load.Figures) {
	if s.name == "none" {
		l.best[repeat] = max(l.best[repeat], f.Goodput)
	}
}

// line says how a measurement went.
func (l *Lab) line(repeat int, s *system, point float64, row *result.Row) {
	f := row.Figures
	l.say("%d  %-9s %5.4g ×  %6.0f/s offered  %5.0f/s good (%.3f C)  P0 %6.2f %%  P1 %6.2f %%  P2 %5.1f %%  P3 %5.1f %%  inversions %d  p99 %.0f ms  503 p99 %.1f ms  late p99 %.1f ms  achieved %.2f %% %s",
		repeat+1, s.name, point, f.Offered, f.Goodput, f.Goodput/l.c, 100*f.OK[0], 100*f.OK[1], 100*f.OK[2], 100*f.OK[3], f.Inversions, f.Trips.P99, f.Sheds.P99,
		f.Lateness.P99, 100*f.Achieved, row.Invalid)
}
