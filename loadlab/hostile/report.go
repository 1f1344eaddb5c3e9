package hostile

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"

	"github.com/daemun/daemun/loadlab/verdict"
)

// Round is one attack, with what honest citizens saw meanwhile.
type Round struct {
	Attack   string  `json:"attack"`
	Shared   bool    `json:"shared"` // honest citizens come from the attackers' address
	Seconds  float64 `json:"seconds"`
	Opened   int64   `json:"opened"`
	Cut      int64   `json:"cut"`
	Refused  int64   `json:"refused"`
	Answered int64   `json:"answered"`
	Streams  int64   `json:"streams,omitempty"`
	Honest   Seen    `json:"honest"`
	P99Ratio float64 `json:"p99_ratio"` // to the same citizens without attackers
	OK       bool    `json:"ok"`
	Why      string  `json:"why,omitempty"`
}

// Result is a run.
type Result struct {
	Verdict  verdict.Outcome `json:"verdict"`
	Rate     int             `json:"rate"`
	Baseline Seen            `json:"baseline"` // the citizens alone
	After    Seen            `json:"after"`    // alone again, when all is over
	Rounds   []Round         `json:"rounds"`
	LeftOut  []string        `json:"left_out,omitempty"` // tools that are not installed
	OpenEnd  int             `json:"connections_left"`   // that the gateway holds a while after the end
}

// leastShare of honest requests is answered in time whatever attackers do; the rest is room for a machine that stumbles.
const leastShare = 0.999

// Judge fills in what each round comes to, and the verdict.
func (r *Result) Judge() {
	r.Verdict = verdict.Pass
	miss := func(o verdict.Outcome) {
		if r.Verdict == verdict.Pass {
			r.Verdict = o
		}
	}
	if !r.Baseline.kept() {
		r.Verdict = verdict.Inconclusive
	}
	for i := range r.Rounds {
		v := &r.Rounds[i]
		v.P99Ratio = v.Honest.P99MS / max(r.Baseline.P99MS, 0.001)
		switch {
		case v.Opened == 0:
			v.Why = "the attack did not happen"
			miss(verdict.Inconclusive)
		case !v.Honest.kept():
			v.Why = fmt.Sprintf("%d of %d answered in time", v.Honest.Answered, v.Honest.Asked)
			r.Verdict = verdict.Missed
		default:
			v.OK = true
		}
	}
	if !r.After.kept() {
		r.Verdict = verdict.Missed
	}
}

func (s Seen) kept() bool { return s.Asked > 0 && s.Share >= leastShare }

//go:embed report.html
var page string

var tmpl = template.Must(template.New("report").Parse(page))

// Write leaves result.json and report.html in a folder.
func (r *Result) Write(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "result.json"), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	f, err := os.Create(filepath.Join(dir, "report.html"))
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := tmpl.Execute(f, r); err != nil {
		_ = f.Close()
		return fmt.Errorf("write the report: %w", err)
	}
	return f.Close()
}

// Text tells the result.
func (r *Result) Text(out io.Writer) {
	fmt.Fprintf(out, "%-20s %-7s %9s %9s %9s %10s %9s %9s %6s\n", "attack", "shared", "opened", "cut", "streams", "answered", "p50 ms", "p99 ms", "ratio")
	line := func(name string, s Seen) {
		fmt.Fprintf(out, "%-20s %-7s %9s %9s %9s %9.2f%% %9.1f %9.1f\n", name, "", "", "", "", 100*s.Share, s.P50MS, s.P99MS)
	}
	line("(nobody)", r.Baseline)
	for _, v := range r.Rounds {
		fmt.Fprintf(out, "%-20s %-7t %9d %9d %9d %9.2f%% %9.1f %9.1f %6.1f %s\n", v.Attack, v.Shared, v.Opened, v.Cut, v.Streams, 100*v.Honest.Share, v.Honest.P50MS, v.Honest.P99MS, v.P99Ratio, v.Why)
		if v.Honest.Error != "" {
			fmt.Fprintln(out, "                     such as:", v.Honest.Error)
		}
	}
	line("(nobody again)", r.After)
	for _, t := range r.LeftOut {
		fmt.Fprintln(out, "not installed, so left out:", t)
	}
	fmt.Fprintln(out, "판정 verdict:", r.Verdict)
}
