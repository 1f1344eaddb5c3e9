// Package overload is what operators can change of how gateways protect themselves and the backend while they run: parameters
// within bounds, rules that only count (dry-run), a brownout step that is held, instances of the backend.
//
// Standing is what operators have said; it is small, shared by all gateways, and its zero value says nothing. What follows
// from it for one gateway (Config, Instances) is a pure function of Standing and that gateway's own flags. Every order is
// carried out whole or not at all.
//
// The package does no I/O; times are passed in.
package overload

import (
	"maps"
	"time"

	"github.com/daemun/daemun/gateway/brownout"
	"github.com/daemun/daemun/gateway/shed"
)

// Config is everything that protects, of one gateway.
type Config struct {
	Gate        shed.Config // of each instance
	Breaker     Breaker     // of each instance
	SlowStart   time.Duration
	Lag         time.Duration // running later than this, a gateway turns everybody away
	Connections Connections
	Brownout    brownout.Config
	DryRun      map[string]bool // rules that only count
}

// Breaker sets the breaker of an instance: it opens where of at least Requests the part Ratio failed, for Open; an answer that
// takes longer than Slow is a failure.
type Breaker struct {
	Ratio      float64
	Requests   int
	Open, Slow time.Duration
}

// Connections bounds the citizens' connections, in all and from one address.
type Connections struct{ Max, PerSource int }

// Default is what holds where neither flags nor operators say otherwise.
func Default() Config {
	return Config{
		Gate:        shed.Default(),
		Breaker:     Breaker{Ratio: 0.5, Requests: 20, Open: 2 * time.Second, Slow: 2 * time.Second},
		SlowStart:   2 * time.Second,
		Lag:         400 * time.Millisecond,
		Connections: Connections{Max: 200_000, PerSource: 1000},
		Brownout:    brownout.Default(),
	}
}

// Enforced tells whether a rule turns requests away.
func (c *Config) Enforced(rule string) bool { return !c.DryRun[rule] }

// Standing is what operators have said.
type Standing struct {
	Values   map[string]Value   `json:"values,omitempty"` // by parameter
	Modes    map[string]Mode    `json:"modes,omitempty"`  // by rule
	Pending  *Pending           `json:"pending,omitempty"`
	Hold     *Hold              `json:"hold,omitempty"`
	Backends map[string]Backend `json:"backends,omitempty"` // by URL: the last word on it
}

// Said is who gave an order, why and when.
type Said struct {
	By     string    `json:"by"`
	Role   string    `json:"-"` // for the ledger
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Value is what a parameter was set to.
type Value struct {
	Value float64 `json:"value"`
	Said
}

// Mode is whether a rule only counts.
type Mode struct {
	DryRun bool `json:"dry_run"`
	Said
}

// Hold is a brownout step that is held.
type Hold struct {
	Step brownout.Step `json:"step"`
	Said
}

// Backend is the last word on an instance: to be used, or to be drained.
type Backend struct {
	Drained bool `json:"drained,omitempty"`
	Said
}

// Pending is a tuning that one person asked for and another must confirm by asking for the same.
type Pending struct {
	Tuning Tuning `json:"tuning"`
	Said
}

// ConfirmWithin is how long an order waits for a second person.
const ConfirmWithin = 10 * time.Minute

// Waiting is the order that waits for a second person at an instant; nil where none does.
func (s *Standing) Waiting(now time.Time) *Pending {
	if s.Pending == nil || now.Sub(s.Pending.At) >= ConfirmWithin {
		return nil
	}
	return s.Pending
}

// Clone returns a copy that shares nothing which is ever changed.
func (s Standing) Clone() Standing {
	s.Values, s.Modes, s.Backends = maps.Clone(s.Values), maps.Clone(s.Modes), maps.Clone(s.Backends)
	return s
}

// Config is what holds for a gateway whose flags say base. Values that this program does not know or that its bounds no longer
// allow are left out; where what remains does not go together, base holds and the error says why.
func (s *Standing) Config(base Config) (Config, error) {
	c := base
	for name, v := range s.Values {
		if p := ParameterOf(name); p != nil && p.fits(v.Value) {
			p.set(&c, v.Value)
		}
	}
	if err := c.check(); err != nil {
		c = base
		s.dryRun(&c)
		return c, err
	}
	s.dryRun(&c)
	return c, nil
}

func (s *Standing) dryRun(c *Config) {
	c.DryRun = map[string]bool{}
	for rule, m := range s.Modes {
		if m.DryRun && RuleOf(rule) != nil {
			c.DryRun[rule] = true
		}
	}
	for r := range shed.Rule(shed.Rules) {
		c.Gate.Trial[r] = c.DryRun[r.String()]
	}
}
