package web_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/storetest"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/route"
)

func coming(from string) header { return header{route.ForHeader: from} }

func (h *house) traces() []access.Record {
	return storetest.Accesses(h.t, h.store, access.Filter{}, 0, -1)
}

// TestEveryLookLeavesATrace asks about a booking in every way there is.
func TestEveryLookLeavesATrace(t *testing.T) {
	h := open(t, 100)
	var b, found api.Booking
	mine := h.admit(1)
	want(t, h.book(1, slotOf(1), mine, "key-0001"), 201, &b)
	path := "/v1/bookings/" + b.No
	asks := []struct {
		task, shown, from string
		do                func(from string)
	}{
		{access.TaskLookup, booking.ShownNumber, "203.0.113.7", func(from string) {
			want(t, h.do("POST", "/v1/bookings/lookup", lookupBody(b.No, "홍길동", rrn(1)), coming(from)), 200, &found)
		}},
		{access.TaskView, booking.ShownProof, "2001:db8::1", func(from string) {
			want(t, h.do("GET", path, "", bearer("Proof", found.Proof), coming(from)), 200, nil)
		}},
		{access.TaskView, booking.ShownPass, "unknown", func(string) {
			want(t, h.do("GET", path, "", bearer("Pass", mine), coming("evil\x01 address")), 200, nil)
		}},
		{access.TaskChange, booking.ShownPass, "203.0.113.8", func(from string) {
			want(t, h.do("PATCH", path, fmt.Sprintf(`{"slot":%q}`, slotOf(2)), bearer("Pass", mine), coming("::ffff:"+from)), 200, nil)
		}},
		{access.TaskCancel, booking.ShownProof, "203.0.113.9", func(from string) {
			want(t, h.do("DELETE", path, "", bearer("Proof", found.Proof), coming(from)), 200, nil)
		}},
	}
	for i, ask := range asks {
		h.after(time.Second)
		ask.do(ask.from)
		rs := h.traces()
		if len(rs) != i+1 {
			t.Fatalf("%s left %d records, want %d", ask.task, len(rs), i+1)
		}
		want := access.Access{At: h.clock(), Who: ask.shown, Role: access.RolePerson, From: ask.from, Whose: h.subject(rrn(1)), Task: ask.task}
		if got := rs[i].Access; got != want {
			t.Errorf("%s left %+v, want %+v", ask.task, got, want)
		}
	}
	for _, r := range h.traces() {
		if all := fmt.Sprintf("%+v", r); strings.Contains(all, "670301") || strings.Contains(all, "홍길동") {
			t.Errorf("personal data in %s", all)
		}
	}
}

// TestWhatIsRefusedShowsNothingAndLeavesNoTrace: nobody's data was looked at.
func TestWhatIsRefusedShowsNothingAndLeavesNoTrace(t *testing.T) {
	h := open(t, 100)
	var b api.Booking
	want(t, h.book(1, slotOf(1), h.admit(1), "key-0001"), 201, &b)
	other := h.admit(2)
	refused(t, h.do("GET", "/v1/bookings/"+b.No, "", bearer("Pass", other)), 404, "no_such_booking")
	refused(t, h.do("POST", "/v1/bookings/lookup", lookupBody(b.No, "홍길순", rrn(1))), 404, "no_such_booking")
	if rs := h.traces(); len(rs) > 0 {
		t.Error(rs)
	}
}

// logs writes into several logs.
type logs []booking.AccessLog

func (l logs) Record(ctx context.Context, as []booking.Access) error {
	for _, one := range l {
		if err := one.Record(ctx, as); err != nil {
			return err
		}
	}
	return nil
}

type brokenLog struct{}

func (brokenLog) Record(context.Context, []booking.Access) error {
	return &booking.Error{Kind: booking.Unavailable, Err: errors.New("disk full")}
}

// TestNoLogNoData breaks the log of accesses: nothing is shown, changed or cancelled any more.
func TestNoLogNoData(t *testing.T) {
	h := open(t, 100)
	var b api.Booking
	mine := bearer("Pass", h.admit(1))
	want(t, h.do("POST", "/v1/bookings", bookingBody(1, slotOf(1)), mine, header{"Idempotency-Key": "key-0001"}), 201, &b)
	h.logging = brokenLog{}
	h.start()
	path := "/v1/bookings/" + b.No
	for _, ask := range []func() string{
		func() string { w := h.do("GET", path, "", mine); return fmt.Sprint(w.Code, w.Body) },
		func() string {
			w := h.do("POST", "/v1/bookings/lookup", lookupBody(b.No, "홍길동", rrn(1)))
			return fmt.Sprint(w.Code, w.Body)
		},
		func() string {
			w := h.do("PATCH", path, fmt.Sprintf(`{"slot":%q}`, slotOf(2)), mine)
			return fmt.Sprint(w.Code, w.Body)
		},
		func() string { w := h.do("DELETE", path, "", mine); return fmt.Sprint(w.Code, w.Body) },
	} {
		if got := ask(); !strings.HasPrefix(got, "503") || strings.Contains(got, "홍") || strings.Contains(got, b.Slot) {
			t.Errorf("without a log: %s", got)
		}
	}
	h.logging = nil
	h.start()
	var still api.Booking
	want(t, h.do("GET", path, "", mine), 200, &still)
	if still.Slot != b.Slot || still.State != "booked" {
		t.Errorf("changed without a trace: %+v", still)
	}
}

// TestWrongLookupsLockTheirSource tries many booking numbers from one network.
func TestWrongLookupsLockTheirSource(t *testing.T) {
	h := open(t, 100)
	var b api.Booking
	want(t, h.book(1, slotOf(1), h.admit(1), "key-0001"), 201, &b)
	right := func(from string) int {
		return h.do("POST", "/v1/bookings/lookup", lookupBody(b.No, "홍길동", rrn(1)), coming(from)).Code
	}
	guess := func(from string, times int) {
		for range times {
			h.do("POST", "/v1/bookings/lookup", lookupBody(booking.NewNumber(), "홍길동", rrn(1)), coming(from))
		}
	}
	guess("203.0.113.7", 49)
	if code := right("203.0.113.7"); code != 200 {
		t.Fatalf("locked too soon: %d", code)
	}
	guess("203.0.113.7", 1)
	doc := refused(t, h.do("POST", "/v1/bookings/lookup", lookupBody(b.No, "홍길동", rrn(1)), coming("203.0.113.7")), 429, "too_many_tries")
	if doc.RetryAfterS != 600 {
		t.Errorf("retry after %d s", doc.RetryAfterS)
	}
	for n := range 50 {
		guess(fmt.Sprintf("2001:db8:0:1::%x", n+1), 1)
	}
	for from, code := range map[string]int{"203.0.113.8": 200, "2001:db8:0:1:ffff::1": 429, "2001:db8:0:2::1": 200} {
		if got := right(from); got != code {
			t.Errorf("from %s: %d, want %d", from, got, code)
		}
	}
	// A proxy's address stands for everybody behind it.
	for _, proxy := range []string{"127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fd00::1", ""} {
		guess(proxy, 60)
		if got := right(proxy); got != 200 {
			t.Errorf("everybody behind %q is locked out: %d", proxy, got)
		}
	}
	h.after(10 * time.Minute)
	if code := right("203.0.113.7"); code != 200 {
		t.Errorf("still locked: %d", code)
	}
}
