//go:build browser

package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/daemun/daemun/gateway/pages/tab"
)

// TestCitizensBook takes people from the start page to a booking, through a change and back out of it: in Korean with and
// without JavaScript, and in English.
func TestCitizensBook(t *testing.T) {
	for _, way := range []struct {
		mode, lang string
		script     bool
		booked     string // heading of the confirmation
		changed    string // heading after changing
		cancelled  string // heading after cancelling
	}{
		{"ko", "ko", true, "예약이 완료되었습니다", "예약을 변경했습니다", "예약이 취소되었습니다"},
		{"ko-noscript", "ko", false, "예약이 완료되었습니다", "예약을 변경했습니다", "예약이 취소되었습니다"},
		{"en", "en", true, "You are booked", "The booking is changed", "The booking is cancelled"},
	} {
		t.Run(way.mode, func(t *testing.T) {
			t.Parallel()
			v := newVisitor(t, way.mode, way.script)
			joins(v, way.lang)
			waits(v)
			checksTheDraw(v)
			enters(v)
			chooses(v)
			no := books(v, way.booked)
			forgets(v)
			finds(v, no)
			changes(v, way.changed)
			cancels(v, way.cancelled)
		})
	}
}

func joins(v *visitor, lang string) {
	v.Open("/?lang=" + lang)
	if !v.Is(`document.documentElement.lang === ` + quote(lang)) {
		v.t.Fatalf("the page is not in %s", lang)
	}
	v.picture("landing")
	v.Open("/apply")
	v.typesNumber()
	v.clicks("#agree")
	v.picture("apply")
	v.clicks("main form button[type=submit]")
	v.arrives("/wait")
	v.picture("wait")
}

// waits stays in the queue, reloads once in the middle as people do, and enters when called.
func waits(v *visitor) {
	v.Do(chromedp.Reload())
	v.arrives("/wait")
	if !v.Is(`!!document.getElementById('live')`) {
		v.t.Fatal("the place was lost on reload")
	}
	if !v.script && !v.Is(`!!document.getElementById('enter')`) {
		v.clicks("noscript a") // the page reloads by itself for who asks for it
	}
	v.turn()
	v.picture("turn")
}

// checksTheDraw goes by the waiting page's link to see how the place was decided, and back.
func checksTheDraw(v *visitor) {
	v.clicks(".know a[href='/draw']")
	v.arrives("/draw")
	v.picture("draw")
	if !v.Is(`!!document.getElementById('holds') && document.getElementById('script').value.includes(document.getElementById('code').textContent)`) {
		v.t.Errorf("%s: the result of the draw is not there: %q", v.mode, v.words("main"))
	}
	v.clicks("main a[href='/wait']")
	v.arrives("/wait")
}

func enters(v *visitor) {
	v.clicks("#enter")
	v.arrives("/clinics")
}

func chooses(v *visitor) {
	v.Do(chromedp.SetValue(chromedp.CSS("#region"), "서울"))
	v.clicks(".search button[type=submit]")
	v.until("the clinics of Seoul", `!!document.querySelector('.list a')`)
	v.picture("clinics")
	v.clicks(".list a")
	v.until("free times", `!!document.querySelector('.times button')`)
	v.picture("times")
	v.clicks(".times button")
	v.arrives("/book")
	if !v.Is(`!!document.getElementById('held') && document.querySelectorAll('.chosen div').length === 4`) {
		v.t.Errorf("%s: the time is not kept, or the second dose is not told: %q", v.mode, v.words("main"))
	}
}

// books mistypes the telephone number first: what else was typed must still be there, the registration number too where the
// page's script found the mistake before anything was sent, and never where the server did.
func books(v *visitor, heading string) (no string) {
	v.types("name", v.who.name)
	v.types("phone", "1")
	v.typesNumber()
	v.clicks("#book")
	v.until("the error", `!!document.getElementById('phone-error') && document.activeElement.id === 'errors'`)
	v.picture("error")
	if !v.Is(`document.getElementById('name').value === ` + quote(v.who.name)) {
		v.t.Error("the name has to be typed again")
	}
	if v.Is(`document.getElementById('rrn2').value === ''`) == v.script {
		v.t.Errorf("%s: the number is where it should not be, or is not where it should", v.mode)
	}
	switches(v)
	v.types("phone", v.who.phone)
	v.typesNumber()
	v.picture("book")
	v.clicks("#book")
	v.arrives("/done")
	v.picture("done")
	if got := v.words("h1"); got != heading {
		v.t.Errorf("heading %q, want %q", got, heading)
	}
	if no = v.words("#no"); no == "" || !v.Is(`document.querySelectorAll('.doses > li').length === 2`) {
		v.t.Fatalf("%s: no booking number, or not both doses: %q", v.mode, v.words("main"))
	}
	return no
}

// switches goes to the other language and back: what was typed goes along.
func switches(v *visitor) {
	before := tab.Eval[string](v.Tab, `document.documentElement.lang`)
	for range 2 {
		was := tab.Eval[string](v.Tab, `document.documentElement.lang`)
		v.clicks("#lang")
		v.until("the other language", `document.readyState === 'complete' && document.documentElement.lang !== `+quote(was))
		if !v.Is(`location.pathname === '/book' && document.getElementById('name').value === ` + quote(v.who.name) + ` && document.getElementById('phone').value === '1'`) {
			v.t.Errorf("%s: the other language has lost what was typed", v.mode)
		}
		if v.Is(`document.getElementById('rrn2').value === ''`) == v.script {
			v.t.Errorf("%s: the other language has the number where it should not be, or not where it should", v.mode)
		}
	}
	if tab.Eval[string](v.Tab, `document.documentElement.lang`) != before {
		v.t.Errorf("%s: not back in the language it was", v.mode)
	}
}

// forgets leaves a shared computer; the booking must not open from it any more.
func forgets(v *visitor) {
	v.clicks("form[action='/leave'] button")
	v.arrives("/leave")
	v.Open("/lookup")
	if v.Is(`!!document.getElementById('sure')`) {
		v.t.Error("the booking is still open to the next person at this computer")
	}
}

func finds(v *visitor, no string) {
	v.types("name", v.who.name)
	v.typesNumber()
	v.types("no", no)
	v.clicks("main form button[type=submit]")
	v.until("the booking", `!!document.getElementById('sure')`)
	v.picture("booking")
}

// changes moves the first dose to another time of the day, looking at it once more before.
func changes(v *visitor, heading string) {
	before := v.words(".doses li .facts dd")
	v.clicks(".doses a[href='/change']")
	v.arrives("/change")
	v.picture("change")
	v.clicks(".times li:last-child button")
	v.until("the question", `!!document.getElementById('change')`)
	v.picture("change-sure")
	v.clicks("#change")
	v.arrives("/lookup")
	if got := v.words("h1"); got != heading || v.words(".doses li .facts dd") == before {
		v.t.Errorf("%s: heading %q, want %q; at %q as before", v.mode, got, heading, before)
	}
	v.picture("changed")
}

func cancels(v *visitor, heading string) {
	v.clicks("#sure")
	v.clicks("form[action='/cancel'] button")
	v.until("the cancellation", `(document.querySelector('h1')||{}).textContent === `+quote(heading))
	v.picture("cancelled")
}

// TestDeepLinksLeadNowhere tries the pages behind the queue without having waited.
func TestDeepLinksLeadNowhere(t *testing.T) {
	v := newVisitor(t, "deeplink", true)
	for _, path := range []string{"/clinics", "/clinics?region=%EC%84%9C%EC%9A%B8", "/clinics/c0001", "/book?slot=c0001-0101-0900&clinic=c0001&day=2026-01-01", "/identity", "/change"} {
		v.Open(path)
		if v.Is(`!!document.querySelector('.list a, .times button, #phone')`) {
			t.Errorf("%s opens without a pass", path)
		}
	}
}
