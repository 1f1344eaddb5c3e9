package loadlab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/daemun/daemun/loadlab/arrivals"
	"github.com/daemun/daemun/loadlab/attack"
	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/fault"
	"github.com/daemun/daemun/loadlab/measure"
	"github.com/daemun/daemun/loadlab/report"
	"github.com/daemun/daemun/loadlab/scenario"
	"github.com/daemun/daemun/loadlab/wire"
)

// run is one command from seeding to verdict.
type run struct {
	o     options
	plan  scenario.Plan
	out   io.Writer
	began time.Time

	servers  *servers
	people   *citizen.People
	crowd    *citizen.Crowd
	recorder *measure.Recorder
	pool     *wire.Pool
	schedule *arrivals.Schedule
	leaks    *leaks
	decide   func() // gives the verdict

	mu      sync.Mutex
	start   time.Time // of the attack
	started chan struct{}
	strikes []fault.Strike
	idle    map[string]fault.Usage // used before the attack: starting and calibrating is not part of its cost
	spent   fault.Usage            // by the generator, in the attack
}

func (r *run) do(ctx context.Context) (*report.Data, error) {
	// The generator shares the machine: it collects garbage seldom, within a bound.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	// On half of the processors its threads do not wake each other in vain, and leave room for what is under test.
	processors := runtime.GOMAXPROCS(max(1, runtime.NumCPU()/2))
	defer runtime.GOMAXPROCS(processors)
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	defer r.servers.stop()
	result, err := r.attack(ctx)
	runtime.GOMAXPROCS(processors)
	if err != nil {
		return nil, err
	}
	d, err := r.judge(ctx, result)
	if err != nil {
		return nil, err
	}
	return d, r.publish(d)
}

func (r *run) say(format string, args ...any) { fmt.Fprintf(r.out, format+"\n", args...) }

// prepare seeds, starts the servers, reads the citizens and finds out what the machine can do.
func (r *run) prepare(ctx context.Context) error {
	if err := os.MkdirAll(r.o.out, 0o755); err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	if err := freshFolder(r.o.data); err != nil {
		return err
	}
	opensIn := r.plan.Prepare + calibrationSeconds*time.Second + r.plan.Lobby
	r.say("loadlab: %s, %d requests, %d people on the roster, %d not; seeding", r.plan.TitleEn, r.plan.Requests, r.plan.Eligible, r.plan.NotEligible)
	if err := seed(ctx, r.o, r.plan, opensIn); err != nil {
		return err
	}
	file, err := os.ReadFile(filepath.Join(r.o.data, "demo", "citizens.csv"))
	if err != nil {
		return fmt.Errorf("citizens: %w", err)
	}
	if r.people, err = citizen.ReadPeople(file); err != nil {
		return err
	}
	if r.leaks, err = r.newLeaks(file); err != nil {
		return err
	}
	wanted := time.Duration(r.o.seconds) * time.Second
	if r.servers, err = startServers(ctx, r.o, r.plan.StartRate(wanted), r.plan.MaxRate(wanted)); err != nil {
		return err
	}
	capacity, err := calibrate(ctx, r.servers, r.people, r.o.seed)
	if err == nil {
		err = r.arrange(capacity)
	}
	if err != nil {
		r.servers.stop()
	}
	return err
}

// arrange fixes the schedule and the crowd; from here on nothing bends to how the servers do.
func (r *run) arrange(capacity float64) error {
	p := r.plan.Paced(capacity, time.Duration(r.o.seconds)*time.Second)
	left := time.Until(r.servers.opening.OpensAt)
	if left < p.Lobby/2 {
		return fmt.Errorf("preparing took too long: the opening is in %v, a lobby of %v was planned", left.Round(time.Millisecond), p.Lobby)
	}
	p.Lobby = min(p.Lobby, left)
	r.plan = p
	var err error
	if r.schedule, err = arrivals.NewSchedule(p.Requests, p.Run, p.Weight); err != nil {
		return err
	}
	r.crowd = citizen.NewCrowd(r.people, citizen.Options{Opening: r.servers.opening.ID, Host: r.servers.public,
		Nonce: fmt.Sprintf("%x", r.began.UnixNano()), Seed: r.o.seed, Lobby: p.Lobby, Run: p.Run, Cheats: p.CheatShare})
	r.recorder = measure.NewRecorder(p.Run)
	r.pool = wire.NewPool(r.servers.public)
	r.started = make(chan struct{})
	r.say("loadlab: prepared in %.1f s; this machine answers %.0f requests/s; %d requests in %v (%.0f/s on average), opening after %.1f s",
		time.Since(r.began).Seconds(), capacity, p.Requests, p.Run, float64(p.Requests)/p.Run.Seconds(), p.Lobby.Seconds())
	return nil
}

// overtime is how long a machine that cannot keep the schedule may go on; the verdict is then inconclusive.
const overtime = 15 * time.Second

// attack waits for the lobby's time and replays, with faults and progress beside it.
func (r *run) attack(ctx context.Context) (attack.Result, error) {
	select {
	case <-ctx.Done():
		return attack.Result{}, ctx.Err()
	case <-time.After(time.Until(r.servers.opening.OpensAt.Add(-r.plan.Lobby))):
	}
	a := &attack.Attack{Limit: r.plan.Run + overtime, Schedule: r.schedule, Actor: r.crowd, Recorder: r.recorder, Pool: r.pool, Witness: r.leaks, Began: func(t time.Time) {
		r.start = t
		close(r.started)
	}}
	beside, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { r.faults(beside) })
	wg.Go(func() { r.progress(beside) })
	wg.Go(func() { r.leaks.watch(beside) })
	r.idle = r.servers.usage()
	before := fault.Self()
	result, err := a.Run(ctx)
	r.spent = fault.Self().Since(before)
	stop()
	wg.Wait()
	return result, err
}

// faults strikes as planned. What is under way when the attack ends is finished, so that no process is left half dead.
func (r *run) faults(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-r.started:
	}
	for _, f := range r.plan.Faults {
		at := r.plan.FaultAt(f)
		select {
		case <-ctx.Done():
			return
		case <-time.After(at - r.since()):
		}
		target := r.servers.gateway
		if f.Process == "backend" {
			target = r.servers.backend
		}
		s := fault.Do(context.WithoutCancel(ctx), f.Name, at, target, r.since, fault.Hooks{Down: r.down, Back: r.back})
		r.mu.Lock()
		r.strikes = append(r.strikes, s)
		r.mu.Unlock()
		r.say("loadlab: %s at %.1f s: gone after %d ms, back after %d ms %s", s.Name, s.Killed.Seconds(),
			(s.Gone - s.Killed).Milliseconds(), max(0, (s.Back-s.Killed).Milliseconds()), errText(s.Err))
	}
}

func (r *run) since() time.Duration { return time.Since(r.start) }

func (r *run) down(process string) {
	r.recorder.Trouble(true)
	if process == "gateway" {
		r.crowd.Fault(r.since())
		r.pool.Forget()
	}
}

// aftermath is how long after a restart answers do not count for service levels.
const aftermath = 8 * time.Second

func (r *run) back(process string) {
	if process == "gateway" {
		r.pool.Forget()
	}
	time.AfterFunc(aftermath, func() { r.recorder.Trouble(false) })
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return "(" + err.Error() + ")"
}

// progress prints a line every five seconds.
func (r *run) progress(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-r.started:
	}
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	var before int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		total, _ := r.recorder.Counts()
		p := r.crowd.Progress()
		t := r.since()
		r.say("%4.0f s  %6.0f/s of %6.0f/s  sent %d  waiting %d  entered %d  booked %d  shed %d  unanswered %d  cheats %d",
			t.Seconds(), float64(total-before)/5, r.schedule.Rate(t), total, p.Waiting, p.Entered, p.Booked, p.Sheds, p.Lost, p.Tried)
		before = total
	}
}

// settle asks once more for every booking whose answer was lost, with the key of then. It returns how many stayed open.
func (r *run) settle(ctx context.Context) int64 {
	deadline := time.Now().Add(20 * time.Second)
	for {
		pending := r.crowd.Pending()
		if len(pending) == 0 || time.Now().After(deadline) || ctx.Err() != nil {
			return int64(len(pending))
		}
		for _, a := range pending {
			if err := r.resend(ctx, a); err != nil && !errors.Is(err, context.Canceled) {
				time.Sleep(50 * time.Millisecond)
			}
		}
	}
}

func (r *run) resend(ctx context.Context, a citizen.Action) error {
	conn, err := r.pool.Get(ctx, time.Now())
	if err != nil {
		return err
	}
	conn.Out = r.crowd.Resend(a, conn.Out[:0])
	sent := r.since()
	var res wire.Response
	err = conn.Do(time.Now(), &res)
	r.crowd.Apply(a, sent, r.since(), &res, err)
	if err != nil || res.Close {
		conn.Close()
		return err
	}
	r.pool.Put(conn, time.Now())
	return nil
}
