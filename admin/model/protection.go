package model

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// The verbs about how the gateways protect themselves and the backend.
const (
	Hold    Verb = "hold"    // a step of the brownout ladder
	Release Verb = "release" // it to the automatic
	Add     Verb = "add"     // an instance of the backend
	Drain   Verb = "drain"   // an instance
)

// ProtectionVerbs in the order in which they are offered.
var ProtectionVerbs = []Verb{Hold, Release, Add, Drain}

// Steps is how many steps the brownout ladder has.
const Steps = 5

// Protection is the control API for those verbs.
type Protection interface {
	// Brownout holds a step, or with a null one gives it back.
	Brownout(ctx context.Context, c api.BrownoutCommand) error
	AddBackend(ctx context.Context, c api.BackendCommand) error
	DrainBackend(ctx context.Context, c api.BackendCommand) error
}

// protects tells whether the verb is one of those.
func (v Verb) protects() bool { return slices.Contains(ProtectionVerbs, v) }

// carryProtection sends such an order.
func (o Order) carryProtection(ctx context.Context, control Protection) error {
	reason := strings.TrimSpace(o.Reason)
	switch o.Verb {
	case Hold:
		return control.Brownout(ctx, api.BrownoutCommand{Reason: reason, Step: &o.Step})
	case Release:
		return control.Brownout(ctx, api.BrownoutCommand{Reason: reason})
	case Add:
		return control.AddBackend(ctx, api.BackendCommand{Reason: reason, URL: strings.TrimSpace(o.URL)})
	}
	return control.DrainBackend(ctx, api.BackendCommand{Reason: reason, URL: o.URL})
}

// missingProtection says what such an order lacks beside a reason.
func (o Order) missingProtection() *words.Message {
	switch {
	case o.Verb == Hold && (o.Step < 0 || o.Step >= Steps):
		return missing("missing.step")
	case o.Verb == Add && !isAddress(o.URL):
		return missing("missing.url")
	}
	return nil
}

func isAddress(text string) bool {
	u, err := url.Parse(strings.TrimSpace(text))
	return err == nil && u.Scheme == "http" && u.Port() != "" && (u.Path == "" || u.Path == "/")
}

// ProtectionRefusal says why such a verb cannot be ordered now by this role; nil when it can. The server decides by itself
// again.
func ProtectionRefusal(v Verb, role string, s *api.Snapshot, chosen *api.InstanceStatus) *words.Message {
	switch {
	case roleRank[role] < roleRank["operator"]:
		return missing("why.viewer")
	case s == nil || s.Overload.Brownout.Name == "":
		return missing("why.protection.unknown")
	case v == Release && s.Overload.Brownout.Held == nil:
		return missing("why.automatic")
	case v == Add && roleRank[role] < roleRank["supervisor"]:
		return missing("why.supervisor")
	case v == Drain && chosen == nil:
		return missing("why.backend")
	case v == Drain && chosen.State == api.InstanceDraining:
		return missing("why.draining")
	case v == Drain && len(s.Overload.Instances) < 2:
		return missing("why.last")
	}
	return nil
}

// protectionImpact says what such an order will do. It concerns everybody who waits: their pages change with it.
func protectionImpact(v Verb, s *api.Snapshot, t Target) Impact {
	people := everybody(s)
	switch v {
	case Hold:
		return impact(people, "impact.hold", stepName(s.Overload.Brownout.Step))
	case Release:
		return impact(people, "impact.release", stepName(s.Overload.Brownout.Step))
	case Add:
		return impact(people, "impact.add", len(s.Overload.Instances))
	}
	return impact(people, "impact.drain", t.Instance.URL, t.Instance.InFlight)
}

// protectionName is what such an order is about.
func protectionName(v Verb, t Target) words.Message {
	switch {
	case v == Add:
		return words.M("target.new")
	case v == Drain && t.Instance != nil:
		return words.M("target.backend", t.Instance.URL)
	}
	return words.M("target.gateways")
}

// stepName names a step of the ladder.
func stepName(step int) words.Message { return words.M("step." + strconv.Itoa(step)) }

// StepName names a step of the ladder with its number.
func StepName(step int) words.Message { return words.M("step", strconv.Itoa(step), stepName(step)) }

// CauseOf is why something stands as it does, in the server's words.
func CauseOf(ko, en string) words.Name { return words.Name{Ko: ko, En: en} }

// overloadAlarms are what is wrong with the protection, or taken off it, at a moment.
func overloadAlarms(o *api.Overload) []Alarm {
	var list []Alarm
	add := func(key string, severity Severity, m words.Message) {
		list = append(list, Alarm{Key: key, Severity: severity, Message: m})
	}
	b := &o.Brownout
	switch {
	case b.Held != nil:
		add("brownout.held", Critical, words.M("alarm.held", StepName(b.Held.Step), b.Held.By, b.Held.Reason))
	case b.Step > 0 && b.Mode == api.ModeDryRun:
		add("brownout.dry", Warning, words.M("alarm.brownout.dry", StepName(b.Step), CauseOf(b.Ko, b.En)))
	case b.Step > 0:
		severity := Warning
		if b.Step >= Steps-1 {
			severity = Critical
		}
		add("brownout:"+b.Name, severity, words.M("alarm.brownout", StepName(b.Step), CauseOf(b.Ko, b.En)))
	}
	for _, r := range o.Rules {
		if r.Mode == api.ModeDryRun {
			add("dry:"+r.Name, Critical, words.M("alarm.dry", RuleName(r.Name), r.By, int64(r.WouldRefuse)))
		}
	}
	for _, c := range o.Changed {
		if c.Name == "limit.max" && c.Value > c.Default {
			add("limit.max", Warning, words.M("alarm.limit", int64(c.Value), int64(c.Default), c.By, c.Reason))
		}
	}
	for _, i := range o.Instances {
		if i.State == api.InstanceDown && len(o.Instances) > 1 { // of a single one the backend's own alarm speaks
			add("instance:"+i.URL, Warning, words.M("alarm.instance", i.URL, CauseOf(i.Ko, i.En)))
		}
	}
	if p := o.Pending; p != nil {
		add("protection.pending", Warning, words.M("alarm.pending", p.By, p.Action, p.Reason))
	}
	return list
}

// RuleName is a rule in words.
func RuleName(name string) words.Message { return words.M("rule." + name) }

// overloadChanges lists what happened to the protection between two snapshots.
func overloadChanges(prev, cur *api.Overload) []change {
	var list []change
	if cur.Brownout.Name == "" || prev.Brownout.Name == "" {
		return nil
	}
	if was, is := prev.Brownout.Step, cur.Brownout.Step; was != is {
		severity := Done
		if is > was {
			severity = Warning
		}
		list = append(list, change{severity, words.M("log.step", StepName(was), StepName(is), CauseOf(cur.Brownout.Ko, cur.Brownout.En))})
	}
	for _, i := range cur.Instances {
		at := slices.IndexFunc(prev.Instances, func(p api.InstanceStatus) bool { return p.URL == i.URL })
		switch {
		case at < 0:
			list = append(list, change{Done, words.M("log.instance.new", i.URL)})
		case prev.Instances[at].State != i.State:
			list = append(list, change{Done, words.M("log.instance", i.URL, words.M("instance."+prev.Instances[at].State), words.M("instance."+i.State))})
		}
	}
	return list
}
