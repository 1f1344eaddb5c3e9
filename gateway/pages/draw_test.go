package pages

import (
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func scriptFor(t *testing.T, host string, o Options) string {
	t.Helper()
	p, err := New(newFake(), o)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/draw", nil)
	r.Host = host
	r.Header.Set("Cookie", everyCookie)
	w := httptest.NewRecorder()
	table(p).ServeHTTP(w, r)
	m := regexp.MustCompile(`(?s)<textarea id="script"[^>]*>\n(.*?)</textarea>`).FindStringSubmatch(w.Body.String())
	if m == nil {
		t.Fatalf("no program in the page: %s", w.Body)
	}
	return html.UnescapeString(m[1])
}

// People run the program that the page gives them: nothing of it may come from a stranger.
func TestDrawProgramHoldsNothingOfAStrangers(t *testing.T) {
	for host, want := range map[string]string{
		"daemun.test": "http://daemun.test", "127.0.0.1:8080": "http://127.0.0.1:8080", "[::1]:8080": "http://[::1]:8080",
		`x", exit("`: "http://localhost", "x\nimport os": "http://localhost", `x\`: "http://localhost", "x/../y": "http://localhost",
		"user@evil.test": "http://localhost", "한글.test": "http://localhost", "": "http://localhost",
	} {
		if got := scriptFor(t, host, Options{}); !strings.Contains(got, "\nsite, opening, epoch = \""+want+"\", \"2021-07-19\", 0\n") {
			t.Errorf("host %q: %s", host, got)
		}
	}
	if got := scriptFor(t, "daemun.test", Options{Secure: true}); !strings.Contains(got, `"https://daemun.test"`) {
		t.Errorf("over TLS: %s", got)
	}
}

func TestDrawProgramIsShortAndNeedsNothing(t *testing.T) {
	program := scriptFor(t, "daemun.test", Options{})
	if n := strings.Count(program, "\n"); n > 15 {
		t.Errorf("%d lines: too long to be read", n)
	}
	imports := regexp.MustCompile(`(?m)^.*\bimport\b.*$`).FindAllString(program, -1)
	if len(imports) != 1 || imports[0] != "import hashlib, hmac, json, urllib.request" {
		t.Errorf("it imports %q", imports)
	}
	if regexp.MustCompile(`\b(SITE|OPENING|EPOCH|CODE|ANCHOR)\b`).MatchString(program) {
		t.Errorf("a value is missing: %s", program)
	}
}
