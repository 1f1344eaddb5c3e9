package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/gateway/api"
)

const betweenDoses = 42

// openBoth is a backend whose first clinic gives second doses on three days from the interval on, one a day.
func openBoth(t *testing.T) *house {
	h := open(t, 100)
	in := h.supply(100)
	for day := range 3 {
		at := slot1.AddDate(0, 0, betweenDoses+day)
		in.Slots = append(in.Slots, clinic.Slot{
			ID: clinic.SecondSlotID("c0001", at), Clinic: "c0001", At: at, Vaccine: "모더나", Capacity: 1, Dose: booking.SecondDose,
		})
	}
	if err := h.store.Import(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	h.days = betweenDoses
	h.start()
	return h
}

func TestBothDosesOnTheWire(t *testing.T) {
	h := openBoth(t)
	p := h.admit(0)
	var slots api.SlotList
	want(t, h.do("GET", "/v1/clinics/c0001/slots", "", bearer("Pass", p)), 200, &slots)
	if len(slots.Days) != 3 || slots.Clinic.Left != 6 {
		t.Fatalf("second doses stand among the first: %+v", slots)
	}
	var held api.Hold
	want(t, h.hold("c0001-0726-0930", p), 201, &held)
	if s := held.Second; s == nil || s.Dose != 2 || s.Slot != "c0001-0906-0930-2" || s.No != "" || s.ClinicName != "바른내과의원" {
		t.Fatalf("held %+v", held.Second)
	}
	var b, again api.Booking
	want(t, h.book(0, "c0001-0726-0930", p, "key-0001"), 201, &b)
	want(t, h.book(0, "c0001-0726-0930", p, "key-0001"), 201, &again)
	s := b.Second
	if s == nil || s.No == "" || s.No == b.No || s.Slot != held.Second.Slot || !s.At.Equal(slot1.AddDate(0, 0, betweenDoses)) || *again.Second != *s {
		t.Fatalf("booked %+v, again %+v", s, again.Second)
	}
	if s.ChangeBy.Format(time.RFC3339) != "2021-09-04T23:59:59+09:00" {
		t.Fatalf("change by %v", s.ChangeBy)
	}

	var second, first api.Booking
	want(t, h.do("POST", "/v1/bookings/lookup", lookupBody(s.No, "홍길동", rrn(0))), 200, &second)
	want(t, h.do("GET", "/v1/bookings/"+s.No, "", bearer("Proof", s.Proof)), 200, nil)
	want(t, h.do("GET", "/v1/bookings/"+b.No, "", bearer("Proof", b.Proof)), 200, &first)
	if second.Dose != 2 || second.Second != nil || second.Slot != s.Slot || first.Second == nil || first.Second.No != s.No || first.Second.Proof != "" {
		t.Fatalf("the second reads %+v, the first %+v", second, first)
	}
	refused(t, h.do("GET", "/v1/bookings/"+s.No, "", bearer("Proof", b.Proof)), 401, "bad_proof")

	var report api.BackendReport
	want(t, h.do("GET", "/internal/status", ""), 200, &report)
	if o := report.Openings[opening]; o.Booked != 1 || o.StockLeft != 99 || report.ActivePasses != 0 {
		t.Fatalf("report %+v", report)
	}
}

func TestMovingASecondDose(t *testing.T) {
	h := openBoth(t)
	var b api.Booking
	want(t, h.book(0, "c0001-0727-0930", h.admit(0), "key-0001"), 201, &b)
	proof := bearer("Proof", b.Second.Proof)
	var places api.SlotList
	want(t, h.do("GET", "/v1/bookings/"+b.Second.No+"/slots?day=2021-09-08", "", proof), 200, &places)
	if strings.Join(places.Days, " ") != "2021-09-08" || len(places.Slots) != 1 || places.Clinic.Left != 1 {
		t.Fatalf("it may move to %+v", places) // not on 6 September: 41 days
	}
	want(t, h.do("GET", "/v1/bookings/"+b.Second.No+"/slots?day=2021-09-06", "", proof), 200, &places)
	if len(places.Slots) != 0 || len(places.Days) == 0 {
		t.Fatalf("a day on which nothing can be had: %+v", places)
	}
	refused(t, h.do("GET", "/v1/bookings/"+b.Second.No+"/slots?day=0906", "", proof), 400, "bad_request")
	refused(t, h.do("GET", "/v1/bookings/"+b.Second.No+"/slots?clinic=c9", "", proof), 400, "bad_request")
	refused(t, h.do("GET", "/v1/bookings/"+b.Second.No+"/slots", ""), 401, "bad_pass")
	want(t, h.do("GET", "/v1/bookings/"+b.Second.No+"/slots?clinic=c0002", "", proof), 200, &places)
	if len(places.Days) != 0 || len(places.Slots) != 0 {
		t.Fatalf("a clinic without second doses lists %+v", places)
	}
	path := "/v1/bookings/" + b.Second.No
	refused(t, h.do("PATCH", path, `{"slot":"c0001-0906-0930-2"}`, proof), 409, "second_dose_interval")
	refused(t, h.do("PATCH", path, `{"slot":"c0001-0726-0930"}`, proof), 404, "no_such_slot")
	var moved api.Booking
	want(t, h.do("PATCH", path, `{"slot":"c0001-0908-0930-2"}`, proof), 200, &moved)
	if moved.Slot != "c0001-0908-0930-2" || moved.Dose != 2 {
		t.Fatalf("moved %+v", moved)
	}

	proof = bearer("Proof", b.Proof)
	want(t, h.do("GET", "/v1/bookings/"+b.No+"/slots", "", proof), 200, &places)
	if len(places.Days) != 3 {
		t.Fatalf("the first dose may move to %+v", places)
	}
	want(t, h.do("PATCH", "/v1/bookings/"+b.No, `{"slot":"c0001-0726-0930"}`, proof), 200, &moved)
	if moved.Second == nil || moved.Second.Slot != "c0001-0908-0930-2" {
		t.Fatalf("the second dose moved for nothing: %+v", moved.Second)
	}
	want(t, h.book(2, "c0001-0727-0930", h.admit(2), "key-0002"), 201, nil)
	refused(t, h.book(4, "c0001-0728-0930", h.admit(4), "key-0004"), 409, "second_dose_full")
	var gone api.Booking
	want(t, h.do("DELETE", "/v1/bookings/"+b.No, "", proof), 200, &gone)
	if gone.State != "cancelled" || gone.Second != nil {
		t.Fatalf("cancelled %+v", gone)
	}
	want(t, h.book(4, "c0001-0728-0930", h.admit(4), "key-0004"), 201, nil)
}

func TestRehearsalsShowTheSecondDose(t *testing.T) {
	h := openBoth(t)
	h.after(-31 * time.Minute)
	p := h.rehearsing(0)
	want(t, h.issue(p, "김하나", "이두리"), 204, nil)
	var held api.Hold
	want(t, h.hold("c0001-0726-0930", p), 201, &held)
	var b api.Booking
	want(t, h.book(0, "c0001-0726-0930", p, "key-0001"), 201, &b)
	if held.Second == nil || b.Second == nil || b.Second.Slot != held.Second.Slot || b.Second.No != "" || b.Second.Proof != "" {
		t.Fatalf("held %+v, booked %+v", held.Second, b.Second)
	}
	h.untouched(t)
}

// Where to move to is told by proof of the very booking: clinics of its vaccine, with what they have left for its dose.
func TestClinicsForAMove(t *testing.T) {
	h := openBoth(t)
	var b api.Booking
	want(t, h.book(0, "c0001-0727-0930", h.admit(0), "key-0001"), 201, &b)
	for no, proof := range map[string]string{b.No: b.Proof, b.Second.No: b.Second.Proof} {
		var list, none api.ClinicList
		want(t, h.do("GET", "/v1/bookings/"+no+"/clinics", "", bearer("Proof", proof)), 200, &list)
		left := map[string]int64{}
		for _, c := range list.Clinics {
			left[c.ID] = c.Left
		}
		if first := no == b.No; first && left["c0001"] != 5 || !first && (left["c0001"] != 2 || left["c0002"] != 0) {
			t.Errorf("left for %s: %v", no, left)
		}
		want(t, h.do("GET", "/v1/bookings/"+no+"/clinics?q=nowhere", "", bearer("Proof", proof)), 200, &none)
		if none.Total != 0 || list.Total != len(list.Clinics) {
			t.Errorf("found %d of %d", none.Total, list.Total)
		}
	}
	refused(t, h.do("GET", "/v1/bookings/"+b.Second.No+"/clinics", "", bearer("Proof", b.Proof)), 401, "bad_proof")
	refused(t, h.do("GET", "/v1/bookings/"+b.No+"/clinics?region=x", "", bearer("Proof", b.Proof)), 400, "bad_request")
	want(t, h.do("DELETE", "/v1/bookings/"+b.No, "", bearer("Proof", b.Proof)), 200, nil)
	refused(t, h.do("GET", "/v1/bookings/"+b.No+"/clinics", "", bearer("Proof", b.Proof)), 404, "no_such_booking")
}
