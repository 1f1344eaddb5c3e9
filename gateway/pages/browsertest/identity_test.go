//go:build browser

package browsertest

import (
	"path/filepath"
	"testing"
	"time"
)

// TestCitizensShowWhoTheyAre takes people by way of a provider's page, which is another site to their browser, with and
// without JavaScript: one gives up there first, and is led back to choose again.
func TestCitizensShowWhoTheyAre(t *testing.T) {
	public, data, stop, err := runSite("--demo-identity")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	t.Setenv("DAEMUN_URL", "http://"+public)
	t.Setenv("DAEMUN_CITIZENS", filepath.Join(data, "demo", "citizens.csv"))
	people := citizens(t, 2)
	for i, way := range []struct {
		mode   string
		script bool
	}{{"identity-ko", true}, {"identity-ko-noscript", false}} {
		t.Run(way.mode, func(t *testing.T) {
			v := newVisitor(t, way.mode, way.script, people[i])
			joins(v, "ko")
			waits(v)
			v.clicks("#enter")
			v.arrives("/identity")
			v.picture("identity")
			goesToTheProvider(v, "no")
			v.until(30*time.Second, "the way back", `location.pathname === '/identity/demo-id/return' && !!document.getElementById('errors')`)
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
	v.until(30*time.Second, "the provider's page", `location.hostname === 'localhost' && !!document.getElementById('login')`)
	v.picture("identity-provider")
	v.types("login", v.who.rrn)
	v.clicks("button[value=" + do + "]")
}
