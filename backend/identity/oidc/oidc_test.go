package oidc_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/backend/identity/oidc"
	"github.com/daemun/daemun/backend/subject"
)

func TestWhoComesBackIsFound(t *testing.T) {
	w := start(t)
	back := w.confirm(w.leave("hong"), "hong", "yes")
	w.want(w.come("hong", back), "")
	if !w.found("hong") || w.found("kim") || w.book.found[subjectOf(t, "hong")] != "demo" {
		t.Fatalf("found %v", w.book.found)
	}
}

func TestTheWayThere(t *testing.T) {
	w := start(t)
	one, two := w.leave("hong"), w.leave("hong")
	u, err := url.Parse(one)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"client_id": "daemun", "redirect_uri": redirect, "response_type": "code", "code_challenge_method": "S256", "prompt": "login", "scope": "openid",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	if len(q.Get("code_challenge")) != 43 || q.Get("state") == "" || q.Get("nonce") == "" || q.Get("nonce") == q.Get("state") {
		t.Errorf("the way there: %s", one)
	}
	other, _ := url.Parse(two)
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if q.Get(name) == other.Query().Get(name) {
			t.Errorf("%s is the same in two attempts", name)
		}
	}
	raw, _ := base64.RawURLEncoding.DecodeString(q.Get("state"))
	who := subjectOf(t, "hong")
	if bytes.Contains(raw, who[:]) || strings.Contains(one, who.String()) || strings.Contains(one, "670301") {
		t.Error("the way there tells who somebody is")
	}
}

func TestSomebodyElse(t *testing.T) {
	w := start(t)
	w.want(w.come("hong", w.confirm(w.leave("hong"), "kim", "yes")), identity.Mismatch)
	w.want(w.come("hong", w.confirm(w.leave("hong"), "lee", "yes")), identity.Denied) // the provider does not know the number
	if len(w.book.found) != 0 {
		t.Fatalf("found %v", w.book.found)
	}
	// Who was taken for somebody else can try again.
	w.want(w.come("hong", w.confirm(w.leave("hong"), "hong", "yes")), "")
}

func TestWhoGivesUp(t *testing.T) {
	w := start(t)
	back := w.confirm(w.leave("hong"), "hong", "no")
	if back.Error != "access_denied" || back.Code != "" {
		t.Fatalf("came back with %+v", back)
	}
	w.want(w.come("hong", back), identity.Denied)
	w.want(w.come("hong", identity.Back{State: back.State}), identity.Denied)
}

// TestStrangeReturns: whatever a browser brings that was not begun under its own pass verifies nobody.
func TestStrangeReturns(t *testing.T) {
	w := start(t)
	mine := w.confirm(w.leave("hong"), "hong", "yes")
	theirs := w.confirm(w.leave("kim"), "kim", "yes")
	flip := []byte(mine.State)
	flip[3] ^= 1
	for name, b := range map[string]identity.Back{
		"no state":          {Code: mine.Code},
		"forged state":      {Code: mine.Code, State: strings.Repeat("A", len(mine.State))},
		"changed state":     {Code: mine.Code, State: string(flip)},
		"cut state":         {Code: mine.Code, State: mine.State[:len(mine.State)-1]},
		"somebody's state":  {Code: mine.Code, State: theirs.State},
		"all of somebody's": theirs,
	} {
		t.Run(name, func(t *testing.T) { w.want(w.come("hong", b), identity.Expired) })
	}
	// Somebody's code under one's own state: the verifier is not theirs.
	own := w.confirm(w.leave("hong"), "hong", "yes")
	w.want(w.come("hong", identity.Back{Code: theirs.Code, State: own.State}), identity.Denied)
	w.want(w.come("hong", identity.Back{Code: "never given out", State: own.State}), identity.Denied)
	if len(w.book.found) != 0 {
		t.Fatalf("found %v", w.book.found)
	}
	w.want(w.come("hong", mine), "") // none of this used the real one up
}

func TestTwice(t *testing.T) {
	w := start(t)
	back := w.confirm(w.leave("hong"), "hong", "yes")
	w.want(w.come("hong", back), "")
	asked := 0
	w.instead(func(rw http.ResponseWriter, _ *http.Request) { asked++; rw.WriteHeader(500) })
	w.want(w.come("hong", back), "") // browser back, reload: nothing is asked and nothing changes
	w.want(w.come("hong", identity.Back{State: "anything"}), "")
	if asked != 0 {
		t.Errorf("the provider was asked %d times", asked)
	}
	w.instead(nil)
	delete(w.book.found, subjectOf(t, "hong"))
	w.want(w.come("hong", back), identity.Denied) // a code is good once
}

func TestTooLate(t *testing.T) {
	w := start(t)
	back := w.confirm(w.leave("hong"), "hong", "yes")
	w.ahead.Store(int64(identity.Lifetime))
	w.want(w.come("hong", back), identity.Expired)
	w.ahead.Store(-int64(5 * time.Minute))
	w.want(w.come("hong", back), identity.Expired) // begun in the future
}

func TestWrongNonce(t *testing.T) {
	w := start(t)
	w.provider.Corrupt(func(n string) string { return n + "x" })
	w.want(w.come("hong", w.confirm(w.leave("hong"), "hong", "yes")), identity.Denied)
	w.provider.Corrupt(func(string) string { return "" })
	w.want(w.come("hong", w.confirm(w.leave("hong"), "hong", "yes")), identity.Denied)
}

func TestClocks(t *testing.T) {
	w := start(t)
	w.provider.Live(-2 * time.Minute)
	w.want(w.come("hong", w.confirm(w.leave("hong"), "hong", "yes")), identity.Down)
	w.provider.Live(-30 * time.Second) // within what clocks may differ
	w.want(w.come("hong", w.confirm(w.leave("hong"), "hong", "yes")), "")
	w.provider.Live(time.Minute)
	address := w.leave("kim")
	w.ahead.Store(-int64(50 * time.Second)) // the provider is ahead, a little
	w.want(w.come("kim", w.confirm(address, "kim", "yes")), "")
	w = start(t)
	w.ahead.Store(-int64(3 * time.Minute)) // and much
	w.want(w.come("kim", w.confirm(w.leave("kim"), "kim", "yes")), identity.Down)
}

func TestRotatedKeys(t *testing.T) {
	w := start(t)
	w.want(w.come("hong", w.confirm(w.leave("hong"), "hong", "yes")), "")
	for range 2 {
		if err := w.provider.Rotate(); err != nil {
			t.Fatal(err)
		}
		w.book.found = map[subject.ID]string{}
		w.want(w.come("kim", w.confirm(w.leave("kim"), "kim", "yes")), "")
	}
}

// TestForgedTokens: what comes from the token endpoint and is not signed by the provider, for us, is believed in nothing.
func TestForgedTokens(t *testing.T) {
	w := start(t)
	w.want(w.come("kim", w.confirm(w.leave("kim"), "kim", "yes")), "") // the keys are read
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	for name, forge := range map[string]func(parts []string) string{
		"no signature":    func(p []string) string { return p[0] + "." + p[1] + "." },
		"alg none":        func(p []string) string { return part(map[string]string{"alg": "none"}) + "." + p[1] + "." },
		"alg HS256":       func(p []string) string { return part(map[string]string{"alg": "HS256"}) + "." + p[1] + "." + p[2] },
		"changed payload": func(p []string) string { return p[0] + "." + p[1][:len(p[1])-4] + "AAAA." + p[2] },
		"no JWT":          func([]string) string { return "hello" },
		"empty":           func([]string) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.instead(w.proxy(func(path string, body []byte) []byte {
				var answer map[string]any
				if path != "/oauth/token" || json.Unmarshal(body, &answer) != nil {
					return body
				}
				answer["id_token"] = forge(strings.Split(answer["id_token"].(string), "."))
				out, _ := json.Marshal(answer)
				return out
			}))
			w.want(w.come("hong", w.confirm(w.leave("hong"), "hong", "yes")), identity.Down)
			if w.found("hong") {
				t.Fatal("found")
			}
		})
	}
}

func TestBirthDateAndName(t *testing.T) {
	w := start(t, func(c *oidc.Config) { c.Claims = oidc.Claims{BirthDate: "birthdate", Name: "name"} })
	begin := func(login, name string) string {
		t.Helper()
		address, err := w.service.Start(t.Context(), w.pass(login), "demo", &identity.Claim{Name: name, Number: number(t, login)}, w.clock())
		if err != nil {
			t.Fatal(err)
		}
		return address
	}
	_, err := w.service.Start(t.Context(), w.pass("hong"), "demo", nil, w.clock())
	w.want(err, identity.ClaimGone)
	_, err = w.service.Start(t.Context(), w.pass("hong"), "demo", &identity.Claim{Name: "김영희", Number: number(t, "kim")}, w.clock())
	w.want(err, identity.Mismatch)
	w.want(w.come("hong", w.confirm(begin("hong", "홍길순"), "hong", "yes")), identity.Mismatch)
	w.want(w.come("hong", w.confirm(begin("hong", "홍길동"), "kim", "yes")), identity.Mismatch)
	w.want(w.come("hong", w.confirm(begin("hong", "홍길동"), "lee", "yes")), identity.Denied)
	w.want(w.come("hong", w.confirm(begin("hong", " 홍길 동"), "hong", "yes")), "")
	w.want(w.come("kim", w.confirm(begin("kim", "김영희"), "kim", "yes")), "")
}

// links is a list of whom a CI is of.
type links map[string]subject.ID

func (l links) Subject(ci string) (subject.ID, bool) { id, ok := l[ci]; return id, ok }

func TestCI(t *testing.T) {
	w := start(t, func(c *oidc.Config) {
		c.Claims = oidc.Claims{CI: "ci"}
		c.Links = links{"ci-of-hong": subjectOf(t, "hong")}
	})
	w.want(w.come("kim", w.confirm(w.leave("kim"), "hong", "yes")), identity.Mismatch)
	w.want(w.come("kim", w.confirm(w.leave("kim"), "kim", "yes")), identity.Denied) // linked to nobody
	w.want(w.come("hong", w.confirm(w.leave("hong"), "hong", "yes")), "")
}

func TestUserInfo(t *testing.T) {
	w := start(t, func(c *oidc.Config) { c.UserInfo, c.Claims = true, oidc.Claims{Number: "number_elsewhere"} })
	who, of := "hong", "hong"
	w.instead(w.proxy(func(path string, body []byte) []byte {
		if path != "/userinfo" {
			return body
		}
		out, _ := json.Marshal(map[string]any{"sub": who, "number_elsewhere": people[of]["rrn"]})
		return out
	}))
	who = "kim"
	w.want(w.come("hong", w.confirm(w.leave("hong"), "hong", "yes")), identity.Down) // it speaks of somebody else
	who, of = "hong", "kim"
	w.want(w.come("hong", w.confirm(w.leave("hong"), "hong", "yes")), identity.Mismatch)
	of = "hong"
	w.want(w.come("hong", w.confirm(w.leave("hong"), "hong", "yes")), "")
}

func TestWrongSecret(t *testing.T) {
	for _, post := range []bool{false, true} {
		w := start(t, func(c *oidc.Config) { c.PostSecret, c.ClientSecret = post, "another" })
		err := w.come("hong", w.confirm(w.leave("hong"), "hong", "yes"))
		w.want(err, identity.Down)
		w = start(t, func(c *oidc.Config) { c.PostSecret = post })
		w.want(w.come("hong", w.confirm(w.leave("hong"), "hong", "yes")), "")
	}
}

func TestBadConfigurations(t *testing.T) {
	good := start(t).config
	for name, spoil := range map[string]func(*oidc.Config){
		"no id":              func(c *oidc.Config) { c.ID = "" },
		"no client":          func(c *oidc.Config) { c.ClientID = "" },
		"issuer without TLS": func(c *oidc.Config) { c.Issuer = "http://id.example.go.kr" },
		"issuer no address":  func(c *oidc.Config) { c.Issuer = "id.example.go.kr" },
		"way back open":      func(c *oidc.Config) { c.RedirectURL = "http://example.go.kr/identity/demo/return" },
		"way back of words":  func(c *oidc.Config) { c.RedirectURL = "here" },
		"no claims":          func(c *oidc.Config) { c.Claims = oidc.Claims{} },
		"two ways":           func(c *oidc.Config) { c.Claims.CI = "ci" },
		"name alone":         func(c *oidc.Config) { c.Claims = oidc.Claims{Name: "name"} },
		"CI of nobody":       func(c *oidc.Config) { c.Claims = oidc.Claims{CI: "ci"} },
	} {
		c := good
		spoil(&c)
		if _, err := oidc.New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestDiscoveryThatCannotBeUsed(t *testing.T) {
	for name, change := range map[string]func(map[string]any){
		"other issuer":      func(m map[string]any) { m["issuer"] = "https://elsewhere.example" },
		"keys without TLS":  func(m map[string]any) { m["jwks_uri"] = "http://elsewhere.example/keys" },
		"token nowhere":     func(m map[string]any) { delete(m, "token_endpoint") },
		"PKCE in the clear": func(m map[string]any) { m["code_challenge_methods_supported"] = []string{"plain"} },
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.instead(w.proxy(func(path string, body []byte) []byte {
				var m map[string]any
				if json.Unmarshal(body, &m) != nil {
					return body
				}
				change(m)
				out, _ := json.Marshal(m)
				return out
			}))
			var fault *identity.Fault
			if err := w.oidc.Probe(t.Context()); !errors.As(err, &fault) {
				t.Fatalf("probe: %v", err)
			}
		})
	}
}
