package web_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pass"
)

func (h *house) hold(slot, pass string) *httptest.ResponseRecorder {
	return h.do("POST", "/v1/holds", fmt.Sprintf(`{"slot":%q}`, slot), bearer("Pass", pass))
}

func TestHoldAndBook(t *testing.T) {
	h := open(t, 100)
	mine, others := h.admit(1), h.admit(3)
	refused(t, h.do("GET", "/v1/holds", "", bearer("Pass", mine)), 404, "no_hold")
	var held, again api.Hold
	want(t, h.hold(slotOf(1), mine), 201, &held)
	if held.Slot != slotOf(1) || held.Clinic != "c0002" || !held.At.Equal(slot1) || !held.ExpiresAt.Equal(h.clock().Add(5*time.Minute)) || held.Second != nil {
		t.Fatalf("held %+v", held)
	}
	h.after(2 * time.Minute)
	want(t, h.hold(slotOf(1), mine), 201, &again)
	var read api.Hold
	want(t, h.do("GET", "/v1/holds", "", bearer("Pass", mine)), 200, &read)
	if again != held || read != held {
		t.Fatalf("held %+v, then %+v, read %+v", held, again, read)
	}
	want(t, h.hold(slotOf(1), others), 201, nil) // the slot has two doses
	late := h.admit(5)
	refused(t, h.hold(slotOf(1), late), 409, "slot_full")
	refused(t, h.book(5, slotOf(1), late, "key-0005"), 409, "slot_full")
	var report api.BackendReport
	want(t, h.do("GET", "/internal/status", ""), 200, &report)
	if o := report.Openings[opening]; o.StockLeft != 100 || o.Held != 2 || o.Booked != 0 || report.ActivePasses != 3 {
		t.Fatalf("report %+v", report)
	}
	for range 2 {
		want(t, h.do("DELETE", "/v1/holds", "", bearer("Pass", others)), 204, nil)
	}
	want(t, h.book(5, slotOf(1), late, "key-0005"), 201, nil)
	want(t, h.book(1, slotOf(1), mine, "key-0001"), 201, nil)
	refused(t, h.do("GET", "/v1/holds", "", bearer("Pass", mine)), 404, "no_hold")
	refused(t, h.hold(slotOf(0), mine), 409, "already_booked")
	for _, r := range h.ledger() {
		if r.Kind == "hold" {
			t.Error("the ledger heard of a hold")
		}
	}
}

// TestHoldsEndWithTheirPass and without anybody's doing.
func TestHoldsEndWithTheirPass(t *testing.T) {
	h := open(t, 100)
	p := h.admit(1)
	h.after(12 * time.Minute)
	var held api.Hold
	want(t, h.hold(slotOf(1), p), 201, &held)
	if !held.ExpiresAt.Equal(h.clock().Add(3 * time.Minute)) {
		t.Fatalf("held until %v at %v", held.ExpiresAt, h.clock())
	}
	left := func() int {
		var s api.SlotList
		want(t, h.do("GET", "/v1/clinics/c0002/slots", "", bearer("Pass", h.admit(2))), 200, &s)
		return s.Slots[0].Left
	}
	if n := left(); n != 1 {
		t.Fatalf("%d left, want the one that nobody holds", n)
	}
	h.after(3 * time.Minute)
	left() // has the writer let it end
	h.admit(3)
	h.after(time.Second)
	if n := left(); n != 2 {
		t.Fatalf("%d left once the hold is over", n)
	}
}

func TestHoldsThatAreRefused(t *testing.T) {
	h := open(t, 100)
	p := h.admit(1)
	refused(t, h.do("POST", "/v1/holds", `{"slot":"`+slotOf(1)+`"}`), 401, "bad_pass")
	refused(t, h.hold(slotOf(1), h.sign(2)), 401, "bad_pass") // never let in
	refused(t, h.hold("c0001-0101-0000", p), 404, "no_such_slot")
	refused(t, h.hold("", p), 400, "bad_request")
	refused(t, h.do("POST", "/v1/holds", `{"slot":"x","until":"2030"}`, bearer("Pass", p)), 400, "bad_request")
	few := open(t, 1)
	first, second := few.admit(1), few.admit(2)
	want(t, few.hold(slotOf(1), first), 201, nil)
	if doc := refused(t, few.hold(slotOf(2), second), 409, "stock_held"); doc.RetryAfterS == 0 {
		t.Errorf("nobody says when to come back: %+v", doc)
	}
	want(t, few.book(1, slotOf(1), first, "key-0001"), 201, nil)
	refused(t, few.hold(slotOf(2), second), 410, "stock_gone")
	early := open(t, 100)
	early.after(-2 * time.Minute)
	p = early.sign(1, func(p *pass.Pass) { p.ExpiresAt = early.clock().Add(time.Hour) })
	want(t, early.do("POST", "/internal/admissions", p), 200, nil)
	refused(t, early.hold(slotOf(1), p), 409, "not_open_yet")
}

func TestRehearsalsHoldNothing(t *testing.T) {
	h := beforeOpening(t, 100)
	p := h.rehearsing(1)
	refused(t, h.hold(slotOf(1), p), 401, "bad_pass")
	want(t, h.issue(p, "김하나", "이두리"), 204, nil)
	refused(t, h.hold("c0001-0101-0000", p), 404, "no_such_slot")
	for range 3 {
		var held api.Hold
		want(t, h.hold(slotOf(1), p), 201, &held)
		if held.Slot != slotOf(1) || !held.ExpiresAt.Equal(h.clock().Add(5*time.Minute)) {
			t.Fatalf("%+v", held)
		}
	}
	refused(t, h.do("GET", "/v1/holds", "", bearer("Pass", p)), 404, "no_hold")
	want(t, h.do("DELETE", "/v1/holds", "", bearer("Pass", p)), 204, nil)
	h.untouched(t)
	h.after(31 * time.Minute)
	refused(t, h.hold(slotOf(1), p), 401, "bad_pass")
}

// TestAProxyBooksWhatIsHeld has somebody else fill the form for the holder of the pass.
func TestAProxyBooksWhatIsHeld(t *testing.T) {
	h := openWith(t, 100, true)
	p := h.admit(1)
	want(t, h.hold(slotOf(1), p), 201, nil)
	body := `{"slot":"` + slotOf(1) + `","name":"홍길동","rrn":"` + rrn(1) + `","phone":"010-0000-1234","proxy":{"name":"김자녀","phone":"010-0000-9999","relation":"자녀"}}`
	want(t, h.do("POST", "/v1/bookings", body, bearer("Pass", p), header{"Idempotency-Key": "key-0001"}), 201, nil)
	refused(t, h.do("GET", "/v1/holds", "", bearer("Pass", p)), 404, "no_hold")
	var report api.BackendReport
	want(t, h.do("GET", "/internal/status", ""), 200, &report)
	if o := report.Openings[opening]; o.Held != 0 || o.Booked != 1 || o.StockLeft != 99 {
		t.Fatalf("report %+v", o)
	}
}
