//go:build browser

package browsertest

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// turnLimit is how long the demo may take until a turn comes: its lobby, the draw and the queue.
const turnLimit = 4 * time.Minute

// TestCitizensBook takes three people from the start page to a booking and back out of it: in Korean, in Korean without
// JavaScript, and in English.
func TestCitizensBook(t *testing.T) {
	people := citizens(t, 3)
	for i, way := range []struct {
		mode, lang string
		script     bool
		booked     string // heading of the confirmation
		cancelled  string // heading after cancelling
	}{
		{"ko", "ko", true, "예약이 완료되었습니다", "예약이 취소되었습니다"},
		{"ko-noscript", "ko", false, "예약이 완료되었습니다", "예약이 취소되었습니다"},
		{"en", "en", true, "You are booked", "The booking is cancelled"},
	} {
		t.Run(way.mode, func(t *testing.T) {
			v := newVisitor(t, way.mode, way.script, people[i])
			joins(v, way.lang)
			waits(v)
			checksTheDraw(v)
			enters(v)
			chooses(v)
			no := books(v, way.booked)
			forgets(v)
			cancels(v, no, way.cancelled)
		})
	}
}

func joins(v *visitor, lang string) {
	v.open("/?lang=" + lang)
	if !v.is(`document.documentElement.lang === ` + quote(lang)) {
		v.t.Fatalf("the page is not in %s", lang)
	}
	v.picture("landing")
	v.open("/apply")
	v.typesNumber()
	v.clicks("#agree")
	v.picture("apply")
	v.clicks("main form button[type=submit]")
	v.arrives("/wait")
	v.picture("wait")
}

// waits stays in the queue, reloads once in the middle as people do, and enters when called.
func waits(v *visitor) {
	before := v.words("h1")
	v.do(chromedp.Reload())
	v.arrives("/wait")
	if before == "" || !v.is(`!!document.getElementById('live')`) {
		v.t.Fatal("the place was lost on reload")
	}
	if !v.script {
		v.clicks("noscript a") // the page reloads by itself for who asks for it
	}
	v.until(turnLimit, "the turn", `!!document.getElementById('enter')`)
	v.picture("turn")
}

// checksTheDraw goes by the waiting page's link to see how the place was decided, and back.
func checksTheDraw(v *visitor) {
	v.clicks(".know a[href='/draw']")
	v.arrives("/draw")
	v.picture("draw")
	if !v.is(`!!document.getElementById('holds') && document.getElementById('script').value.includes(document.getElementById('code').textContent)`) {
		v.t.Errorf("%s: the result of the draw is not there: %q", v.mode, v.words("main"))
	}
	if v.is(`document.documentElement.scrollWidth > innerWidth`) {
		v.t.Errorf("%s: the page about the draw scrolls sideways", v.mode)
	}
	v.clicks("main a[href='/wait']")
	v.arrives("/wait")
}

func enters(v *visitor) {
	v.clicks("#enter")
	v.arrives("/clinics")
}

func chooses(v *visitor) {
	v.do(chromedp.SetValue(chromedp.CSS("#region"), "서울"))
	v.clicks(".search button[type=submit]")
	v.until(30*time.Second, "the clinics of Seoul", `!!document.querySelector('.list a')`)
	v.picture("clinics")
	v.clicks(".list a")
	v.until(30*time.Second, "free times", `!!document.querySelector('.times button')`)
	v.picture("times")
	v.clicks(".times button")
	v.arrives("/book")
}

// books mistypes the telephone number first: what else was typed must still be there, the registration number too where the
// page's script found the mistake before anything was sent, and never where the server did.
func books(v *visitor, heading string) (no string) {
	v.types("name", v.who.name)
	v.types("phone", "1")
	v.typesNumber()
	v.clicks("#book")
	v.until(30*time.Second, "the error", `!!document.getElementById('phone-error')`)
	v.picture("error")
	if !v.is(`document.activeElement.id === 'errors'`) {
		v.t.Errorf("%s: the summary of errors does not have the focus", v.mode)
	}
	if !v.is(`document.getElementById('name').value === ` + quote(v.who.name)) {
		v.t.Error("the name has to be typed again")
	}
	if v.is(`document.getElementById('rrn2').value === ''`) == v.script {
		v.t.Errorf("%s: the number is where it should not be, or is not where it should", v.mode)
	}
	v.types("phone", v.who.phone)
	v.typesNumber()
	v.picture("book")
	v.clicks("#book")
	v.arrives("/done")
	v.picture("done")
	if got := v.words("h1"); got != heading {
		v.t.Errorf("heading %q, want %q", got, heading)
	}
	no = v.words("#no")
	if no == "" {
		v.t.Fatal("no booking number")
	}
	return no
}

// forgets leaves a shared computer; the booking must not open from it any more.
func forgets(v *visitor) {
	v.clicks("form[action='/leave'] button")
	v.arrives("/leave")
	v.open("/lookup")
	if v.is(`!!document.getElementById('sure')`) {
		v.t.Error("the booking is still open to the next person at this computer")
	}
}

func cancels(v *visitor, no, heading string) {
	v.types("name", v.who.name)
	v.typesNumber()
	v.types("no", no)
	v.clicks("main form button[type=submit]")
	v.until(30*time.Second, "the booking", `!!document.getElementById('sure')`)
	v.picture("booking")
	v.clicks("#sure")
	v.clicks("form[action='/cancel'] button")
	v.until(30*time.Second, "the cancellation", `document.querySelector('h1').textContent === `+quote(heading))
	v.picture("cancelled")
}

// TestDeepLinksLeadNowhere tries the pages behind the queue without having waited.
func TestDeepLinksLeadNowhere(t *testing.T) {
	v := newVisitor(t, "deeplink", true, citizens(t, 1)[0])
	for _, path := range []string{"/clinics", "/clinics?region=서울", "/clinics/c0001", "/book?slot=c0001-0101-0900&clinic=c0001&day=2026-01-01"} {
		v.open(path)
		if v.is(`!!document.querySelector('.list a, .times button, #name')`) {
			t.Errorf("%s opens without a pass", path)
		}
	}
}
