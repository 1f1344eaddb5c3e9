package web

import (
	"net/http"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
)

// hold keeps a dose while its person fills the form. Sent again it answers the same.
func (s *server) hold(w http.ResponseWriter, r *http.Request) error {
	p, text, err := s.trial(r)
	if err != nil {
		return err
	}
	var in api.HoldRequest
	if err := decode(r, &in); err != nil {
		return err
	}
	var h booking.HoldDetail
	if p.Rehearsal {
		h, err = s.service.RehearseHold(&p, text, in.Slot, s.clock())
	} else {
		h, err = s.service.Hold(r.Context(), &p, text, in.Slot, s.clock())
	}
	if err != nil {
		return err
	}
	return encode(w, http.StatusCreated, viewHold(&h))
}

// held answers what is kept; a rehearsal keeps nothing.
func (s *server) held(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.trial(r)
	if err != nil {
		return err
	}
	if p.Rehearsal {
		return booking.Refuse(booking.NoHold)
	}
	h, err := s.service.Holding(r.Context(), &p, s.clock())
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, viewHold(&h))
}

// release gives back what is kept. There being nothing is no error: it may have run out on the way.
func (s *server) release(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.trial(r)
	if err == nil && !p.Rehearsal {
		err = s.service.Release(r.Context(), &p, s.clock())
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func viewHold(h *booking.HoldDetail) api.Hold {
	return api.Hold{
		Slot: h.Slot, At: h.Place.At().In(subject.Seoul), Clinic: h.Place.Place.ID, ExpiresAt: h.ExpiresAt.In(subject.Seoul),
		Second: viewAppointment(h.Second),
	}
}
