package control

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/daemun/daemun/gateway/api"
)

var (
	brownoutStep   = describe("brownout_step", "Step of the brownout ladder, 0 (full) to 4 (essential).")
	brownoutWanted = describe("brownout_step_wanted", "Step that the signals ask for.")
	brownoutHeld   = describe("brownout_held", "1 while an operator holds the step.")
	instances      = describe("backend_instances", "Instances of the backend by state.", "state")
	ruleRefused    = describe("rule_refused_total", "Requests that a rule turned away.", "rule")
	ruleWould      = describe("rule_would_refuse_total", "Requests that a rule would have turned away, had it not been in dry-run.", "rule")
	ruleDry        = describe("rule_dry_run", "1 while the rule only counts.", "rule")
	levels         = describe("class_threshold", "Part of the class's people that is let through, 0 to 1.", "class")
	breakerState   = describe("breaker_state", "1 for the state that the breaker is in; reason is a kind, never a message.", "name", "state", "reason")
	attempts       = describe("backend_attempts_total", "Requests sent to instances of the backend, retries among them.")
	originals      = describe("backend_originals_total", "Requests that wanted to be sent there.")
	lag            = describe("scheduler_lag_seconds", "How late the scheduler runs this gateway.")
	connections    = describe("connections", "Citizens' connections that are open.")
	cut            = describe("connections_cut_total", "Citizens' connections that were ended, by reason.", "reason")
	memoryUsed     = describe("memory_used_bytes", "Memory of the process, garbage included.")

	overloadMetrics = []*prometheus.Desc{
		brownoutStep, brownoutWanted, brownoutHeld, instances, ruleRefused, ruleWould, ruleDry, levels, breakerState,
		attempts, originals, lag, connections, cut, memoryUsed,
	}
)

func collectOverload(o *api.Overload, gauge func(*prometheus.Desc, float64, ...string), counter func(*prometheus.Desc, uint64, ...string)) {
	gauge(brownoutStep, float64(o.Brownout.Step))
	gauge(brownoutWanted, float64(o.Brownout.Wanted))
	gauge(brownoutHeld, truth(o.Brownout.Held != nil))
	states := map[string]int{api.InstanceReady: 0, api.InstanceSlowStart: 0, api.InstanceStandby: 0, api.InstanceDraining: 0, api.InstanceDown: 0}
	for i := range o.Instances {
		states[o.Instances[i].State]++
		b := &o.Instances[i].Breaker
		gauge(breakerState, 1, b.Name, b.State, reasonKind(b))
	}
	for state, n := range states {
		gauge(instances, float64(n), state)
	}
	for i := range o.Rules {
		r := &o.Rules[i]
		counter(ruleRefused, r.Refused, r.Name)
		counter(ruleWould, r.WouldRefuse, r.Name)
		gauge(ruleDry, truth(r.Mode == api.ModeDryRun), r.Name)
	}
	for _, l := range o.Levels {
		gauge(levels, l.Threshold, l.Class)
	}
	counter(attempts, o.Attempts)
	counter(originals, o.Originals)
	gauge(lag, o.LagMS/1000)
	gauge(connections, float64(o.Connections.Open))
	for reason, n := range o.Connections.Cut {
		counter(cut, n, reason)
	}
	gauge(memoryUsed, float64(o.Memory.Used))
}
