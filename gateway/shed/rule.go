package shed

// Rule is one reason for which the gate keeps a request waiting or turns it away.
type Rule uint8

// The rules. Each can be tried: it decides and counts, and nobody feels it.
const (
	RuleLimit     Rule = iota // no more requests out than the limit: the next one waits
	RuleThreshold             // sub-levels beyond the threshold do not join the queue
	RuleQueue                 // a full queue: the lowest class gives way
	RuleDeadline              // no longer wait than the class may
	Rules         = 4
)

// String names the rule as operators know it.
func (r Rule) String() string { return [Rules]string{"limit", "threshold", "queue", "deadline"}[r] }

// RuleStatus counts what a rule did, and what it would have done where it was only tried. RuleLimit counts requests that
// had to wait.
type RuleStatus struct {
	Trial          bool
	Refused, Would uint64
}

type ruleCount struct{ refused, would uint64 }

// applies counts a decision of a rule and tells whether it is to be carried out.
func (g *Gate) applies(r Rule) bool {
	if g.cfg.Trial[r] {
		g.rules[r].would++
		return false
	}
	g.rules[r].refused++
	return true
}
