package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/route"
)

// laneRows are the routes of the reserved lanes: the gateway's token, and a mandate that says whose certificate it saw.
func (s *server) laneRows() []row {
	at := func(method, pattern string, guard route.Guard, serve func(http.ResponseWriter, *http.Request, *pass.Mandate) error) row {
		return row{route.Route{Method: method, Pattern: pattern, Class: route.Lane, Guard: guard}, s.mandated(serve)}
	}
	return []row{
		at("POST", "/lane/v1/bookings", route.CallCentre, s.bookFor),
		at("POST", "/lane/v1/bookings/lookup", route.CallCentre, s.find),
		at("POST", "/lane/v1/bookings/{no}/cancel", route.CallCentre, s.cancelFor),
		at("POST", "/lane/v1/accesses", route.CallCentre, s.handled),
		at("GET", "/lane/v1/clinic/day", route.Clinic, s.clinicDay),
		at("POST", "/lane/v1/clinic/visits", route.Clinic, s.markVisit),
		at("POST", "/lane/v1/clinic/unused", route.Clinic, s.reportUnused),
	}
}

var lanesOf = map[route.Guard]string{route.CallCentre: ledger.LaneCallCentre, route.Clinic: ledger.LaneClinic}

// mandate verifies the mandate of a request but for its body.
func (s *server) mandate(r *http.Request) (pass.Mandate, error) {
	m, err := s.verifier.Mandate(r.Header.Get(route.MandateHeader), r.Method, r.URL.RequestURI(), s.clock())
	switch {
	case err != nil:
		return m, problemNoMandate
	case m.Name == "", (m.Clinic != "") != (m.Lane == ledger.LaneClinic):
		return m, problemNoMandate
	}
	return m, nil
}

// laned refuses who is not of the lane that the route is for.
func (s *server) laned(r *http.Request, guard route.Guard) error {
	m, err := s.mandate(r)
	if err == nil && m.Lane != lanesOf[guard] {
		err = problemNoMandate
	}
	return err
}

// mandated reads the body, which the mandate must cover, before it serves.
func (s *server) mandated(serve func(http.ResponseWriter, *http.Request, *pass.Mandate) error) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		m, err := s.mandate(r)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return problemTooLarge
		}
		if err != nil || !m.Covers(body) {
			return problemNoMandate
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		return serve(w, r, &m)
	}
}

const longestReason = 200 // characters

// hand is who acts and why; an agent says for whom and for what reason.
func hand(m *pass.Mandate, call *api.LaneCall) (booking.Hand, error) {
	h := booking.Hand{Lane: m.Lane, Name: m.Name, Clinic: m.Clinic, From: m.From}
	if call == nil {
		return h, nil
	}
	switch call.Caller {
	case "person", "family", "carer", "other":
	default:
		return h, &booking.Error{Kind: booking.BadRequest, Field: "caller"}
	}
	reason := strings.Join(strings.Fields(call.Reason), " ")
	if reason == "" || !utf8.ValidString(reason) || utf8.RuneCountInString(reason) > longestReason {
		return h, &booking.Error{Kind: booking.BadRequest, Field: "reason"}
	}
	h.Reason = call.Caller + ": " + reason
	return h, nil
}

func (s *server) bookFor(w http.ResponseWriter, r *http.Request, m *pass.Mandate) error {
	p, text, err := s.holder(r)
	if err != nil {
		return err
	}
	key := r.Header.Get("Idempotency-Key")
	if !validKey(key) {
		return &booking.Error{Kind: booking.BadRequest, Field: "idempotency-key"}
	}
	var in api.LaneBooking
	if err := decode(r, &in); err != nil {
		return err
	}
	h, err := hand(m, &in.LaneCall)
	if err != nil {
		return err
	}
	d, err := s.service.BookFor(r.Context(), h, &p, text, booking.Request{Slot: in.Slot, RRN: in.RRN, Name: in.Name, Phone: in.Phone, Key: key}, s.clock())
	if err != nil {
		return err
	}
	return encode(w, http.StatusCreated, s.view(&d, &d.BookedAt))
}

func (s *server) find(w http.ResponseWriter, r *http.Request, m *pass.Mandate) error {
	var in api.LaneLookup
	if err := decode(r, &in); err != nil {
		return err
	}
	h, err := hand(m, &in.LaneCall)
	if err != nil {
		return err
	}
	no, ok := booking.ParseNumber(in.No)
	if !ok {
		return &booking.Error{Kind: booking.BadRequest, Field: "booking_no"}
	}
	now := s.clock()
	if err := s.allowed(no, "", now); err != nil {
		return err
	}
	d, err := s.service.Find(r.Context(), h, no, in.Name, now)
	if booking.KindOf(err) == booking.NoSuchBooking {
		s.failed(no, "", now)
	}
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, s.view(&d, &now))
}

func (s *server) cancelFor(w http.ResponseWriter, r *http.Request, m *pass.Mandate) error {
	no, ok := booking.ParseNumber(r.PathValue("no"))
	if !ok {
		return booking.Refuse(booking.NoSuchBooking)
	}
	scheme, text := credential(r)
	if scheme != "Proof" || !s.proofs.valid(text, no, s.clock()) {
		return problemBadProof
	}
	var in api.LaneCancel
	if err := decode(r, &in); err != nil {
		return err
	}
	h, err := hand(m, &in.LaneCall)
	if err != nil {
		return err
	}
	d, err := s.service.CancelFor(r.Context(), h, no, s.clock())
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, s.view(&d, nil))
}

// handled records what a gateway did for an agent from memory.
func (s *server) handled(w http.ResponseWriter, r *http.Request, m *pass.Mandate) error {
	var in api.LaneAccess
	if err := decode(r, &in); err != nil {
		return err
	}
	h, err := hand(m, &in.LaneCall)
	if err != nil {
		return err
	}
	var whose subject.ID
	if err := whose.UnmarshalText([]byte(in.Subject)); err != nil {
		return &booking.Error{Kind: booking.BadRequest, Field: "body", Err: err}
	}
	if err := s.service.Handled(r.Context(), h, in.Task, whose, s.clock()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) clinicDay(w http.ResponseWriter, r *http.Request, m *pass.Mandate) error {
	now := s.clock()
	day := subject.DateOf(now)
	if text := r.URL.Query().Get("day"); text != "" {
		var err error
		if day, err = subject.ParseDate(text); err != nil {
			return &booking.Error{Kind: booking.BadRequest, Field: "day", Err: err}
		}
	}
	h, err := hand(m, nil)
	if err != nil {
		return err
	}
	d, err := s.service.Day(r.Context(), h, day, now)
	if err != nil {
		return err
	}
	out := api.ClinicDay{
		AsOf: now.In(subject.Seoul), Clinic: d.Clinic.ID, Name: d.Clinic.Name, Day: day.String(),
		Slots: make([]api.ClinicSlot, len(d.Slots)), Appointments: make([]api.ClinicAppointment, len(d.Appointments)),
	}
	for i, slot := range d.Slots {
		out.Slots[i] = api.ClinicSlot{
			Opening: slot.Opening, Slot: slot.ID, At: slot.At().In(subject.Seoul), Vaccine: slot.Vaccine(),
			Capacity: slot.Capacity(), Booked: slot.Booked, Unused: slot.Unused,
		}
	}
	for i := range d.Appointments {
		out.Appointments[i] = appointment(&d.Appointments[i])
	}
	return encode(w, http.StatusOK, out)
}

// appointment is a booking as its clinic sees it.
func appointment(d *booking.Detail) api.ClinicAppointment {
	return api.ClinicAppointment{
		No: d.No, Slot: d.Slot, At: d.Place.At().In(subject.Seoul), Dose: d.Dose, Vaccine: d.Place.Vaccine(),
		Name: booking.MaskName(d.Name), Visit: string(d.Visit),
	}
}

func (s *server) markVisit(w http.ResponseWriter, r *http.Request, m *pass.Mandate) error {
	var in api.ClinicVisit
	if err := decode(r, &in); err != nil {
		return err
	}
	no, ok := booking.ParseNumber(in.No)
	if !ok {
		return &booking.Error{Kind: booking.BadRequest, Field: "booking_no"}
	}
	h, err := hand(m, nil)
	if err != nil {
		return err
	}
	d, err := s.service.MarkVisit(r.Context(), h, no, booking.Visit(in.Visit), s.clock())
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, appointment(&d))
}

func (s *server) reportUnused(w http.ResponseWriter, r *http.Request, m *pass.Mandate) error {
	key := r.Header.Get("Idempotency-Key")
	if !validKey(key) {
		return &booking.Error{Kind: booking.BadRequest, Field: "idempotency-key"}
	}
	var in api.ClinicUnused
	if err := decode(r, &in); err != nil {
		return err
	}
	h, err := hand(m, nil)
	if err != nil {
		return err
	}
	u, total, err := s.service.ReportUnused(r.Context(), h, booking.Unused{Opening: in.Opening, Slot: in.Slot, Doses: in.Doses}, key, s.clock())
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, api.ClinicUnusedReport{ClinicUnused: in, Total: total, At: u.At.In(subject.Seoul)})
}
