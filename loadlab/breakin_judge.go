package loadlab

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/daemun/daemun/gateway/breach"
	"github.com/daemun/daemun/loadlab/audit"
	"github.com/daemun/daemun/loadlab/fault"
	"github.com/daemun/daemun/loadlab/invariant"
	"github.com/daemun/daemun/loadlab/measure"
	"github.com/daemun/daemun/loadlab/report"
	"github.com/daemun/daemun/loadlab/verdict"
)

// judge holds the answers to the tries, and what the servers kept, against who was there by right.
func (h *house) judge(ctx context.Context) (*report.Data, error) {
	seen, cheats := h.attacked()
	control, err := audit.ControlClient(h.o.data)
	if err != nil {
		return nil, err
	}
	if seen.Ledger, err = audit.Ledger(ctx, control, "https://"+h.servers.control); err != nil {
		return nil, err
	}
	v := &verdict.Verdict{Scenario: h.plan.Name, Seed: h.o.seed, Requests: h.requests, Offered: h.requests, Seconds: h.took.Seconds(),
		PerSecond: float64(h.requests) / h.took.Seconds(), Bookings: int64(len(seen.Bookings)), Answered: seen.Answers,
		CheatsTried: seen.Tried, CheatsAdmitted: seen.Admitted, Cheats: cheats, Faults: []verdict.Fault{}, Invariants: seen.Check()}
	for _, d := range h.doors {
		v.Sheds += d.Sheds
	}
	wanted := int64(h.o.tries * len(breach.Attacks) * len(h.doors))
	leaked, err := h.leaks.judge(ctx)
	if err != nil {
		return nil, err
	}
	v.Invariants = append(v.Invariants, leaked)
	h.decide = func() {
		verdict.Decide(v, verdict.Validity{InTime: int64(h.requests), MinChecked: map[string]int64{
			"no_cheats": wanted, "honest_only": 2*willBook + willEnter, "honest_kept": willBook, "answered": wanted,
			"not_blocked": leastWaiter, "no_oversell": willBook, "ledger_chain": 2*willBook + willEnter, "leaks": leastSearched}}, nil)
	}
	h.decide()
	return &report.Data{At: h.began, Took: time.Since(h.began), Machine: machine(), Plan: h.plan, Verdict: v,
		Figures: measure.Figures{Outcomes: map[string]int64{}}, Usage: h.usageNow()}, nil
}

func (h *house) usageNow() map[string]fault.Usage {
	usage := h.servers.usage()
	usage["generator"] = fault.Self()
	return usage
}

// attacked gathers what the doors said and who was honest.
func (h *house) attacked() (*invariant.Attacked, []verdict.Cheat) {
	seen := &invariant.Attacked{Passes: map[invariant.Digest]bool{}, Waiting: int64(len(h.victims.Waiting)), Called: h.called}
	for _, list := range [][]breach.Person{h.victims.Booked, h.victims.Inside, h.late} {
		for _, p := range list {
			seen.Passes[sha256.Sum256([]byte(p.Pass))] = true
			if p.No != "" {
				seen.Bookings = append(seen.Bookings, invariant.Kept{No: p.No, Slot: p.Slot})
			}
		}
	}
	var cheats []verdict.Cheat
	for _, d := range h.doors {
		seen.Answers, seen.Lost, seen.Broken = seen.Answers+d.Answers, seen.Lost+d.Lost, seen.Broken+d.Broken
		seen.Through, seen.Trouble = append(seen.Through, d.Through...), append(seen.Trouble, d.Trouble...)
		for _, c := range d.Counts {
			seen.Tried, seen.Admitted = seen.Tried+c.Tried, seen.Admitted+c.Admitted
			cheats = append(cheats, verdict.Cheat{Name: c.Attack.String(), Door: d.Door.Name, Tried: c.Tried, Admitted: c.Admitted})
		}
	}
	return seen, cheats
}
