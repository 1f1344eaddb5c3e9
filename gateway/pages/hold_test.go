package pages

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const bookPath = "/book?clinic=c0002&day=2021-07-26&slot=c0002-0726-1000"

func TestChoosingATimeKeepsIt(t *testing.T) {
	s := newFake()
	s.held = nil
	w := send(site(t, s), "/hold", everyCookie, holdValues())
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != bookPath || s.called("Holdc0002-0726-1000") != 1 {
		t.Fatalf("%d %q, calls %q", w.Code, w.Header().Get("Location"), s.calls)
	}
	if body := get(site(t, s), bookPath, everyCookie).Body.String(); !strings.Contains(body, "20:36:05까지") || !strings.Contains(body, "9월 6일(월) 10:00") {
		t.Errorf("the form says neither until when the time is kept nor when the second dose is: %s", body)
	}
}

func TestAPassThatEndedIsRenewedForAHold(t *testing.T) {
	s := newFake()
	w := send(site(t, s), "/hold", "daemun_ticket=ticket-of-hong", holdValues())
	if w.Code != http.StatusSeeOther || s.called("Enter") != 1 || s.called("Hold") != 1 || cookiesOf(w)[PassCookie] == nil {
		t.Errorf("%d, calls %q", w.Code, s.calls)
	}
}

func TestATimeHeldByTheVisitorIsNotTaken(t *testing.T) {
	s := newFake()
	s.slots.Slots[2].Left = 0 // the last one, and it is theirs
	if w := get(site(t, s), bookPath, everyCookie); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `id="held"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The buttons of the form that do not book: nothing is booked, nothing typed is lost, nothing is found fault with.
func TestOtherButtonsKeepWhatWasTyped(t *testing.T) {
	for name, value := range map[string]string{"lang": "en", "do": "hold"} {
		s := newFake()
		form := with(with(with(bookValues(), name, value), "phone", "12"), "name", `홍 "길동"`)
		w := send(site(t, s), "/book", everyCookie, form)
		body := w.Body.String()
		for _, want := range []string{`value="12"`, `value="홍 &#34;길동&#34;"`, `value="KEYKEYKEYKEY"`} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the form has lost %s", name, want)
			}
		}
		if w.Code != http.StatusOK || s.called("Book0") != 0 || len(s.bookings) != 0 || strings.Contains(body, `class="errors"`) || strings.Contains(body, nobodyBack) {
			t.Errorf("%s: %d, calls %q: %s", name, w.Code, s.calls, body)
		}
		if name == "lang" && (!strings.Contains(body, `<html lang="en">`) || cookiesOf(w)[LangCookie].Value != English) {
			t.Error("the language stayed")
		}
		if name == "do" && s.called("Holdc0002") != 1 {
			t.Errorf("not held: %q", s.calls)
		}
	}
}

func TestSwitchingTheLanguageOfOtherForms(t *testing.T) {
	s := newFake()
	h := site(t, s)
	apply := send(h, "/apply", "", url.Values{"lang": {"en"}, "agree": {"yes"}, "rrn1": {"6"}}).Body.String()
	if !strings.Contains(apply, `<html lang="en">`) || !strings.Contains(apply, " checked") || strings.Contains(apply, `class="errors"`) {
		t.Error(apply)
	}
	lookup := send(h, "/lookup", "", with(lookupValues(), "lang", "en")).Body.String()
	if !strings.Contains(lookup, `<html lang="en">`) || !strings.Contains(lookup, `value="홍길동"`) || !strings.Contains(lookup, `value="2107-4821-0937"`) {
		t.Error(lookup)
	}
	if s.called("Join")+s.called("Eligibility")+s.called("Lookup") != 0 {
		t.Errorf("calls %q", s.calls)
	}
}

func TestTheWaitingPageReloadsOnlyWhereAsked(t *testing.T) {
	s := newFake()
	h := site(t, s)
	if got := get(h, "/wait", everyCookie).Header().Get("Refresh"); got != "" {
		t.Errorf("reloads every %s s unasked", got)
	}
	if got := get(h, "/wait?auto=1", everyCookie).Header().Get("Refresh"); got != "8" {
		t.Errorf("Refresh %q", got)
	}
	s.place.State = "turn"
	if got := get(h, "/wait?auto=1", everyCookie).Header().Get("Refresh"); got != "" {
		t.Error("takes the button away under the finger")
	}
}
