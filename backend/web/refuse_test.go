package web_test

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/route"
)

func TestOnlyTheGatewayGetsIn(t *testing.T) {
	h := open(t, 100)
	p := h.admit(1)
	for _, path := range []string{"/internal/status", "/internal/ledger", "/v1/clinics", "/v1/bookings/ABCDE-23456", "/nothing"} {
		for _, token := range []string{"", "00", strings.Repeat("0", 64)} {
			refused(t, h.do("GET", path, "", bearer("Pass", p), header{route.TokenHeader: token}), 403, "gateway_only")
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		want(t, h.do("GET", path, "", header{route.TokenHeader: ""}), 200, nil)
	}
}

func TestRoutes(t *testing.T) {
	h := open(t, 100)
	for _, c := range []struct {
		method, path string
		status       int
		code         string
	}{
		{"GET", "/", 404, "not_found"},
		{"GET", "/v1/nothing", 404, "not_found"},
		{"GET", "/V1/clinics", 404, "not_found"},
		{"GET", "//v1/clinics", 404, "not_found"},
		{"GET", "/v1/../v1/clinics", 404, "not_found"},
		{"GET", "/v1/%2e%2e/internal/status", 404, "not_found"},
		{"DELETE", "/v1/clinics", 405, "method_not_allowed"},
		{"GET", "/v1/bookings", 405, "method_not_allowed"},
		{"PUT", "/v1/bookings/ABCDE-23456", 405, "method_not_allowed"},
		{"GET", "/internal/admissions", 405, "method_not_allowed"},
	} {
		refused(t, h.do(c.method, c.path, ""), c.status, c.code)
	}
	if allow := h.do("PUT", "/v1/bookings/ABCDE-23456", "").Header().Get("Allow"); allow != "DELETE, GET, PATCH" {
		t.Errorf("Allow: %q", allow)
	}
}

// TestPassesAreCheckedAgain tries every way in that does not rest on a lawful admission.
func TestPassesAreCheckedAgain(t *testing.T) {
	h := open(t, 100)
	good := h.admit(1)
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, id := h.ring.PassSigner()
	for name, p := range map[string]string{
		"none":            "",
		"garbage":         strings.Repeat("A", pass.TextLen),
		"cut":             good[:len(good)-1],
		"longer":          good + "A",
		"forged":          h.signWith(1, stranger, id),
		"unknown key":     h.signWith(1, stranger, id+1),
		"expired":         h.sign(1, func(p *pass.Pass) { p.ExpiresAt = h.clock() }),
		"other opening":   h.sign(1, func(p *pass.Pass) { p.Opening++ }),
		"rehearsal":       h.sign(1, func(p *pass.Pass) { p.Rehearsal = true }),
		"never admitted":  h.sign(2),
		"another of mine": h.sign(1, func(p *pass.Pass) { p.Rank++ }),
	} {
		n := 1
		if name == "never admitted" {
			n = 2
		}
		t.Run(name, func(t *testing.T) {
			refused(t, h.book(n, slotOf(1), p, "key-0001"), 401, "bad_pass")
		})
	}
	for _, name := range []string{"expired", "other opening", "rehearsal"} {
		p := map[string]string{
			"expired":       h.sign(3, func(p *pass.Pass) { p.ExpiresAt = h.clock() }),
			"other opening": h.sign(3, func(p *pass.Pass) { p.Opening++ }),
			"rehearsal":     h.sign(3, func(p *pass.Pass) { p.Rehearsal = true }),
		}[name]
		refused(t, h.do("POST", "/internal/admissions", p), 401, "bad_pass")
	}
	for _, scheme := range []string{"Bearer", "Ticket", "Proof", ""} {
		refused(t, h.do("GET", "/v1/clinics", "", bearer(scheme, good)), 401, "bad_pass")
	}
	want(t, h.book(1, slotOf(1), good, "key-0001"), 201, nil)
}

func TestWhoMayBook(t *testing.T) {
	h := open(t, 100)
	p := h.admit(1)
	proxy := strings.Replace(bookingBody(1, slotOf(1)), `"phone"`, `"proxy":{"name":"김자녀","phone":"010-0000-9999","relation":"자녀"},"phone"`, 1)
	key := header{"Idempotency-Key": "key-0001"}
	refused(t, h.do("POST", "/v1/bookings", bookingBody(2, slotOf(1)), bearer("Pass", p), key), 403, "identity_mismatch")
	refused(t, h.do("POST", "/v1/bookings", proxy, bearer("Pass", p), key), 403, "proxy_not_allowed")
	refused(t, h.book(rosterLen+1, slotOf(1), h.admit(rosterLen+1), "key-0001"), 403, "not_eligible")
	h.after(-2 * time.Minute)
	refused(t, h.book(1, slotOf(1), p, "key-0001"), 409, "not_open_yet")
	h.after(2 * time.Minute)
	want(t, h.book(1, slotOf(1), p, "key-0001"), 201, nil)

	kind := openWith(t, 100, true)
	want(t, kind.do("POST", "/v1/bookings", proxy, bearer("Pass", kind.admit(1)), key), 201, nil)
}

func TestPostponedOpening(t *testing.T) {
	h := open(t, 100)
	p := h.admit(1)
	event := func(action, after string) string {
		return fmt.Sprintf(`{"opening":%q,"action":%q,"by":"operator","role":"operator","reason":"점검","before":{},"after":%s}`, opening, action, after)
	}
	want(t, h.do("POST", "/internal/events", event("postpone", `{"opens_at":"2021-07-19T22:00:00+09:00"}`)), 204, nil)
	for range 2 {
		refused(t, h.book(1, slotOf(1), p, "key-0001"), 409, "not_open_yet")
		h.start() // what an operator changed outlives a restart
	}
	want(t, h.do("POST", "/internal/events", event("pause", `{}`)), 204, nil)
	want(t, h.do("POST", "/internal/events", event("open", `{"opens_at":"2021-07-19T22:00:00+09:00","pending":{"action":"open","by":"operator"}}`)), 204, nil)
	refused(t, h.book(1, slotOf(1), p, "key-0001"), 409, "not_open_yet") // one person alone opens nothing
	want(t, h.do("POST", "/internal/events", event("open", `{"opens_at":"2021-07-19T20:01:00+09:00"}`)), 204, nil)
	want(t, h.book(1, slotOf(1), p, "key-0001"), 201, nil)
	for _, about := range []string{"overload", "ask to overload", "brownout", "backends", "notice"} { // no opening in particular
		want(t, h.do("POST", "/internal/events", fmt.Sprintf(`{"opening":"","action":%q,"by":"operator","role":"operator","reason":"점검","after":{"state":"closed"}}`, about)), 204, nil)
	}
	want(t, h.book(2, slotOf(2), h.admit(2), "key-0002"), 201, nil) // and none is moved by it
	for _, bad := range []string{``, `{}`, `{"opening":"","action":"pause","by":"b"}`, `{"opening":"x"}`, `[]`, `{"opening":"o","action":"a","by":"b","extra":1}`} {
		refused(t, h.do("POST", "/internal/events", bad), 400, "bad_request")
	}
}

func TestMalformedBookings(t *testing.T) {
	h := open(t, 100)
	p := bearer("Pass", h.admit(1))
	key := header{"Idempotency-Key": "key-0001"}
	good := bookingBody(1, slotOf(1))
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"empty":          {"", 400, "bad_request"},
		"not JSON":       {"slot=1", 400, "bad_request"},
		"array":          {"[]", 400, "bad_request"},
		"cut":            {good[:len(good)-1], 400, "bad_request"},
		"twice":          {good + good, 400, "bad_request"},
		"tail":           {good + "x", 400, "bad_request"},
		"unknown key":    {strings.Replace(good, `"slot"`, `"admin":true,"slot"`, 1), 400, "bad_request"},
		"number as slot": {strings.Replace(good, `"c0002-0726-0930"`, `7`, 1), 400, "bad_request"},
		"too large":      {strings.Replace(good, "홍길동", strings.Repeat("가", 16<<10), 1), 413, "too_large"},
		"no slot":        {bookingBody(1, ""), 400, "bad_request"},
		"unknown slot":   {bookingBody(1, "c0001-0101-0000"), 404, "no_such_slot"},
		"no name":        {strings.Replace(good, "홍길동", " ", 1), 400, "bad_request"},
		"long name":      {strings.Replace(good, "홍길동", strings.Repeat("홍", 61), 1), 400, "bad_request"},
		"bell in name":   {strings.Replace(good, "홍길동", `홍\u0007`, 1), 400, "bad_request"},
		"no phone":       {strings.Replace(good, "010-0000-1234", "", 1), 400, "bad_request"},
		"phone of words": {strings.Replace(good, "010-0000-1234", "공일공", 1), 400, "bad_request"},
		"half a number":  {strings.Replace(good, rrn(1), "670301", 1), 422, "bad_number"},
		"empty proxy":    {strings.Replace(good, `"phone"`, `"proxy":{},"phone"`, 1), 400, "bad_request"},
	} {
		t.Run(name, func(t *testing.T) {
			w := h.do("POST", "/v1/bookings", c.body, p, key)
			doc := refused(t, w, c.status, c.code)
			if strings.Contains(doc.Detail+doc.DetailEn, "670301") {
				t.Errorf("the answer repeats the number: %+v", doc)
			}
		})
	}
	for _, k := range []string{"", "short", strings.Repeat("k", 101), "with space", "한글열쇠입니다"} {
		refused(t, h.do("POST", "/v1/bookings", good, p, header{"Idempotency-Key": k}), 400, "bad_request")
	}
	want(t, h.do("POST", "/v1/bookings", good, p, key), 201, nil)
}

func TestListsSayWhatIsValid(t *testing.T) {
	h := open(t, 100)
	p := bearer("Pass", h.admit(1))
	for path, mention := range map[string]string{
		"/v1/clinics?region=Atlantis":          "서울",
		"/v1/clinics?vaccine=none":             "모더나",
		"/v1/clinics/c0001/slots?day=tomorrow": "2021-07-26, 2021-07-27, 2021-07-28",
	} {
		if doc := refused(t, h.do("GET", path, "", p), 400, "bad_request"); !strings.Contains(doc.Detail, mention) {
			t.Errorf("%s: %s", path, doc.Detail)
		}
	}
	refused(t, h.do("GET", "/v1/clinics/c9999/slots", "", p), 404, "not_found")
	refused(t, h.do("GET", "/internal/ledger?after=-1", ""), 400, "bad_request")
	refused(t, h.do("GET", "/internal/ledger?limit=many", ""), 400, "bad_request")
}

// TestStoreThatCannotWrite keeps answering politely, and reads go on.
func TestStoreThatCannotWrite(t *testing.T) {
	h := open(t, 100)
	p := h.admit(1)
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, h.book(1, slotOf(1), p, "key-0001"), 503, "backend_resting")
	refused(t, h.do("POST", "/internal/admissions", h.sign(2)), 503, "backend_resting")
	refused(t, h.do("GET", "/v1/bookings/ABCDE-23456", "", bearer("Pass", p)), 503, "backend_resting")
	var clinics api.ClinicList
	want(t, h.do("GET", "/v1/clinics", "", bearer("Pass", p)), http.StatusOK, &clinics)
}
