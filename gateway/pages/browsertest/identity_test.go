//go:build browser

package browsertest

import (
	"path/filepath"
	"testing"
)

// TestCitizensShowWhoTheyAre takes people by way of a provider's page, which is another site to their browser, with and
// without JavaScript: one gives up there first, and is led back to choose again.
func TestCitizensShowWhoTheyAre(t *testing.T) {
	site, stop, err := runSite(filepath.Join(t.TempDir(), "site"), "--opens-in", "12s", "--demo-identity")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	people := citizens(t, site, 2)
	for i, way := range []struct {
		mode   string
		script bool
	}{{"identity-ko", true}, {"identity-ko-noscript", false}} {
		t.Run(way.mode, func(t *testing.T) {
			v := newVisitorAt(t, site, way.mode, way.script, people[i])
			joins(v, "ko")
			waits(v)
			v.clicks("#enter")
			v.arrives("/identity")
			v.picture("identity")
			goesToTheProvider(v, "no")
			v.until("the way back", `location.pathname === '/identity/demo-id/return' && !!document.getElementById('errors')`)
			v.picture("identity-refused")
			goesToTheProvider(v, "yes")
			v.arrives("/clinics")
			chooses(v)
			books(v, "예약이 완료되었습니다")
		})
	}
}

// goesToTheProvider says there who one is, or gives up.
func goesToTheProvider(v *visitor, do string) {
	v.clicks("main form[action='/identity/demo-id'] button")
	v.until("the provider's page", `location.hostname === 'localhost' && !!document.getElementById('login')`)
	v.picture("identity-provider")
	v.types("login", v.who.rrn)
	v.clicks("button[value=" + do + "]")
}
