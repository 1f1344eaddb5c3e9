package api

import "time"

// Overload is how a gateway protects itself and the backend, as part of Snapshot. Counters count since the process started.
type Overload struct {
	Brownout    Brownout          `json:"brownout"`
	Limit       LimitStatus       `json:"limit"`  // of all instances together
	Levels      []LevelStatus     `json:"levels"` // P0 … P3
	Instances   []InstanceStatus  `json:"instances"`
	Rules       []RuleStatus      `json:"rules"`
	Changed     []OverloadSetting `json:"changed"` // parameters that are not at their default
	Pending     *PendingAction    `json:"pending"` // a change that waits for a second person, null when none does
	LagMS       float64           `json:"lag_ms"`  // how late the scheduler runs this gateway
	Memory      MemoryStatus      `json:"memory"`
	Connections ConnectionStatus  `json:"connections"`
	Attempts    uint64            `json:"attempts"`  // requests sent to instances, retries among them
	Kept        uint64            `json:"kept"`      // lists given from memory, because the backend could not be asked or need not be
	Merged      uint64            `json:"merged"`    // requests that shared the answer to another one
	Originals   uint64            `json:"originals"` // requests that wanted to be sent
}

// Rule returns the rule of a name, added where there is none yet.
func (o *Overload) Rule(name string) *RuleStatus {
	for i := range o.Rules {
		if o.Rules[i].Name == name {
			return &o.Rules[i]
		}
	}
	o.Rules = append(o.Rules, RuleStatus{Name: name, Mode: ModeEnforce})
	return &o.Rules[len(o.Rules)-1]
}

// Brownout is the step of the ladder on which the gateway leaves out what it can do without.
type Brownout struct {
	Step   int       `json:"step"` // 0 to 4
	Name   string    `json:"name"` // full, aged, lean, static, essential
	Mode   string    `json:"mode"` // enforce, or dry-run: nothing is left out
	Since  time.Time `json:"since"`
	Ko     string    `json:"ko"` // why
	En     string    `json:"en"`
	Wanted int       `json:"wanted"` // the step that the signals ask for, held or not
	Held   *HeldStep `json:"held"`   // null: automatic
}

// HeldStep is a step that an operator holds. It never lapses by itself.
type HeldStep struct {
	Step   int       `json:"step"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// LimitStatus is how many requests may be out at once; why that many, each instance says.
type LimitStatus struct {
	Permits  int `json:"permits"`
	InFlight int `json:"in_flight"`
}

// LevelStatus is one class before the gate. Threshold is the part of the class's people that is let through now, 0 to 1.
type LevelStatus struct {
	Class     string  `json:"class"`
	Threshold float64 `json:"threshold"`
}

// RuleStatus is one rule that turns requests away. In dry-run it turns nobody away and counts whom it would have.
type RuleStatus struct {
	Name        string    `json:"name"`
	Mode        string    `json:"mode"` // enforce, dry-run
	Refused     uint64    `json:"refused"`
	WouldRefuse uint64    `json:"would_refuse"`
	By          string    `json:"by,omitempty"` // who set the mode; empty: nobody did
	Reason      string    `json:"reason,omitempty"`
	At          time.Time `json:"at,omitzero"`
}

// Modes of a rule.
const (
	ModeEnforce = "enforce"
	ModeDryRun  = "dry-run"
)

// MemoryStatus is the memory that the process uses and the limit it keeps to, in bytes; limit 0: none.
type MemoryStatus struct {
	Used  uint64 `json:"used"`
	Limit uint64 `json:"limit"`
}

// ConnectionStatus counts the citizens' connections; Cut those that were ended, by reason, totals.
type ConnectionStatus struct {
	Open  int64             `json:"open"`
	Limit int64             `json:"limit"` // 0: unknown
	Cut   map[string]uint64 `json:"cut"`
}

// OverloadSettings answers GET and PUT /control/v1/overload. A PUT that waits for a second person answers 202 with Pending.
type OverloadSettings struct {
	Parameters []OverloadParameter `json:"parameters"`
	Rules      []RuleStatus        `json:"rules"`
	Pending    *PendingAction      `json:"pending"`
}

// OverloadParameter is a parameter that can be set while the gateways run, with its bounds. By, Reason and At are empty at
// the default.
type OverloadParameter struct {
	OverloadSetting
	Min float64 `json:"min"`
	Max float64 `json:"max"`
	Ko  string  `json:"ko"` // what it is
	En  string  `json:"en"`
}

// OverloadSetting is a parameter's value and who set it.
type OverloadSetting struct {
	Name    string    `json:"name"`
	Unit    string    `json:"unit"` // empty for a plain number
	Value   float64   `json:"value"`
	Default float64   `json:"default"`
	By      string    `json:"by,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// OverloadCommand is the body of PUT /control/v1/overload: all of it or nothing. Reset puts parameters back to their
// defaults.
type OverloadCommand struct {
	Reason string             `json:"reason"`
	Set    map[string]float64 `json:"set,omitempty"`
	Modes  map[string]string  `json:"modes,omitempty"`
	Reset  []string           `json:"reset,omitempty"`
}

// BrownoutCommand is the body of PUT /control/v1/brownout: hold a step, or with null give it back to the automatic. The answer
// is Brownout.
type BrownoutCommand struct {
	Reason string `json:"reason"`
	Step   *int   `json:"step"`
}

// BackendCommand is the body of POST and DELETE /control/v1/backends. They and GET answer with the list of InstanceStatus.
type BackendCommand struct {
	Reason string `json:"reason"`
	URL    string `json:"url"` // http://HOST:PORT
}
