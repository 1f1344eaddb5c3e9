//go:build browser

package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/daemun/daemun/gateway/pages/tab"
)

// TestByKeyboardAlone goes from the start page to a booking with the keys Tab, Enter, Space, arrows and letters only. What has
// the focus can always be seen.
func TestByKeyboardAlone(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, "keyboard", true)
	v.Open("/?lang=ko")
	v.Press(kb.Tab)
	if got := v.words(":focus"); got != "본문 바로가기" {
		t.Errorf("the first stop is %q", got)
	}
	v.Press(kb.Enter)
	v.tabsTo(`a[href="/apply"]`)
	v.Press(kb.Enter)
	v.arrives("/apply")
	v.tabsTo("#rrn1")
	v.Press(v.who.front())
	v.tabsTo("#rrn2")
	v.Press(v.who.back())
	v.tabsTo("#agree")
	v.Press(" ")
	v.tabsTo("main button[type=submit]")
	v.Press(kb.Enter)
	v.arrives("/wait")
	v.turn()
	v.tabsTo("#enter")
	v.Press(kb.Enter)
	v.arrives("/clinics")
	v.tabsTo("#region")
	v.Press("서")
	if !v.Is(`document.getElementById('region').value === '서울'`) {
		v.Press(kb.ArrowDown)
	}
	v.tabsTo(".search button")
	v.Press(kb.Enter)
	v.until("the clinics", `!!document.querySelector('.list a')`)
	v.tabsTo(".list a")
	v.Press(kb.Enter)
	v.until("free times", `!!document.querySelector('.times button')`)
	v.tabsTo(".times button")
	v.Press(kb.Enter)
	v.arrives("/book")
	v.fillsByKeyboard()
	v.arrives("/done")
	if v.words("#no") == "" {
		t.Errorf("not booked: %q", v.words("main"))
	}
}

// fillsByKeyboard presses Enter too early, goes by the summary of errors to the field that is empty, and presses Enter again.
func (v *visitor) fillsByKeyboard() {
	v.tabsTo("#name")
	v.Press(v.who.name)
	v.tabsTo("#rrn1")
	v.Press(v.who.front())
	v.tabsTo("#rrn2")
	v.Press(v.who.back())
	v.Press(kb.Enter)
	v.until("the error", `document.activeElement.id === 'errors'`)
	v.Press(kb.Tab)
	if !v.Is(`document.activeElement.getAttribute('href') === '#phone'`) {
		v.t.Fatalf("after the errors comes %q", v.words(":focus"))
	}
	v.Press(kb.Enter)
	v.until("the field", `document.activeElement.id === 'phone'`)
	v.Press(strings.ReplaceAll(v.who.phone, "-", ""))
	v.Press(kb.Enter)
}

// tabsTo presses Tab until something has the focus, which must be seen.
func (v *visitor) tabsTo(css string) {
	v.t.Helper()
	for range 80 {
		v.Press(kb.Tab)
		if !v.Is(`(e => e !== document.body && getComputedStyle(e).outlineStyle !== 'none' && parseFloat(getComputedStyle(e).outlineWidth) >= 2)(document.activeElement)`) && !v.Is(`document.activeElement === document.body`) {
			v.t.Errorf("the focus cannot be seen on %s", tab.Eval[string](v.Tab, `document.activeElement.outerHTML.slice(0, 200)`))
		}
		if v.Is(`document.activeElement.matches(` + quote(css) + `)`) {
			return
		}
	}
	v.t.Fatalf("%s is not reached by the keyboard at %s", css, v.Path())
}

// TestInAHurry presses buttons twice and goes back and forth: one place, one booking, nothing lost.
func TestInAHurry(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		mode := map[bool]string{true: "hurry", false: "hurry-noscript"}[script]
		t.Run(mode, func(t *testing.T) {
			v := newVisitor(t, mode, script)
			v.Open("/apply?lang=ko")
			v.typesNumber()
			v.clicks("#agree")
			v.twice("main form button[type=submit]")
			v.arrives("/wait")
			v.Back()
			v.until("the form again", `location.pathname === '/apply' && !!document.getElementById('agree')`)
			v.Open("/wait")
			if !script && !v.Is(`!!document.getElementById('enter')`) {
				v.Open("/wait?auto=1")
			}
			v.turn()
			v.twice("#enter")
			v.arrives("/clinics")
			chooses(v)
			v.Back()
			v.until("the times again", `location.pathname.startsWith('/clinics/') && !!document.querySelector('.times button')`)
			v.twice(".times li:nth-child(2) button")
			v.arrives("/book")
			v.types("name", v.who.name)
			v.typesNumber()
			v.types("phone", v.who.phone)
			v.twice("#book")
			v.arrives("/done")
			no := v.words("#no")
			v.Back()
			v.until("the page before", `document.readyState === 'complete' && location.pathname !== '/done'`)
			if v.Is(`!!document.getElementById('book')`) { // and once more, with what the browser kept
				v.types("name", v.who.name)
				v.typesNumber()
				v.types("phone", v.who.phone)
				v.clicks("#book")
				v.until("an answer", `document.readyState === 'complete' && !document.getElementById('book')`)
			}
			v.Open("/lookup")
			if got := v.words("#no"); got != no || no == "" {
				t.Errorf("%s: booked %q, and then %q", mode, no, got)
			}
		})
	}
}

// twice clicks before the page can answer.
func (v *visitor) twice(css string) {
	v.t.Helper()
	tab.Eval[bool](v.Tab, `(e => { e.click(); e.click(); return true })(document.querySelector(`+quote(css)+`))`)
}

// TestTheTimeKeptRunsOut lets the time run out, by a clock that is set on in the page: nothing typed is lost, it is said once,
// and the time is kept again at the press of a button.
func TestTheTimeKeptRunsOut(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, "runs-out", true)
	c := newClient(t, v.who).joins().enters()
	form := c.holds()
	v.Cookies(c.header() + "; daemun_lang=ko")
	v.Open(form)
	v.types("name", v.who.name)
	v.typesNumber()
	tab.Eval[bool](v.Tab, `(now => { Date.now = () => now() + 3.2 * 60000; return true })(Date.now)`)
	v.until("two minutes are told", `document.getElementById('say').textContent.includes('남은 시간 1분')`)
	tab.Eval[bool](v.Tab, `(now => { Date.now = () => now() + 60000 * 10; return true })(Date.now)`)
	v.until("the end", `document.getElementById('held').hidden && !document.getElementById('over').hidden && document.getElementById('say').textContent !== ''`)
	v.clicks("#again")
	v.until("kept again", `!!document.getElementById('held') && !document.getElementById('held').hidden`)
	if !v.Is(`document.getElementById('name').value === ` + quote(v.who.name) + ` && document.getElementById('rrn2').value === ` + quote(v.who.back())) {
		t.Error("what was typed is lost")
	}
}

// TestPreferences: who wants less movement gets none, and who sets colours of their own sees every border and button.
func TestPreferences(t *testing.T) {
	t.Parallel()
	b := tab.Open(t, browser, at.base)
	b.Media("prefers-reduced-motion", "reduce")
	b.Open("/apply?lang=ko")
	if moving := tab.Eval[[]string](b, `[...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e); return parseFloat(s.transitionDuration) > 0 || s.animationName !== 'none' || s.scrollBehavior === 'smooth' }).map(e => e.tagName)`); len(moving) > 0 {
		t.Errorf("moves: %q", moving)
	}
	b.Media("forced-colors", "active")
	b.Open("/apply?lang=ko")
	if !b.Is(`matchMedia('(forced-colors: active)').matches`) {
		t.Fatal("the browser does not force colours")
	}
	if flat := tab.Eval[[]string](b, `[...document.querySelectorAll('.button, input:not([type=hidden]):not([type=checkbox])')].filter(e => e.offsetParent && (getComputedStyle(e).borderTopStyle === 'none' || parseFloat(getComputedStyle(e).borderTopWidth) < 1)).map(e => e.outerHTML)`); len(flat) > 0 {
		t.Errorf("cannot be seen as something to press: %q", flat)
	}
	if !b.Is(`getComputedStyle(document.querySelector('.steps .now'), '::before').borderTopWidth !== '0px'`) {
		t.Error("the present step cannot be seen")
	}
	for _, found := range b.Axe() {
		t.Error(found)
	}
}
