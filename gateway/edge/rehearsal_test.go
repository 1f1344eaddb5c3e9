package edge

import (
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/pages"
	"github.com/daemun/daemun/gateway/pass"
)

// byKnowledge tells whether a route asks nobody for a pass: what is sent there says by itself whose it is.
func byKnowledge(path string) bool {
	return strings.HasPrefix(path, "/v1/bookings/lookup") || strings.HasPrefix(path, "/v1/leftovers") || strings.HasPrefix(path, "/leftover")
}

// TestARehearsalGoesOnlyWhereItMay follows a rehearsal pass to every route, before the opening and after.
func TestARehearsalGoesOnlyWhereItMay(t *testing.T) {
	g := newGate(t)
	key, id := g.ring.PassSigner()
	text := pass.Sign(pass.Pass{
		KeyID: id, Rehearsal: true, Opening: cohort.Opening{ID: "now"}.Number(), IssuedAt: g.now(), ExpiresAt: g.now().Add(4 * time.Hour),
	}, key)
	may := map[string]bool{"GET /v1/clinics": true, "GET /v1/clinics/{id}/slots": true, "POST /v1/bookings": true,
		"POST /v1/holds": true, "GET /v1/holds": true, "DELETE /v1/holds": true}
	shown := func(header ...string) (reached int) {
		for _, r := range g.Routes() {
			if byKnowledge(r.Pattern) {
				continue
			}
			before := g.reached.Load()
			path := strings.NewReplacer("{id}", "now", "{no}", "ABCDE-23456", "{name}", "daemun.css", "{epoch}", "0", "{code}", "abcdefgh", "{$}", "").Replace(r.Pattern)
			g.ask(r.Method, path, "", "", header...)
			if n := int(g.reached.Load() - before); n > 0 {
				reached += n
				if !may[r.Method+" "+r.Pattern] {
					t.Errorf("%s %s lets a rehearsal through", r.Method, r.Pattern)
				}
			}
		}
		return reached
	}
	if n := shown("Authorization", "Pass "+text); n != len(may) {
		t.Errorf("before the opening %d of %d routes take it", n, len(may))
	}
	if n := shown("Authorization", "Ticket "+text) + shown("Authorization", "Bearer "+text) + shown("Authorization", text); n != 0 {
		t.Errorf("as something else it reaches the backend %d times", n)
	}
	if n := shown("Cookie", pages.PassCookie+"="+text); n != 0 {
		t.Errorf("by cookie it reaches the backend %d times: the pages are for citizens", n)
	}
	g.offset.Store(int64(time.Hour + time.Second))
	g.node.Renew()
	if n := shown("Authorization", "Pass "+text); n != 0 {
		t.Errorf("after the opening it reaches the backend %d times", n)
	}
}
