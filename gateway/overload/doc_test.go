package overload

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of the documentation anew")

const document = "../../docs/overload-control.md"

// tables are the parameters and rules as the documentation shows them.
func tables() string {
	var b strings.Builder
	base := Default()
	b.WriteString("| parameter | unit | default | from | to | what it is |\n|---|---|---|---|---|---|\n")
	for i := range Parameters {
		p := &Parameters[i]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s: %s |\n", p.Name, p.Unit, plain(p.Value(&base)), plain(p.Min), plain(p.Max), p.Ko, p.En)
	}
	b.WriteString("\n| rule | dry-run takes | what it is |\n|---|---|---|\n")
	for _, r := range Rules {
		people := "one operator"
		if r.Two {
			people = "two people"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s: %s |\n", r.Name, people, r.Ko, r.En)
	}
	return b.String()
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// The documentation says what the program does: its tables are the program's.
func TestTheDocumentationHasTheTables(t *testing.T) {
	const from, to = "<!-- tables: go test ./gateway/overload -update -->\n", "<!-- end of tables -->"
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, begins := strings.Cut(string(text), from)
	old, tail, ends := strings.Cut(rest, to)
	if !begins || !ends {
		t.Fatal("the marks around the tables are gone")
	}
	if *update {
		if err := os.WriteFile(document, []byte(head+from+tables()+to+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != tables() {
		t.Error("the tables differ: go test ./gateway/overload -update")
	}
}
