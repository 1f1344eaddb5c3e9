// Package verdict turns what was measured and checked into one answer. The order is fixed: invariants first, then
// whether the run was valid at all, then service levels, then regression against earlier runs.
package verdict

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/daemun/daemun/loadlab/invariant"
)

// Outcome is the answer; its value is the command's exit code.
type Outcome int

// The outcomes.
const (
	Pass         Outcome = 0
	Broken       Outcome = 1 // an invariant broke
	Missed       Outcome = 2 // a service level was missed
	Regressed    Outcome = 3
	Inconclusive Outcome = 4
)

var names = map[Outcome]string{Pass: "pass", Broken: "broken", Missed: "missed", Regressed: "regression", Inconclusive: "inconclusive"}

// String is the outcome's name.
func (o Outcome) String() string { return names[o] }

// MarshalText writes the name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the name.
func (o *Outcome) UnmarshalText(text []byte) error {
	for k, name := range names {
		if name == string(text) {
			*o = k
			return nil
		}
	}
	return fmt.Errorf("no verdict is called %q", text)
}

// Fault is one fault as it struck.
type Fault struct {
	Name      string  `json:"name"`
	AtS       float64 `json:"at_s"`
	Hit       bool    `json:"hit"`
	GoneS     float64 `json:"gone_s"` // when the process was seen to be gone
	BackS     float64 `json:"back_s"` // when it was ready again; 0: it never was
	Felt      int64   `json:"felt"`   // answers lost or sheds seen because of it
	WhyNot    string  `json:"why_not,omitempty"`
	Process   string  `json:"process"`
	DownForMS int64   `json:"down_for_ms"`
}

// Level is one service level.
type Level struct {
	Name    string  `json:"name"`
	TitleKo string  `json:"title"`
	TitleEn string  `json:"title_en"`
	Value   float64 `json:"value"`
	Limit   float64 `json:"limit"`
	Unit    string  `json:"unit"`
	AtLeast bool    `json:"at_least"` // the value must not be below the limit; else not above
}

// Met says whether the level holds.
func (l Level) Met() bool {
	if l.AtLeast {
		return l.Value >= l.Limit
	}
	return l.Value <= l.Limit
}

// Counter is work done per unit, compared with earlier runs.
type Counter struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
}

// Verdict is what stands in verdict.json. The keys up to Invariants never change.
type Verdict struct {
	Verdict        Outcome            `json:"verdict"`
	Requests       uint64             `json:"requests"`
	Seconds        float64            `json:"seconds"`
	PerSecond      float64            `json:"per_second"`
	Bookings       int64              `json:"bookings"`
	Sheds          int64              `json:"sheds"`
	CheatsTried    int64              `json:"cheats_tried"`
	CheatsAdmitted int64              `json:"cheats_admitted"`
	Faults         []Fault            `json:"faults"`
	Invariants     []invariant.Result `json:"invariants"`

	Why         []string  `json:"why"`
	Scenario    string    `json:"scenario"`
	Seed        uint64    `json:"seed"`
	Offered     uint64    `json:"offered"`
	Answered    int64     `json:"answered"`
	Good        int64     `json:"good"`
	Achieved    float64   `json:"achieved"` // share of the offered load that went out in time
	LatenessP99 float64   `json:"lateness_p99_ms"`
	Levels      []Level   `json:"levels"`
	Counters    []Counter `json:"counters"`
	Cheats      []Cheat   `json:"cheats"`
}

// Cheat counts one way to cheat, at one door where the run tells doors apart.
type Cheat struct {
	Name     string `json:"name"`
	Door     string `json:"door,omitempty"`
	Tried    int64  `json:"tried"`
	Admitted int64  `json:"admitted"`
}

// Validity says what a run must have shown to count.
type Validity struct {
	InTime      int64 // requests sent by the planned end and a little grace
	MinChecked  map[string]int64
	MaxLateness float64 // p99 in ms
}

// leastAchieved is the share of the offered load that must have gone out by the planned end and a little grace. When in
// between it went out is what lateness bounds.
const leastAchieved = .995

// Decide fills in the outcome and why. earlier are counters of earlier runs, oldest first; none means no comparison.
func Decide(v *Verdict, ok Validity, earlier [][]Counter) {
	v.Why = nil
	outcome := Pass
	worse := func(o Outcome, why string, args ...any) {
		v.Why = append(v.Why, fmt.Sprintf(why, args...))
		if outcome == Pass {
			outcome = o
		}
	}
	for _, i := range v.Invariants {
		if !i.OK {
			worse(Broken, "%s: broken %d times in %d (%s)", i.Name, i.Broken, i.Checked, strings.Join(i.Notes, "; "))
		}
	}
	if v.CheatsAdmitted > 0 && outcome == Pass {
		worse(Broken, "%d cheats were admitted", v.CheatsAdmitted)
	}
	validity(v, ok, worse)
	for _, l := range v.Levels {
		if !l.Met() {
			worse(Missed, "%s is %.4g %s, the level is %.4g", l.Name, l.Value, l.Unit, l.Limit)
		}
	}
	for _, why := range regressions(v.Counters, earlier) {
		worse(Regressed, "%s", why)
	}
	v.Verdict = outcome
}

func validity(v *Verdict, ok Validity, worse func(Outcome, string, ...any)) {
	v.Achieved = 0
	if v.Offered > 0 {
		v.Achieved = float64(ok.InTime) / float64(v.Offered)
	}
	if v.Achieved < leastAchieved {
		worse(Inconclusive, "only %.2f %% of the offered load went out in time", 100*v.Achieved)
	}
	if v.LatenessP99 > ok.MaxLateness {
		worse(Inconclusive, "requests went out late: p99 %.0f ms, at most %.0f ms", v.LatenessP99, ok.MaxLateness)
	}
	if len(v.Faults) == 0 && ok.MinChecked["faults"] > 0 {
		worse(Inconclusive, "no fault struck")
	}
	for _, f := range v.Faults {
		if !f.Hit {
			worse(Inconclusive, "fault %s did not hit: %s", f.Name, f.WhyNot)
		}
	}
	seen := map[string]bool{}
	for _, i := range v.Invariants {
		seen[i.Name] = true
		if least := ok.MinChecked[i.Name]; i.Checked < least {
			worse(Inconclusive, "%s was checked %d times, %d are needed to say anything", i.Name, i.Checked, least)
		}
	}
	for name := range ok.MinChecked {
		if !seen[name] && name != "faults" {
			worse(Inconclusive, "%s was not checked", name)
		}
	}
}

// Write writes the verdict as indented JSON.
func Write(w io.Writer, v *Verdict) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write verdict: %w", err)
	}
	return nil
}
