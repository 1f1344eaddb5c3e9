package cohort

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The example that officials copy must be one that is accepted, and name every key there is.
func TestTheDocumentsExampleIsASchedule(t *testing.T) {
	text, err := os.ReadFile("../../docs/schedule.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("no example")
	}
	s, err := Parse([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Lint(s) {
		if f.Serious {
			t.Errorf("%s", f.En)
		}
	}
	written, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range regexp.MustCompile(`(?m)^[ -]*([a-z_]+):`).FindAllStringSubmatch(string(written), -1) {
		if !regexp.MustCompile(`(?m)^[ -]*` + key[1] + `:`).MatchString(example) {
			t.Errorf("the example does not show %s", key[1])
		}
	}
	for _, code := range []string{CodeOpenNow, CodeLobbyNow, CodeLater, CodeClosed, CodeNoWindow, CodeNotOnRoster, CodeExcluded} {
		if !strings.Contains(string(text), "`"+code+"`") {
			t.Errorf("the document does not explain %s", code)
		}
	}
}
