package web

import (
	"net/http"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
)

func (s *server) book(w http.ResponseWriter, r *http.Request) error {
	p, text, err := s.trial(r)
	if err != nil {
		return err
	}
	key := r.Header.Get("Idempotency-Key")
	if !validKey(key) {
		return &booking.Error{Kind: booking.BadRequest, Field: "idempotency-key"}
	}
	var in api.BookingRequest
	if err := decode(r, &in); err != nil {
		return err
	}
	if in.Lang == "" {
		in.Lang = languageOf(r)
	}
	if p.Rehearsal {
		d, err := s.service.Rehearse(r.Context(), &p, text, request(&in, key), s.clock())
		if err != nil {
			return err
		}
		return encode(w, http.StatusCreated, s.view(&d, nil)) // no proof: there is nothing to look up
	}
	d, err := s.service.Book(r.Context(), &p, text, request(&in, key), s.clock())
	if err != nil {
		return err
	}
	// Made for the moment of booking, so that the same key gives the same answer to the byte.
	return encode(w, http.StatusCreated, s.view(&d, &d.BookedAt))
}

const (
	shortestKey = 8 // characters
	longestKey  = 100
)

func validKey(key string) bool {
	if len(key) < shortestKey || len(key) > longestKey {
		return false
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

func request(in *api.BookingRequest, key string) booking.Request {
	r := booking.Request{Slot: in.Slot, RRN: in.RRN, Name: in.Name, Phone: in.Phone, Email: in.Email, Lang: in.Lang, Key: key}
	if in.Proxy != nil {
		r.Proxy = &booking.Proxy{Name: in.Proxy.Name, Phone: in.Proxy.Phone, Relation: in.Proxy.Relation}
	}
	return r
}

// view is a booking as its owner sees it, people masked, with proofs made at a time, if any.
func (s *server) view(d *booking.Detail, proven *time.Time) api.Booking {
	place := d.Place
	b := api.Booking{
		No: d.No, State: string(d.Status), Opening: d.Opening, Slot: d.Slot, At: place.At().In(subject.Seoul),
		Clinic: place.Place.ID, ClinicName: place.Place.Name, Address: place.Place.Address, Vaccine: place.Vaccine(),
		Dose: d.Dose, Name: booking.MaskName(d.Name), Phone: booking.MaskPhone(d.Phone),
		BookedAt: d.BookedAt.In(subject.Seoul), ChangeBy: booking.ChangeBy(place.At()).In(subject.Seoul),
	}
	b.Second = viewAppointment(d.Second)
	if proven == nil {
		return b
	}
	b.Proof = s.proofs.make(d.No, *proven)
	if b.Second != nil {
		b.Second.Proof = s.proofs.make(b.Second.No, *proven)
	}
	return b
}

func viewAppointment(a *booking.Appointment) *api.Appointment {
	if a == nil {
		return nil
	}
	place := a.Place
	return &api.Appointment{
		No: a.No, Dose: a.Dose, Slot: place.ID, At: place.At().In(subject.Seoul), Clinic: place.Place.ID, ClinicName: place.Place.Name,
		Address: place.Place.Address, Vaccine: place.Vaccine(), ChangeBy: booking.ChangeBy(place.At()).In(subject.Seoul),
	}
}

func (s *server) lookup(w http.ResponseWriter, r *http.Request) error {
	var in api.LookupRequest
	if err := decode(r, &in); err != nil {
		return err
	}
	no, ok := booking.ParseNumber(in.No)
	if !ok {
		return &booking.Error{Kind: booking.BadRequest, Field: "booking_no"}
	}
	now, source := s.clock(), from(r)
	if err := s.allowed(no, source, now); err != nil {
		return err
	}
	d, err := s.service.Lookup(r.Context(), no, in.Name, in.RRN, source, now)
	if booking.KindOf(err) == booking.NoSuchBooking {
		s.failed(no, source, now)
	}
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, s.view(&d, &now))
}

// own reads the number in the path and finds out whether the caller may ask about it.
func (s *server) own(r *http.Request) (string, booking.Caller, error) {
	no, ok := booking.ParseNumber(r.PathValue("no"))
	if !ok {
		return "", booking.Caller{}, booking.Refuse(booking.NoSuchBooking)
	}
	c, err := s.owner(r, no)
	return no, c, err
}

func (s *server) get(w http.ResponseWriter, r *http.Request) error {
	no, c, err := s.own(r)
	if err != nil {
		return err
	}
	d, err := s.service.Get(r.Context(), no, c, s.clock())
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, s.view(&d, nil))
}

func (s *server) change(w http.ResponseWriter, r *http.Request) error {
	no, c, err := s.own(r)
	if err != nil {
		return err
	}
	var in api.ChangeRequest
	if err := decode(r, &in); err != nil {
		return err
	}
	d, err := s.service.Change(r.Context(), no, in.Slot, c, s.clock())
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, s.view(&d, nil))
}

func (s *server) cancel(w http.ResponseWriter, r *http.Request) error {
	no, c, err := s.own(r)
	if err != nil {
		return err
	}
	d, err := s.service.Cancel(r.Context(), no, c, s.clock())
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, s.view(&d, nil))
}
