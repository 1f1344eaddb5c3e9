package pages

import (
	"net/http"
	"strings"
	"testing"
)

func TestChangingIsAskedOnceMoreThenDone(t *testing.T) {
	s := newFake()
	h := site(t, s)
	asked := send(h, "/change", everyCookie, changeValues())
	if asked.Code != http.StatusOK || s.called("Change") != 0 || !strings.Contains(asked.Body.String(), `name="sure" value="yes"`) {
		t.Fatalf("%d, calls %q: %s", asked.Code, s.calls, asked.Body)
	}
	done := send(h, "/change", everyCookie, with(changeValues(), "sure", "yes"))
	if done.Header().Get("Location") != "/lookup?changed=1" || s.called("Change2107-4821-0937 proof-of-hong c0002-0726-0930") != 1 {
		t.Errorf("%d %v, calls %q", done.Code, done.Header(), s.calls)
	}
}

func TestTheSecondDoseMovesByItsOwnProof(t *testing.T) {
	s := newFake()
	form := with(with(with(changeValues(), "dose", "2"), "no", "2107-4821-0938"), "sure", "yes")
	send(site(t, s), "/change", everyCookie, form)
	if s.called("Change2107-4821-0938 proof-of-second c0002-0726-0930") != 1 {
		t.Errorf("calls %q", s.calls)
	}
}

func TestAnotherWindowCannotChange(t *testing.T) {
	s := newFake()
	for _, form := range []string{"9999-0000-0000", "2107-4821-0938", ""} {
		w := send(site(t, s), "/change", everyCookie, with(with(changeValues(), "no", form), "sure", "yes"))
		if s.called("Change") != 0 || w.Header().Get("Location") != "/lookup" {
			t.Errorf("%q: %d, calls %q", form, w.Code, s.calls)
		}
	}
}

func TestNothingToChangeWithoutABookingAtHand(t *testing.T) {
	s := newFake()
	h := site(t, s)
	for _, cookies := range []string{"", "daemun_proof=x", "daemun_second=x"} {
		for _, path := range []string{"/change", "/change?dose=2"} {
			if w := get(h, path, cookies); w.Header().Get("Location") != "/lookup" || len(s.calls) != 0 {
				t.Errorf("%s with %q: %d, calls %q", path, cookies, w.Code, s.calls)
			}
		}
	}
	s.now = s.booking.ChangeBy
	if w := get(h, "/change", everyCookie); w.Header().Get("Location") != "/lookup" || s.called("Moves") != 0 {
		t.Errorf("too late: %d", w.Code)
	}
}

func TestTheDistrictIsKeptAndGoesAlong(t *testing.T) {
	s := newFake()
	for range 5 {
		s.clinics = append(s.clinics, s.clinics...)
	}
	body := get(site(t, s), "/clinics?region=서울&district=강남구&q=의원", everyCookie).Body.String()
	for _, want := range []string{`<option lang="ko" selected>강남구</option>`, "district=%EA%B0%95%EB%82%A8%EA%B5%AC&amp;page=2&amp;q=%EC%9D%98%EC%9B%90"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(body, "마포구 월드컵북로") {
		t.Error("shows another district")
	}
}
