package web_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pass"
)

// rehearsing is a rehearsal pass of the n-th person, good for an hour.
func (h *house) rehearsing(n int) string {
	return h.sign(n, func(p *pass.Pass) { p.Rehearsal, p.ExpiresAt = true, h.clock().Add(time.Hour) })
}

func (h *house) issue(text string, by ...string) *httptest.ResponseRecorder {
	body, _ := json.Marshal(map[string]any{"pass": text, "name": "19일 점검", "by": by, "reason": "개통 전 점검"})
	return h.do("POST", "/internal/rehearsals", string(body))
}

// beforeOpening is a backend half an hour before its opening.
func beforeOpening(t *testing.T, stock int64) *house {
	h := open(t, stock)
	h.after(-31 * time.Minute)
	return h
}

func (h *house) untouched(t *testing.T) {
	t.Helper()
	var report api.BackendReport
	want(t, h.do("GET", "/internal/status", ""), 200, &report)
	if o := report.Openings[opening]; o.StockLeft != 100 || o.Booked != 0 || o.Admitted != 0 || report.ActivePasses != 0 {
		t.Errorf("a rehearsal took something: %+v, %d passes", o, report.ActivePasses)
	}
}

func TestRehearsalTakesNothing(t *testing.T) {
	h := beforeOpening(t, 100)
	p := h.rehearsing(1)
	refused(t, h.do("GET", "/v1/clinics", "", bearer("Pass", p)), 401, "bad_pass") // signed, and not issued
	refused(t, h.book(1, slotOf(1), p, "key-0001"), 401, "bad_pass")
	for range 2 { // brought twice, recorded once
		want(t, h.issue(p, "김하나", "이두리"), 204, nil)
	}
	for range 2 {
		var clinics api.ClinicList
		want(t, h.do("GET", "/v1/clinics", "", bearer("Pass", p)), 200, &clinics)
		var slots api.SlotList
		want(t, h.do("GET", "/v1/clinics/c0002/slots", "", bearer("Pass", p)), 200, &slots)
		if clinics.Clinics[0].Left != 6 || slots.Slots[0].Left != 2 {
			t.Errorf("something is gone: %+v %+v", clinics.Clinics[0], slots.Slots[0])
		}
		var b api.Booking
		want(t, h.book(1, slotOf(1), p, "key-0001"), 201, &b)
		if b.State != "rehearsal" || !strings.HasPrefix(b.No, "REHEARSAL-") || b.Proof != "" || b.Slot != slotOf(1) || b.Name != "홍*동" {
			t.Errorf("%+v", b)
		}
		refused(t, h.do("POST", "/v1/bookings/lookup", lookupBody(b.No, "홍길동", rrn(1))), 400, "bad_request")
		for _, method := range []string{"GET", "DELETE"} {
			if w := h.do(method, "/v1/bookings/"+b.No, "", bearer("Pass", p)); w.Code != 404 {
				t.Errorf("%s of what was never booked: %d", method, w.Code)
			}
		}
		h.untouched(t)
		h.start() // the ledger remembers who may rehearse
	}
	var issued, used int
	for _, r := range h.ledger() {
		var data ledger.Rehearsal
		if r.Kind != ledger.KindRehearsal {
			continue
		}
		if err := json.Unmarshal(r.Data, &data); err != nil || data.Name != "19일 점검" || data.Opening != opening || data.Subject != h.subject(rrn(1)) || len(data.By) != 2 || data.ExpiresAt.IsZero() {
			t.Errorf("%s, %v", r.Data, err)
		}
		switch data.Action {
		case ledger.RehearsalIssued:
			issued++
		case ledger.RehearsalUsed:
			used++
		}
		if strings.Contains(string(r.Data), "670301") {
			t.Errorf("personal data in %s", r.Data)
		}
	}
	if issued != 1 || used != 2 {
		t.Errorf("the ledger has %d issued and %d used", issued, used)
	}
	// The opening begins: the rehearsal is over, and the same person books for real.
	h.after(31 * time.Minute)
	refused(t, h.book(1, slotOf(1), p, "key-0001"), 401, "bad_pass")
	refused(t, h.do("GET", "/v1/clinics", "", bearer("Pass", p)), 401, "bad_pass")
	want(t, h.book(1, slotOf(1), h.admit(1), "key-0001"), 201, nil)
}

func TestRehearsalsAreCheckedLikeBookings(t *testing.T) {
	h := beforeOpening(t, 100)
	p, stranger := h.rehearsing(1), h.rehearsing(rosterLen+1)
	want(t, h.issue(p, "김하나", "이두리"), 204, nil)
	want(t, h.issue(stranger, "김하나", "이두리"), 204, nil)
	key := header{"Idempotency-Key": "key-0001"}
	good := bookingBody(1, slotOf(1))
	proxy := strings.Replace(good, `"phone"`, `"proxy":{"name":"김자녀","phone":"010-0000-9999","relation":"자녀"},"phone"`, 1)
	refused(t, h.do("POST", "/v1/bookings", bookingBody(2, slotOf(1)), bearer("Pass", p), key), 403, "identity_mismatch")
	refused(t, h.do("POST", "/v1/bookings", proxy, bearer("Pass", p), key), 403, "proxy_not_allowed")
	refused(t, h.book(1, "c0001-0101-0000", p, "key-0001"), 404, "no_such_slot")
	refused(t, h.book(rosterLen+1, slotOf(1), stranger, "key-0001"), 403, "not_eligible")
	refused(t, h.do("POST", "/v1/bookings", good, bearer("Pass", p)), 400, "bad_request")
	refused(t, h.do("POST", "/internal/admissions", p), 401, "bad_pass")
	h.untouched(t)
	h.after(time.Hour - 29*time.Minute) // two minutes after the opening, and the pass has an hour
	refused(t, h.book(1, slotOf(1), p, "key-0001"), 401, "bad_pass")

	gone := beforeOpening(t, 0)
	p = gone.rehearsing(1)
	want(t, gone.issue(p, "김하나", "이두리"), 204, nil)
	refused(t, gone.book(1, slotOf(1), p, "key-0001"), 410, "stock_gone")
	gone.after(29 * time.Minute)
	short := gone.sign(2, func(p *pass.Pass) { p.Rehearsal, p.ExpiresAt = true, gone.clock().Add(time.Minute) })
	want(t, gone.issue(short, "김하나", "이두리"), 204, nil)
	gone.after(time.Minute)
	refused(t, gone.do("GET", "/v1/clinics", "", bearer("Pass", short)), 401, "bad_pass")
}

func TestRehearsalsThatAreNotIssued(t *testing.T) {
	h := beforeOpening(t, 100)
	p := h.rehearsing(1)
	for _, by := range [][]string{nil, {"김하나"}, {"김하나", "김하나"}, {"김하나", ""}, {"김하나", "이두리", "박세리"}} {
		refused(t, h.issue(p, by...), 400, "bad_request")
	}
	refused(t, h.issue(h.sign(1), "김하나", "이두리"), 400, "bad_request")                                                                                                 // a real pass
	refused(t, h.issue(h.sign(1, func(p *pass.Pass) { p.Rehearsal, p.ExpiresAt = true, h.clock().Add(5*time.Hour) }), "김하나", "이두리"), 400, "bad_request")             // too long
	refused(t, h.issue(h.sign(1, func(p *pass.Pass) { p.Rehearsal, p.Opening = true, p.Opening+1 }), "김하나", "이두리"), 401, "bad_pass")                                 // of nothing
	refused(t, h.issue(h.sign(1, func(p *pass.Pass) { p.Rehearsal, p.ExpiresAt = true, h.clock() }), "김하나", "이두리"), 401, "bad_pass")                                 // run out
	refused(t, h.do("POST", "/internal/rehearsals", fmt.Sprintf(`{"pass":%q,"name":"","by":["a","b"]}`, p)), 400, "bad_request")                                     // nameless
	refused(t, h.do("POST", "/internal/rehearsals", fmt.Sprintf(`{"pass":%q,"name":"x","by":["a","b"]}`, p), header{"X-Daemun-Gateway": "00"}), 403, "gateway_only") // of nobody
	h.after(31 * time.Minute)
	refused(t, h.issue(p, "김하나", "이두리"), 400, "bad_request") // after the opening
	want(t, h.do("GET", "/v1/clinics", "", bearer("Pass", h.admit(1))), 200, nil)
}

// TestARehearsalCannotBeUsedForEver bounds what one pass may write into the ledger.
func TestARehearsalCannotBeUsedForEver(t *testing.T) {
	h := beforeOpening(t, 100)
	p := h.rehearsing(1)
	want(t, h.issue(p, "김하나", "이두리"), 204, nil)
	n := 0
	for ; n < 1000; n++ {
		if h.book(1, slotOf(1), p, "key-0001").Code != 201 {
			break
		}
	}
	if n != 500 {
		t.Errorf("used %d times", n)
	}
	h.start()
	refused(t, h.book(1, slotOf(1), p, "key-0001"), 401, "bad_pass")
}
