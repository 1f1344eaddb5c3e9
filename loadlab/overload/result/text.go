package result

import (
	"fmt"
	"io"
	"strings"
)

// Text writes the verdict for a terminal.
func Text(w io.Writer, r *Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n판정 verdict: %s; C = %.0f/s (spread %.0f)\n", r.Verdict, r.C.Median, r.C.Spread)
	for _, l := range r.Lines {
		fmt.Fprintf(&b, "%s %d %-34s %10.4g %-3s wanted %-10s %s%s\n", l.Mark(), l.Clause, l.Name, l.Value, l.Unit, l.Wanted, l.En, unknown(l))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Mark is the verdict of a line in a word.
func (l Line) Mark() string {
	switch {
	case l.Unknown != "":
		return "?  "
	case l.OK:
		return "ok "
	}
	return "NOT"
}

func unknown(l Line) string {
	if l.Unknown == "" {
		return ""
	}
	return " (" + l.Unknown + ")"
}
