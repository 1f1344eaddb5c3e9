package web_test

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/api"
)

func TestSameKeySameAnswer(t *testing.T) {
	h := open(t, 100)
	p := h.admit(1)
	first := h.book(1, slotOf(1), p, "key-0001")
	want(t, first, 201, nil)
	var answers [50]string
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = h.book(1, slotOf(1), p, "key-0001").Body.String() })
	}
	wg.Wait()
	h.start() // a restarted process answers the same
	for _, a := range append(answers[:], h.book(1, slotOf(1), p, "key-0001").Body.String()) {
		if a != first.Body.String() {
			t.Fatalf("%s\n%s", a, first.Body)
		}
	}
	refused(t, h.book(1, slotOf(2), p, "key-0001"), 422, "key_reused")
	refused(t, h.book(1, slotOf(1), p, "key-0002"), 409, "already_booked")
	// The same key of somebody else is another key.
	want(t, h.book(2, slotOf(2), h.admit(2), "key-0001"), 201, nil)
}

func TestEnteringAgain(t *testing.T) {
	h := open(t, 100)
	var first, again struct {
		api.Entry
		AdmittedAt time.Time `json:"admitted_at"`
		Again      bool      `json:"again"`
	}
	want(t, h.do("POST", "/internal/admissions", h.sign(1)), 200, &first)
	h.after(time.Minute)
	want(t, h.do("POST", "/internal/admissions", h.sign(1)), 200, &again)
	if first.Again || !again.Again || again.Pass != first.Pass || !again.AdmittedAt.Equal(first.AdmittedAt) {
		t.Fatalf("%+v\n%+v", first, again)
	}
	h.after(14 * time.Minute)
	refused(t, h.do("GET", "/v1/clinics", "", bearer("Pass", first.Pass)), 401, "bad_pass")
	want(t, h.do("POST", "/internal/admissions", h.sign(1)), 200, &again)
	if again.Again || again.Pass == first.Pass || !again.AdmittedAt.Equal(first.AdmittedAt) {
		t.Fatalf("%+v\n%+v", first, again)
	}
	want(t, h.book(1, slotOf(1), again.Pass, "key-0001"), 201, nil)
}

func TestSlotAndStockRunOut(t *testing.T) {
	h := open(t, 3)
	for n := range 2 {
		want(t, h.book(n, slotOf(0), h.admit(n), "key-0001"), 201, nil)
	}
	refused(t, h.book(2, slotOf(0), h.admit(2), "key-0001"), 409, "slot_full")
	want(t, h.book(2, slotOf(1), h.admit(2), "key-0001"), 201, nil)
	refused(t, h.book(3, slotOf(2), h.admit(3), "key-0001"), 410, "stock_gone")
}

func lookupBody(no, name, rrn string) string {
	return fmt.Sprintf(`{"booking_no":%q,"name":%q,"rrn":%q}`, no, name, rrn)
}

func TestLookupIsForTheOwner(t *testing.T) {
	h := open(t, 100)
	var b api.Booking
	want(t, h.book(1, slotOf(1), h.admit(1), "key-0001"), 201, &b)
	wrong := []string{
		lookupBody("00000-00000", "홍길동", rrn(1)),
		lookupBody(b.No, "홍길순", rrn(1)),
		lookupBody(b.No, "홍길동", rrn(2)),
	}
	var answers []string
	for _, body := range wrong {
		w := h.do("POST", "/v1/bookings/lookup", body)
		refused(t, w, 404, "no_such_booking")
		answers = append(answers, w.Body.String())
	}
	if answers[0] != answers[1] || answers[1] != answers[2] {
		t.Fatalf("the answers tell apart what was wrong: %q", answers)
	}
	var found api.Booking
	// Hangul as its parts, the way some phones send it, and spaces.
	want(t, h.do("POST", "/v1/bookings/lookup", lookupBody(b.No, norm.NFD.String(" 홍 길동"), rrn(1))), 200, &found)
	want(t, h.do("POST", "/v1/bookings/lookup", lookupBody(b.No, "홍길동", rrn(1))), 200, &found)

	for range 3 {
		refused(t, h.do("POST", "/v1/bookings/lookup", wrong[1]), 404, "no_such_booking")
	}
	doc := refused(t, h.do("POST", "/v1/bookings/lookup", lookupBody(b.No, "홍길동", rrn(1))), 429, "too_many_tries")
	if doc.RetryAfterS != 600 {
		t.Fatalf("retry after %d s", doc.RetryAfterS)
	}
	want(t, h.do("GET", "/v1/bookings/"+b.No, "", bearer("Proof", found.Proof)), 200, nil)
	h.after(10 * time.Minute)
	want(t, h.do("POST", "/v1/bookings/lookup", lookupBody(b.No, "홍길동", rrn(1))), 200, nil)

	for body, code := range map[string]string{
		lookupBody("nonsense", "홍길동", rrn(1)): "bad_request",
		lookupBody(b.No, "", rrn(1)):          "bad_request",
		lookupBody(b.No, "홍길동", "123"):        "bad_number",
	} {
		if w := h.do("POST", "/v1/bookings/lookup", body); !strings.Contains(w.Body.String(), code) {
			t.Errorf("%s: %s", body, w.Body)
		}
	}
}

func TestProofOpensOneBookingForAWhile(t *testing.T) {
	h := open(t, 100)
	var mine, other api.Booking
	want(t, h.book(1, slotOf(1), h.admit(1), "key-0001"), 201, &mine)
	passOfOther := h.admit(2)
	want(t, h.book(2, slotOf(2), passOfOther, "key-0002"), 201, &other)
	path := "/v1/bookings/" + mine.No
	want(t, h.do("GET", path, "", bearer("Proof", mine.Proof)), 200, nil)
	refused(t, h.do("GET", path, "", bearer("Proof", other.Proof)), 401, "bad_proof")
	refused(t, h.do("GET", path, "", bearer("Proof", "AAAA")), 401, "bad_proof")
	refused(t, h.do("GET", path, ""), 401, "bad_pass")
	for _, method := range []string{"GET", "DELETE"} {
		refused(t, h.do(method, path, "", bearer("Pass", passOfOther)), 404, "no_such_booking")
	}
	refused(t, h.do("PATCH", path, `{"slot":"c0001-0726-0930"}`, bearer("Pass", passOfOther)), 404, "no_such_booking")
	refused(t, h.do("GET", "/v1/bookings/nonsense", "", bearer("Pass", passOfOther)), 404, "no_such_booking")
	h.after(15 * time.Minute)
	refused(t, h.do("GET", path, "", bearer("Proof", mine.Proof)), 401, "bad_proof")
}

func TestTooLateToChange(t *testing.T) {
	h := open(t, 100)
	var b api.Booking
	want(t, h.book(0, slotOf(0), h.admit(0), "key-0001"), 201, &b)
	if b.ChangeBy.Format(time.RFC3339) != "2021-07-24T23:59:59+09:00" {
		t.Fatalf("change by %v", b.ChangeBy)
	}
	h.after(b.ChangeBy.Add(time.Second).Sub(h.clock()))
	p := bearer("Pass", h.sign(0))
	refused(t, h.do("DELETE", "/v1/bookings/"+b.No, "", p), 409, "too_late")
	refused(t, h.do("PATCH", "/v1/bookings/"+b.No, `{"slot":"c0002-0728-0930"}`, p), 409, "too_late")
	h.after(-time.Second)
	want(t, h.do("DELETE", "/v1/bookings/"+b.No, "", p), 200, nil)
}

// TestListsAreFresh checks that a list is made anew after a second and not before.
func TestListsAreFresh(t *testing.T) {
	h := open(t, 100)
	p := h.admit(1)
	left := func() int64 {
		var l api.ClinicList
		want(t, h.do("GET", "/v1/clinics?region="+url.QueryEscape("부산"), "", bearer("Pass", p)), 200, &l)
		return l.Clinics[0].Left
	}
	before := left()
	want(t, h.book(1, slotOf(1), p, "key-0001"), 201, nil)
	h.after(999 * time.Millisecond)
	if got := left(); got != before {
		t.Fatalf("%d left, want the bytes of a moment ago: %d", got, before)
	}
	h.after(time.Millisecond)
	if got := left(); got != before-1 {
		t.Fatalf("%d left, want %d", got, before-1)
	}
	var s api.SlotList
	want(t, h.do("GET", "/v1/clinics/c0002/slots", "", bearer("Pass", p)), 200, &s)
	if s.Slots[0].Left != 1 || s.Slots[0].At.Format(time.RFC3339) != "2021-07-26T09:30:00+09:00" {
		t.Fatalf("%+v", s.Slots)
	}
}

// TestLedgerGoesOutAsItWasHashed verifies the chain from what the wire carries.
func TestLedgerGoesOutAsItWasHashed(t *testing.T) {
	h := open(t, 100)
	for n := range 5 {
		want(t, h.book(n, slotOf(n), h.admit(n), "key-0001"), 201, nil)
	}
	want(t, h.do("POST", "/internal/events", `{"opening":"o0719","action":"pause","by":"홍길동","role":"operator","reason":"<점검> & \u2028","after":{ "a" : 1.0 }}`), 204, nil)
	rs := h.ledger()
	head, err := ledger.Verify(ledger.Head{}, func(yield func(ledger.Record, error) bool) {
		for _, r := range rs {
			out := ledger.Record{Seq: r.Seq, At: r.At, Kind: r.Kind, Data: r.Data}
			if err := out.Hash.UnmarshalText([]byte(r.Hash)); !yield(out, err) {
				return
			}
		}
	})
	if err != nil || head.Seq != 5+10+1 {
		t.Fatalf("%+v, %v", head, err)
	}
	for _, r := range rs {
		if strings.Contains(string(r.Data), "670301") || strings.Contains(string(r.Data), "0000-1234") {
			t.Errorf("personal data in %s", r.Data)
		}
	}
	for q, want := range map[string]int{"after=5": 11, "after=5&limit=3": 3, "limit=0": 0, "after=16": 0, fmt.Sprint("after=", math.MaxInt64): 0} {
		w := h.do("GET", "/internal/ledger?"+q, "")
		if got := strings.Count(w.Body.String(), "\n"); w.Code != 200 || got != want {
			t.Errorf("%s: %d records, want %d", q, got, want)
		}
	}
}
