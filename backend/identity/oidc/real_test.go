package oidc_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/demo/idp"
	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/backend/identity/oidc"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/pass"
)

const redirect = "http://127.0.0.1:9/identity/demo/return" // nobody goes there: the test reads where it would lead

// People of the provider. Their numbers have wrong check digits.
var people = map[string]map[string]any{
	"hong": {"rrn": "670301-1000001", "birthdate": "1967-03-01", "name": "홍 길동", "ci": "ci-of-hong"},
	"kim":  {"rrn": "6804052000002", "birthdate": "19680405", "name": "김영희", "ci": "ci-of-kim"},
	"lee":  {"name": "이무명"},
}

// world is a provider behind a wire that can be cut, a service that uses it, and the bookings that it tells.
type world struct {
	t        *testing.T
	provider *idp.Server
	wire     atomic.Pointer[http.Handler] // in the place of the provider where set
	address  string
	service  *identity.Service
	oidc     *oidc.Provider
	config   oidc.Config
	book     *book
	ahead    atomic.Int64 // how far the service's clock is ahead, in ns
}

// book is the bookings' side.
type book struct {
	opening cohort.Opening
	found   map[subject.ID]string
}

func (b *book) OpeningOf(*pass.Pass, time.Time) (*cohort.Opening, error) { return &b.opening, nil }
func (b *book) Identified(_ string, who subject.ID) (string, bool) {
	provider, ok := b.found[who]
	return provider, ok
}
func (b *book) Identify(_ context.Context, p *pass.Pass, provider string, _ time.Time) error {
	b.found[p.Subject] = provider
	return nil
}

var key = &subject.Key{1, 2, 3}

func subjectOf(t *testing.T, login string) subject.ID {
	t.Helper()
	return key.Subject(number(t, login))
}

func number(t *testing.T, login string) subject.Number {
	t.Helper()
	n, err := subject.ParseNumber(people[login]["rrn"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func start(t *testing.T, change ...func(*oidc.Config)) *world {
	t.Helper()
	w := &world{t: t, book: &book{opening: cohort.Opening{ID: "o0719", Identity: []string{"demo"}}, found: map[subject.ID]string{}}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = "http://" + listener.Addr().String()
	w.provider, err = idp.New(idp.Options{
		Issuer: w.address, Client: idp.Client{ID: "daemun", Secret: "a secret", Redirect: redirect}, Clock: time.Now,
		Person: func(login string) (map[string]any, bool) { claims, ok := people[login]; return claims, ok },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if instead := w.wire.Load(); instead != nil {
			(*instead).ServeHTTP(rw, r)
			return
		}
		w.provider.ServeHTTP(rw, r)
	})}}
	server.Start()
	t.Cleanup(server.Close)
	w.config = oidc.Config{
		ID: "demo", Name: "시연용 인증", Issuer: w.address, ClientID: "daemun", ClientSecret: "a secret", RedirectURL: redirect,
		Claims: oidc.Claims{Number: "rrn"}, Subjects: key, Clock: w.clock,
	}
	for _, f := range change {
		f(&w.config)
	}
	w.oidc, err = oidc.New(w.config)
	if err != nil {
		t.Fatal(err)
	}
	w.service, err = identity.New(identity.Options{
		Book: w.book, Key: []byte("0123456789abcdef0123456789abcdef"), Subjects: key, Providers: []identity.Provider{w.oidc}, Clock: w.clock,
		Limits: map[string]identity.Limits{"demo": {Patience: time.Second}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.oidc.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) clock() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

func (w *world) pass(login string) *pass.Pass {
	return &pass.Pass{Opening: 1, Subject: subjectOf(w.t, login)}
}

// leave begins a check and returns where it leads.
func (w *world) leave(login string) string {
	w.t.Helper()
	address, err := w.service.Start(w.t.Context(), w.pass(login), "demo", nil, w.clock())
	if err != nil {
		w.t.Fatal(err)
	}
	return address
}

var hiddenID = regexp.MustCompile(`name="id" value="([^"]*)"`)

// confirm is what somebody does in their browser at the provider; it returns what they come back with.
func (w *world) confirm(address, login, do string) identity.Back {
	w.t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	form, err := browser.Get(address)
	if err != nil {
		w.t.Fatal(err)
	}
	body, _ := io.ReadAll(form.Body)
	form.Body.Close()
	id := hiddenID.FindSubmatch(body)
	if form.StatusCode != 200 || id == nil {
		w.t.Fatalf("the provider's page: %d %s", form.StatusCode, body)
	}
	sent, err := browser.PostForm(w.address+"/login", url.Values{"id": {string(id[1])}, "login": {login}, "do": {do}})
	if err != nil {
		w.t.Fatal(err)
	}
	sent.Body.Close()
	back, err := url.Parse(sent.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(back.String(), redirect) {
		w.t.Fatalf("the provider leads to %d %q, %v", sent.StatusCode, back, err)
	}
	q := back.Query()
	return identity.Back{State: q.Get("state"), Code: q.Get("code"), Error: q.Get("error")}
}

// come is Return for somebody.
func (w *world) come(login string, b identity.Back) error {
	return w.service.Return(w.t.Context(), w.pass(login), "demo", b, w.clock())
}

func (w *world) want(err error, reason identity.Reason) {
	w.t.Helper()
	if identity.ReasonOf(err) != reason || reason == "" && err != nil {
		w.t.Fatalf("%v, want reason %q", err, reason)
	}
}

func (w *world) found(login string) bool {
	_, ok := w.book.found[subjectOf(w.t, login)]
	return ok
}

// instead puts something in the place of the provider.
func (w *world) instead(h http.HandlerFunc) {
	if h == nil {
		w.wire.Store(nil)
		return
	}
	handler := http.Handler(h)
	w.wire.Store(&handler)
}

// proxy passes on to the provider and changes what comes back.
func (w *world) proxy(change func(path string, body []byte) []byte) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		record := httptest.NewRecorder()
		w.provider.ServeHTTP(record, r)
		for name, values := range record.Header() {
			if name != "Content-Length" {
				rw.Header()[name] = values
			}
		}
		rw.WriteHeader(record.Code)
		_, _ = rw.Write(change(r.URL.Path, record.Body.Bytes()))
	}
}

func newProvider(t *testing.T, c oidc.Config) (*oidc.Provider, error) {
	t.Helper()
	return oidc.New(c)
}
