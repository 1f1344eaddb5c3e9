package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/daemun/daemun/gateway/audit"
)

var outcomes = map[int]struct{ name, ko, en string }{
	audit.Holds:        {"holds", "이상 없음", "everything holds"},
	audit.DoesNotHold:  {"does_not_hold", "맞지 않는 것이 있음", "something does not hold"},
	audit.CannotBeTold: {"cannot_be_told", "확인하지 못한 것이 있음", "something could not be checked"},
}

// mostTold is how many findings are told to people; --json has more.
const mostTold = 50

// tell writes a report for people, Korean first.
func tell(w io.Writer, r *audit.Report) {
	for _, c := range r.Checks {
		mark := "✔"
		switch {
		case c.Found > 0:
			mark = "✘"
		case c.Missing > 0:
			mark = "?"
		}
		fmt.Fprintf(w, "%s %s (%d)\n  %s (%d checked", mark, c.Ko, c.Checked, c.En, c.Checked)
		if c.Found > 0 {
			fmt.Fprintf(w, ", %d wrong", c.Found)
		}
		if c.Missing > 0 {
			fmt.Fprintf(w, ", %d not checkable", c.Missing)
		}
		fmt.Fprintln(w, ")")
	}
	list := func(mark string, all []audit.Finding) {
		for i, f := range all {
			if i == mostTold {
				fmt.Fprintf(w, "%s … 그 밖에 %d건 더. %d more; all of them with --json.\n", mark, len(all)-i, len(all)-i)
				return
			}
			fmt.Fprintf(w, "%s %s\n  %s\n", mark, f.Ko, f.En)
		}
	}
	list("✘", r.Findings)
	list("?", r.Missing)
	for _, n := range r.Notes {
		fmt.Fprintf(w, "· %s\n  %s\n", n.Ko, n.En)
	}
	checked, found, missing := r.Count()
	o := outcomes[r.Outcome()]
	fmt.Fprintf(w, "결과(%s): %s. 확인 %d, 맞지 않음 %d, 확인 못 함 %d\nOutcome (%s): %s. %d checked, %d wrong, %d not checkable\n",
		r.Audit, o.ko, checked, found, missing, r.Audit, o.en, checked, found, missing)
}

// tellJSON writes a report for programs.
func tellJSON(w io.Writer, r *audit.Report) error {
	checked, found, missing := r.Count()
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Outcome string `json:"outcome"` // holds, does_not_hold, cannot_be_told
		Code    int    `json:"exit_code"`
		Checked int64  `json:"checked"`
		Found   int64  `json:"found"`
		Lacking int64  `json:"not_checkable"`
		*audit.Report
	}{outcomes[r.Outcome()].name, r.Outcome(), checked, found, missing, r})
}
