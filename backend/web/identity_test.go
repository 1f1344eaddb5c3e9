package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pass"
)

// asking is a house whose opening asks who people are: by a provider with a page of its own, or by the roster.
func asking(t testing.TB) (*house, *page) {
	h := open(t, 100)
	h.accepted = []string{"demo", "roster"}
	provider := &page{up: true}
	h.providers = func(h *house) []identity.Provider {
		list := &identity.Roster{
			About: identity.Description{ID: "roster", Name: "명단 확인", NameEn: "List"}, List: "roster", Subjects: h.ring.SubjectKey(),
			On: func(id subject.ID) cohort.Lists { return h.store.Catalog().Lists(id) },
		}
		return []identity.Provider{provider, list}
	}
	h.start()
	return h, provider
}

// page is a provider with a page of its own that vouches for whom the code names.
type page struct {
	up    bool
	vouch func(code string) (identity.Person, error)
}

func (p *page) Description() identity.Description {
	return identity.Description{ID: "demo", Kind: identity.KindOIDC, Name: "시연용 인증", NameEn: "Demo"}
}

func (p *page) Address(a identity.Attempt) (string, error) {
	if !p.up {
		return "", identity.ErrNotReady
	}
	return "https://id.example/?state=" + a.State, nil
}

func (p *page) Exchange(_ context.Context, _ identity.Attempt, code string) (identity.Person, error) {
	return p.vouch(code)
}

func (p *page) Probe(context.Context) error { return nil }

func (h *house) leave(pass string) (state string) {
	h.t.Helper()
	var s api.IdentityStart
	want(h.t, h.do("POST", "/v1/identity/demo", "", bearer("Pass", pass)), 200, &s)
	_, state, ok := strings.Cut(s.Redirect, "?state=")
	if !ok {
		h.t.Fatalf("leads to %q", s.Redirect)
	}
	return state
}

func (h *house) come(pass, state, code string) *httptest.ResponseRecorder {
	body, _ := json.Marshal(api.IdentityReturn{State: state, Code: code})
	return h.do("POST", "/v1/identity/demo/return", string(body), bearer("Pass", pass))
}

func (h *house) standing(pass string) (v api.Identity) {
	h.t.Helper()
	want(h.t, h.do("GET", "/v1/identity", "", bearer("Pass", pass)), 200, &v)
	return v
}

func TestNobodyIsAskedWhereTheOpeningDoesNot(t *testing.T) {
	h := open(t, 100)
	p := h.admit(1)
	if v := h.standing(p); v.Required || v.Verified || v.Providers == nil || len(v.Providers) != 0 {
		t.Errorf("told %+v", v)
	}
	refused(t, h.do("POST", "/v1/identity/demo", "", bearer("Pass", p)), 404, "no_such_provider")
	want(t, h.book(1, slotOf(1), p, "key-0001"), 201, nil)
}

// TestIdentityByAPageOfTheirOwn: refused before, verified, booked after, and all of it once more after a restart.
func TestIdentityByAPageOfTheirOwn(t *testing.T) {
	h, provider := asking(t)
	provider.vouch = func(code string) (identity.Person, error) {
		switch code {
		case "good":
			return identity.Person{Subject: h.subject(rrn(1))}, nil
		case "other":
			return identity.Person{Subject: h.subject(rrn(2))}, nil
		}
		return identity.Person{}, identity.ErrDenied
	}
	p := h.admit(1)
	if v := h.standing(p); !v.Required || v.Verified || len(v.Providers) != 2 || v.Providers[0].State != "up" || v.Providers[0].Typed || !v.Providers[1].Typed {
		t.Fatalf("told %+v", v)
	}
	refused(t, h.book(1, slotOf(1), p, "key-0001"), 403, "identity_required")
	state := h.leave(p)
	refused(t, h.come(p, state, "other"), 403, "identity_mismatch")
	refused(t, h.come(p, state, "used up"), 403, "identity_denied")
	refused(t, h.come(p, "forged", "good"), 409, "identity_expired")
	refused(t, h.come(h.admit(2), state, "good"), 409, "identity_expired")
	refused(t, h.book(1, slotOf(1), p, "key-0001"), 403, "identity_required")
	var v api.Identity
	for range 2 {
		want(t, h.come(p, state, "good"), 200, &v)
		if !v.Verified || v.By != "demo" {
			t.Fatalf("told %+v", v)
		}
		h.start()
	}
	var b api.Booking
	want(t, h.book(1, slotOf(1), p, "key-0001"), 201, &b)
	n := 0
	for _, r := range h.ledger() {
		if r.Kind == "identity" {
			n++
			if string(r.Data) != fmt.Sprintf(`{"opening":"o0719","subject":"%s","provider":"demo"}`, h.subject(rrn(1))) {
				t.Errorf("the ledger keeps %s", r.Data)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d records", n)
	}
}

func TestIdentityByTheRoster(t *testing.T) {
	h, _ := asking(t)
	p := h.admit(1)
	claim := func(name, number string) *httptest.ResponseRecorder {
		return h.do("POST", "/v1/identity/roster", fmt.Sprintf(`{"name":%q,"rrn":%q}`, name, number), bearer("Pass", p))
	}
	refused(t, h.do("POST", "/v1/identity/roster", "", bearer("Pass", p)), 422, "claim_missing")
	refused(t, claim("홍길동", "670301"), 422, "bad_number")
	refused(t, claim(" ", rrn(1)), 400, "bad_request")
	refused(t, claim("홍길동", rrn(2)), 403, "identity_mismatch")
	refused(t, h.do("POST", "/v1/identity/roster", `{"name":"홍길동","rrn":"670301-1000001","admin":true}`, bearer("Pass", p)), 400, "bad_request")
	var v api.Identity
	want(t, claim("홍길동", rrn(1)), 200, &v)
	if !v.Verified || v.By != "roster" {
		t.Fatalf("told %+v", v)
	}
	want(t, h.book(1, slotOf(1), p, "key-0001"), 201, nil)
	stranger := h.admit(rosterLen + 1)
	body := fmt.Sprintf(`{"name":"김영희","rrn":%q}`, rrn(rosterLen+1))
	refused(t, h.do("POST", "/v1/identity/roster", body, bearer("Pass", stranger)), 403, "identity_denied")
}

// TestProviderThatIsDown is told apart from this backend being down: neither a limit nor a breaker may learn from it.
func TestProviderThatIsDown(t *testing.T) {
	h, provider := asking(t)
	p := h.admit(1)
	state := h.leave(p)
	provider.vouch = func(string) (identity.Person, error) {
		return identity.Person{}, &identity.Fault{Reason: "it is broken"}
	}
	for range 6 {
		if doc := refused(t, h.come(p, state, "good"), 424, "provider_down"); doc.RetryAfterS < 1 {
			t.Fatalf("%+v", doc)
		}
	}
	refused(t, h.do("POST", "/v1/identity/demo", "", bearer("Pass", p)), 424, "provider_down")
	v := h.standing(p)
	if v.Providers[0].State != "down" || v.Providers[0].RetryAfterS < 1 || v.Providers[1].State != "up" {
		t.Fatalf("told %+v", v)
	}
	var report api.BackendReport
	want(t, h.do("GET", "/internal/status", ""), 200, &report)
	if len(report.Breakers) != 1 || report.Breakers[0].Name != "identity/demo" || report.Breakers[0].State != "open" || report.Breakers[0].Reason != "it is broken" {
		t.Fatalf("operators see %+v", report.Breakers)
	}
	body := fmt.Sprintf(`{"name":"홍길동","rrn":%q}`, rrn(1)) // the others go on
	want(t, h.do("POST", "/v1/identity/roster", body, bearer("Pass", p)), 200, nil)
	want(t, h.book(1, slotOf(1), p, "key-0001"), 201, nil)
}

// TestAnAgentAsksInTheProvidersPlace: who has no phone in their own name calls, and the agent's name stands in the ledger.
func TestAnAgentAsksInTheProvidersPlace(t *testing.T) {
	h, _ := asking(t)
	p := h.admit(1)
	refused(t, h.book(1, slotOf(0), p, "key-0001"), 403, "identity_required")
	want(t, h.agent().ask("POST", "/lane/v1/bookings", laneBooking(1, slotOf(0), ""), bearer("Pass", p), header{"Idempotency-Key": "lane-0001"}), 201, nil)
}

func TestIdentityNeedsAPass(t *testing.T) {
	h, _ := asking(t)
	for _, hs := range []header{{}, bearer("Pass", "x"), bearer("Proof", "x"), bearer("Pass", h.sign(1, func(p *pass.Pass) { p.Rehearsal = true }))} {
		refused(t, h.do("GET", "/v1/identity", "", hs), 401, "bad_pass")
		refused(t, h.do("POST", "/v1/identity/demo", "", hs), 401, "bad_pass")
		refused(t, h.do("POST", "/v1/identity/demo/return", `{"state":"x"}`, hs), 401, "bad_pass")
	}
	// Signed, and never admitted: nothing is recorded for them.
	never := h.sign(3)
	body := fmt.Sprintf(`{"name":"홍길동","rrn":%q}`, rrn(3))
	refused(t, h.do("POST", "/v1/identity/roster", body, bearer("Pass", never)), 401, "bad_pass")
}

// FuzzIdentity sends any bytes to what takes a check. Nobody is verified by them, and no body is a fault of ours.
func FuzzIdentity(f *testing.F) {
	h, provider := asking(f)
	provider.vouch = func(string) (identity.Person, error) { return identity.Person{}, identity.ErrDenied }
	p := h.admit(1)
	state := h.leave(p)
	f.Add(0, `{"state":"`+state+`","code":"x"}`)
	f.Add(1, ``)
	f.Add(2, `{"name":"홍길동","rrn":"`+rrn(2)+`"}`)
	f.Add(0, `{"state":"`+state+`","error":"access_denied"}`)
	f.Fuzz(func(t *testing.T, which int, body string) {
		path := [...]string{"/v1/identity/demo/return", "/v1/identity/demo", "/v1/identity/roster"}[uint(which)%3]
		w := h.do("POST", path, body, bearer("Pass", p))
		if w.Code >= 500 || w.Code >= 300 && !strings.Contains(w.Body.String(), `"code"`) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if strings.Contains(body, "670301") { // somebody may type the right number
			return
		}
		var v api.Identity
		if want(t, h.do("GET", "/v1/identity", "", bearer("Pass", p)), 200, &v); v.Verified {
			t.Fatalf("verified by %q", body)
		}
	})
}
