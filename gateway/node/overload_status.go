package node

import (
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/overload"
	"github.com/daemun/daemun/gateway/shed"
)

// overloadStatus is how this gateway protects itself, as operators see it.
func (n *Node) overloadStatus(now time.Time) api.Overload {
	n.protect(now)
	p := &n.protection
	p.mu.Lock()
	defer p.mu.Unlock()
	o := api.Overload{
		Brownout: n.brownoutStatus(), Levels: []api.LevelStatus{}, Instances: []api.InstanceStatus{}, Rules: RulesOf(&p.standing),
		Changed: changed(&p.standing, &p.config, &p.base), Pending: PendingOf(&p.standing, now), Memory: api.MemoryStatus{Used: memoryUsed()},
		Connections: api.ConnectionStatus{Cut: map[string]uint64{}},
	}
	n.lateness.show(&o)
	r := o.Rule("brownout")
	r.Refused, r.WouldRefuse = n.turned.refused.Load(), n.turned.would.Load()
	p.each(func(part *Part) {
		if part.Show != nil {
			part.Show(&o)
		}
	})
	return o
}

// showGate shows what the gate of permits does.
func showGate(g shed.Status, o *api.Overload) {
	o.Limit.Permits, o.Limit.InFlight = g.Permits, g.InFlight
	for class, upTo := range g.UpTo {
		o.Levels = append(o.Levels, api.LevelStatus{Class: shed.Class(class).String(), Threshold: float64(upTo) / shed.Levels})
	}
	for r, n := range g.Rules {
		rule := o.Rule(shed.Rule(r).String())
		rule.Refused, rule.WouldRefuse = rule.Refused+n.Refused, rule.WouldRefuse+n.Would
	}
}

// brownoutStatus is where the ladder stands. Under protection's lock.
func (n *Node) brownoutStatus() api.Brownout {
	p := &n.protection
	s := p.brownout.ladder.Status()
	b := api.Brownout{
		Step: int(s.Step), Name: s.Step.String(), Mode: modeName(!p.config.Enforced("brownout")), Since: s.Since,
		Ko: s.Cause.Ko, En: s.Cause.En, Wanted: int(s.Wanted),
	}
	if h := p.standing.Hold; h != nil {
		b.Held = &api.HeldStep{Step: int(h.Step), By: h.By, Reason: h.Reason, At: h.At}
	}
	return b
}

func modeName(dry bool) string {
	if dry {
		return api.ModeDryRun
	}
	return api.ModeEnforce
}

// RulesOf lists the rules with their modes, without counts.
func RulesOf(said *overload.Standing) []api.RuleStatus {
	var list []api.RuleStatus
	for _, r := range overload.Rules {
		m := said.Modes[r.Name]
		list = append(list, api.RuleStatus{Name: r.Name, Mode: modeName(m.DryRun), By: m.By, Reason: m.Reason, At: m.At})
	}
	return list
}

// PendingOf is the order about protection that waits for a second person.
func PendingOf(said *overload.Standing, now time.Time) *api.PendingAction {
	w := said.Waiting(now)
	if w == nil {
		return nil
	}
	return &api.PendingAction{Action: w.Tuning.String(), By: w.By, Reason: w.Reason, At: w.At}
}

// changed lists the parameters that are not as the flags say.
func changed(said *overload.Standing, holds, flags *overload.Config) []api.OverloadSetting {
	list := []api.OverloadSetting{}
	for i := range overload.Parameters {
		if s := SettingOf(&overload.Parameters[i], said, holds, flags); s.Value != s.Default {
			list = append(list, s)
		}
	}
	return list
}

// SettingOf is a parameter with who set it.
func SettingOf(p *overload.Parameter, said *overload.Standing, holds, flags *overload.Config) api.OverloadSetting {
	v := said.Values[p.Name]
	return api.OverloadSetting{Name: p.Name, Unit: p.Unit, Value: p.Value(holds), Default: p.Value(flags), By: v.By, Reason: v.Reason, At: v.At}
}
