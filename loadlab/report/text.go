package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/daemun/daemun/loadlab/verdict"
)

// outcome is a verdict in words.
type outcome struct{ Ko, En, Class string }

var outcomes = map[verdict.Outcome]outcome{
	verdict.Pass:         {"합격", "pass", "good"},
	verdict.Broken:       {"불변 조건 위반", "an invariant broke", "bad"},
	verdict.Missed:       {"서비스 수준 미달", "a service level was missed", "warn"},
	verdict.Regressed:    {"이전보다 나빠짐", "regression", "warn"},
	verdict.Inconclusive: {"판정 불가", "inconclusive", "warn"},
}

// Text writes the verdict for a terminal.
func Text(w io.Writer, d *Data) error {
	v := d.Verdict
	o := outcomes[v.Verdict]
	var b strings.Builder
	fmt.Fprintf(&b, "\n판정 verdict: %s (%s)\n", o.Ko, o.En)
	for _, why := range v.Why {
		fmt.Fprintf(&b, "  - %s\n", why)
	}
	if attacks := d.Figures.Took == 0 && len(v.Cheats) > 0; attacks {
		attacksLines(&b, d)
	} else {
		loadLines(&b, d)
	}
	for _, f := range v.Faults {
		fmt.Fprintf(&b, "장애 %-13s %s at %.1f s, back after %d ms, felt %s times %s\n", f.Name, mark(f.Hit), f.AtS, f.DownForMS, thousands(f.Felt), f.WhyNot)
	}
	for _, i := range v.Invariants {
		fmt.Fprintf(&b, "불변 %-13s %s checked %s: %s\n", i.Name, mark(i.OK), thousands(i.Checked), i.TitleEn)
	}
	for _, l := range v.Levels {
		fmt.Fprintf(&b, "수준 %-20s %s %.4g %s (level %.4g)\n", l.Name, mark(l.Met()), l.Value, l.Unit, l.Limit)
	}
	for _, l := range d.Figures.Calm {
		fmt.Fprintf(&b, "지연 %-13s p50 %7.1f  p99 %7.1f  p99.9 %7.1f ms of %s, from the due time\n", l.Kind, l.P50, l.P99, l.P999, thousands(l.Count))
	}
	for _, c := range v.Counters {
		fmt.Fprintf(&b, "비용 %s %.4g %s\n", c.Name, c.Value, c.Unit)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func loadLines(b *strings.Builder, d *Data) {
	v := d.Verdict
	fmt.Fprintf(b, "요청 offered %s, answered %s, good %s in %.1f s: %s/s; achieved %.2f %%, late p99 %.0f ms\n",
		thousands(int64(v.Offered)), thousands(v.Answered), thousands(v.Good), v.Seconds, thousands(int64(v.PerSecond)), 100*v.Achieved, v.LatenessP99)
	fmt.Fprintf(b, "예약 bookings %s of %s people; sheds %s; cheats tried %s, admitted %d; command took %.0f s\n",
		thousands(v.Bookings), thousands(int64(d.Funnel.Eligible)), thousands(v.Sheds), thousands(v.CheatsTried), v.CheatsAdmitted, d.Took.Seconds())
}

func mark(ok bool) string {
	if ok {
		return "ok "
	}
	return "NOT"
}

// thousands groups digits.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
