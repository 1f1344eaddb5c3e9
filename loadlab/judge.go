package loadlab

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"time"

	"github.com/daemun/daemun/loadlab/attack"
	"github.com/daemun/daemun/loadlab/audit"
	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/fault"
	"github.com/daemun/daemun/loadlab/invariant"
	"github.com/daemun/daemun/loadlab/measure"
	"github.com/daemun/daemun/loadlab/report"
	"github.com/daemun/daemun/loadlab/scenario"
	"github.com/daemun/daemun/loadlab/verdict"
)

// readBack is how many acknowledged bookings are looked up over HTTP; the ledger covers all of them.
const readBack = 4000

// judge gathers what the servers kept and decides.
func (r *run) judge(ctx context.Context, result attack.Result) (*report.Data, error) {
	r.say("loadlab: %d requests sent in %.1f s; settling and checking", result.Hits, result.Took.Seconds())
	unsettled := r.settle(ctx)
	usage := r.servers.usage()
	for name, u := range usage {
		usage[name] = u.Since(r.idle[name])
	}
	usage["generator"] = r.spent
	h, err := r.history(ctx)
	if err != nil {
		return nil, err
	}
	h.ReadBack.Unsettled = unsettled
	figures := r.recorder.Figures()
	h.Seconds = figures.Seconds
	v := &verdict.Verdict{Scenario: r.plan.Name, Seed: r.o.seed, Requests: result.Hits, Offered: r.schedule.Total(),
		Seconds: result.Took.Seconds(), PerSecond: float64(result.Hits) / result.Took.Seconds(),
		Bookings: int64(len(h.Client.Acked)), Sheds: h.Client.Sheds,
		Answered: int64(result.Hits) - figures.Outcomes["lost"], Good: figures.Outcomes["good"], LatenessP99: figures.Lateness.P99,
		Invariants: invariant.Check(h), Faults: strikes(r.strikes, h, figures.Seconds)}
	for k := range citizen.Cheats {
		v.CheatsTried += h.Client.Tried[k]
		v.CheatsAdmitted += h.Client.Through[k]
	}
	for _, c := range cheats(h.Client) {
		v.Cheats = append(v.Cheats, verdict.Cheat{Name: c.Name, Tried: c.Tried, Admitted: c.Admitted})
	}
	v.Levels = levels(r.plan, h, figures)
	v.Counters = counters(v, usage)
	leaked, err := r.leaks.judge(ctx)
	if err != nil {
		return nil, err
	}
	v.Invariants = append(v.Invariants, leaked)
	earlier, err := r.earlier()
	if err != nil {
		return nil, err
	}
	r.decide = func() { verdict.Decide(v, r.validity(figures), earlier) }
	r.decide()
	return &report.Data{At: r.began, Took: time.Since(r.began), Machine: machine(), Plan: r.plan, Verdict: v, Figures: figures,
		Funnel: h.Client.Funnel, Cheats: cheats(h.Client), Usage: usage, Connections: r.pool.Dialled()}, nil
}

// history joins what the crowd saw with what the servers kept.
func (r *run) history(ctx context.Context) (*invariant.History, error) {
	h := &invariant.History{Client: r.crowd.History(), Opening: r.servers.opening.ID, Order: r.servers.opening.Order, Anchor: r.servers.opening.Anchor,
		Started: r.start, Lobby: r.servers.opening.OpensAt.Sub(r.start), Recovery: r.plan.Levels.Recovery}
	for _, s := range r.strikes {
		if s.Back > 0 {
			h.Windows = append(h.Windows, invariant.Window{Process: s.Process, From: s.Killed, To: s.Back + time.Second, Ready: s.Back})
		}
	}
	r.crowd.Joined(func(at time.Duration, pass string) {
		h.Arrivals = append(h.Arrivals, invariant.Arrival{At: at, Pass: pass})
	})
	h.ReadBack = audit.Bookings(ctx, r.servers.url(), h.Client.Acked, readBack)
	var err error
	if h.Seals, err = audit.Seals(ctx, http.DefaultClient, r.servers.url(), h.Opening); err != nil {
		return nil, err
	}
	control, err := audit.ControlClient(r.o.data)
	if err != nil {
		return nil, err
	}
	if h.Ledger, err = audit.Ledger(ctx, control, "https://"+r.servers.control); err != nil {
		return nil, err
	}
	h.Audit, err = r.audited(ctx)
	return h, err
}

// strikes decides for each fault whether it hit: the process was really gone, came back, and the citizens felt it.
func strikes(list []fault.Strike, h *invariant.History, seconds []measure.Second) []verdict.Fault {
	out := []verdict.Fault{}
	for _, s := range list {
		f := verdict.Fault{Name: s.Name, Process: s.Process, AtS: s.Killed.Seconds(), GoneS: s.Gone.Seconds(), BackS: s.Back.Seconds(),
			DownForMS: max(0, (s.Back - s.Killed).Milliseconds()), Felt: felt(s, h.Client, seconds)}
		switch {
		case s.Err != nil:
			f.WhyNot = s.Err.Error()
		case f.Felt == 0:
			f.WhyNot = "nobody felt it"
		default:
			f.Hit = true
		}
		out = append(out, f)
	}
	return out
}

// felt counts answers that were lost to the fault, for the backend also the sheds of the seconds it was away.
func felt(s fault.Strike, h *citizen.History, seconds []measure.Second) int64 {
	n := int64(0)
	if s.Process == "gateway" {
		for i := range h.Lost {
			if at := h.Lost[i].Done; at >= s.Killed && at <= s.Back+time.Second {
				n++
			}
		}
		return n
	}
	for i := int(s.Killed / time.Second); i <= int(s.Back/time.Second)+1 && i < len(seconds); i++ {
		n += seconds[i].Shed
	}
	return n
}

func levels(p scenario.Plan, h *invariant.History, f measure.Figures) []verdict.Level {
	admitted := int64(0)
	for _, l := range f.Calm {
		switch l.Kind {
		case "enter", "clinics", "slots", "book":
			admitted += l.Count
		}
	}
	return []verdict.Level{
		{Name: "bookings", TitleKo: "예약 건수", TitleEn: "bookings made", Value: float64(len(h.Client.Acked)), Limit: float64(p.MinBookings), Unit: "bookings", AtLeast: true},
		{Name: "waiting_room_p99", TitleKo: "대기실 응답 p99", TitleEn: "waiting room p99 from due time in 95 of 100 seconds, outside faults", Value: f.WaitingP99, Limit: ms(p.Levels.WaitingRoomP99), Unit: "ms"},
		{Name: "booking_p99", TitleKo: "예약 응답 p99", TitleEn: "booking p99 from due time in 95 of 100 seconds, outside faults", Value: f.BookingP99, Limit: ms(p.Levels.BookingP99), Unit: "ms"},
		{Name: "admitted_shed_share", TitleKo: "입장한 사람의 거절 비율", TitleEn: "sheds among requests of admitted people, backend fault included", Value: share(h.Client.AdmittedSheds, admitted), Limit: shedLimit(p, h), Unit: ""},
	}
}

// shedLimit allows sheds for the share of the run in which the backend was away.
func shedLimit(p scenario.Plan, h *invariant.History) float64 {
	away := time.Duration(0)
	for _, w := range h.Windows {
		if w.Process == "backend" {
			away += w.To - w.From + 2*time.Second
		}
	}
	return p.Levels.ShedShare + 2*float64(away)/float64(p.Run)
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// counters are work per unit, which a change of code moves and a busy neighbour hardly does.
func counters(v *verdict.Verdict, u map[string]fault.Usage) []verdict.Counter {
	per := func(n float64, by int64) float64 { return n / float64(max(by, 1)) }
	return []verdict.Counter{
		{Name: "generator_cpu_per_request", Unit: "µs", Value: per(float64(u["generator"].CPU.Microseconds()), int64(v.Requests))},
		{Name: "gateway_cpu_per_request", Unit: "µs", Value: per(float64(u["gateway"].CPU.Microseconds()), int64(v.Requests))},
		{Name: "gateway_io_syscalls_per_request", Unit: "calls", Value: per(float64(u["gateway"].Syscalls), int64(v.Requests))},
		{Name: "backend_cpu_per_booking", Unit: "µs", Value: per(float64(u["backend"].CPU.Microseconds()), v.Bookings)},
	}
}

// validity says how much must have been looked at for the verdict to mean anything. Lateness is what the machine did to
// the offered load: beyond the grace that the end of the run has, one request in a hundred came at a time so far from its
// own that another shape of load was tested. Below that it is only printed, and every latency contains it.
func (r *run) validity(f measure.Figures) verdict.Validity {
	least := int64(r.plan.MinBookings / 10)
	return verdict.Validity{InTime: f.InTime, MaxLateness: ms(measure.Grace), MinChecked: map[string]int64{
		"faults": int64(len(r.plan.Faults)), "answered": int64(r.plan.Requests), "no_loss": least, "no_oversell": least,
		"one_booking": least, "lawful": least, "draw": least, "no_cheats": int64(float64(r.plan.Requests) * r.plan.CheatShare * .6),
		"ledger_chain": least, "audit": least, "place_kept": least / 4, "cursor": 100, "eligible": least, "leaks": leastSearched, "recovery": int64(len(r.plan.Faults))}}
}

func (r *run) earlier() ([][]verdict.Counter, error) {
	var out [][]verdict.Counter
	for _, name := range r.o.earlier {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("baseline: %w", err)
		}
		var v verdict.Verdict
		if err := json.Unmarshal(b, &v); err != nil {
			return nil, fmt.Errorf("baseline %s: %w", name, err)
		}
		out = append(out, v.Counters)
	}
	return out, nil
}

func cheats(h *citizen.History) []report.Cheat {
	var out []report.Cheat
	for k := range citizen.Cheats {
		out = append(out, report.Cheat{Name: citizen.Cheat(k).String(), Tried: h.Tried[k], Admitted: h.Through[k]})
	}
	return out
}

func machine() string {
	return fmt.Sprintf("%s/%s, %d CPUs, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}
