package pages

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

func cookiesOf(w *httptest.ResponseRecorder) map[string]*http.Cookie {
	all := map[string]*http.Cookie{}
	for _, c := range w.Result().Cookies() {
		all[c.Name] = c
	}
	return all
}

func wantStep(t *testing.T, w *httptest.ResponseRecorder, location, cookie string) {
	t.Helper()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != location {
		t.Fatalf("%d %q, want 303 %q: %s", w.Code, w.Header().Get("Location"), location, w.Body)
	}
	c := cookiesOf(w)[cookie]
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge <= 0 {
		t.Fatalf("cookie %s: %+v", cookie, c)
	}
}

func TestJourney(t *testing.T) {
	s := newFake()
	h := site(t, s)
	wantStep(t, send(h, "/apply", "", applyValues()), "/wait", TicketCookie)
	wantStep(t, send(h, "/enter", "daemun_ticket=ticket-of-hong", url.Values{}), "/clinics", PassCookie)
	wantStep(t, send(h, "/book", everyCookie, bookValues()), "/done?no=2107-4821-0937", ProofCookie)
	wantStep(t, send(h, "/lookup", "", lookupValues()), "/lookup", ProofCookie)
	w := send(h, "/cancel", everyCookie, url.Values{"no": {"2107-4821-0937"}, "sure": {"yes"}})
	if w.Code != http.StatusSeeOther || s.called("Cancel2107-4821-0937 proof-of-hong") != 1 {
		t.Fatalf("cancel: %d, calls %q", w.Code, s.calls)
	}
}

func TestTicketIsKeptUntilTheOpeningIsOver(t *testing.T) {
	c := cookiesOf(send(site(t, newFake()), "/apply", "", applyValues()))[TicketCookie]
	left := time.Date(2021, 7, 20, 18, 0, 0, 0, fakeNow.Location()).Sub(fakeNow)
	if got := time.Duration(c.MaxAge) * time.Second; got < left {
		t.Errorf("ticket kept for %v, the opening lasts %v more", got, left)
	}
}

func TestJoiningAgainBringsTheTicketHeld(t *testing.T) {
	s := newFake()
	send(site(t, s), "/apply", "daemun_ticket=older", applyValues())
	if s.called("Join2021-07-19 older") != 1 {
		t.Errorf("calls %q", s.calls)
	}
}

func TestPressingTwiceSendsTheSameKey(t *testing.T) {
	s := newFake()
	h := site(t, s)
	first := send(h, "/book", everyCookie, bookValues())
	second := send(h, "/book", everyCookie, bookValues())
	if first.Header().Get("Location") != second.Header().Get("Location") || len(s.bookings) != 1 {
		t.Errorf("%q then %q, keys %v", first.Header(), second.Header(), s.bookings)
	}
}

func TestAPassThatEndsWhileTypingIsRenewed(t *testing.T) {
	s := newFake()
	s.refuse["Book:pass"] = noPass
	w := send(site(t, s), "/book", everyCookie, bookValues())
	wantStep(t, w, "/done?no=2107-4821-0937", PassCookie)
	if s.called("Enter") != 1 || s.called("Book") != 2 {
		t.Errorf("calls %q", s.calls)
	}
}

func TestAPassIsNotRenewedOutOfTurn(t *testing.T) {
	s := newFake()
	s.refuse["Book:pass"], s.refuse["Enter"] = noPass, noTurn
	if w := send(site(t, s), "/book", everyCookie, bookValues()); w.Code != http.StatusUnauthorized {
		t.Errorf("status %d", w.Code)
	}
	if len(s.bookings) != 0 {
		t.Error("booked without a turn")
	}
}

func TestBusyKeepsTheKeyAndAsksForNothingMore(t *testing.T) {
	s := newFake()
	s.refuse["Book"] = busy
	w := send(site(t, s), "/book", everyCookie, bookValues())
	for _, want := range []string{`value="KEYKEYKEYKEY"`, `value="홍길동"`, `value="010-0000-0001"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("form has lost %s", want)
		}
	}
	if w.Header().Get("Retry-After") != "7" || s.called("Slots") != 0 {
		t.Errorf("Retry-After %q, calls %q", w.Header().Get("Retry-After"), s.calls)
	}
}

func TestTooEarlyGoesBackToThePlace(t *testing.T) {
	s := newFake()
	s.refuse["Enter"] = noTurn
	if w := send(site(t, s), "/enter", everyCookie, url.Values{}); w.Header().Get("Location") != "/wait" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestAnotherWindowCannotCancel(t *testing.T) {
	s := newFake()
	w := send(site(t, s), "/cancel", everyCookie, url.Values{"no": {"9999-0000-0000"}, "sure": {"yes"}})
	if s.called("Cancel") != 0 || w.Code != http.StatusSeeOther {
		t.Errorf("%d, calls %q", w.Code, s.calls)
	}
}

func TestDoneBelongsToTheBrowserThatBooked(t *testing.T) {
	s := newFake()
	w := get(site(t, s), "/done?no=1111-1111-1111", everyCookie)
	if w.Header().Get("Location") != "/lookup" || s.called("Booking") != 0 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestChoosingNoRegionAsksNothing(t *testing.T) {
	s := newFake()
	h := site(t, s)
	get(h, "/clinics", everyCookie)
	get(h, "/clinics?region=평양", everyCookie)
	if s.called("Clinics") != 0 {
		t.Errorf("calls %q", s.calls)
	}
}

func TestLeaveForgetsEverythingButTheLanguage(t *testing.T) {
	gone := cookiesOf(send(site(t, newFake()), "/leave", everyCookie+"; daemun_lang=en", url.Values{}))
	for _, name := range []string{TicketCookie, PassCookie, UntilCookie, ProofCookie, SecondCookie} {
		if c := gone[name]; c == nil || c.MaxAge >= 0 || c.Value != "" {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if gone[LangCookie] != nil {
		t.Error("language forgotten")
	}
}

func TestLanguageIsAskedForThenRemembered(t *testing.T) {
	h := site(t, newFake())
	w := get(h, "/apply?lang=en", "")
	if c := cookiesOf(w)[LangCookie]; c == nil || c.Value != English || !strings.Contains(w.Body.String(), `<html lang="en">`) {
		t.Errorf("cookie %+v", c)
	}
	if w := get(h, "/apply?lang=xx", ""); cookiesOf(w)[LangCookie] != nil || !strings.Contains(w.Body.String(), `<html lang="ko">`) {
		t.Error("took a language that there is not")
	}
	w = get(h, "/clinics?region=서울&q=강남", everyCookie)
	if want := "/clinics?lang=en&amp;q=%EA%B0%95%EB%82%A8&amp;region=%EC%84%9C%EC%9A%B8"; !strings.Contains(w.Body.String(), want) {
		t.Errorf("the switch forgets what was chosen: no %s", want)
	}
}

func TestAStrangersPathIsNotRepeated(t *testing.T) {
	h := site(t, newFake())
	for _, path := range []string{"//evil.example/wait", "/%2f%2fevil.example", "/clinics/..%2f..%2fevil.example"} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
		w := httptest.NewRecorder()
		p, _ := New(newFake(), Options{})
		p.Problem(w, r, busy)
		if strings.Contains(w.Body.String(), `href="//`) || strings.Contains(w.Body.String(), `url=//`) {
			t.Errorf("%s is repeated", path)
		}
	}
	if w := get(h, "/nowhere", ""); w.Code != http.StatusNotFound {
		t.Errorf("status %d", w.Code)
	}
}

func TestFormsFromElsewhereAreRefused(t *testing.T) {
	s := newFake()
	h := site(t, s)
	r := httptest.NewRequest(http.MethodPost, "/cancel", strings.NewReader("no=2107-4821-0937&sure=yes"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Cookie", everyCookie)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || s.called("Cancel") != 0 {
		t.Errorf("status %d, calls %q", w.Code, s.calls)
	}
}

func TestAFormTooLargeIsRefused(t *testing.T) {
	form := applyValues()
	form.Set("more", strings.Repeat("x", maxBody))
	if w := send(site(t, newFake()), "/apply", "", form); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", w.Code)
	}
}

func TestAProblemWithoutADocumentIsNotExplained(t *testing.T) {
	w := httptest.NewRecorder()
	p, _ := New(newFake(), Options{})
	p.Problem(w, httptest.NewRequest(http.MethodGet, "/wait", nil), problemOf(http.ErrServerClosed))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "Server closed") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestLandingIsRenderedOncePerSecond(t *testing.T) {
	s := newFake()
	h := site(t, s)
	first := get(h, "/", "").Body.String()
	s.openings[0].State = api.OpeningClosed
	if get(h, "/", "").Body.String() != first {
		t.Error("rendered twice in a second")
	}
	s.now = s.now.Add(time.Second)
	if get(h, "/", "").Body.String() == first {
		t.Error("shows what is over")
	}
}

func TestSecureCookies(t *testing.T) {
	p, err := New(newFake(), Options{Secure: true})
	if err != nil {
		t.Fatal(err)
	}
	w := send(table(p), "/apply", "", applyValues())
	if c := cookiesOf(w)[TicketCookie]; !c.Secure || w.Header().Get("Strict-Transport-Security") == "" {
		t.Errorf("%+v %v", c, w.Header())
	}
}

func TestStaticFilesMayBeKeptForEver(t *testing.T) {
	h := site(t, newFake())
	for name, a := range assets {
		w := get(h, a.url, "")
		if w.Code != http.StatusOK || w.Body.String() != string(a.body) || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		r := httptest.NewRequest(http.MethodGet, a.url, nil)
		r.Header.Set("If-None-Match", w.Header().Get("ETag"))
		again := httptest.NewRecorder()
		h.ServeHTTP(again, r)
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s again: %d", name, again.Code)
		}
	}
	if w := get(h, "/static/base.css", ""); w.Code != http.StatusNotFound {
		t.Errorf("a name without its hash: %d", w.Code)
	}
}
