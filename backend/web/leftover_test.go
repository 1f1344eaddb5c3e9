package web_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/gateway/api"
)

func wishBody(n int, region string) string {
	return fmt.Sprintf(`{"region":%q,"rrn":%q,"name":"홍길동","phone":"010-0000-%04d"}`, region, rrn(n), n)
}

func takeBody(n int) string {
	return fmt.Sprintf(`{"rrn":%q,"name":"홍길동","phone":"010-0000-1234"}`, rrn(n))
}

// codeFor is the code in the message that offers a person something.
func (h *house) codeFor(n int) string {
	h.t.Helper()
	sealer, err := h.ring.Sealer()
	if err != nil {
		h.t.Fatal(err)
	}
	ms, err := h.store.Due(h.t.Context(), booking.ByText, h.clock(), 100)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := range ms {
		if ms[i].Kind == booking.TellOffer && ms[i].Subject == h.subject(rrn(n)) {
			a, err := booking.OpenAddress(sealer, &ms[i])
			if err != nil || a.Phone != fmt.Sprintf("0100000%04d", n) || a.Name != "홍길동" {
				h.t.Fatalf("%v, %v", a.Phone, err)
			}
			return a.Code
		}
	}
	h.t.Fatalf("person %d was offered nothing", n)
	return ""
}

// offerNow offers what came back.
func (h *house) offerNow() (asked int) {
	h.t.Helper()
	asked, err := h.service.OfferLeftovers(h.t.Context(), h.clock())
	if err != nil {
		h.t.Fatal(err)
	}
	return asked
}

// TestALeftoverDoseFindsSomebody goes the whole way: the stock is gone, people ask to be told, somebody cancels, those who
// asked are told, the first of them takes it and the others hear that it is gone.
func TestALeftoverDoseFindsSomebody(t *testing.T) {
	h := open(t, 1)
	var first api.Booking
	p := h.admit(0)
	want(t, h.book(0, slotOf(0), p, "key-0001"), 201, &first)
	refused(t, h.do("POST", "/v1/leftovers/wishes", wishBody(0, "서울")), 409, "already_booked")
	for n := 1; n <= 3; n++ {
		want(t, h.do("POST", "/v1/leftovers/wishes", wishBody(n, "서울")), 201, nil)
	}
	want(t, h.do("POST", "/v1/leftovers/wishes", wishBody(4, "부산")), 201, nil)
	refused(t, h.do("POST", "/v1/leftovers/wishes", wishBody(5, "제주")), 404, "no_such_area")
	refused(t, h.do("POST", "/v1/leftovers/wishes", wishBody(rosterLen+1, "서울")), 403, "not_eligible")
	var ended api.LeftoverWish
	want(t, h.do("POST", "/v1/leftovers/wishes", wishBody(6, "서울")), 201, &ended)
	want(t, h.do("DELETE", "/v1/leftovers/wishes", fmt.Sprintf(`{"code":%q}`, ended.Code)), 204, nil)
	if n := h.offerNow(); n != 0 {
		t.Fatalf("%d were offered what there is not", n)
	}

	want(t, h.do("DELETE", "/v1/bookings/"+first.No, "", bearer("Pass", p)), 200, nil)
	var list api.LeftoverList
	want(t, h.do("GET", "/v1/leftovers?region="+url.QueryEscape("서울"), ""), 200, &list)
	if len(list.Clinics) != 1 || list.Clinics[0].Doses != 1 || list.Clinics[0].ID != "c0001" {
		t.Fatalf("%+v", list)
	}
	refused(t, h.book(7, slotOf(0), h.admit(7), "key-0001"), 410, "stock_gone") // the line cannot have it
	if n := h.offerNow(); n != 3 {
		t.Fatalf("%d were asked", n)
	}
	codes := []string{"", h.codeFor(1), h.codeFor(2), h.codeFor(3)}
	var o api.LeftoverOffer
	want(t, h.do("GET", "/v1/leftovers/offers/"+codes[2], ""), 200, &o)
	if o.State != "open" || o.Clinic != "c0001" || !o.Until.Equal(h.clock().Add(booking.OfferFor)) {
		t.Fatalf("%+v", o)
	}
	take := func(n int, code, key string) *api.Booking {
		t.Helper()
		var b api.Booking
		want(t, h.do("POST", "/v1/leftovers/offers/"+code, takeBody(n), header{"Idempotency-Key": key}), 201, &b)
		return &b
	}
	refused(t, h.do("POST", "/v1/leftovers/offers/"+codes[2], takeBody(1), header{"Idempotency-Key": "key-0001"}), 403, "identity_mismatch")
	refused(t, h.do("POST", "/v1/leftovers/offers/"+codes[2], takeBody(2)), 400, "bad_request")
	got := take(2, codes[2], "key-0001")
	if got.Clinic != "c0001" || got.Slot != first.Slot {
		t.Fatalf("%+v", got)
	}
	h.start()
	if again := take(2, codes[2], "key-0001"); again.No != got.No || again.Proof != got.Proof {
		t.Fatalf("%+v\n%+v", got, again)
	}
	refused(t, h.do("POST", "/v1/leftovers/offers/"+codes[1], takeBody(1), header{"Idempotency-Key": "key-0001"}), 410, "offer_gone")
	for n, state := range map[int]string{1: "gone", 2: "taken", 3: "gone"} {
		want(t, h.do("GET", "/v1/leftovers/offers/"+codes[n], ""), 200, &o)
		if o.State != state {
			t.Errorf("offer to %d is %s, want %s", n, o.State, state)
		}
	}
	refused(t, h.do("GET", "/v1/leftovers/offers/nonsense", ""), 404, "no_such_offer")
	h.after(booking.OfferFor)
	if n := h.offerNow(); n != 0 {
		t.Fatalf("%d were offered what is gone", n)
	}
}

// TestAfterTheCloseWhatIsCancelledIsLeftover cancels when the opening is over though doses are left.
func TestAfterTheCloseWhatIsCancelledIsLeftover(t *testing.T) {
	h := open(t, 100)
	var b api.Booking
	want(t, h.book(0, slotOf(0), h.admit(0), "key-0001"), 201, &b)
	h.after(23 * time.Hour)
	want(t, h.do("POST", "/v1/leftovers/wishes", wishBody(1, "서울")), 201, nil)
	var found api.Booking
	want(t, h.do("POST", "/v1/bookings/lookup", lookupBody(b.No, "홍길동", rrn(0))), 200, &found)
	want(t, h.do("DELETE", "/v1/bookings/"+b.No, "", bearer("Proof", found.Proof)), 200, nil)
	if n := h.offerNow(); n != 1 {
		t.Fatalf("%d were asked", n)
	}
	code := h.codeFor(1)
	h.after(booking.OfferFor)
	refused(t, h.do("POST", "/v1/leftovers/offers/"+code, takeBody(1), header{"Idempotency-Key": "key-0001"}), 410, "offer_over")
}
