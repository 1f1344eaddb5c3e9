package pages

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/daemun/daemun/gateway/api"
)

func (s *fakeService) Identity(_ context.Context, pass string) (api.Identity, error) {
	return s.identity, s.call("Identity", pass)
}

func (s *fakeService) StartIdentity(_ context.Context, _, provider string, claim *api.IdentityClaim) (api.IdentityStart, error) {
	if err := s.call("StartIdentity", provider, claim != nil); err != nil {
		return api.IdentityStart{}, err
	}
	s.identity.Verified = s.identity.Verified || s.leads == ""
	return api.IdentityStart{Redirect: s.leads}, nil
}

func (s *fakeService) EndIdentity(_ context.Context, pass, provider string, back api.IdentityReturn) (api.Identity, error) {
	if err := s.call("EndIdentity", pass, provider, back); err != nil {
		return s.identity, err
	}
	s.identity.Verified = true
	return s.identity, nil
}

// asked is an opening that asks who people are; the first of its providers may be down, or both.
func asked(down ...int) func(*fakeService) {
	return func(s *fakeService) {
		s.openings[0].IdentityRequired = true
		s.leads = "https://id.example.go.kr/authorize?state=signed&nonce=n"
		s.identity = api.Identity{Required: true, Providers: []api.IdentityProvider{
			{ID: "pass-app", Kind: "oidc", Name: "간편인증", NameEn: "PASS", State: api.ProviderUp},
			{ID: "joint", Kind: "oidc", Name: "공동인증서", NameEn: "Joint certificate", State: api.ProviderUp, Typed: true},
			{ID: "roster", Kind: "roster", Name: "대상자 명단 확인", NameEn: "List of those eligible", State: api.ProviderUp, Typed: true},
		}}
		for _, i := range down {
			s.identity.Providers[i].State, s.identity.Providers[i].RetryAfterS = api.ProviderDown, 5
		}
	}
}

const backPath = "/identity/pass-app/return?state=signed&code=c0de"

func claimValues() url.Values {
	return url.Values{"name": {"홍길동"}, "rrn1": {nobodyFront}, "rrn2": {nobodyBack}}
}

func askedAnd(method string, p *api.Problem) func(*fakeService) {
	return func(s *fakeService) { asked(0)(s); s.refuse[method] = p }
}

var identityViews = []view{
	{"identity", 200, asked(), "/identity", everyCookie, nil},
	{"identity-one-down", 200, asked(0), "/identity", everyCookie, nil},
	{"identity-all-down", 200, asked(0, 1, 2), "/identity", everyCookie, nil},
	{"identity-form", 200, asked(), "/identity/roster", everyCookie, nil},
	{"identity-form-empty", 422, asked(), "/identity/roster", everyCookie, url.Values{"rrn1": {""}}},
	{"identity-leaving", 200, asked(), "/identity/pass-app", everyCookie, url.Values{}},
	{"identity-back-down", 424, askedAnd("EndIdentity", &api.Problem{Status: 424, Code: "provider_down", RetryAfterS: 5,
		Detail: "선택하신 인증기관이 지금 응답하지 않습니다. 다른 인증 방법을 선택해 주세요.", DetailEn: "The provider you chose does not answer."}), backPath, everyCookie, nil},
	{"identity-required", 403, refuse("Book", &api.Problem{Status: 403, Code: "identity_required"}), "/book", everyCookie, with(bookValues(), "name", "홍길동")},
}

func TestWhoEntersShowsWhoTheyAreFirst(t *testing.T) {
	s := newFake()
	asked()(s)
	if w := send(site(t, s), "/enter", everyCookie, url.Values{}); w.Header().Get("Location") != "/identity" {
		t.Errorf("%d %q", w.Code, w.Header().Get("Location"))
	}
	if w := send(site(t, newFake()), "/enter", everyCookie, url.Values{}); w.Header().Get("Location") != "/clinics" {
		t.Errorf("where nobody is asked: %q", w.Header().Get("Location"))
	}
}

// TestNobodyIsKeptAtTheCheck: who need not show anything, or has, goes on; to the time that is kept for them where there is one.
func TestNobodyIsKeptAtTheCheck(t *testing.T) {
	for name, world := range map[string]func(*fakeService){
		"not asked": func(*fakeService) {},
		"verified":  func(s *fakeService) { asked()(s); s.identity.Verified = true },
	} {
		s := newFake()
		world(s)
		if w := get(site(t, s), "/identity", everyCookie); w.Code != http.StatusSeeOther || w.Header().Get("Location") != bookPath {
			t.Errorf("%s: %d %q", name, w.Code, w.Header().Get("Location"))
		}
		s.held = nil
		if w := get(site(t, s), "/identity", everyCookie); w.Header().Get("Location") != "/clinics" {
			t.Errorf("%s, no time kept: %q", name, w.Header().Get("Location"))
		}
	}
}

// TestTheWayBack hands on what came back and leads to an address that holds nothing of it, once or twice.
func TestTheWayBack(t *testing.T) {
	s := newFake()
	asked()(s)
	for range 2 {
		w := get(site(t, s), backPath, everyCookie)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != bookPath {
			t.Fatalf("%d %q", w.Code, w.Header().Get("Location"))
		}
	}
	if s.called("EndIdentitypass-of-hongpass-app{c0de signed }") != 2 {
		t.Errorf("calls %q", s.calls)
	}
}

func TestTheWayBackOfWhoeverStayedAwayTooLong(t *testing.T) {
	s := newFake()
	asked()(s)
	w := get(site(t, s), backPath, "daemun_ticket=ticket-of-hong") // the pass has ended
	if w.Code != http.StatusSeeOther || s.called("Enter") != 1 || s.called("EndIdentity") != 1 || cookiesOf(w)[PassCookie] == nil {
		t.Errorf("%d, calls %q", w.Code, s.calls)
	}
	if w := get(site(t, s), backPath, ""); w.Code != http.StatusUnauthorized { // nobody's
		t.Errorf("without a cookie: %d", w.Code)
	}
}

// TestWhatComesBackIsNotShown: whatever a link brings, none of it stands in a page or an address.
func TestWhatComesBackIsNotShown(t *testing.T) {
	for _, query := range []string{"state=EVIL&code=EVIL", "error=EVIL&error_description=EVIL", "state=%3Cscript%3EEVIL&code=x", "state=" + strings.Repeat("E", 600), "code=" + strings.Repeat("EVIL", 400)} {
		s := newFake()
		askedAnd("EndIdentity", &api.Problem{Status: 409, Code: "identity_expired"})(s)
		w := get(site(t, s), "/identity/pass-app/return?"+query, everyCookie)
		if strings.Contains(w.Body.String(), "EVIL") || strings.Contains(w.Header().Get("Location"), "EVIL") {
			t.Errorf("%s: %d %q %s", query, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
}

func TestLeadsOnlyToAddressesOfTheWeb(t *testing.T) {
	for _, address := range []string{"javascript:alert(1)", "//elsewhere", "data:text/html,x", "/enter"} {
		s := newFake()
		asked()(s)
		s.leads = address
		if w := send(site(t, s), "/identity/pass-app", everyCookie, url.Values{}); w.Code < 500 || strings.Contains(w.Body.String(), "refresh") {
			t.Errorf("%s: %d", address, w.Code)
		}
	}
}

func TestWhatIsTypedGoesToItsProvider(t *testing.T) {
	s := newFake()
	asked()(s)
	s.leads = ""
	w := send(site(t, s), "/identity/roster", everyCookie, claimValues())
	if w.Code != http.StatusSeeOther || s.called("StartIdentityrostertrue") != 1 {
		t.Errorf("%d, calls %q", w.Code, s.calls)
	}
}
