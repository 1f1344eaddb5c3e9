package web_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/route"
)

// kept is a log of accesses in memory.
type kept struct {
	list []booking.Access
	err  error
}

func (k *kept) Record(_ context.Context, as []booking.Access) error {
	if k.err == nil {
		k.list = append(k.list, as...)
	}
	return k.err
}

// desk is somebody of a lane at the gateway.
type desk struct {
	*house
	lane, name, clinic string
}

func (h *house) agent() desk           { return desk{h, ledger.LaneCallCentre, "agent-1", ""} }
func (h *house) clinic(id string) desk { return desk{h, ledger.LaneClinic, "front-desk", id} }
func (d desk) mandate(m, target, body string, change ...func(*pass.Mandate)) header {
	key, id := d.ring.PassSigner()
	return d.mandateBy(key, id, m, target, body, change...)
}

func (d desk) mandateBy(key ed25519.PrivateKey, id byte, m, target, body string, change ...func(*pass.Mandate)) header {
	said := pass.Mandate{
		KeyID: id, Lane: d.lane, Name: d.name, Clinic: d.clinic, From: "192.0.2.7", Method: m, Target: target,
		Body: sha256.Sum256([]byte(body)), Until: d.clock().Add(pass.MandateLife),
	}
	for _, f := range change {
		f(&said)
	}
	text, err := pass.SignMandate(said, key)
	if err != nil {
		d.t.Fatal(err)
	}
	return header{route.MandateHeader: text}
}

func (d desk) ask(method, target, body string, hs ...header) *httptest.ResponseRecorder {
	return d.do(method, target, body, append([]header{d.mandate(method, target, body)}, hs...)...)
}

const call = `"caller":"person","reason":"본인이 전화로 예약을 요청"`

func laneBooking(n int, slot, phone string) string {
	return fmt.Sprintf(`{"slot":%q,"name":"홍길동","rrn":%q,"phone":%q,%s}`, slot, rrn(n), phone, call)
}

// TestAnAgentBooksInSomebodysName is the way of a person without a phone, from the booking to its end.
func TestAnAgentBooksInSomebodysName(t *testing.T) {
	h := open(t, 100)
	a, p := h.agent(), h.admit(1)
	var b api.Booking
	want(t, a.ask("POST", "/lane/v1/bookings", laneBooking(1, slotOf(0), ""), bearer("Pass", p), header{"Idempotency-Key": "lane-0001"}), 201, &b)
	var again api.Booking
	want(t, a.ask("POST", "/lane/v1/bookings", laneBooking(1, slotOf(0), ""), bearer("Pass", p), header{"Idempotency-Key": "lane-0001"}), 201, &again)
	if b.Phone != "" || b.Name != "홍*동" || b.No != again.No || b.State != "booked" {
		t.Fatalf("%+v, then %+v", b, again)
	}
	want(t, a.ask("POST", "/lane/v1/bookings", laneBooking(2, slotOf(1), "02-000-1234"), bearer("Pass", h.admit(2)), header{"Idempotency-Key": "lane-0002"}), 201, nil)

	var found api.Booking
	want(t, a.ask("POST", "/lane/v1/bookings/lookup", fmt.Sprintf(`{"booking_no":%q,"name":"홍길동",%s}`, b.No, call)), 200, &found)
	refused(t, a.ask("POST", "/lane/v1/bookings/lookup", fmt.Sprintf(`{"booking_no":%q,"name":"홍길순",%s}`, b.No, call)), 404, "no_such_booking")
	path := "/lane/v1/bookings/" + b.No + "/cancel"
	refused(t, a.ask("POST", path, "{"+call+"}"), 401, "bad_proof")
	var ended api.Booking
	want(t, a.ask("POST", path, "{"+call+"}", bearer("Proof", found.Proof)), 200, &ended)
	if ended.State != "cancelled" {
		t.Fatalf("%+v", ended)
	}

	var booked ledger.Booking
	var cancel ledger.Cancel
	for r, err := range h.store.Ledger(t.Context(), 0, -1) {
		if err != nil {
			t.Fatal(err)
		}
		switch r.Kind {
		case ledger.KindBooking:
			if booked.No == "" {
				_ = json.Unmarshal(r.Data, &booked)
			}
		case ledger.KindCancel:
			_ = json.Unmarshal(r.Data, &cancel)
		}
	}
	if booked.Via != "call_centre" || booked.Agent != "agent-1" || cancel.By != "call_centre" || cancel.Agent != "agent-1" {
		t.Errorf("the ledger has %+v and %+v", booked, cancel)
	}
	var tasks []string
	for _, x := range h.accesses.list {
		tasks = append(tasks, x.Task)
		if x.Who != "agent-1" || x.From != "192.0.2.7" || x.Reason != "person: 본인이 전화로 예약을 요청" || (x.Whose != h.subject(rrn(1)) && x.Whose != h.subject(rrn(2))) {
			t.Errorf("%+v", x)
		}
	}
	if got := strings.Join(tasks, " "); got != "book book book lookup cancel" {
		t.Errorf("logged: %s", got)
	}
}

// TestAMandateIsNoWayAroundTheQueue: an agent has no more rights than the person's own pass gives.
func TestAMandateIsNoWayAroundTheQueue(t *testing.T) {
	h := open(t, 100)
	a := h.agent()
	p := h.admit(1)
	key := header{"Idempotency-Key": "lane-0001"}
	for name, row := range map[string]struct {
		body   string
		pass   header
		status int
		code   string
	}{
		"no pass":              {laneBooking(1, slotOf(0), ""), nil, 401, "bad_pass"},
		"not admitted":         {laneBooking(2, slotOf(0), ""), bearer("Pass", h.sign(2)), 401, "bad_pass"},
		"another's pass":       {laneBooking(2, slotOf(0), ""), bearer("Pass", p), 403, "identity_mismatch"},
		"no caller":            {strings.Replace(laneBooking(1, slotOf(0), ""), `"caller":"person"`, `"caller":""`, 1), bearer("Pass", p), 400, "bad_request"},
		"an unknown caller":    {strings.Replace(laneBooking(1, slotOf(0), ""), `"person"`, `"friend"`, 1), bearer("Pass", p), 400, "bad_request"},
		"no reason":            {strings.Replace(laneBooking(1, slotOf(0), ""), "본인이 전화로 예약을 요청", "  ", 1), bearer("Pass", p), 400, "bad_request"},
		"a reason like a book": {strings.Replace(laneBooking(1, slotOf(0), ""), "본인이", strings.Repeat("가", 200), 1), bearer("Pass", p), 400, "bad_request"},
		"a phone that is none": {laneBooking(1, slotOf(0), "없음"), bearer("Pass", p), 400, "bad_request"},
	} {
		hs := []header{key}
		if row.pass != nil {
			hs = append(hs, row.pass)
		}
		t.Run(name, func(t *testing.T) {
			refused(t, a.ask("POST", "/lane/v1/bookings", row.body, hs...), row.status, row.code)
		})
	}
	refused(t, h.do("POST", "/v1/bookings", strings.Replace(bookingBody(1, slotOf(0)), "010-0000-1234", "", 1), bearer("Pass", p), key,
		a.mandate("POST", "/v1/bookings", "")), 400, "bad_request") // the public way wants a phone, whoever asks
}

func laneRequests() []struct{ lane, method, target, body string } {
	return []struct{ lane, method, target, body string }{
		{ledger.LaneCallCentre, "POST", "/lane/v1/bookings", laneBooking(1, slotOf(0), "")},
		{ledger.LaneCallCentre, "POST", "/lane/v1/bookings/lookup", `{"booking_no":"ABCDE-23456","name":"홍길동",` + call + `}`},
		{ledger.LaneCallCentre, "POST", "/lane/v1/bookings/ABCDE-23456/cancel", "{" + call + "}"},
		{ledger.LaneCallCentre, "POST", "/lane/v1/accesses", `{"task":"join","subject":"` + strings.Repeat("0", 32) + `",` + call + `}`},
		{ledger.LaneClinic, "GET", "/lane/v1/clinic/day", ""},
		{ledger.LaneClinic, "POST", "/lane/v1/clinic/visits", `{"booking_no":"ABCDE-23456","visit":"arrived"}`},
		{ledger.LaneClinic, "POST", "/lane/v1/clinic/unused", `{"opening":"o0719","slot":"c0001-0726-0930","doses":1}`},
	}
}

// TestLanesRefuseStrangers tries every lane route without a mandate, with one that does not fit, and in the other role.
func TestLanesRefuseStrangers(t *testing.T) {
	h := open(t, 100)
	_, foreign, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	covered := 0
	for _, c := range laneRequests() {
		me, other := h.agent(), h.clinic("c0001")
		if c.lane == ledger.LaneClinic {
			me, other = other, me
		}
		key := header{"Idempotency-Key": "lane-0001"}
		for name, hh := range map[string]header{
			"no mandate":     {},
			"garbage":        {route.MandateHeader: "e30.e30"},
			"a pass":         {route.MandateHeader: h.sign(1)},
			"a foreign key":  me.mandateBy(foreign, 1, c.method, c.target, c.body),
			"another body":   me.mandate(c.method, c.target, c.body+" "),
			"another target": me.mandate(c.method, c.target+"?day=2021-07-27", c.body),
			"another method": me.mandate("PUT", c.target, c.body),
			"over":           me.mandate(c.method, c.target, c.body, func(m *pass.Mandate) { m.Until = h.clock() }),
			"nobody":         me.mandate(c.method, c.target, c.body, func(m *pass.Mandate) { m.Name = "" }),
			"clinic or not":  me.mandate(c.method, c.target, c.body, func(m *pass.Mandate) { m.Clinic = map[string]string{"": "c0001"}[m.Clinic] }),
			"a viewer":       me.mandate(c.method, c.target, c.body, func(m *pass.Mandate) { m.Lane, m.Clinic = "viewer", "" }),
			"the other lane": other.mandate(c.method, c.target, c.body),
		} {
			t.Run(c.target+" "+name, func(t *testing.T) {
				refused(t, h.do(c.method, c.target, c.body, key, bearer("Pass", h.sign(1)), hh), 403, "no_mandate")
			})
			covered++
		}
		refused(t, h.do(c.method, c.target, c.body, key, me.mandate(c.method, c.target, c.body), header{route.TokenHeader: ""}), 403, "gateway_only")
		if w := h.do(c.method, c.target, c.body, key, me.mandate(c.method, c.target, c.body)); strings.Contains(w.Body.String(), "no_mandate") {
			t.Errorf("%s: refuses its own: %s", c.target, w.Body)
		}
	}
	if covered < 80 || len(h.accesses.list) > 2*len(laneRequests()) {
		t.Errorf("%d refusals, %d accesses", covered, len(h.accesses.list))
	}
}

// TestAClinicSeesItsOwnDayOnly: masked, logged person by person, and marked by nobody else.
func TestAClinicSeesItsOwnDayOnly(t *testing.T) {
	h := open(t, 100)
	var nos []string
	for n := range 4 { // two of each clinic, on two days
		var b api.Booking
		want(t, h.book(n, slotOf(n), h.admit(n), fmt.Sprint("key-000", n)), 201, &b)
		nos = append(nos, b.No)
	}
	mine, other := h.clinic("c0001"), h.clinic("c0002")
	var d api.ClinicDay
	want(t, mine.ask("GET", "/lane/v1/clinic/day?day=2021-07-26", ""), 200, &d)
	if len(d.Appointments) != 1 || d.Appointments[0].No != nos[0] || d.Appointments[0].Name != "홍*동" || len(d.Slots) != 1 || d.Slots[0].Booked != 1 || d.Slots[0].Capacity != 2 {
		t.Fatalf("%+v", d)
	}
	if len(h.accesses.list) != 1 || h.accesses.list[0].Whose != h.subject(rrn(0)) || h.accesses.list[0].Who != "front-desk" {
		t.Fatalf("logged %+v", h.accesses.list)
	}
	want(t, mine.ask("GET", "/lane/v1/clinic/day", ""), 200, &d) // today: nothing
	if d.Day != "2021-07-19" || len(d.Appointments) != 0 || len(d.Slots) != 0 {
		t.Fatalf("%+v", d)
	}
	refused(t, h.clinic("c9999").ask("GET", "/lane/v1/clinic/day", ""), 404, "no_such_clinic")
	refused(t, mine.ask("GET", "/lane/v1/clinic/day?day=07-26", ""), 400, "bad_request")

	visit := func(d desk, no, v string) *httptest.ResponseRecorder {
		return d.ask("POST", "/lane/v1/clinic/visits", fmt.Sprintf(`{"booking_no":%q,"visit":%q}`, no, v))
	}
	refused(t, visit(mine, nos[0], "arrived"), 409, "not_that_day")
	h.now.Store(slot1.Add(time.Minute).UnixNano())
	refused(t, visit(other, nos[0], "arrived"), 404, "no_such_booking")
	refused(t, visit(mine, nos[0], "left"), 400, "bad_request")
	var a api.ClinicAppointment
	want(t, visit(mine, nos[0], "vaccinated"), 200, &a)
	want(t, mine.ask("GET", "/lane/v1/clinic/day", ""), 200, &d)
	if a.Visit != "vaccinated" || d.Appointments[0].Visit != "vaccinated" {
		t.Errorf("%+v, then %+v", a, d)
	}

	unused := func(d desk, key string, doses int) *httptest.ResponseRecorder {
		return d.ask("POST", "/lane/v1/clinic/unused", fmt.Sprintf(`{"opening":%q,"slot":%q,"doses":%d}`, opening, slotOf(0), doses), header{"Idempotency-Key": key})
	}
	var report api.ClinicUnusedReport
	for range 2 {
		want(t, unused(mine, "unused-01", 1), 200, &report)
	}
	if report.Total != 1 || report.Slot != slotOf(0) {
		t.Errorf("%+v", report)
	}
	refused(t, unused(mine, "unused-01", 2), 422, "key_reused")
	refused(t, unused(mine, "unused-02", 2), 409, "too_many_doses")
	refused(t, unused(other, "unused-01", 1), 404, "no_such_slot")
	want(t, mine.ask("GET", "/lane/v1/clinic/day", ""), 200, &d)
	if d.Slots[0].Unused != 1 {
		t.Errorf("%+v", d.Slots)
	}
}

// TestWithoutALogNothingIsShown: where accesses cannot be kept there are none.
func TestWithoutALogNothingIsShown(t *testing.T) {
	h := open(t, 100)
	var b api.Booking
	want(t, h.book(0, slotOf(0), h.admit(0), "key-0000"), 201, &b)
	h.accesses.err = &booking.Error{Kind: booking.Unavailable, Err: errors.New("disk full")}
	p := h.admit(1)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"lookup": h.agent().ask("POST", "/lane/v1/bookings/lookup", fmt.Sprintf(`{"booking_no":%q,"name":"홍길동",%s}`, b.No, call)),
		"book":   h.agent().ask("POST", "/lane/v1/bookings", laneBooking(1, slotOf(1), ""), bearer("Pass", p), header{"Idempotency-Key": "lane-0001"}),
		"day":    h.clinic("c0001").ask("GET", "/lane/v1/clinic/day?day=2021-07-26", ""),
	} {
		if refused(t, w, 503, "backend_resting"); strings.Contains(w.Body.String(), b.No) {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
	if n := h.store.Catalog().Opening(opening).Booked(); n != 1 {
		t.Errorf("%d booked", n)
	}
}
