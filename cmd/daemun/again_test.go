package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/daemun/daemun/gateway/api"
)

// TestComingAgainAfterBooking: somebody who has booked gets a place like everybody, for the gateway knows nothing of
// bookings; the pass is the one they had, and a second booking is refused with a sentence that says where the first is.
func TestComingAgainAfterBooking(t *testing.T) {
	s := newSite(t)
	s.up()
	eligible, _ := s.citizens()
	who := eligible[0]
	ticket := s.join(who)
	first := s.book(who, ticket, 0)
	pass := s.enter(ticket)

	again := s.join(who) // without the ticket, from another device
	if p := s.place(again); p.State != api.PlaceTurn && p.State != api.PlaceWaiting {
		t.Errorf("joined again after booking: %+v", p)
	}
	if got := s.enter(again); got != pass {
		t.Error("joined again after booking and got another admission")
	}
	t.Run("second booking", func(t *testing.T) {
		other := *s
		other.t = t // and so another idempotency key
		status, body := other.try("POST", "/v1/bookings", "Pass "+pass, api.BookingRequest{Slot: first.Slot, Name: who.Name, RRN: who.Number.Digits(), Phone: who.Phone})
		var p api.Problem
		if err := json.Unmarshal(body, &p); err != nil || status != 409 || p.Code != "already_booked" {
			t.Fatalf("%d %s", status, body)
		}
		if !bytes.Contains(body, []byte("이미 예약하셨습니다. 예약 조회에서")) || !bytes.Contains(body, []byte("You have a booking already.")) {
			t.Errorf("that does not help: %s", body)
		}
	})
	var found api.Booking
	s.do(200, "POST", "/v1/bookings/lookup", "", api.LookupRequest{No: first.No, Name: who.Name, RRN: who.Number.Digits()}, &found)
	if found.State != "booked" || found.Slot != first.Slot {
		t.Errorf("the first booking: %+v", found)
	}
}
