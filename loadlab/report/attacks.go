package report

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed attacks.html
var attacksText string

var attacksPage = template.Must(template.Must(page.Clone()).New("attacks").Parse(attacksText))

var doorWords = map[string]string{"gateway": "대문 gateway", "backend": "예약 서버에 직접 backend reached directly",
	"backend_with_token": "예약 서버에 직접, 훔친 토큰으로 backend reached directly, with the gateway's token"}

// attackRow is one attack at every door.
type attackRow struct {
	Name  string
	Doors []cheatAt
}

type cheatAt struct{ Tried, Admitted int64 }

// attackTable sorts the counts into a table: attacks down, doors across.
func attackTable(d *Data) (doors []string, rows []attackRow) {
	at := map[string]int{}
	for _, c := range d.Verdict.Cheats {
		if _, ok := at["door "+c.Door]; !ok {
			at["door "+c.Door] = len(doors)
			doors = append(doors, word(doorWords, c.Door))
		}
		i, ok := at[c.Name]
		if !ok {
			i = len(rows)
			at[c.Name] = i
			rows = append(rows, attackRow{Name: c.Name})
		}
		rows[i].Doors = append(rows[i].Doors, cheatAt{c.Tried, c.Admitted})
	}
	return doors, rows
}

func attacksHTML(w io.Writer, d *Data) error {
	v := struct {
		*Data
		Outcome outcome
		Doors   []string
		Rows    []attackRow
	}{Data: d, Outcome: outcomes[d.Verdict.Verdict]}
	v.Doors, v.Rows = attackTable(d)
	if err := attacksPage.Execute(w, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// attacksLines writes the table for a terminal.
func attacksLines(b *strings.Builder, d *Data) {
	v := d.Verdict
	fmt.Fprintf(b, "시도 tried %s, admitted %d; %s requests in %.1f s: %s/s; sheds tried again %s; command took %.0f s\n", thousands(v.CheatsTried), v.CheatsAdmitted,
		thousands(int64(v.Requests)), v.Seconds, thousands(int64(v.PerSecond)), thousands(v.Sheds), d.Took.Seconds())
	doors, rows := attackTable(d)
	fmt.Fprintf(b, "공격 attacks tried / admitted at: %s\n", strings.Join(doors, "; "))
	for _, r := range rows {
		fmt.Fprintf(b, "  %-18s", r.Name)
		for _, c := range r.Doors {
			fmt.Fprintf(b, "  %9s / %d", thousands(c.Tried), c.Admitted)
		}
		b.WriteByte('\n')
	}
}
