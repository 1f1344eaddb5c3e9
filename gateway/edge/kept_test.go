package edge

import (
	"fmt"
	"testing"
	"time"
)

// TestTroubleOfTheBackendLeavesNoListBlank: the last list is given, by both ways, with its age and a warning; what belongs to
// one person is not, and says that the place is kept.
func TestTroubleOfTheBackendLeavesNoListBlank(t *testing.T) {
	g := newGate(t)
	connect := dial(t, g)
	good := g.pass(nil)
	fast := func(target, shown string) (int, string, string) {
		got, _ := raw(t, connect(), fmt.Sprintf("GET %s HTTP/1.1\r\nHost: daemun.test\r\nAuthorization: %s\r\n\r\n", target, shown))
		return got.StatusCode, got.Header.Get("Age"), got.Header.Get("Warning")
	}
	slow := func(target, shown string) (int, string, string) {
		got := g.ask("GET", target, shown, "")
		return got.Code, got.Header().Get("Age"), got.Header().Get("Warning")
	}
	for _, way := range []func(string, string) (int, string, string){fast, slow} {
		lists := []string{"/v1/clinics?region=x", "/v1/clinics/C-1/slots", "/v1/leftovers?region=x"}
		g.offset.Add(int64(time.Second)) // right after a failure the kept list is given without asking
		g.answer.Store(200)
		for _, target := range lists {
			if status, age, warning := way(target, good); status != 200 || age != "" || warning != "" {
				t.Fatalf("%s: %d, age %q, %q", target, status, age, warning)
			}
		}
		g.answer.Store(500)
		for _, target := range lists {
			if status, age, warning := way(target, good); status != 200 || age != "0" || warning != keptWarning[0] {
				t.Errorf("%s: %d, age %q, %q", target, status, age, warning)
			}
		}
		for _, target := range []string{"/v1/holds", "/v1/clinics?region=y"} {
			if status, age, _ := way(target, good); status != 503 || age != "" {
				t.Errorf("%s: %d, age %q", target, status, age)
			}
		}
		if status, _, _ := way("/v1/clinics?region=x", "Pass x"); status != 401 {
			t.Errorf("without a pass: %d", status)
		}
	}
}
